"""What the requirements that were judged are to be told in their tracker: one label and one comment on those that fail,
neither on those that are ready. Nothing is said to a requirement that was not judged in this run.

The label goes on before the comment and comes off behind it: as long as it is there, something of ours may be, so that
whatever a run left half done, the next one ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from okr_delivery.gate.finding import Finding, Severity
from okr_delivery.gate.result import GateResult, Verdict
from okr_delivery.sync.writes import AddLabel, Edit, PutComment, RemoveComment, RemoveLabel

MARK = "gate"
MOST = 200  # requirements that are told for the first time by one run without being asked to
LOOK_AGAIN = 7 * 86_400  # seconds after which nobody relies on what was written without a look at the tracker


@dataclass(frozen=True, slots=True)
class Telling:
    """A requirement that was judged, what counts against it, and whether the store has seen our label on it.

    `findings` are errors and warnings, worst first, those of the baseline left out; empty when it is `ready`.
    """

    source: str
    issue_id: str
    key: str
    ready: bool
    labelled: bool
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What was written last: the essence of the comment, "" when both were taken off. `at` is epoch seconds."""

    essence: str
    at: int


class Deed(StrEnum):
    PUT = "put"  # for the first time
    RENEW = "renew"  # something of ours is there
    CLEAR = "clear"


def tellings(result: GateResult, label: str) -> tuple[Telling, ...]:
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
    if told is None or not told.essence:
        return Deed.RENEW if telling.labelled and told is None else Deed.PUT
    settled = told.essence == essence and now - told.at < LOOK_AGAIN and (telling.labelled or unseen)
    return None if settled else Deed.RENEW


def edits(what: Deed, label: str, text: str) -> tuple[tuple[Edit, ...], ...]:
    """What is written, one write after the other."""
    if what is Deed.CLEAR:
        return (RemoveComment(MARK),), (RemoveLabel(label),)
    return ((AddLabel(label), PutComment(MARK, text)),)
