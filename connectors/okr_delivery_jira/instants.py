"""Instants as Jira writes them, read into UTC epoch seconds; and back into the minute literals of JQL."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp())
DAY = 86_400
UNKNOWN_ZONE_WIDENING = 26 * 3600
"""UTC-12 to UTC+14: however the server reads the literal, the window is not too short."""

_MILLISECONDS = re.compile(r"-?\d{1,15}")
_SECOND = timedelta(seconds=1)


def parse(value: object) -> int | None:
    """Epoch seconds, cut, of epoch milliseconds or an ISO text with an offset; None for null, "" and absent.

    Raises ValueError for anything else: a text without an offset names no instant.
    """
    if value is None or value == "":
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return value // 1000
    if isinstance(value, str):
        return _from_text(value.strip())
    raise ValueError(f"not an instant: {value!r}")


def _from_text(text: str) -> int:
    if _MILLISECONDS.fullmatch(text) and len(text.lstrip("-")) > 8:  # eight digits would be a date
        return int(text) // 1000
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"no offset: {text!r}")
    return (moment - EPOCH) // _SECOND


def plausible(ts: int, now: int) -> bool:
    """False before 2000 and after `now` + 1 day: seconds taken for milliseconds land in 1970."""
    return EARLIEST <= ts <= now + DAY


def literal(since: int, zone: str | None) -> str:
    """`yyyy-MM-dd HH:mm`, evaluated by the server in the caller's zone, never later than `since` (epoch seconds).

    In the repeated hour of autumn the earlier reading might be meant, so the literal moves back until both are safe.
    Without a known zone the window is widened by 26 hours.
    """
    tz = zone_of(zone)
    if tz is None:
        return _minute(EPOCH + timedelta(seconds=since - UNKNOWN_ZONE_WIDENING))
    wall = (EPOCH + timedelta(seconds=since)).astimezone(tz).replace(tzinfo=None, second=0, fold=0)
    while max(_readings(wall, tz)) > since:
        wall -= timedelta(minutes=30)
    return _minute(wall)


def zone_of(name: str | None) -> ZoneInfo | None:
    """The zone of an IANA name; None for an empty or unknown one."""
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError; a folder's name an OSError
        return None


def _readings(wall: datetime, tz: ZoneInfo) -> tuple[int, int]:
    early, late = (wall.replace(tzinfo=tz, fold=fold) for fold in (0, 1))
    return (early - EPOCH) // _SECOND, (late - EPOCH) // _SECOND


def _minute(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M")
