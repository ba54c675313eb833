"""Jira Cloud's bulk endpoints: bodies by the hundred in parallel, whole histories by the block."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil

from okr_delivery.sync.workers import Workers
from okr_delivery_jira.client import JiraClient
from okr_delivery_jira.paging import token_pages
from okr_delivery_jira.problems import broken
from okr_delivery_jira.search import IDS_A_PAGE
from okr_delivery_jira.text import members, string

BODIES = 100
BLOCK = 250
AHEAD = 600
"""Bodies of so many ids are under way or in memory before they are read."""
HISTORIES = 10_000
HISTORIES_AHEAD = 1
"""Requests for histories that are under way or in memory behind the one that is read."""
SHORT = 10
"""Entries an issue, on average, up to which two blocks of histories fit in one request with room to spare."""
WORKERS = 8
READERS = 2
"""Of the workers, those for histories: memory that a large answer took stays with the thread that read it."""

Body = Mapping[str, object]
History = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Block:
    """Up to 250 ids with what the site showed of them. Every id is in `bodies` or in `not_visible`."""

    ids: tuple[str, ...]
    bodies: tuple[Body, ...]
    histories: Mapping[str, tuple[History, ...]]

    @property
    def not_visible(self) -> tuple[str, ...]:
        shown = {str(body["id"]) for body in self.bodies}
        return tuple(issue_id for issue_id in self.ids if issue_id not in shown)


class CloudReader:
    """Reads issues in bulk. `warn` takes sentences of the server that do not make its answer incomplete."""

    def __init__(self, client: JiraClient, warn: Callable[[str], None]) -> None:
        self._client = client
        self._warn = warn
        self._issues = self._entries = 0  # read so far

    def blocks(self, ids: Sequence[str], fields: Sequence[str]) -> Iterator[Block]:
        """Bodies and whole histories of `ids`, in order. What follows is under way while one block is read."""
        with Workers(WORKERS - READERS) as fetching, Workers(READERS) as reading:
            asked = (partial(self._bodies, part, fields) for part in chunks(ids, BODIES))
            bodies = fetching.ordered(asked, AHEAD // BODIES)
            for block in reading.ordered(self._jobs(ids, bodies), HISTORIES_AHEAD):
                yield from self._parted(block)

    def _jobs(self, ids: Sequence[str], bodies: Iterator[list[Body]]) -> Iterator[Callable[[], Block]]:
        """The history is asked for after the bodies, so that it is never older than they say."""
        found: dict[str, Body] = {}
        start = come = 0
        while start < len(ids):
            part = ids[start : start + BLOCK * self._blocks_at_once()]
            start += len(part)
            while come < start:
                found.update({str(body["id"]): body for body in next(bodies)})
                come += BODIES
            shown = tuple(found.pop(issue_id) for issue_id in part if issue_id in found)
            yield partial(self._block, part, shown)

    def _blocks_at_once(self) -> int:
        """Short histories, going by those read so far, are asked for together."""
        return 2 if self._issues and self._entries <= SHORT * self._issues else 1

    def _parted(self, block: Block) -> Iterator[Block]:
        """As blocks of their proper size."""
        self._issues += len(block.ids)
        self._entries += sum(map(len, block.histories.values()))
        bodies = {str(body["id"]): body for body in block.bodies}
        for part in chunks(block.ids, BLOCK):
            yield Block(tuple(part), tuple(bodies[ref] for ref in part if ref in bodies), block.histories)

    def visible(self, ids: Sequence[str]) -> frozenset[str]:
        """Those of `ids` that the site shows when asked for them by id."""
        shown = (body for part in chunks(ids, BODIES) for body in self._bodies(part, ["updated"]))
        return frozenset(str(body["id"]) for body in shown)

    def histories(self, ids: Sequence[str]) -> dict[str, tuple[History, ...]]:
        """Whole histories by issue id. One issue's entries are spread over pages: nothing is read before the last."""
        wanted, found, people = frozenset(ids), dict[str, list[History]](), dict[str, object]()
        for page in token_pages(lambda token: self._changelogs(ids, token), "changelog/bulkfetch", self._warn):
            for row in members(page.get("issueChangeLogs")):
                issue_id = string(row.get("issueId"))
                if issue_id in wanted:
                    entries = members(row.get("changeHistories"))
                    _share(entries, people)
                    found.setdefault(issue_id, []).extend(entries)
        return {issue_id: tuple(entries) for issue_id, entries in found.items()}

    def _bodies(self, ids: Sequence[str], fields: Sequence[str]) -> list[Body]:
        """What the site shows of at most a hundred ids; errors and plain absence both mean: not visible."""
        wanted = frozenset(ids)
        return [body for body in self.bodies(ids, fields) if _id_of(body) in wanted]

    def bodies(self, refs: Sequence[str], fields: Sequence[str]) -> list[Body]:
        """What the site shows of at most a hundred ids or keys."""
        answer = self._client.ask("issue/bulkfetch", {"issueIdsOrKeys": list(refs), "fields": list(fields)})
        if not isinstance(answer, dict) or not isinstance(answer.get("issues"), list):
            raise broken("shape", "issue/bulkfetch")
        bodies = members(answer["issues"])
        if not all(_id_of(body) and isinstance(body.get("fields"), dict) for body in bodies):
            raise broken("no_fields", "issue/bulkfetch")
        return bodies

    def _block(self, ids: Sequence[str], bodies: tuple[Body, ...]) -> Block:
        histories = self.histories([str(body["id"]) for body in bodies]) if bodies else {}
        return Block(tuple(ids), bodies, histories)

    def _changelogs(self, ids: Sequence[str], token: str | None) -> object:
        body: dict[str, object] = {"issueIdsOrKeys": list(ids), "maxResults": HISTORIES}
        return self._client.ask("changelog/bulkfetch", body if token is None else {**body, "nextPageToken": token})


def _share(entries: Iterable[History], people: dict[str, object]) -> None:
    """One author in memory for all of his entries: authors are half of what a history takes."""
    for entry in entries:
        author = entry.get("author")
        account = author.get("accountId") if isinstance(author, dict) else None
        if isinstance(entry, dict) and isinstance(account, str):
            entry["author"] = people.setdefault(account, author)


def requests_for(issues: int) -> int:
    """How many requests bodies, histories and ids of so many issues take."""
    return ceil(issues / BODIES) + ceil(issues / BLOCK) + max(1, ceil(issues / IDS_A_PAGE))


def chunks(ids: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))


def _id_of(row: Mapping[str, object]) -> str:
    issue_id = string(row.get("id"))
    if issue_id is None:
        raise broken("shape", "issue/bulkfetch")
    return issue_id
