"""`calendar:` of okr-delivery.yaml, and the working calendar built from it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from okr_delivery.config.types import Day, NonEmpty, Strict, Text, nearest, refuse
from okr_delivery.model.calendar import Calendar, country_days

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        from zoneinfo import available_timezones

        close = nearest(name, list(available_timezones()))
        raise refuse("config.timezone", value=name, meant=close or "Asia/Shanghai") from None
    return name


def _country(code: str) -> str:
    found = re.fullmatch(r"([A-Z]{2})(?:-([A-Za-z0-9]+))?", code)
    if found is None:
        raise refuse("config.holidays", value=code)
    try:
        country_days(code)
    except LookupError:
        raise refuse("config.holidays", value=code) from None
    return code


class CalendarSettings(Strict):
    """Which local days are working days: override before make-up day before holiday before the week."""

    timezone: Annotated[Text, AfterValidator(_zone)] = Field("UTC", description="Time zone of days, by IANA name.")
    workweek: Annotated[tuple[Weekday, ...], *NonEmpty] = Field(WEEK[:5], description="Working days of a plain week.")
    holidays: Annotated[Text, AfterValidator(_country)] | None = Field(
        None, description="Country whose public holidays and make-up working days apply: CN, DE, DE-BY …"
    )
    overrides: Mapping[Day, Literal["work", "off"]] = Field(
        default_factory=dict, description="Single days that are decided here: work or off."
    )


def build(settings: CalendarSettings) -> Calendar:
    """The calendar that these settings describe. Holidays are looked up when a year is first needed."""
    return Calendar(
        timezone=settings.timezone,
        weekmask=tuple(name in settings.workweek for name in WEEK),
        overrides={on: word == "work" for on, word in settings.overrides.items()},
        country=settings.holidays,
    )


def merged(base: CalendarSettings, own: CalendarSettings | None) -> CalendarSettings:
    """A team's calendar: its own keys over those of the whole file."""
    if own is None:
        return base
    return base.model_copy(update={key: getattr(own, key) for key in own.model_fields_set})
