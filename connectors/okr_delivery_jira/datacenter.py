"""Jira Data Center: one search gives bodies with their inline histories; nothing is asked for in bulk by id."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from math import ceil
from typing import ClassVar

from okr_delivery.model.message import msg
from okr_delivery.sync.connector import Ahead
from okr_delivery.sync.workers import Workers
from okr_delivery_jira.client import JiraClient, StatusError
from okr_delivery_jira.cloud import chunks
from okr_delivery_jira.dialects import Block, Body, History, Tell, Wanted, in_order, one, updated_of
from okr_delivery_jira.ids import Ids
from okr_delivery_jira.jql import ORDER, quote
from okr_delivery_jira.offsets import AHEAD, IDS, PAGE, Kept, OffsetPage, Row, Scan, read_page, sweep
from okr_delivery_jira.problems import broken
from okr_delivery_jira.text import by_number, listed, members, string

SEARCH = "search"
GONE = frozenset({404})


class DataCenter:
    """Reads by offset pages; `tell` takes warnings for the user."""

    deployment: ClassVar[str] = "datacenter"
    named_items: ClassVar[bool] = True

    def __init__(self, client: JiraClient, tell: Tell) -> None:
        self._client = client
        self._tell = tell

    def account(self, me: Mapping[str, object]) -> str | None:
        """The key, which a change of name leaves alone."""
        return string(me.get("key")) or string(me.get("name"))

    def known_projects(self) -> list[Mapping[str, object]]:
        return members(self._client.read("project"))

    def permissions(self, project: str, wanted: Sequence[str]) -> object:
        """All of them: this kind knows no selection."""
        return self._client.read("mypermissions", {"projectKey": project})

    def versions(self, project: str) -> list[Mapping[str, object]]:
        return members(self._client.read(f"project/{project}/versions", what="project/{key}/versions", expect=GONE))

    def blocks(self, wanted: Wanted) -> Iterator[Block]:
        """By offset, with everything in it; by id where a run is taken up again or rows moved under the offset."""
        after = None
        if not wanted.partly:
            scan = Scan(partial(self._bodies, wanted.clause, wanted.fields))
            for rows in scan:
                if chosen := _fresh(wanted, rows):
                    yield self._block([str(row["id"]) for row in chosen], chosen, wanted.fields)
            if not scan.moved:
                return
            after = scan.last
        yield from self._listed(wanted, after)

    def census(self, clause: str) -> Iterator[str]:
        return iter(self._swept(clause, ["id"], _nothing, joined=False))

    def visible(self, ids: Sequence[str]) -> frozenset[str]:
        """Archived issues leave the search and still answer by id."""
        shown: set[str] = set()
        for part in chunks(ids, IDS):
            found = self._found(part, ["updated"], ())
            shown |= found.keys()
            shown |= {ref for ref in part if ref not in found and self._one(ref, ["updated"], None) is not None}
        return frozenset(shown)

    def ahead(self, clause: str) -> Ahead:
        """By the search's own total, which is exact."""
        page = self._page({"jql": f"{clause} {ORDER}", "fields": ["id"], "startAt": 0, "maxResults": 0}, 0)
        return Ahead(page.total, max(1, ceil(page.total / PAGE)), AHEAD + 1)

    def named(self, keys: Sequence[str], fields: Sequence[str]) -> list[Body]:
        """By one search; what it does not know by its key may be known by a former one, which a single GET follows."""
        found = self._keyed(keys, fields) if len(keys) > 1 else []
        met = {str(row.get("key")).casefold() for row in found}
        alone = (one(self._client, key, fields, "changelog") for key in keys if key.casefold() not in met)
        return in_order([*found, *(row for row in alone if row is not None)])

    def within(self, clause: str, ids: Sequence[str]) -> frozenset[str]:
        return frozenset(self._swept(f"{clause} AND id in ({', '.join(ids)})", ["id"], _nothing, joined=False))

    def whole(self, bodies: Sequence[Body], fields: Sequence[str]) -> Block:
        return self._block([str(body["id"]) for body in bodies], bodies, fields)

    def _keyed(self, keys: Sequence[str], fields: Sequence[str]) -> list[Row]:
        """Keys that the search does not know are no error without validation."""
        asked = {
            "jql": f"key in ({', '.join(map(quote, keys))}) {ORDER}", "fields": list(fields), "validateQuery": False,
            "expand": ["changelog"], "startAt": 0, "maxResults": len(keys),
        }  # fmt: skip
        return list(self._page(asked, len(keys)).rows)

    # pages

    def _bodies(self, clause: str, fields: Sequence[str], start: int, size: int) -> OffsetPage:
        asked = {"jql": f"{clause} {ORDER}", "fields": list(fields), "expand": ["changelog"]}
        return self._page({**asked, "startAt": start, "maxResults": size}, size)

    def _swept(
        self, clause: str, fields: Sequence[str], keep: Callable[[Row], Kept], *, joined: bool = True
    ) -> dict[str, Kept]:
        def ask(start: int, size: int) -> OffsetPage:
            asked = {"jql": f"{clause} {ORDER}", "fields": list(fields), "startAt": start, "maxResults": size}
            return self._page(asked, size)

        return sweep(ask, keep, self._short, SEARCH, joined=joined)

    def _page(self, body: Mapping[str, object], asked: int) -> OffsetPage:
        payload = self._client.ask(SEARCH, body)
        page = read_page(payload, asked, SEARCH)
        for sentence in listed(payload.get("warningMessages")):
            if body.get("validateQuery") is not False:  # without validation they name the ids that are not shown
                self._tell(msg("jira.warning.server", said=str(sentence)[:300]))
        return page

    def _short(self, found: int, count: int) -> None:
        self._tell(msg("jira.warning.short_search", found=found, count=count))

    # by id

    def _listed(self, wanted: Wanted, after: str | None) -> Iterator[Block]:
        """What lies behind an id, found by a sweep without bodies; a few blocks are under way at once."""
        ids = self._left(wanted, after)
        with Workers(AHEAD) as workers:
            yield from workers.ordered((partial(self._by_id, part, wanted.fields) for part in chunks(ids, PAGE)), AHEAD)

    def _left(self, wanted: Wanted, after: str | None) -> Sequence[str]:
        """The ids behind one that are to be read."""

        def passes(ref: str) -> bool:
            return (after is None or by_number(ref) > by_number(after)) and wanted.passes(ref)

        if not wanted.windowed:
            return Ids(filter(passes, self._swept(wanted.clause, ["id"], _nothing)))
        updated = self._swept(wanted.clause, ["updated"], partial(updated_of, where=SEARCH))
        return wanted.fresh({ref: ts for ref, ts in updated.items() if passes(ref)})

    def _by_id(self, ids: Sequence[str], fields: Sequence[str]) -> Block:
        found = self._found(ids, fields, ["changelog"])
        for ref in ids:
            alone = None if ref in found else self._one(ref, fields, "changelog")
            if alone is not None:
                found[ref] = alone
        return self._block(ids, [found[ref] for ref in ids if ref in found], fields)

    def _found(self, ids: Sequence[str], fields: Sequence[str], expand: Sequence[str]) -> dict[str, Row]:
        """What the search shows of these ids. Ids that it does not know are no error without validation."""
        found: dict[str, Row] = {}
        while left := [ref for ref in ids if ref not in found]:
            body: dict[str, object] = {
                "jql": f"id in ({', '.join(left)}) {ORDER}", "fields": list(fields), "validateQuery": False,
                "startAt": 0, "maxResults": len(left),
            }  # fmt: skip
            page = self._page(body | ({"expand": list(expand)} if expand else {}), len(left))
            new = {ref: row for ref, row in zip(page.ids, page.rows, strict=True) if ref in left}
            found |= new
            if not new or len(page.rows) >= page.total:
                break
        return found

    def _one(self, ref: str, fields: Sequence[str], expand: str | None) -> Row | None:
        """An issue by its id; None when the site does not show it."""
        params = {"fields": ",".join(fields)} | ({"expand": expand} if expand else {})
        try:
            row = self._client.read(f"issue/{ref}", params, what="issue/{id}", expect=GONE)
        except StatusError:
            return None
        if not isinstance(row, dict) or string(row.get("id")) != ref:
            raise broken("shape", "issue/{id}")
        return row

    # histories

    def _block(self, ids: Sequence[str], rows: Sequence[Row], fields: Sequence[str]) -> Block:
        bodies: list[Body] = []
        histories: dict[str, tuple[History, ...]] = {}
        incomplete: set[str] = set()
        for row in rows:
            ref = str(row["id"])
            whole = row if _whole(row) else self._one(ref, fields, "changelog") or row
            if not _whole(whole):
                incomplete.add(ref)
            if not isinstance(whole.get("fields"), dict):
                raise broken("no_fields", SEARCH)
            bodies.append(whole)
            histories[ref] = tuple(_entries(whole))
        return Block(tuple(ids), tuple(bodies), histories, frozenset(incomplete))


def _nothing(_: Row) -> None:
    """Of an id's row only the id is kept."""


def _fresh(wanted: Wanted, rows: Sequence[Row]) -> Sequence[Row]:
    """Rows that the store does not hold as they are now."""
    if not wanted.windowed:
        return rows
    fresh = frozenset(wanted.fresh({str(row["id"]): updated_of(row, SEARCH) for row in rows}))
    return [row for row in rows if row["id"] in fresh]


def _entries(row: Row) -> list[History]:
    changelog = row.get("changelog")
    return members(changelog.get("histories")) if isinstance(changelog, dict) else []


def _whole(row: Row) -> bool:
    """Whether the inline history is all there is: the server says how many entries there are."""
    changelog = row.get("changelog")
    return isinstance(changelog, dict) and len(_entries(row)) == changelog.get("total")
