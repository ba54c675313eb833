"""What the requirements that were judged are to be told in their tracker: one label and one comment on those that fail,
neither on those that are ready. Nothing is said for the first time to one that this run was not asked about.

The label goes on before the comment and comes off behind it: as long as it is there, something of ours may be, so that
whatever a run left half done, the next one ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from okr_delivery.gate.finding import Finding, Severity, Stage
from okr_delivery.gate.result import GateResult, Verdict
from okr_delivery.sync.writes import AddLabel, Edit, PutComment, RemoveComment, RemoveLabel

MARK = "gate"
MOST = 200  # requirements that are told for the first time by one run without being asked to
LOOK_AGAIN = 3_600  # seconds after which nobody relies on what was written without a look at the tracker
UNKNOWN = "?"  # the essence of what somebody wrote of which nothing is left but a label


@dataclass(frozen=True, slots=True)
class Telling:
    """A requirement that was judged, what counts against it, and whether the store has seen our label on it.

    `findings` are errors and warnings, worst first, those of the baseline left out; empty when it is `ready`. `stage`
    is how far it was asked, `updated` the instant (epoch seconds) at which the tracker last saw it change. `beside`:
    the run was about others, and it is asked again because it was told. `over`: nobody will judge it any more.
    """

    source: str
    issue_id: str
    key: str
    ready: bool
    labelled: bool
    findings: tuple[Finding, ...]
    updated: int = 0
    stage: Stage = Stage.INTAKE
    beside: bool = False
    over: bool = False

    @property
    def ref(self) -> tuple[str, str]:
        """What tells it from all others."""
        return self.source, self.issue_id


@dataclass(frozen=True, slots=True)
class Told:
    """What was written last: the essence of the comment, "" when both were taken off. `at` is epoch seconds.

    `label` is the one that was put, "" where that is not known; `comment` the tracker's id of it; `stage` how far the
    requirement was asked.
    """

    essence: str
    at: int
    label: str = ""
    comment: str | None = None
    stage: Stage | None = None

    @property
    def stands(self) -> bool:
        """Whether something of ours may be there."""
        return bool(self.essence)


class Deed(StrEnum):
    PUT = "put"  # for the first time
    RENEW = "renew"  # something of ours is there
    CLEAR = "clear"


def tellings(result: GateResult, label: str, *, beside: bool = False) -> tuple[Telling, ...]:
    """The judged requirements of the teams that have a verdict, in order."""
    without = {one.team for one in result.team_verdicts if one.verdict is Verdict.NONE}
    found: dict[tuple[str | None, str], list[Finding]] = {}
    for finding in result.findings:
        if finding.entity.kind == "issue" and not finding.baselined and finding.severity is not Severity.INFO:
            found.setdefault((finding.entity.source, finding.entity.key), []).append(finding)
    return tuple(
        Telling(
            one.source,
            one.issue_id,
            one.key,
            one.ready,
            label in one.labels,
            () if one.ready else tuple(sorted(found.get((one.source, one.key), ()), key=_worst_first)),
            one.updated,
            one.stage,
            beside,
        )
        for one in result.judged
        if one.team not in without
    )


def _worst_first(finding: Finding) -> tuple[bool, str]:
    return (finding.severity is not Severity.ERROR, finding.rule)


def deed(telling: Telling, told: Told | None, essence: str, *, seen_at: int | None, now: int) -> Deed | None:
    """What is to be done, None where it is so already as far as the store and our own record can tell.

    `seen_at` is the tracker's time that the store is as new as. What was written after it the store has not seen yet.
    """
    unseen = told is not None and (seen_at is None or told.at >= seen_at)
    if telling.ready:
        gone = told is not None and not told.essence
        stands = telling.labelled if told is None or gone else True
        return Deed.CLEAR if stands and not (gone and unseen) else None
    if told is None or told.essence in ("", UNKNOWN):
        if telling.beside:
            return None
        return Deed.RENEW if telling.labelled and (told is None or told.stands) else Deed.PUT
    seen = now - told.at < LOOK_AGAIN and telling.updated < told.at
    settled = told.essence == essence and seen and (telling.labelled or unseen)
    return None if settled else Deed.RENEW


def edits(what: Deed, label: str, text: str, told: Told | None) -> tuple[tuple[Edit, ...], ...]:
    """What is written, one write after the other. A label of a former name goes with the next write."""
    known, former = (None, "") if told is None else (told.comment, told.label)
    others = (RemoveLabel(former),) if former not in ("", label) else ()
    if what is Deed.CLEAR:
        return (RemoveComment(MARK, known),), (RemoveLabel(label), *others)
    return ((AddLabel(label), *others, PutComment(MARK, text, known)),)
