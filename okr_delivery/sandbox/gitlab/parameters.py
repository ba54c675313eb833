"""Parameters as GitLab's API framework reads them: declared ones are checked and completed, others pass unread."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request

from okr_delivery.sandbox.gitlab.http import bad

YES, NO = frozenset({"true", "1", "t", "yes", "on", "y"}), frozenset({"false", "0", "f", "no", "off", "n"})


@dataclass(frozen=True, slots=True)
class Parameter:
    """`read` makes the value or raises ValueError; `many` takes lists. `choices` None = anything that can be read."""

    read: Callable[[object], Any]
    default: Any = None
    required: bool = False
    many: bool = False
    choices: tuple[str, ...] | None = None


Declared = Mapping[str, Parameter]


def _integer(value: object) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"-?\d+", str(value)):
        raise ValueError
    return int(str(value))


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() in YES:
        return True
    if str(value).lower() in NO:
        return False
    raise ValueError


def _moment(value: object) -> int:
    """Epoch milliseconds; a day alone is its midnight, no zone is UTC. A blank where a `+` was sent is not read."""
    text = str(value)
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        text += "T00:00:00"
    if re.search(r"\s\d{2}:?\d{2}$", text) and "T" in text:
        raise ValueError
    moment = datetime.fromisoformat(text)
    seconds = moment.timestamp() if moment.tzinfo else datetime.fromisoformat(f"{text}+00:00").timestamp()
    return round(seconds * 1000)


def _day(value: object) -> date | None:
    return date.fromisoformat(str(value)) if value not in (None, "") else None


def _text(value: object) -> str:
    if isinstance(value, dict | list):
        raise ValueError
    return str(value)


def _number(value: object) -> float:
    return float(str(value))


def integer(default: int | None = None, *, required: bool = False) -> Parameter:
    return Parameter(_integer, default, required)


def boolean(default: bool | None = None) -> Parameter:
    return Parameter(_boolean, default)


def moment() -> Parameter:
    return Parameter(_moment)


def day() -> Parameter:
    return Parameter(_day)


def string(default: str | None = None, *, required: bool = False) -> Parameter:
    return Parameter(_text, default, required)


def number() -> Parameter:
    return Parameter(_number)


def choice(*choices: str, default: str | None = None, required: bool = False) -> Parameter:
    return Parameter(_text, default, required, choices=choices)


def strings() -> Parameter:
    """A list, or names with commas between them."""
    return Parameter(_text, many=True)


def integers() -> Parameter:
    return Parameter(_integer, many=True)


PAGE: Declared = {"page": integer(1), "per_page": integer(20)}


def read(request: Request, declared: Declared) -> tuple[dict[str, Any], set[str]]:
    """What was sent of the declared parameters, and the names of what nobody reads. Refuses what doesn't fit."""
    raw = _raw(request)
    known = {name: value for name, value in raw.items() if name in declared}
    given: dict[str, Any] = {}
    for name, spec in declared.items():
        if name in known and not (known[name] is None and not spec.required):
            given[name] = _value(name, spec, known[name])
        elif name in known:
            given[name] = None
        elif spec.required:
            raise bad(f"{name} is missing")
    return given, raw.keys() - known.keys()


def completed(given: Mapping[str, Any], declared: Declared) -> dict[str, Any]:
    """With the defaults of what was not sent."""
    return {name: spec.default for name, spec in declared.items()} | dict(given)


def _value(name: str, spec: Parameter, value: object) -> Any:
    try:
        if spec.many:
            return [spec.read(part) for part in _parts(value)]
        if isinstance(value, list):
            value = value[-1]
        made = spec.read(value)
    except (ValueError, TypeError) as error:
        raise bad(f"{name} is invalid") from error
    if spec.choices is not None and made not in spec.choices:
        raise bad(f"{name} does not have a valid value")
    return made


def _parts(value: object) -> list[object]:
    if isinstance(value, list):
        return [part for row in value for part in _parts(row)] if len(value) == 1 else list(value)
    return [part.strip() for part in str(value).split(",") if part.strip()]


def _raw(request: Request) -> dict[str, Any]:
    """The query and the body together; a body counts more."""
    return _of(request.args) | _body(request)


def _of(values: MultiDict[str, str]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name in values:
        row = values.getlist(name)
        made[name.removesuffix("[]")] = row if name.endswith("[]") else row[-1]
    return made


def _body(request: Request) -> dict[str, Any]:
    if request.method == "GET" or not request.get_data():
        return {}
    if request.mimetype == "application/json":
        try:
            data = json.loads(request.get_data())
        except ValueError as error:
            raise bad("Problems parsing JSON") from error
        return data if isinstance(data, dict) else {}
    return _of(request.form)
