"""Working days and seconds: make-up days, clock changes, zones, and what must hold for any calendar."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okr_delivery.model.calendar import Calendar, country_days

HOUR, DAY = 3600, 86_400
CHINA = Calendar("Asia/Shanghai", country="CN")
NEW_YORK = Calendar("America/New_York", country="US")
PLAIN = Calendar()
CALENDARS = (CHINA, NEW_YORK, PLAIN, Calendar("Pacific/Apia"), Calendar("America/Sao_Paulo", (True,) * 7))


def instant(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


# the golden cases


def test_e22_zone() -> None:
    a, b = instant("2026-03-02T23:30Z"), instant("2026-03-03T00:30Z")
    assert b - a == HOUR
    assert PLAIN.days_between(a, b) == 2
    assert CHINA.days_between(a, b) == 1


def test_e23_clock_change() -> None:
    zone = ZoneInfo("America/New_York")
    a, b = (int(datetime(2026, 3, day, 12, tzinfo=zone).timestamp()) for day in (7, 8))
    assert b - a == 23 * HOUR
    assert NEW_YORK.days_between(a, b) == 2
    every_day = Calendar("America/New_York", (True,) * 7)
    assert every_day.business_seconds(a, b) == 23 * HOUR
    assert every_day.day(date(2026, 3, 8)).seconds == 23 * HOUR
    assert every_day.day(date(2026, 11, 1)).seconds == 25 * HOUR


def test_e24_make_up_days() -> None:
    first, last = date(2025, 1, 24), date(2025, 2, 8)
    assert CHINA.workdays(first, last) == 7
    assert Calendar("Asia/Shanghai").workdays(first, last) == 11
    assert [CHINA.is_workday(date(2025, 1, 26)), CHINA.is_workday(date(2025, 2, 8))] == [True, True]
    assert CHINA.business_seconds(CHINA.midnight(first), CHINA.day_end(last)) == 7 * DAY


def test_e25_offsets() -> None:
    spellings = ("2026-03-02T09:27:28.000+0800", "2026-03-02T01:27:28Z")
    assert {instant(text) for text in spellings} | {1_772_414_848_000 // 1000} == {1_772_414_848}
    assert CHINA.local_date(1_772_414_848) == date(2026, 3, 2)


# which days work


def test_what_decides_a_day() -> None:
    holiday, makeup, sunday = date(2026, 10, 1), date(2026, 10, 10), date(2026, 10, 18)
    assert (CHINA.day(holiday).source, CHINA.day(holiday).reason) == ("holiday", "National Day")
    assert (CHINA.day(makeup).workday, CHINA.day(makeup).source) == (True, "makeup")
    assert (CHINA.day(sunday).workday, CHINA.day(sunday).source) == (False, "week")
    decided = {holiday: True, makeup: False, sunday: True}
    own = Calendar("Asia/Shanghai", overrides=decided, country="CN")
    assert {on: own.is_workday(on) for on in decided} == decided
    assert {own.day(on).source for on in decided} == {"override"}


@pytest.mark.parametrize("locale", ["C", "en_US.UTF-8", "zh_CN.UTF-8"])
def test_names_of_holidays_are_the_same_on_every_machine(locale: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", locale)
    country_days.cache_clear()
    assert country_days("CN").holiday(date(2026, 10, 1)) == "National Day"


def test_the_week_is_the_teams_own() -> None:
    sunday_to_thursday = Calendar("Asia/Riyadh", (True, True, True, True, False, False, True))
    assert sunday_to_thursday.workdays(date(2026, 11, 15), date(2026, 11, 21)) == 5
    assert not sunday_to_thursday.is_workday(date(2026, 11, 20))


def test_nothing_between_days_in_the_wrong_order() -> None:
    assert CHINA.workdays(date(2026, 11, 20), date(2026, 11, 19)) == 0


def test_adding_workdays_steps_over_holidays() -> None:
    assert CHINA.add_workdays(date(2026, 9, 30), 1) == date(2026, 10, 8)
    assert CHINA.add_workdays(date(2026, 10, 3), 0) == date(2026, 10, 3)


def test_provisional_years() -> None:
    last = country_days("CN").last_announced
    assert last is not None
    assert last >= 2026
    assert CHINA.provisional_from == date(last + 1, 1, 1)
    assert (NEW_YORK.provisional_from, PLAIN.provisional_from) == (None, None)


def test_unknown_country() -> None:
    with pytest.raises(LookupError):
        country_days("XX")


# what it stands on


def test_fingerprint_follows_settings_and_library(monkeypatch: pytest.MonkeyPatch) -> None:
    base = Calendar("Asia/Shanghai", country="CN").fingerprint
    others = [
        Calendar("Asia/Tokyo", country="CN"),
        Calendar("Asia/Shanghai"),
        Calendar("Asia/Shanghai", (True,) * 7, country="CN"),
        Calendar("Asia/Shanghai", overrides={date(2026, 1, 1): True}, country="CN"),
    ]
    assert Calendar("Asia/Shanghai", country="CN").fingerprint == base
    assert len({base, *(other.fingerprint for other in others)}) == 5
    monkeypatch.setattr(country_days("CN"), "version", "0.0")
    assert Calendar("Asia/Shanghai", country="CN").fingerprint != base


def test_the_holiday_library_is_imported_where_used() -> None:
    code = "import sys, okr_delivery.model.calendar as c; c.Calendar(); assert 'holidays' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


# days and instants


def test_a_day_that_a_zone_skipped_has_no_length() -> None:
    apia = Calendar("Pacific/Apia")
    assert apia.midnight(date(2011, 12, 30)) == apia.midnight(date(2011, 12, 31))
    assert apia.local_date(apia.midnight(date(2011, 12, 31))) == date(2011, 12, 31)


def test_a_midnight_that_the_clock_skips_is_the_first_instant_of_the_day() -> None:
    sao_paulo = Calendar("America/Sao_Paulo")
    midnight = sao_paulo.midnight(date(2018, 11, 4))
    assert sao_paulo.local_date(midnight) == date(2018, 11, 4)
    assert sao_paulo.local_date(midnight - 1) == date(2018, 11, 3)


@pytest.mark.parametrize("far", [date(1899, 1, 1), date(9999, 12, 31)])
def test_absurd_dates_cost_nothing_and_break_nothing(far: date) -> None:
    assert CHINA.midnight(far) == int(datetime(far.year, far.month, far.day, tzinfo=CHINA.zone).timestamp())
    assert CHINA.day_end(far) == CHINA.midnight(far) + DAY
    assert CHINA.local_date(CHINA.midnight(far)) == far
    assert CHINA.workdays(min(far, date(2026, 1, 1)), max(far, date(2026, 1, 1))) > 0
    assert (CHINA.business_seconds(0, CHINA.midnight(far)) > 0) == (far.year > 1970)


# for any calendar

instants = st.integers(instant("1971-01-01T00:00Z"), instant("2060-01-01T00:00Z"))
calendars = st.sampled_from(CALENDARS)


@settings(deadline=None)
@given(calendars, st.lists(instants, min_size=3, max_size=3).map(sorted))
def test_business_seconds_add_up(calendar: Calendar, ordered: list[int]) -> None:
    a, b, c = ordered
    assert calendar.business_seconds(a, b) + calendar.business_seconds(b, c) == calendar.business_seconds(a, c)


@settings(deadline=None)
@given(calendars, instants, st.integers(0, 400 * DAY))
def test_business_seconds_never_exceed_elapsed_ones(calendar: Calendar, a: int, elapsed: int) -> None:
    assert 0 <= calendar.business_seconds(a, a + elapsed) <= elapsed
    assert calendar.business_seconds(a + elapsed, a) == -calendar.business_seconds(a, a + elapsed)


@settings(deadline=None)
@given(calendars, instants)
def test_local_dates_are_those_of_the_zone(calendar: Calendar, ts: int) -> None:
    local = datetime.fromtimestamp(ts, UTC).astimezone(calendar.zone).date()
    assert calendar.local_date(ts) == local
    assert calendar.midnight(local) <= ts < calendar.day_end(local)


@settings(deadline=None)
@given(calendars, st.dates(date(1975, 1, 1), date(2055, 1, 1)), st.integers(0, 500))
def test_workdays_are_the_working_days(calendar: Calendar, first: date, n: int) -> None:
    days = [first + timedelta(days=k) for k in range(n + 1)]
    assert calendar.workdays(first, days[-1]) == sum(map(calendar.is_workday, days))
    assert all(calendar.day_end(a) == calendar.midnight(b) for a, b in pairwise(days))
