"""Instants in, minute literals out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr_delivery_jira.instants import literal, parse, plausible, zone_of

ZONES = ["UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago",
         "Australia/Lord_Howe", "Asia/Kathmandu"]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "ts"),
    [
        ("2021-09-06T04:34:26.209+0000", 1630902866),
        ("2022-07-16T06:31:16.183+0800", 1657924276),
        ("2022-07-16T06:31:16.183+08:00", 1657924276),
        ("2022-07-15T22:31:16Z", 1657924276),
        (1657924276999, 1657924276),
        ("1657924276999", 1657924276),
        (None, None),
        ("", None),
    ],
)
def test_every_form_is_the_same_instant(text: object, ts: int | None) -> None:
    assert parse(text) == ts


@pytest.mark.parametrize("text", ["2022-07-16", "2022-07-16T06:31:16", "yesterday", "20220716", [], {}, True, 1.5])
def test_what_names_no_instant_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"not an instant|no offset|Invalid isoformat"):
        parse(text)


@given(
    st.datetimes(datetime(2000, 1, 2), datetime(2090, 1, 1)),  # noqa: DTZ001  # the zone is attached below
    st.integers(-14 * 60, 14 * 60),
)
def test_the_offset_never_moves_the_instant(naive: datetime, minutes: int) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    milliseconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    sign, minutes = ("-", -minutes) if minutes < 0 else ("+", minutes)
    text = f"{naive:%Y-%m-%dT%H:%M:%S}.{naive.microsecond // 1000:03}{sign}{minutes // 60:02}{minutes % 60:02}"
    assert parse(text) == parse(milliseconds) == milliseconds // 1000


def test_seconds_taken_for_milliseconds_are_not_believed() -> None:
    now = 1_790_000_000
    assert not plausible(parse(1_700_000_000) or 0, now)
    assert plausible(parse(1_700_000_000_000) or 0, now)
    assert plausible(now + 86_400, now)
    assert not plausible(now + 86_401, now)


@given(st.integers(1_000_000_000, 2_000_000_000), st.sampled_from(ZONES))
def test_a_literal_is_never_later_than_asked_and_at_most_an_hour_and_a_minute_earlier(since: int, zone: str) -> None:
    wall = datetime.strptime(literal(since, zone), "%Y-%m-%d %H:%M")  # noqa: DTZ007  # read in two ways below
    readings = [wall.replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp() for fold in (0, 1)]
    assert max(readings) <= since
    assert min(readings) > since - 2 * 3600 - 60


def test_the_repeated_hour_of_autumn_is_read_from_its_start() -> None:
    second_half_past_two = int(datetime(2026, 10, 25, 1, 30, tzinfo=UTC).timestamp())
    first_half_past_two = second_half_past_two - 3600
    assert literal(second_half_past_two, "Europe/Berlin") == "2026-10-25 02:30"
    assert literal(first_half_past_two, "Europe/Berlin") == "2026-10-25 01:30"


@pytest.mark.parametrize("zone", [None, "", "Mars/Olympus", "../etc/passwd", "Europe"])
def test_an_unknown_zone_widens_by_26_hours(zone: str | None) -> None:
    assert zone_of(zone) is None
    assert literal(int(datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()), zone) == "2026-11-20 10:00"
