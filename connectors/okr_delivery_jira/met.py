"""Sprints that single issues name and the store does not hold yet, as far as the issues themselves tell of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from okr_delivery.model.work import Iteration, IterationKind
from okr_delivery_jira.dialects import Body
from okr_delivery_jira.records import read_sprint
from okr_delivery_jira.settings import Settings
from okr_delivery_jira.sprint_text import sprint_members
from okr_delivery_jira.text import listed, string


def met(
    source: str, bodies: Iterable[Body], settings: Settings, known: Mapping[str, Iteration]
) -> tuple[Iteration, ...]:
    """Each once, in the order in which they are met, behind all that are known.

    Those of boards whose sprints are not read stay out, and so does what can't be read for certain: the next sync
    tells of them.
    """
    boards = {board.id for board in settings.boards if board.sprints}
    following = max((i.order for i in known.values() if i.kind is IterationKind.SPRINT), default=-1) + 1
    found: dict[str, Iteration] = {}
    for payload in _payloads(bodies, settings):
        ref, board = string(payload.get("id")), string(payload.get("boardId"))
        if ref is None or ref in known or ref in found or board not in boards:
            continue
        try:
            found[ref] = read_sprint(source, {**payload, "originBoardId": board}, following + len(found))
        except ValueError:
            continue
    return tuple(found.values())


def _payloads(bodies: Iterable[Body], settings: Settings) -> Iterator[Mapping[str, object]]:
    """The sprints of the bodies: objects on Cloud, texts on Data Center."""
    for body in bodies:
        fields = body.get("fields")
        if not isinstance(fields, dict):
            continue
        project = fields.get("project")
        place = string(project.get("id")) if isinstance(project, dict) else None
        for entry in listed(fields.get(settings.role("iteration").of(place or "") or "")):
            payload = entry if isinstance(entry, dict) else sprint_members(entry)
            if payload is not None:
                yield payload
