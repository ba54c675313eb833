"""Validation of a document against a model, with every error as a problem at its file, line and column."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from okr_delivery.config.document import Document, Place, children
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
    tagged = tuple(issue["loc"][:-1] if of_key else issue["loc"])
    model = model_at(model, tagged[:-1]) if issue["type"] == "extra_forbidden" else model
    names_a_key = of_key or issue["type"] in ("extra_forbidden", "missing")
    loc = _without_tags(document.data, place, tagged, keep_last=names_a_key)
    params = issue.get("ctx", {})
    at = (*place, *loc, params["at"]) if "at" in params else (*place, *loc)
    if issue["type"] == "union_tag_invalid":
        at = (*at, _discriminator(issue))
    where = document.where(at, key=names_a_key)
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
    known = known_keys(model)
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
    return _one_of(key, issue["input"], expected)


def _tag(key: str, issue: Issue) -> Message:
    expected = [word.strip("'") for word in issue["ctx"]["expected_tags"].split(", ")]
    return _one_of(f"{key}.{_discriminator(issue)}", issue["ctx"]["tag"], expected)


def _tag_missing(key: str, issue: Issue) -> Message:
    return msg("config.missing", key=_discriminator(issue), path=f"{key}.{_discriminator(issue)}")


def _discriminator(issue: Issue) -> str:
    return str(issue["ctx"]["discriminator"]).strip("'")


def _one_of(key: str, value: object, expected: list[str]) -> Message:
    shown = "{…}" if isinstance(value, dict) else "[…]" if isinstance(value, list) else written(value)
    if key == "version":
        return msg("config.version", value=shown)
    close = nearest(value, expected) if isinstance(value, str) else None
    if close is not None:
        return msg("config.choice.near", key=key, value=shown, nearest=close, expected=", ".join(expected))
    return msg("config.choice", key=key, value=shown, expected=", ".join(expected))


def _limit(message_id: str, limit: str) -> Callable[[str, Issue], Message]:
    def words(key: str, issue: Issue) -> Message:
        return msg(message_id, key=key, limit=issue["ctx"][limit], value=issue["input"])

    return words


def _simple(message_id: str) -> Callable[[str, Issue], Message]:
    return lambda key, issue: msg(message_id, key=key) if key else msg("config.type.top")


_TRANSLATIONS: Mapping[str, Callable[[str, Issue], Message]] = {
    "literal_error": _choice,
    "union_tag_invalid": _tag,
    "union_tag_not_found": _tag_missing,
    "greater_than": _limit("config.number.above", "gt"),
    "greater_than_equal": _limit("config.number.at_least", "ge"),
    "less_than_equal": _limit("config.number.at_most", "le"),
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


def _without_tags(data: Any, place: Place, loc: Place, *, keep_last: bool) -> Place:
    """The place without the steps that name a member of a union instead of a key."""
    for step in place:
        data = data[step]
    kept: list[str | int] = []
    for n, step in enumerate(loc):
        if isinstance(data, dict) and step not in data and not (keep_last and n == len(loc) - 1):
            continue
        kept.append(step)
        data = dict(children(data)).get(step)
    return tuple(kept)


def model_at(model: type[BaseModel], loc: Place) -> type[BaseModel]:
    """The model that describes the mapping at `loc`; members of a union are told apart by their tag."""
    candidates = [model]
    for step in loc:
        model = next((one for one in candidates if step in _tags(one)), candidates[0])
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        inner = _inner_models(fields[str(step)].annotation) if step in fields else []
        candidates = inner or [model]
    return candidates[0]


def _tags(model: type[BaseModel]) -> tuple[object, ...]:
    """The words that choose this model in a union."""
    tag = model.model_fields.get("direction")
    return typing.get_args(tag.annotation) if tag is not None else ()


def _inner_models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in typing.get_args(annotation) for model in _inner_models(part)]
