"""Instants in queries: literals of the caller's zone, to the minute; amounts relative to the server's clock."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from okr_delivery.sandbox.jql.parser import Call, JqlError

LITERAL = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?: (\d{1,2}):(\d{2}))?")
RELATIVE = re.compile(r"([+-]?)((?:\d+[wdhm]\s*)+)")
PART = re.compile(r"(\d+)([wdhm])")
SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60}
BOUND = re.compile(r"(start|end)of(day|week|month|year)")
AMOUNT = re.compile(r"([+-]?\d+)([dwMy]?)")
UNITS = {"d": "day", "w": "week", "M": "month", "y": "year"}
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


def called(call: Call, field: str, zone: str, now: int) -> int:
    """Epoch milliseconds of `now()`, `startOfDay()` and its like, moved by an argument such as `-1d` or `"2"`.

    Raises JqlError for a function that there isn't.
    """
    name = call.name.casefold()
    if name == "now":
        return now * 1000
    match = BOUND.fullmatch(name)
    if match is None or len(call.arguments) > 1:
        raise JqlError(f"Unable to find JQL function '{call.name}({', '.join(call.arguments)})'.")
    start = _start(datetime.fromtimestamp(now, ZoneInfo(zone)), match[2])
    start = _moved(start, match[2], call.arguments[0] if call.arguments else "0", field)
    moment = start if match[1] == "start" else _moved(start, match[2], "1", field)
    return int(moment.timestamp()) * 1000 - (match[1] == "end")


def _start(moment: datetime, unit: str) -> datetime:
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "week":
        return day - timedelta(days=(day.weekday() + 1) % 7)  # weeks begin on Sunday
    return day.replace(day=1) if unit == "month" else day.replace(month=1, day=1) if unit == "year" else day


def _moved(moment: datetime, unit: str, by: str, field: str) -> datetime:
    if match := AMOUNT.fullmatch(by):
        count, unit = int(match[1]), UNITS.get(match[2], unit)
        if unit in ("month", "year"):
            months = moment.month - 1 + count * (12 if unit == "year" else 1)
            year, month = moment.year + months // 12, months % 12 + 1
            return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))
        return moment + timedelta(days=count * (7 if unit == "week" else 1))
    raise _invalid(by, field)


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
