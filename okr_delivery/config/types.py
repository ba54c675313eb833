"""Building blocks of the models of the user's files: strict base, text, numbers, dates, durations, ids.

Values come from `okr_delivery.config.document`. Errors are raised with our own types, which are message ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from difflib import SequenceMatcher, get_close_matches
from math import isfinite
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"([0-9]+)([smhdw])")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_NEAR_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_BAD_ID = re.compile(r"[\s:/：／\x00-\x1f\x7f]")


class Strict(BaseModel):
    """Base of every model of a file: frozen, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, validate_by_name=True)


def refuse(message_id: str, **params: object) -> PydanticCustomError:
    """An error whose type is the id of the message to show."""
    # what people read comes from the catalogues, so the template is never shown
    return PydanticCustomError(message_id, "refused", params)


def written(value: object) -> str:
    """A scalar as it stands in the file, cut to a length that fits a line."""
    text = str(getattr(value, "text", value))
    return text if len(text) <= 60 else text[:59] + "…"


def nearest(word: object, known: Iterable[str]) -> str | None:
    """The known word that `word` was probably meant to be, whatever its case."""
    by_fold = {name.casefold(): name for name in sorted(known, reverse=True)}
    wanted = str(word).casefold()
    close = get_close_matches(wanted, by_fold, n=len(by_fold) or 1, cutoff=0.6)
    best = max(sorted(close), key=lambda name: SequenceMatcher(None, name, wanted).ratio(), default=None)
    return None if best is None else by_fold[best]


def _text(value: object) -> object:
    if isinstance(value, (bool, dict, list)) or value is None:
        raise refuse("config.type.text", value=_kind(value))
    text = str(getattr(value, "text", value))
    if not text.strip():
        raise refuse("config.type.empty")
    return text


def _kind(value: object) -> str:
    if isinstance(value, dict):
        return "{…}"
    if isinstance(value, list):
        return "[…]"
    if value is None:
        return "null"
    return written(value).lower() if isinstance(value, bool) else written(value)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise refuse("config.type.number", value=_kind(value))
    if not isfinite(value):
        raise refuse("config.type.number", value=written(value))
    return float(value)


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise refuse("config.type.whole", value=_kind(value))
    return int(value)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise refuse("config.type.flag", value=_kind(value))
    return value


def day(text: str) -> date:
    """Reads YYYY-MM-DD. Raises ValueError."""
    if not _DAY.fullmatch(text):
        raise ValueError(text)
    return date.fromisoformat(text)


def day_meant(text: str) -> str | None:
    """The YYYY-MM-DD that a date in another spelling probably means: year first only, anything else is ambiguous."""
    found = _NEAR_DAY.match(text.strip())
    if found is None:
        return None
    try:
        return date(*(int(part) for part in found.groups())).isoformat()
    except ValueError:
        return None


def _day(value: object) -> date:
    if isinstance(value, date):
        return value
    text = written(value)
    try:
        return day(text)
    except ValueError:
        raise refuse("config.type.day", value=_kind(value), meant=day_meant(text) or "2026-10-31") from None


def duration(value: object) -> int:
    """Reads a length of time into seconds."""
    if isinstance(value, int) and not isinstance(value, bool) and value == 0:
        return 0
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise refuse("config.type.duration", value=_kind(value))
    return int(found[1]) * UNITS[found[2]]


def _identifier(value: object) -> str:
    text = str(_text(value))
    if _BAD_ID.search(text):
        raise refuse("config.type.id", value=written(text), meant=_BAD_ID.sub("-", text.strip()))
    return text


def _some(values: tuple[object, ...]) -> tuple[object, ...]:
    if not values:
        raise refuse("config.type.empty_list")
    return values


def _json(**schema: Any) -> WithJsonSchema:
    return WithJsonSchema(schema)


NonEmpty = (AfterValidator(_some), Field(json_schema_extra={"minItems": 1}))
"""For lists: `Annotated[tuple[Text, ...], *NonEmpty]`. Pydantic's own minimum counts only sound entries."""
Text = Annotated[str, BeforeValidator(_text)]
Words = Annotated[str, BeforeValidator(_text), _json(type=["string", "integer"])]
"""Text that people often write as a number: names and ids of the tracker."""
Identifier = Annotated[str, BeforeValidator(_identifier), _json(type=["string", "integer"], pattern=r"^[^\s:/]+$")]
Number = Annotated[float, BeforeValidator(_number)]
Positive = Annotated[float, Field(gt=0), BeforeValidator(_number)]
Share = Annotated[float, Field(ge=0, le=1), BeforeValidator(_number)]
Whole = Annotated[int, BeforeValidator(_whole)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Day = Annotated[date, BeforeValidator(_day), _json(type="string", format="date")]
Duration = Annotated[int, BeforeValidator(duration), _json(type="string", pattern=r"^[0-9]+[smhdw]$")]
"""Whole seconds, written as 10s, 30m, 26h, 14d or 2w."""
Path_ = Annotated[str, BeforeValidator(_text)]
