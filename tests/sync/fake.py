"""A tracker in memory and a connector to it: small, whole, and breakable on purpose."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

from okr_delivery.config import Source
from okr_delivery.model.work import (
    Board,
    Category,
    Change,
    Field,
    FoundField,
    Interval,
    Issue,
    ItemFact,
    Iteration,
    IterationState,
    Kind,
    Membership,
    Status,
    Value,
)
from okr_delivery.store import Derived, StoreTx
from okr_delivery.sync.connector import Ahead, Fetched, Held, Identity, Metadata, Page, SourceSpec
from okr_delivery.sync.transport import Transport

NOW = 1_795_000_000
DAY = 86_400
NAME = "jira"


def source(**settings: object) -> Source:
    """A configured source of the fake's type."""
    return Source.model_validate(
        {"name": NAME, "type": "fake", "url": "http://127.0.0.1:1", "projects": ["PAY"], **settings}
    )


def issue(number: int, *, updated: int = NOW - 5 * DAY, text: str = "", title: str | None = None) -> Issue:
    """PAY-<number> with a status, a sprint and perhaps a contribution line."""
    current = {Field.STATUS: Value("3", "In Progress"), Field.LABELS: Value(None, "kr:GROW-KR1 ops")}
    if text:
        current[Field.CLAIM_LINES] = Value(None, text)
    return Issue(
        source=NAME,
        id=str(10_000 + number),
        key=f"PAY-{number}",
        project_id="1",
        project="PAY",
        type_id="7",
        type="Story",
        subtask=False,
        title=title or f"Requirement {number}",
        created=NOW - 20 * DAY,
        updated=updated,
        current=current,
    )


def finished(number: int, *, days: int = 200) -> tuple[Issue, list[Change]]:
    """An issue that was done so many days ago and never touched since, with its history."""
    done = replace(
        issue(number, updated=NOW - days * DAY),
        created=NOW - (days + 20) * DAY,
        current={Field.STATUS: Value("5", "Done"), Field.LABELS: Value(None, "kr:GROW-KR1")},
    )
    return done, [moved(done, at=NOW - days * DAY, history=2**34 + number, old="1", new="5")]


def moved(of: Issue, *, at: int, history: int, old: str = "1", new: str = "3") -> Change:
    names = {"1": "To Do", "3": "In Progress", "5": "Done"}
    return Change(of.id, history, 0, at, Field.STATUS, Value(old, names[old]), Value(new, names[new]), "acc-1")


@dataclass
class FakeTracker:
    """What the tracker holds at an instant, to be changed by tests between syncs."""

    issues: dict[str, Issue] = field(default_factory=dict)
    changes: dict[str, list[Change]] = field(default_factory=dict)
    now: int = NOW
    hidden: set[str] = field(default_factory=set)  # shown to nobody
    outside: set[str] = field(default_factory=set)  # visible, but not in scope
    statuses: list[Status] = field(
        default_factory=lambda: [
            Status(NAME, "1", "To Do", Category.NEW, 0),
            Status(NAME, "3", "In Progress", Category.INDETERMINATE, 1),
            Status(NAME, "5", "Done", Category.DONE, 2),
        ]
    )
    iterations: list[Iteration] = field(
        default_factory=lambda: [Iteration(NAME, "70", "PAY S1", IterationState.ACTIVE, "GROW", NOW - DAY, NOW + DAY)]
    )
    requests: int = 0

    @classmethod
    def of(cls, count: int, *, old: int = 0) -> FakeTracker:
        """`count` issues in progress; the even numbers up to twice `old` were done long ago and are not counted."""
        tracker = cls()
        past = range(2, 2 * old + 1, 2)
        for number in past:
            tracker.put(*finished(number))
        for number in [n for n in range(1, count + old + 1) if n not in past][:count]:
            made = issue(number, text=f"Contributes-to: GROW-KR1 +{number}pp" if number % 2 else "")
            tracker.put(made, [moved(made, at=NOW - 6 * DAY, history=2**33 + number)])
        return tracker

    def put(self, given: Issue, changes: Sequence[Change] = ()) -> None:
        self.issues[given.id] = given
        self.changes.setdefault(given.id, []).extend(changes)

    def touch(self, ref: str, **fields: object) -> Issue:
        """Changes an issue now."""
        new = replace(self.issues[ref], updated=self.now, **fields)  # type: ignore[arg-type]  # names of Issue's fields
        self.issues[ref] = new
        return new

    def remove(self, ref: str) -> None:
        del self.issues[ref]
        del self.changes[ref]

    @property
    def scope(self) -> list[Issue]:
        return [i for ref, i in sorted(self.issues.items()) if ref not in self.hidden | self.outside]


