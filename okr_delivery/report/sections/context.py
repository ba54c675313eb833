"""What every section builder needs: the inputs, the words, and issues as a reader may see them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property

from okr_delivery.delivery.item import Item
from okr_delivery.delivery.membership import last_instant
from okr_delivery.delivery.results import IterationSets, Member, Metric, Scope
from okr_delivery.delivery.snapshot import Snapshot
from okr_delivery.locale import Translator
from okr_delivery.model.text import one_line
from okr_delivery.model.work import IterationState
from okr_delivery.okrs.readings import Readings
from okr_delivery.okrs.results import KrProgress, ObjectiveProgress
from okr_delivery.report.parts import Figure, ItemClass, WorkItem
from okr_delivery.report.words import Words
from okr_delivery.value.results import IterationTrace

NAMED = 3  # issues named per class
RATIO = frozenset({"", "ratio"})  # units of shares


@dataclass(frozen=True)
class Context:
    """`history` holds the sets of the last iterations, oldest first; `sle` the scope that cycle times are read from."""

    snapshot: Snapshot
    scope: Scope
    trace: IterationTrace
    progress: Sequence[KrProgress]
    objectives: Sequence[ObjectiveProgress]
    readings: Readings
    history: Sequence[IterationSets]
    sle: Scope
    t: Translator

    @cached_property
    def urls(self) -> dict[str, str | None]:
        """Safe link of every issue of the team by key."""
        return {i.issue.key: self.link(i.issue.source, i.issue.url) for i in self.snapshot.items(self.team)}

    @cached_property
    def words(self) -> Words:
        return Words(self.t)

    @cached_property
    def as_of(self) -> str:
        return datetime.fromtimestamp(self.snapshot.as_of, UTC).isoformat().replace("+00:00", "Z")

    @property
    def team(self) -> str:
        return self.scope.team

    @cached_property
    def begun(self) -> bool:
        """Whether there is a start from which promises count. One still to come has promised nothing yet."""
        summary = self.scope.summary
        if summary is None:
            return True
        start = summary.sets.window.start
        planned = self.snapshot.state(summary.sets.iteration) is IterationState.FUTURE
        return not planned if start is None else start <= self.snapshot.as_of

    @cached_property
    def today(self) -> date:
        return self.snapshot.day(self.team)

    def local(self, ts: int) -> date:
        return self.snapshot.calendar(self.team).local_date(ts)

    def last_day(self, sets: IterationSets) -> date:
        """The local day on which an iteration ended, or up to which it is known."""
        return self.local(last_instant(sets.iteration, sets.window.end))

    def link(self, source: str, url: str | None) -> str | None:
        return self.snapshot.link(source, url)

    def item(self, source: str, issue_id: str) -> Item | None:
        return self.snapshot.item(source, issue_id)

    def named(self, source: str, issue_id: str, key: str, note: str | None = None) -> WorkItem:
        """An issue by id; one that the snapshot no longer has appears by key only."""
        item = self.item(source, issue_id)
        return WorkItem(key, None, None, note) if item is None else self.shown(item, note)

    def shown(self, item: Item, note: str | None = None) -> WorkItem:
        issue = item.issue
        title = None if issue.confidential else one_line(issue.title)
        return WorkItem(issue.key, title, self.link(issue.source, issue.url), note)

    def member(self, member: Member, note: str | None = None) -> WorkItem:
        return self.named(member.source, member.issue_id, member.key, note)

    def group(self, group_id: str, label: str, items: Iterable[WorkItem]) -> ItemClass:
        every = tuple(items)
        rest = len(every) - NAMED
        more = self.t("report.more", n=rest) if rest > 0 else None
        return ItemClass(group_id, label, len(every), every[:NAMED], more)

    def metric(self, name: str, metric: Metric, text: str | None = None) -> Figure:
        """A delivery metric as a figure; `text` replaces the plain number when there is one."""
        shown = text or (self.absent(metric) if metric.value is None else self.number(metric.value, metric.unit))
        return self.figure(
            name,
            metric.value,
            metric.unit,
            shown,
            metric.status.value,
            metric.n,
            metric.definition,
            metric.excluded.items(),
        )

    def figure(
        self,
        name: str,
        value: float | None,
        unit: str,
        text: str,
        status: str,
        n: int,
        definition: str,
        excluded: Iterable[tuple[str, int]] = (),
    ) -> Figure:
        left_out = tuple(sorted((reason, count) for reason, count in excluded if count))
        said = self.t.list([self.t("report.excluded.item", reason=self.reason(r), n=count) for r, count in left_out])
        return Figure(name, self.label(name), value, unit, text, status, n, left_out, said, definition, self.as_of)

    def reason(self, reason: str) -> str:
        """Why issues are not counted, in words; a reason nobody has named yet as it is."""
        for known in (f"terms.excluded.{reason}", f"terms.check.{reason}"):
            if self.t.knows(known):
                return self.t(known)
        return reason

    def absent(self, metric: Metric) -> str:
        """Why there is no number: the status in words, with the n that was too small."""
        word = self.t(f"terms.metric_status.{metric.status.value}")
        return self.t("report.absent", why=word, n=metric.n) if metric.n else word

    def number(self, value: float | None, unit: str) -> str:
        if unit == "d":
            return self.words.days(value)
        return self.words.percent(value) if unit in RATIO else self.words.level(value, unit)

    def label(self, name: str) -> str:
        known = f"terms.metric.{name}"
        return self.t(known) if self.t.knows(known) else name
