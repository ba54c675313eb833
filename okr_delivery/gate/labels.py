"""Waivers by a label in the tracker: whose label counts, and for how long."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from okr_delivery.gate.approvers import Approvers, put_on
from okr_delivery.gate.finding import Finding
from okr_delivery.gate.result import WaivedFinding
from okr_delivery.gate.settings import known
from okr_delivery.gate.waivers import Waiver
from okr_delivery.model.message import Message, msg
from okr_delivery.model.work import Field, labels_of

if TYPE_CHECKING:
    from okr_delivery.config import Config
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
    out, reader = Labelled(), Reader(config, snapshot.as_of)
    for finding in findings:
        item = item_of(finding)
        waiver = None if item is None else _waiver(finding, item, reader, out)
        if waiver is None:
            out.findings.append(finding)
        else:
            out.waived.append(WaivedFinding(finding, waiver))
    return out


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
                owner, expires = judged
                return Waiver(finding.rule, item.key, label, owner, expires, reader.location)
    for note in idle:
        out.say(finding.team, note)
    return None


class Reader:
    """Reads the labels of issues as of an instant, by the settings `gate.waive`."""

    def __init__(self, config: Config, as_of: int) -> None:
        self._settings: LabelWaivers = config.gate.waive
        self._zone = ZoneInfo(config.calendar.timezone)
        self._approvers = Approvers(config)
        self._as_of = as_of
        self.location = config.location("gate", "waive")
        self._seen: dict[tuple[Place, str], tuple[str, date] | Message] = {}

    def labels(self, item: Item) -> Iterator[tuple[str, str | None]]:
        """The waiving labels on an issue, each with the rule that it names; None: it names none."""
        stem = _plain(self._settings.label or "")
        for label in labels_of(item.at(Field.LABELS, self._as_of)):
            plain = _plain(label)
            if plain == stem:
                yield label, None
            elif plain.startswith(f"{stem}:"):
                yield label, plain.removeprefix(stem).strip(": ").upper()

    def judge(self, item: Item, label: str) -> tuple[str, date] | Message:
        """The approver and the last day of a label that counts, else why it does not."""
        place = (item.ref, label)
        if place not in self._seen:
            self._seen[place] = self._judge(item, label)
        return self._seen[place]

    def _judge(self, item: Item, label: str) -> tuple[str, date] | Message:
        said = {"key": item.key, "label": label}
        put = put_on(item, label, self._as_of)
        if put.by is None:
            return msg("waivers.label.nobody", **said)
        owner = self._approvers.named(put.by, item.source)
        if owner is None:
            return msg("waivers.label.no_approver", **said)
        last = self._day(put.at) + timedelta(days=self._settings.days - 1)
        if last < self._day(self._as_of):
            return msg("waivers.label.over", owner=owner, last=str(last), **said)
        return owner, last

    def _day(self, at: int) -> date:
        return datetime.fromtimestamp(at, self._zone).date()


def _plain(label: str) -> str:
    return " ".join(label.casefold().split())
