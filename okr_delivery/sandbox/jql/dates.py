"""Instants in queries: literals of the caller's zone, to the minute; amounts relative to the server's clock."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from okr_delivery.sandbox.jql.parser import JqlError

LITERAL = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?: (\d{1,2}):(\d{2}))?")
RELATIVE = re.compile(r"([+-]?)((?:\d+[wdhm]\s*)+)")
PART = re.compile(r"(\d+)([wdhm])")
SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60}
EPOCH = re.compile(r"-?\d{9,}")


def instant(text: str, field: str, zone: str, now: int, *, epoch_allowed: bool) -> int:
    """Epoch milliseconds of a date operand. Raises JqlError in the tracker's words.

    Relative amounts are taken from the running minute, a date without a time is that day's midnight.
    """
    if match := LITERAL.fullmatch(text):
        return _literal(match, text, field, zone)
    if match := RELATIVE.fullmatch(text.strip()):
        amount = sum(int(count) * SECONDS[unit] for count, unit in PART.findall(match[2]))
        return (now // 60 * 60 + (-amount if match[1] == "-" else amount)) * 1000
    if epoch_allowed and EPOCH.fullmatch(text):
        return int(text)
    raise _invalid(text, field)


def _literal(match: re.Match[str], text: str, field: str, zone: str) -> int:
    numbers = [int(part or 0) for part in match.groups()]
    try:
        moment = datetime(*numbers, tzinfo=ZoneInfo(zone))  # type: ignore[misc,arg-type]  # five numbers, checked by the pattern
    except ValueError as error:
        raise _invalid(text, field) from error
    return int(moment.astimezone(UTC).timestamp()) * 1000


def _invalid(text: str, field: str) -> JqlError:
    return JqlError(
        f"Date value '{text}' for field '{field}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', "
        "'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
    )
