"""Waivers by a label in the tracker: whose label counts, and for how long."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from okr_delivery.delivery.rules import calendar_of
from okr_delivery.gate.approvers import Approvers, put_on
from okr_delivery.gate.finding import Finding
from okr_delivery.gate.result import WaivedFinding
from okr_delivery.gate.settings import known
from okr_delivery.gate.waivers import Waiver
from okr_delivery.model.accounts import same_account
from okr_delivery.model.message import Message, msg
from okr_delivery.model.work import Field, labels_of

if TYPE_CHECKING:
    from okr_delivery.config.models import LabelWaivers
    from okr_delivery.delivery.item import Item
    from okr_delivery.delivery.snapshot import Snapshot

Place = tuple[str, str]


@dataclass
class Labelled:
    """What labels waive, and by team what is to be said of those that don't count."""

    findings: list[Finding] = field(default_factory=list)
    waived: list[WaivedFinding] = field(default_factory=list)
    notes: dict[str, list[Message]] = field(default_factory=dict)

    def say(self, team: str, note: Message) -> None:
        """Once, however many findings it might have waived."""
        notes = self.notes.setdefault(team, [])
        if note not in notes:
            notes.append(note)


def apply(findings: Sequence[Finding], snapshot: Snapshot, item_of: Callable[[Finding], Item | None]) -> Labelled:
    """Sorts out what labels waive; `item_of` answers the issue that a finding is about."""
    config = snapshot.config
    if config.gate.waive.label is None:
        return Labelled(list(findings))
    out, reader = Labelled(), Reader(snapshot)
    for finding in findings:
        item = item_of(finding)
        waiver = None if item is None else _waiver(finding, item, reader, out)
        if waiver is None:
            out.findings.append(finding)
        else:
            out.waived.append(WaivedFinding(finding, waiver))
    out.waived = _told_apart(out.waived)
    return out


def _told_apart(waived: Sequence[WaivedFinding]) -> list[WaivedFinding]:
    """Approvers by name; where two of them have the same one, each with the account."""
    owners: dict[str | None, set[str]] = {}
    for one in waived:
        owners.setdefault(one.waiver.named, set()).add(one.waiver.owner)
    return [
        replace(one, waiver=replace(one.waiver, named=_with_account(one.waiver.named, one.waiver.owner)))
        if one.waiver.named is not None and len(owners[one.waiver.named]) > 1
        else one
        for one in waived
    ]


def _with_account(name: str | None, account: str) -> str:
    return f"{name} [{account}]"


def _waiver(finding: Finding, item: Item, reader: Reader, out: Labelled) -> Waiver | None:
    """The waiver that a label on the issue is; what does not count is noted unless another one does."""
    idle = []
    for label, rule in reader.labels(item):
        if rule is not None and not known(rule):
            idle.append(msg("waivers.label.rule", key=item.key, label=label, rule=rule))
        elif rule in (None, finding.rule):
            judged = reader.judge(item, label)
            if isinstance(judged, Message):
                idle.append(judged)
            else:
                return Waiver(
                    finding.rule, item.key, label, judged.owner, judged.last, reader.location, named=judged.name
                )
    for note in idle:
        out.say(finding.team, note)
    return None


@dataclass(frozen=True, slots=True)
class Approval:
    """The approver as written, the name on display if one is known, and the last day on which the label counts."""

    owner: str
    name: str | None
    last: date


class Reader:
    """Reads the labels of issues as of a snapshot's instant, by the settings `gate.waive`."""

    def __init__(self, snapshot: Snapshot) -> None:
        config = snapshot.config
        self._snapshot = snapshot
        self._settings: LabelWaivers = config.gate.waive
        self._approvers = Approvers(config)
        self._as_of = snapshot.as_of
        self.location = config.location("gate", "waive")
        self._seen: dict[tuple[Place, str], Approval | Message] = {}

    def labels(self, item: Item) -> Iterator[tuple[str, str | None]]:
        """The waiving labels on an issue, each with the rule that it names; None: it names none."""
        stem = _plain(self._settings.label or "")
        for label in labels_of(item.at(Field.LABELS, self._as_of)):
            plain = _plain(label)
            if plain == stem:
                yield label, None
            elif plain.startswith(f"{stem}:"):
                yield label, plain.removeprefix(stem).strip(": ").upper()

    def judge(self, item: Item, label: str) -> Approval | Message:
        """Who approved a label that counts, and until when; else why it does not."""
        place = (item.ref, label)
        if place not in self._seen:
            self._seen[place] = self._judge(item, label)
        return self._seen[place]

    def _judge(self, item: Item, label: str) -> Approval | Message:
        said = {"key": item.key, "label": label}
        put = put_on(item, label, self._as_of)
        if put.by is None:
            return msg("waivers.label.nobody", **said)
        owner = self._approvers.named(put.by, item.source)
        if owner is None:
            return msg("waivers.label.no_approver", **said)
        last = self._day(item, put.at) + timedelta(days=self._settings.days - 1)
        name = self._name(item, put.by, owner)
        if last < self._day(item, self._as_of):
            return msg("waivers.label.over", owner=name or owner, last=str(last), **said)
        return Approval(owner, name, last)

    def _name(self, item: Item, marks: str, owner: str) -> str | None:
        """How the approver is called; with the account where the issue's creator is called the same and is another."""
        name = self._snapshot.store.name_on_display(item.source, marks)
        if name is None or same_account(marks, item.issue.creator_marks) or name != item.issue.creator:
            return name
        return _with_account(name, owner)

    def _day(self, item: Item, at: int) -> date:
        """A date of the calendar of the issue's team, else of the file's."""
        snapshot = self._snapshot
        calendar = snapshot.calendar(item.team) if item.team else calendar_of(snapshot.config)
        return calendar.local_date(at)


def _plain(label: str) -> str:
    return " ".join(label.casefold().split())
