"""Which issues GitLab still shows, asked by their global ids: REST answers such questions to administrators only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from okr_delivery.sync.workers import together
from okr_delivery_gitlab.capabilities import Capabilities
from okr_delivery_gitlab.client import GitLabClient, GraphQLErrors, ServerBusyError
from okr_delivery_gitlab.epics import EPIC_ID
from okr_delivery_gitlab.values import Row, mapping, string

AT_ONCE = 50


class Sight:
    """Looks at issues of one GitLab. `listed` gives all ids in scope, for servers that answer no single one."""

    def __init__(self, client: GitLabClient, can: Capabilities, listed: Callable[[], Iterable[str]]) -> None:
        self._client = client
        self._can = can
        self._listed = listed

    def visible(self, ids: Sequence[str]) -> frozenset[str]:
        """Those that are shown. Raises SyncError when it can't be learnt."""
        known = [ref for ref in ids if ref.removeprefix(EPIC_ID).isdigit()]
        if not known:
            return frozenset()
        if not self._can.has("Query", "workItem"):
            return frozenset(self._listed()) & frozenset(known)
        try:
            parts = [known[start : start + AT_ONCE] for start in range(0, len(known), AT_ONCE)]
            return frozenset().union(*together([partial(self._shown, part) for part in parts]))
        except (GraphQLErrors, ServerBusyError):
            return frozenset(self._listed()) & frozenset(known)

    def key(self, ref: str) -> str | None:
        """`group/project#12` of one work item; None for one that is not shown.

        Raises GraphQLErrors where the server answers no such question.
        """
        row = self._asked([ref], "id reference(full: true)")[0]
        return string(row.get("reference")) if string(row.get("id")) else None

    def _shown(self, ids: Sequence[str]) -> frozenset[str]:
        rows = self._asked(ids, "id")
        return frozenset(ref for ref, row in zip(ids, rows, strict=True) if string(row.get("id")))

    def _asked(self, ids: Sequence[str], members: str) -> list[Row]:
        """What is shown of each. Raises GraphQLErrors for refusals that are about something else than one of them."""
        asked = "\n".join(f"  {line}" for line in self._lines(ids, members))
        try:
            data = self._client.graphql(f"query sight {{\n{asked}\n}}", what="graphql sight")
        except GraphQLErrors as error:
            if not error.hidden:
                raise
            data = error.data
        return [mapping(data.get(f"w{n}")) for n, _ in enumerate(ids)]

    def _lines(self, ids: Sequence[str], members: str) -> Iterator[str]:
        for n, ref in enumerate(ids):
            number = ref.removeprefix(EPIC_ID)
            yield f'w{n}: workItem(id: "gid://gitlab/WorkItem/{number}") {{ {members} }}'
