"""Switches from a mapping or a YAML file, each checked against the type that the switch is declared with."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from okr_delivery.model.errors import Problem, UserError, user_error
from okr_delivery.model.message import msg
from okr_delivery.sandbox.faults.switches import Event, Failure, Faults

Source = Faults | Mapping[str, Any] | Path | None
Row = TypeVar("Row", Failure, Event)


def load(source: Source) -> Faults:
    """Faults from a mapping or a YAML file. Raises UserError naming every unknown switch with its nearest."""
    if source is None:
        return Faults()
    if isinstance(source, Faults):
        return source
    if isinstance(source, Path):
        return _checked(_read(source), str(source))
    return _checked(source, None)


def _read(path: Path) -> Mapping[str, Any]:
    try:
        data = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise user_error(msg("sandbox.faults.unreadable", reason=error.strerror or ""), where=str(path)) from error
    except (YAMLError, UnicodeDecodeError) as error:
        raise user_error(msg("sandbox.faults.not_yaml"), where=str(path)) from error
    if not isinstance(data, Mapping | None):
        raise user_error(msg("sandbox.faults.not_mapping"), where=str(path))
    return data or {}


def _checked(data: Mapping[str, Any], where: str | None) -> Faults:
    plain = {name: value for name, value in data.items() if name not in ("failures", "events")}
    problems = _problems(plain, Faults, where)
    problems += _list_problems(data, "failures", Failure, where) + _list_problems(data, "events", Event, where)
    if problems:
        raise UserError(problems)
    failures = tuple(_made(Failure, row) for row in data.get("failures") or ())
    events = tuple(_made(Event, row) for row in data.get("events") or ())
    return Faults(**_values(plain), failures=failures, events=events)


def _list_problems(data: Mapping[str, Any], name: str, shape: type[Any], where: str | None) -> list[Problem]:
    rows = data.get(name) or ()
    if not isinstance(rows, list | tuple):
        return [_type_problem(name, where)]
    places = ((row, f"{where or name}: {name}[{number}]") for number, row in enumerate(rows, start=1))
    return [problem for row, place in places for problem in _row_problems(row, name, shape, place)]


def _row_problems(row: object, name: str, shape: type[Any], where: str) -> list[Problem]:
    if isinstance(row, shape):
        return []
    if not isinstance(row, Mapping):
        return [_type_problem(name, where)]
    missing = [] if shape is Failure or "do" in row else [_type_problem("do", where)]
    return missing + _problems(row, shape, where)


def _made(shape: type[Row], row: Any) -> Row:
    return row if isinstance(row, shape) else shape(**_values(row))


def _values(row: Mapping[str, Any]) -> dict[str, Any]:
    """YAML reads a bare 401 as a number where a word is meant."""
    return {name: str(value) if name == "dead_login" else value for name, value in row.items()}


def _problems(data: Mapping[str, Any], shape: type[Any], where: str | None) -> list[Problem]:
    hints = get_type_hints(shape)
    known = [spec.name for spec in fields(shape)]
    found = [_unknown(str(name), known, where) for name in data if name not in hints]
    for name, value in _values(data).items():
        if name in hints and not _fits(value, hints[name]):
            choices = _choices(hints[name])
            found.append(_choice_problem(name, choices, where) if choices else _type_problem(name, where))
    return found


def _choices(hint: Any) -> tuple[str, ...]:
    options = (
        [hint] if get_origin(hint) is Literal else [part for part in get_args(hint) if get_origin(part) is Literal]
    )
    return tuple(str(choice) for option in options for choice in get_args(option))


def _fits(value: object, hint: Any) -> bool:
    """Whether a value from a file can stand where the hint is declared; integers are numbers too, booleans are not."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Literal:
        return value in parts
    if origin in (UnionType, Union):
        return any(_fits(value, part) for part in parts)
    if origin is Sequence:
        return isinstance(value, list | tuple) and all(_fits(entry, parts[0]) for entry in value)
    if origin is Mapping:
        return isinstance(value, Mapping)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return value is None if hint is NoneType else isinstance(value, hint)


def _unknown(name: str, known: list[str], where: str | None) -> Problem:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
    return Problem(msg("sandbox.faults.unknown", name=name), where, msg("sandbox.faults.nearest", nearest=near))


def _choice_problem(name: str, choices: Sequence[str], where: str | None) -> Problem:
    return Problem(msg("sandbox.faults.choice", name=name, choices=", ".join(choices)), where)


def _type_problem(name: str, where: str | None) -> Problem:
    return Problem(msg("sandbox.faults.type", name=name), where)
