"""References inside the configuration: names that must be unique, names that must exist, tokens not to be shared.

These checks read the raw data, part by part, so that they also speak when something elsewhere is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import ValidationError

from okr_delivery.config.document import Document, Place
from okr_delivery.config.sources import GROUP_PATH, PROJECT_PATH, Source
from okr_delivery.config.teams import IterationKind
from okr_delivery.config.told import told
from okr_delivery.config.types import nearest, written
from okr_delivery.model.errors import Problem
from okr_delivery.model.message import Message, msg

FOREIGN_SELECTORS = {"jira": ("groups",), "gitlab": ("boards", "components")}
KINDS = {"jira": ("sprints", "versions", "calendar"), "gitlab": ("milestones", "iterations", "calendar")}


def references(document: Document) -> list[Problem]:
    """Every problem between parts of the file."""
    found = [
        *_unique(document, "sources", "name"),
        *_unique(document, "teams", "id"),
        *_unique(document, "feedback", "name"),
        *_selectors(document),
        *_tokens(document),
        *told(document, (source for _, source in _sources(document))),
    ]
    return [Problem(what, document.where(place)) for what, place in found]


Finding = tuple[Message, Place]


def _entries(document: Document, section: str) -> Iterator[tuple[Place, dict[str, Any]]]:
    listed = document.data.get(section) if isinstance(document.data, dict) else None
    for index, entry in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(entry, dict):
            yield (section, index), entry


def _unique(document: Document, section: str, key: str) -> Iterator[Finding]:
    seen: dict[str, Place] = {}
    for place, entry in _entries(document, section):
        name = written(entry.get(key)).casefold()
        if entry.get(key) is None:
            continue
        if name in seen:
            yield (
                msg("config.duplicate_name", value=written(entry[key]), first=document.where(seen[name])),
                (*place, key),
            )
        seen.setdefault(name, (*place, key))


def _selectors(document: Document) -> Iterator[Finding]:
    sources = {written(entry.get("name")): entry.get("type") for _, entry in _entries(document, "sources")}
    for place, team in _entries(document, "teams"):
        selectors: Any = team.get("select")
        types = set()
        for index, selector in enumerate(selectors if isinstance(selectors, list) else []):
            name = selector.get("source") if isinstance(selector, dict) else None
            if name is None:
                continue
            if written(name) not in sources:
                yield _unknown_source(written(name), list(sources)), (*place, "select", index, "source")
            else:
                types.add(sources[written(name)])
                yield from _places((*place, "select", index), selector, sources[written(name)])
        yield from _kind_of_iterations(place, team, types)


def _places(place: Place, selector: dict[str, Any], type_: Any) -> Iterator[Finding]:
    """What a selector names must be something that trackers of its source's type have, named as they name it."""
    for key in FOREIGN_SELECTORS.get(type_, ()):
        if key in selector:
            yield msg("config.key_of_other_type", key=key, type=type_), (*place, key)
    if type_ != "gitlab":
        return
    for key, path, what in (
        ("projects", PROJECT_PATH, "config.project_path"),
        ("groups", GROUP_PATH, "config.group_path"),
    ):
        names = selector.get(key)
        for index, name in enumerate(names if isinstance(names, list) else []):
            text = written(name)
            numbered = text.isdecimal()  # issues know their project's id, and no group's
            if (numbered or not path.fullmatch(text)) and not (numbered and key == "projects"):
                yield msg(what, key=key, value=text), (*place, key, index)


def _unknown_source(name: str, known: list[str]) -> Message:
    close = nearest(name, known)
    if close is not None:
        return msg("config.unknown_source.near", value=name, nearest=close)
    return msg("config.unknown_source", value=name, known=", ".join(known))


def _kind_of_iterations(place: Place, team: dict[str, Any], types: set[Any]) -> Iterator[Finding]:
    iterations = team.get("iterations")
    kind = iterations.get("from") if isinstance(iterations, dict) else None
    kinds = list(dict.fromkeys(name for type_ in types for name in KINDS.get(type_, ())))
    if kinds and kind in get_args(IterationKind) and kind not in kinds:
        yield (
            msg("config.iterations_of_other_type", value=kind, expected=", ".join(kinds)),
            (*place, "iterations", "from"),
        )


def _tokens(document: Document) -> Iterator[Finding]:
    """Two sources of one type on different hosts must each name their own token variable."""
    valid = [(place, source) for place, source in _sources(document)]
    for place, source in valid:
        others = [other for _, other in valid if other.type == source.type and other.origin != source.origin]
        if others and source.token_env is None:
            example = (
                f"OKR_DELIVERY_{''.join(c if c.isalnum() and c.isascii() else '_' for c in source.name).upper()}_TOKEN"
            )
            yield msg("config.token_env_needed", source=source.name, other=others[0].name, example=example), place
        elif any(other.token_env == source.token_env for other in others):
            yield msg("config.token_env_shared", variable=source.token_env, other=others[0].name), (*place, "token_env")


def _sources(document: Document) -> Iterator[tuple[Place, Source]]:
    for place, entry in _entries(document, "sources"):
        try:
            yield place, Source.model_validate(entry)
        except ValidationError:
            continue
