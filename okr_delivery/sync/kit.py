"""The conformance test that a connector's own tests call against a source they serve.

    def test_meets_the_contract(server):
        def connect(token="good"):
            transport = Transport(NetworkSpec(), origin=server.url)
            spec = SourceSpec("linear", "linear", server.url, token=Secret(token))
            return LinearConnector.open(spec, transport), transport

        ConnectorKit(connect, source="linear", token="good", refused=lambda: connect("wrong")).check()

The served source must hold at least two pages of issues, some of them with history. Every check can be called on its
own; each raises `ContractError` with what was broken. Nothing is ever written, unless `writes` does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from okr_delivery.model.errors import UserError
from okr_delivery.model.message import Message
from okr_delivery.model.work import Category, Change, Field, Issue
from okr_delivery.sync.connector import API, Connector, Deploys, Fetched, Fetches, Held, Inspector, Metadata, Page
from okr_delivery.sync.errors import ConfigError
from okr_delivery.sync.transport import Transport
from okr_delivery.sync.writes import WriterFactory

Connect = Callable[[], tuple[Connector, Transport]]
LARGEST_PAGE = 250
FEW = 3  # requests that a count may take
SINGLE = 8  # requests that one issue may take where histories come list by list; elsewhere five
DAY = 86_400
NOBODY = "999999999999"  # an id that no served source holds


class ContractError(AssertionError):
    """A connector does not do what `okr_delivery.sync.connector` says."""


def nothing_held(_ids: Sequence[str]) -> dict[str, int]:
    """The `held` of an empty store."""
    return {}


class ConnectorKit:
    """`connect` builds a connector that has sent nothing, with its transport; `refused` one whose token is wrong.

    `token` is the good token's text: it may not show up in anything that is printed. `writes` checks what a connector
    writes, on a source that may be changed: it is given one that has authenticated.
    """

    def __init__(
        self,
        connect: Connect,
        *,
        source: str,
        token: str,
        refused: Connect | None = None,
        writes: Callable[[Connector], None] | None = None,
    ) -> None:
        self._connect = connect
        self._source = source
        self._token = token
        self._refused = refused
        self._writes = writes

    def check(self) -> None:
        """All checks."""
        for one in (
            self.check_declaration,
            self.check_identity,
            self.check_refusal,
            self.check_metadata,
            self.check_iterations,
            self.check_pages,
            self.check_resume,
            self.check_held,
            self.check_parts,
            self.check_ahead,
            self.check_census,
            self.check_single,
            self.check_deployments,
            self.check_inspection,
            self.check_writer,
            self.check_secrets,
        ):
            one()

    def check_declaration(self) -> None:
        """It has every member of the contract, names the version and opens without a request."""
        connector, transport = self._connect()
        _must(isinstance(connector, Connector), "a member of Connector is missing")
        _must(connector.api == API, f"api is {connector.api}, not {API}")
        _must(bool(connector.type), "type is empty")
        _must(transport.total == 0, "open() sent a request")

    def check_identity(self) -> None:
        """Somebody is calling, at a plausible instant."""
        who = self._ready()[0].identity()
        _must(bool(who.account and who.deployment), "identity() names no account or deployment")
        _must(1_000_000_000 < who.server_time < 10_000_000_000, "server_time is not in epoch seconds")
        _must(who.base_url.startswith(("http://", "https://")), "base_url is no link")

    def check_refusal(self) -> None:
        """A wrong token is refused at identity(), before any answer could look like an empty source."""
        if self._refused is None:
            return
        connector, _ = self._refused()
        try:
            connector.identity()
        except ConfigError as error:
            _must(all(p.next_step is not None for p in error.problems), "a refusal does not say what to do")
            _must(self._token not in str(error), "the error shows the token")
            return
        raise ContractError("a wrong token is accepted")

    def check_metadata(self) -> None:
        """It survives being stored as JSON, and a connector that gets it back asks for nothing and reads the same."""
        connector, _ = self._ready()
        found = connector.metadata()
        _must(bool(found.statuses), "metadata() lists no status")
        sources = {s.source for s in found.statuses} | {b.source for b in found.boards}
        _must(sources <= {self._source}, "metadata of a foreign source")
        stored = replace(found, raw=json.loads(json.dumps(dict(found.raw))), warnings=())
        again, transport = self._ready()
        before = transport.total
        again.use(stored)
        _must(transport.total == before, "use() sent a request")
        _must(_issues(_pages(again)) == _issues(_pages(connector)), "stored metadata reads other issues")

    def check_iterations(self) -> None:
        """All of them on a first run; known ones may be left out later, foreign ones never come."""
        connector, _ = self._ready(metadata=True)
        every = {i.id: i for i in connector.iterations({})}
        _must({i.source for i in every.values()} <= {self._source}, "an iteration of a foreign source")
        later = {i.id for i in connector.iterations(every)}
        _must(later <= every.keys(), "an iteration came only when others were known")

    def check_pages(self) -> None:
        """Whole issues, each once, in pages of bounded size, with statuses that were announced."""
        connector, _ = self._ready()
        metadata = connector.metadata()
        pages = _pages(connector)
        _must(len([page for page in pages if page.issues]) > 1, "the served source needs at least two pages")
        ids = [issue.id for page in pages for issue in page.issues]
        _must(len(ids) == len(set(ids)), "an issue came twice")
        for page in pages:
            self._page(page)
        self._statuses(metadata, pages)

    def _page(self, page: Page) -> None:
        ids = {issue.id for issue in page.issues}
        _must(len(ids) <= LARGEST_PAGE, f"a page of {len(ids)} issues")
        _must(page.after is not None or not page.issues, "a page with issues has no `after`")
        _must({issue.source for issue in page.issues} <= {self._source}, "an issue of a foreign source")
        _must({change.issue_id for change in page.changes} <= ids, "a change whose issue is not on its page")
        orders = [(change.issue_id, change.order) for change in page.changes]
        _must(len(orders) == len(set(orders)), "two changes with one (ts, history id, item)")
        for issue in page.issues:
            _must(0 < issue.created <= issue.updated < 10_000_000_000, f"{issue.key}: instants are no epoch seconds")

    def _statuses(self, metadata: Metadata, pages: Sequence[Page]) -> None:
        known = {s.id for s in metadata.statuses} | {s.id for page in pages for s in page.statuses}
        sides = [v for p in pages for c in p.changes if c.field is Field.STATUS for v in (c.old, c.new)]
        sides += [issue.value(Field.STATUS) for page in pages for issue in page.issues]
        strange = {v.id for v in sides if v.id is not None} - known
        _must(not strange, f"statuses nobody announced: {sorted(strange)}")

    def check_resume(self) -> None:
        """Behind any page exactly the rest comes, the same as without the interruption."""
        connector, _ = self._ready(metadata=True)
        pages = [page for page in _pages(connector) if page.issues]
        for number, page in enumerate(pages, 1):
            again, _ = self._ready(metadata=True)
            rest = _issues(_pages(again, resume=page.after))
            _must(rest == _issues(pages[number:]), f"resumed behind page {number}, other issues came")

    def check_held(self) -> None:
        """What the store holds as it is now is not sent again; what it holds in an older state is."""
        connector, _ = self._ready(metadata=True)
        issues = _issues(_pages(connector))
        now = {ref: issue.updated for ref, (issue, _) in issues.items()}
        since = min(now.values()) - 86_400
        again, _ = self._ready(metadata=True)
        _must(
            not _issues(_pages(again, since, held=lambda ids: {i: now[i] for i in ids if i in now})), "held came again"
        )
        old = max(now)
        stale = now | {old: now[old] - 1}
        third, _ = self._ready(metadata=True)
        came = _issues(_pages(third, since, held=lambda ids: {i: stale[i] for i in ids if i in stale}))
        _must(old in came, "an issue that changed since it was stored did not come")

    def check_parts(self) -> None:
        """Open and recent issues come when asked for, and no others; what is to be left out is, and all the rest comes.

        The days around the instant are nobody's: trackers read days in zones of their own.
        """
        connector, _ = self._ready()
        metadata = connector.metadata()
        pages = _pages(connector)
        issues = _issues(pages)
        instants = sorted(issue.updated for issue, _ in issues.values())
        lively = instants[len(instants) // 2]
        first = _issues(_pages(self._ready(metadata=True)[0], lively=lively))
        ended = _ended(metadata, pages)
        due = {ref for ref, (issue, _) in issues.items() if ref not in ended or issue.updated >= lively + DAY}
        late = {ref for ref in ended if issues[ref][0].updated < lively - DAY}
        _must(due <= first.keys(), f"open or recent, but not in the first part: {sorted(due - first.keys())}")
        _must(not late & first.keys(), f"over and old, but in the first part: {sorted(late & first.keys())}")
        rest = _issues(_pages(self._ready(metadata=True)[0], skip=frozenset(first)))
        _must(not first.keys() & rest.keys(), "an issue that was to be left out came")
        _must(first | rest == issues, "both parts together are not what one part is")

    def check_ahead(self) -> None:
        """What lies ahead is told by a few requests, of which none fetches an issue, and is near the truth."""
        connector, transport = self._ready(metadata=True)
        before = transport.total
        told = connector.ahead(None)
        _must(transport.total - before <= FEW, "ahead() sends as many requests as a sync")
        count = len(_issues(_pages(connector)))
        _must(
            told.issues is None or abs(told.issues - count) <= max(1, count // 10), f"{told.issues} for {count} issues"
        )
        _must(told.requests is None or told.requests > 0, "a sync without requests")
        _must(told.concurrency > 0, "no request at once")

    def check_single(self) -> None:
        """Of a connector that reads single issues: each as a page brings it, for a few requests, and no strange one."""
        connector, _ = self._ready(metadata=True)
        if not isinstance(connector, Fetches):
            return
        stored, known = connector.metadata(), {i.id: i for i in connector.iterations({})}
        whole = _issues(_pages(connector))
        for ref in (min(whole), max(whole)):
            alone, transport = self._connect()
            alone.use(replace(stored, raw=json.loads(json.dumps(dict(stored.raw)))))
            _must(isinstance(alone, Fetches), "fetch() comes and goes")
            found = alone.fetch([whole[ref][0].key], known) if isinstance(alone, Fetches) else None
            _must(transport.total <= SINGLE, f"{transport.total} requests for one issue")
            self._single(found, whole, ref)
        nothing = connector.fetch(["NOBODY-999999", "nobody/nothing#999999"], known)
        _must(not nothing.page.issues, "fetch() brings an issue that nobody asked for")

    def _single(self, found: Fetched | None, whole: Mapping[str, tuple[Issue, tuple[Change, ...]]], ref: str) -> None:
        if found is None:
            raise ContractError("fetch() answers nothing")
        self._page(found.page)
        came = _issues([found.page])
        _must(ref in came, "fetch() does not bring the issue of a key")
        _must(all(came[each] == whole.get(each) for each in came), "fetch() reads an issue otherwise than pages()")
        _must(1_000_000_000 < found.server_time < 10_000_000_000, "server_time is not in epoch seconds")

    def check_deployments(self) -> None:
        """Of a tracker that tells of them: each once, by its end, and none that is held."""
        connector, _ = self._ready(metadata=True)
        if not isinstance(connector, Deploys):
            return
        every = list(connector.deployments(None))
        ids = frozenset(deployment.id for deployment in every)
        _must(len(ids) == len(every), "a deployment came twice")
        _must({deployment.source for deployment in every} <= {self._source}, "a deployment of a foreign source")
        ends = [deployment.finished_at for deployment in every]
        _must(ends == sorted(ends), "deployments are not in the order of their ends")
        _must(not list(connector.deployments(None, ids)), "a deployment came that is held")

    def check_inspection(self) -> None:
        """An inspector answers messages, after `identity()` and after a refusal alike, and shows no token."""
        connector, _ = self._ready()
        if not isinstance(connector, Inspector):
            return
        self._messages(connector.inspect())
        if self._refused is None:
            return
        stranger, _ = self._refused()
        with suppress(ConfigError):
            stranger.identity()
        if isinstance(stranger, Inspector):
            self._messages(stranger.inspect())

    def _messages(self, found: Iterable[object]) -> None:
        said = list(found)
        _must(all(isinstance(one, Message) for one in said), "inspect() answers something else than messages")
        _must(self._token not in repr(said), "inspect() shows the token")

    def check_writer(self) -> None:
        """A connector that can write is put through the `writes` that the kit was given."""
        connector, _ = self._ready()
        if self._writes is not None:
            _must(isinstance(connector, WriterFactory), "writer() is missing")
            self._writes(connector)

    def check_census(self) -> None:
        """The census lists what the pages bring; an id that never was is not visible, all others are."""
        connector, _ = self._ready(metadata=True)
        ids = set(_issues(_pages(connector)))
        _must(set(connector.census()) == ids, "census() and pages() differ")
        _must(connector.visible([*sorted(ids), NOBODY]) == ids, "visible() is wrong")
        _must(connector.visible([]) == frozenset(), "visible() of nothing is something")

    def check_secrets(self) -> None:
        """The token shows up in no representation and in no count."""
        connector, transport = self._ready(metadata=True)
        shown = [repr(connector), str(connector), repr(vars(connector)), repr(transport), str(transport.requests)]
        _must(not any(self._token in text for text in shown), "the token is shown")

    def _ready(self, metadata: bool = False) -> tuple[Connector, Transport]:
        connector, transport = self._connect()
        try:
            connector.identity()
            if metadata:
                connector.metadata()
        except UserError as error:
            raise ContractError(f"the served source is refused: {error}") from error
        return connector, transport


def _pages(
    connector: Connector,
    since: int | None = None,
    resume: str | None = None,
    held: Held = nothing_held,
    *,
    lively: int | None = None,
    skip: frozenset[str] = frozenset(),
) -> list[Page]:
    return list(connector.pages(since, resume, held, lively=lively, skip=skip))


def _issues(pages: Sequence[Page]) -> dict[str, tuple[Issue, tuple[Change, ...]]]:
    """Issues with their ordered history, by id."""
    histories: dict[str, list[Change]] = {issue.id: [] for page in pages for issue in page.issues}
    for change in (change for page in pages for change in page.changes):
        histories.setdefault(change.issue_id, []).append(change)
    return {
        issue.id: (issue, tuple(sorted(histories[issue.id], key=lambda c: c.order)))
        for page in pages
        for issue in page.issues
    }


def _ended(metadata: Metadata, pages: Sequence[Page]) -> set[str]:
    """Ids of the issues whose status the tracker itself counts as done."""
    statuses = [*metadata.statuses, *(status for page in pages for status in page.statuses)]
    done = {status.id for status in statuses if status.category in (Category.DONE, Category.CANCELLED)}
    return {issue.id for page in pages for issue in page.issues if issue.value(Field.STATUS).id in done}


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ContractError(otherwise)
