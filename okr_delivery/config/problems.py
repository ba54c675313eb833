"""Validation of a document against a model, with every error as a problem at its file, line and column."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from okr_delivery.config.document import Document, Place
from okr_delivery.config.types import nearest, written
from okr_delivery.model.errors import Problem, UserError
from okr_delivery.model.message import Message, msg

Model = TypeVar("Model", bound=BaseModel)
Issue = Mapping[str, Any]  # one entry of ValidationError.errors()

SECRET_KEYS = frozenset(
    {"token", "api_token", "access_token", "private_token", "pat", "password", "passwd", "secret", "user", "username"}
)
REMOVED = {
    ("select", "jql"): "config.select_jql",
    ("iterations", "jql"): "config.select_jql",
}
"""Keys that people expect but that do not exist, and what to say instead."""


def validate(model: type[Model], document: Document, place: Place = ()) -> Model:
    """The part of a document at `place` as a model. Raises UserError with every problem found."""
    found, problems = attempt(model, document, place)
    if found is None:
        raise UserError(sort(problems))
    return found


def attempt(model: type[Model], document: Document, place: Place = ()) -> tuple[Model | None, list[Problem]]:
    """The model, or None and the problems."""
    data = document.data
    for step in place:
        data = data[step]
    if data is None:
        return None, [Problem(msg("config.yaml.empty"), document.file)]
    try:
        return model.model_validate(data), []
    except ValidationError as error:
        return None, [_problem(model, document, place, issue) for issue in error.errors(include_url=False)]


def sort(problems: Iterable[Problem]) -> list[Problem]:
    """In the order in which a person walks through the files, without repetitions."""
    unique: dict[tuple[str | None, str, str], Problem] = {}
    for problem in problems:
        unique.setdefault((problem.where, problem.what.id, repr(problem.what.params)), problem)
    return sorted(unique.values(), key=_reading_order)


def _reading_order(problem: Problem) -> tuple[str, list[int]]:
    file, *numbers = (problem.where or "").split(":")
    return file, [int(number) for number in numbers if number.isdecimal()]


def _problem(model: type[BaseModel], document: Document, place: Place, issue: Issue) -> Problem:
    of_key = bool(issue["loc"]) and issue["loc"][-1] == "[key]"
    loc = tuple(issue["loc"][:-1] if of_key else issue["loc"])
    params = issue.get("ctx", {})
    at = (*place, *loc, params["at"]) if "at" in params else (*place, *loc)
    on_key = of_key or issue["type"] in ("extra_forbidden", "missing")
    where = document.where(at, key=on_key)
    what, next_step = _words(model, loc, issue)
    return Problem(what, where, next_step)


def _words(model: type[BaseModel], loc: Place, issue: Issue) -> tuple[Message, Message | None]:
    kind, context = issue["type"], issue.get("ctx", {})
    if "." in kind:
        params = {name: value for name, value in context.items() if name != "at"}
        return msg(kind, key=_dotted(loc), **params) if "key" not in params else msg(kind, **params), None
    if kind == "extra_forbidden":
        return _unknown(model, loc)
    if kind == "missing":
        return msg("config.missing", key=str(loc[-1]), path=_dotted(loc)), None
    translate = _TRANSLATIONS.get(kind)
    if translate is None:
        return msg("config.invalid", key=_dotted(loc), kind=kind), None
    return translate(_dotted(loc), issue), None


def _unknown(model: type[BaseModel], loc: Place) -> tuple[Message, Message | None]:
    key = str(loc[-1])
    known = known_keys(model_at(model, loc[:-1]))
    parents = [str(step) for step in loc[:-1] if isinstance(step, str)]
    removed = REMOVED.get((parents[-1] if parents else "", key))
    if removed is not None:
        return msg(removed), None
    if key.casefold() in SECRET_KEYS and "token_env" in known:
        return msg("config.secret_key", key=key), None
    close = nearest(key, known)
    if close is not None:
        return msg("config.unknown_key.near", key=key, nearest=close), None
    return msg("config.unknown_key", key=key, known=", ".join(known)), None


def _choice(key: str, issue: Issue) -> Message:
    expected = [word.strip("'") for word in issue["ctx"]["expected"].replace(" or ", ", ").split(", ")]
    value = issue["input"]
    shown = "{…}" if isinstance(value, dict) else "[…]" if isinstance(value, list) else written(value)
    if key == "version":
        return msg("config.version", value=shown)
    close = nearest(value, expected) if isinstance(value, str) else None
    if close is not None:
        return msg("config.choice.near", key=key, value=shown, nearest=close, expected=", ".join(expected))
    return msg("config.choice", key=key, value=shown, expected=", ".join(expected))


def _limit(message_id: str, limit: str) -> Callable[[str, Issue], Message]:
    def words(key: str, issue: Issue) -> Message:
        return msg(message_id, key=key, limit=issue["ctx"][limit], value=written(issue["input"]))

    return words


def _simple(message_id: str) -> Callable[[str, Issue], Message]:
    return lambda key, issue: msg(message_id, key=key)


_TRANSLATIONS: Mapping[str, Callable[[str, Issue], Message]] = {
    "literal_error": _choice,
    "greater_than": _limit("config.number.above", "gt"),
    "greater_than_equal": _limit("config.number.at_least", "ge"),
    "less_than": _limit("config.number.below", "lt"),
    "less_than_equal": _limit("config.number.at_most", "le"),
    "too_short": _simple("config.type.empty_list"),
    "tuple_type": _simple("config.type.list"),
    "list_type": _simple("config.type.list"),
    "model_type": _simple("config.type.mapping"),
    "mapping_type": _simple("config.type.mapping"),
    "dict_type": _simple("config.type.mapping"),
}


def _dotted(loc: Place) -> str:
    """`sources[0].statuses.order`, as people talk about a setting."""
    text = ""
    for step in loc:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def known_keys(model: type[BaseModel]) -> list[str]:
    """The keys of a model as they are written in the file."""
    return [field.alias or name for name, field in model.model_fields.items()]


def model_at(model: type[BaseModel], loc: Place) -> type[BaseModel]:
    """The model that describes the mapping at `loc`."""
    for step in loc:
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        if step in fields:
            model = _inner_model(fields[str(step)].annotation) or model
    return model


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_inner_model(part) for part in typing.get_args(annotation))
    return next((model for model in found if model is not None), None)