class FakeConnector:
    """Meets the contract; `page_size` issues a page. `on_page` is called before each page leaves."""

    api: ClassVar[int] = 1
    type: ClassVar[str] = "fake"

    def __init__(self, tracker: FakeTracker, page_size: int = 3, on_page: Callable[[int], None] | None = None) -> None:
        self.tracker = tracker
        self.page_size = page_size
        self.on_page = on_page
        self.used: Metadata | None = None
        self.calls: list[str] = []
        self.asked: list[tuple[int | None, str | None]] = []
        self.parts: list[tuple[int | None, int]] = []  # of each call of `pages`: `lively`, how many to leave out
        self.closed = False

    @classmethod
    def open(cls, spec: SourceSpec, transport: Transport) -> Self:
        raise NotImplementedError(f"{spec.name} is not built from settings ({transport})")

    def identity(self) -> Identity:
        self.calls.append("identity")
        return Identity("acc-1", "Bot", "Asia/Shanghai", self.tracker.now, "cloud", "http://127.0.0.1:1/people")

    def metadata(self) -> Metadata:
        self.calls.append("metadata")
        board = Board(NAME, "42", "PAY board", "scrum", "PAY", "customfield_1")
        found = FoundField("iteration", "customfield_2", "Sprint", "schema")
        return Metadata(tuple(self.tracker.statuses), (board,), (found,), (), {"fields": ["a", "b"]})

    def use(self, metadata: Metadata) -> None:
        self.calls.append("use")
        self.used = metadata

    def iterations(self, known: Mapping[str, Iteration]) -> Iterable[Iteration]:
        self.calls.append("iterations" if known else "all iterations")
        return [i for i in self.tracker.iterations if known.get(i.id) != i]

    def pages(
        self,
        since: int | None,
        resume: str | None,
        held: Held,
        *,
        lively: int | None = None,
        skip: Container[str] = (),
    ) -> Iterator[Page]:
        self.calls.append("pages")
        self.asked.append((since, resume))
        self.parts.append((lively, len(skip) if isinstance(skip, Sized) else 0))
        inside = [i for i in self.tracker.scope if since is None or i.updated >= since]
        inside = [i for i in inside if i.id not in skip and (lively is None or self._lively(i, lively))]
        inside = [i for i in inside if resume is None or i.id > resume]
        have = held([i.id for i in inside])
        fresh = [i for i in inside if have.get(i.id) != i.updated]
        for number, start in enumerate(range(0, len(fresh), self.page_size), 1):
            if self.on_page is not None:
                self.on_page(number)
            yield self.page(fresh[start : start + self.page_size])

    def _lively(self, issue: Issue, since: int) -> bool:
        done = {s.id for s in self.tracker.statuses if s.category is Category.DONE}
        return issue.updated >= since or issue.value(Field.STATUS).id not in done

    def ahead(self, since: int | None) -> Ahead:
        count = sum(since is None or i.updated >= since for i in self.tracker.scope)
        return Ahead(count, 5 + count // self.page_size)

    def page(self, issues: Sequence[Issue]) -> Page:
        changes = [change for i in issues for change in self.tracker.changes[i.id]]
        return Page(tuple(issues), tuple(changes), issues[-1].id)

    def census(self) -> Iterator[str]:
        self.calls.append("census")
        return iter([i.id for i in self.tracker.scope])

    def visible(self, ids: Sequence[str]) -> frozenset[str]:
        self.calls.append("visible")
        return frozenset(ids) & (self.tracker.issues.keys() - self.tracker.hidden)

    def close(self) -> None:
        self.closed = True


class Fetching(FakeConnector):
    """Reads single issues too."""

    def fetch(self, keys: Sequence[str], known: Mapping[str, Iteration]) -> Fetched:
        self.calls.append("fetch")
        found = [i for i in self.tracker.scope if i.key in keys]
        return Fetched(self.page(found) if found else Page((), (), None), self.tracker.now)


def derive(tx: StoreTx, name: str, ids: Sequence[str]) -> None:
    """A small honest derivation: one interval per stay, done by category, the statuses' names as the rule."""
    done = {s.id for s in tx.statuses(name) if s.category is Category.DONE}
    rule = ",".join(sorted(s.name for s in tx.statuses(name)))
    histories = dict(tx.changes(name, ids))
    tx.put_derived([_derived(i, histories[i.id], done, rule) for i in tx.issues(name, ids)])


def _derived(of: Issue, changes: Sequence[Change], done: set[str], rule: str) -> Derived:
    starts = [(of.created, changes[0].old.id if changes else of.value(Field.STATUS).id)]
    starts += [(change.ts, change.new.id) for change in changes if change.field is Field.STATUS]
    ends: list[int | None] = [ts for ts, _ in starts[1:]]
    kinds = [Kind.DONE if status in done else Kind.ACTIVE for _, status in starts]
    stays = zip(starts, kinds, [*ends, None], strict=True)
    intervals = tuple(Interval(status or "", kind, 0, ts, end) for (ts, status), kind, end in stays)
    fact = ItemFact(started_at=of.created, kind=kinds[-1], kind_since=starts[-1][0], last_change=starts[-1][0])
    return Derived(of.id, intervals, (Membership("70", of.created, None),), fact, rule)


def team_of(_issue: Issue) -> str:
    return "payments"
