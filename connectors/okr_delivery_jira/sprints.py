"""The sprints of the boards in scope: all of them once, afterwards those that may still change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from functools import partial

from okr_delivery.model.work import Iteration, IterationKind, IterationState
from okr_delivery.sync.workers import together
from okr_delivery_jira.client import JiraClient, StatusError
from okr_delivery_jira.paging import offset_rows
from okr_delivery_jira.problems import broken
from okr_delivery_jira.records import read_sprint
from okr_delivery_jira.settings import BoardInfo

PAGE = 50
_WHAT = "board/{id}/sprint"


class SprintReader:
    """Sprints of the boards that have any. One sprint shows up on many boards and is given once."""

    def __init__(self, source: str, client: JiraClient, boards: Sequence[BoardInfo]) -> None:
        self._source = source
        self._client = client
        self._boards = [board for board in boards if board.sprints]

    def read(self, known: Mapping[str, Iteration]) -> list[Iteration]:
        """Of a board of which nothing is known all sprints, else the active and future ones; and known open ones that
        left those lists.

        A sprint keeps the order it had; one that the site no longer shows is not returned.
        """
        known = {ref: sprint for ref, sprint in known.items() if sprint.kind is IterationKind.SPRINT}
        found: dict[str, Iteration] = {}
        following = max((sprint.order for sprint in known.values()), default=-1) + 1
        for payload in self._listed({sprint.board_id for sprint in known.values()}):
            sprint = self._sprint(payload, following)
            if sprint.id in found:
                continue
            found[sprint.id] = self._sprint(payload, known[sprint.id].order) if sprint.id in known else sprint
            following += sprint.id not in known
        left = [s for s in known.values() if s.state is not IterationState.CLOSED and s.id not in found]
        return [*found.values(), *self._left(left)]

    def _listed(self, known_boards: Set[str | None]) -> Iterator[Mapping[str, object]]:
        states = {board.id: "active,future" if board.id in known_boards else None for board in self._boards}
        for rows in together([partial(self._of_board, board_id, state) for board_id, state in states.items()]):
            yield from rows

    def _of_board(self, board_id: str, state: str | None) -> list[Mapping[str, object]]:
        """A board that has lost its sprints answers 400: no sprints."""

        def page(start: int) -> object:
            params: dict[str, object] = {"startAt": start, "maxResults": PAGE}
            params |= {"state": state} if state else {}
            path = f"board/{board_id}/sprint"
            return self._client.agile(path, params, what=_WHAT, expect=frozenset({400}))

        try:
            return list(offset_rows(page, _WHAT))
        except StatusError:
            return []

    def _left(self, sprints: Sequence[Iteration]) -> Iterator[Iteration]:
        """Sprints that were open when last seen: closed since, or deleted."""
        for known in sprints:
            try:
                payload = self._client.agile(f"sprint/{known.id}", what="sprint/{id}", expect=frozenset({404}))
            except StatusError:
                continue
            if not isinstance(payload, dict):
                raise broken("shape", "sprint/{id}")
            yield self._sprint(payload, known.order)

    def _sprint(self, payload: Mapping[str, object], order: int) -> Iteration:
        try:
            return read_sprint(self._source, payload, order)
        except ValueError as error:
            raise broken("sprint_unreadable", _WHAT, sprint=str(payload.get("id"))[:40]) from error
