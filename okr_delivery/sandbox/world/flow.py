"""The team that pulls its work: no sprints and no versions, a board with columns, and weeks that come and go.

Positions count working days from the Monday of a week; offset 0 is the present one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from okr_delivery.sandbox.world import cast as roles
from okr_delivery.sandbox.world import claims, life, setting
from okr_delivery.sandbox.world.calendar import WEEK, Beat, local_day, monday_of, office
from okr_delivery.sandbox.world.cast import Part
from okr_delivery.sandbox.world.claims import NOTHING, Claim
from okr_delivery.sandbox.world.dice import Dice
from okr_delivery.sandbox.world.life import MINUTE, POINTS, Script, Stage

PROJECT, TEAM = "PLT", "platform"
LEAD, SLOW = "PLAT-KR1", "PLAT-KR2"
PAST = 7


def beats(now_ms: int) -> list[Beat]:
    """The weeks of its life so far, and the present one."""
    monday = monday_of(local_day(now_ms))
    return [Beat(offset, monday + timedelta(days=WEEK * offset)) for offset in range(-PAST, 1)]


def parts(dice: Dice, lang: str) -> Iterator[Part]:
    """24 issues. `offset` is the week in which something becomes of it: finished, taken back, dropped."""

    def good(kr: str, carrier: str = "line") -> Claim:
        return claims.good(dice, lang, kr, carrier)

    yield Part(PROJECT, offset=0, fate=roles.OPEN, claim=good(LEAD))
    yield Part(PROJECT, offset=0, fate=roles.OPEN, claim=NOTHING)
    yield Part(PROJECT, offset=0, fate=roles.OPEN, claim=claims.faulty(lang, PROJECT, "pending", ""))
    yield Part(PROJECT, offset=0, fate=roles.OPEN, claim=good(SLOW, "fields"), marks=frozenset({"no_estimate"}))
    yield Part(PROJECT, "Task", 0, roles.OPEN, Claim("non_okr"), title="debts", labels=("tech-debt",))
    yield Part(PROJECT, offset=0, fate=roles.CARRIED, claim=good(LEAD), marks=frozenset({"flagged"}))
    yield Part(PROJECT, offset=0, fate=roles.CARRIED, claim=claims.faulty(lang, PROJECT, "wrong_direction", ""))
    yield Part(PROJECT, offset=0, fate=roles.CARRIED, claim=good(SLOW))
    yield from (Part(PROJECT, offset=-1, fate=roles.DELIVERED, claim=good(kr)) for kr in (LEAD, LEAD, SLOW))
    yield Part(PROJECT, "Bug", -1, roles.DELIVERED, Claim("none"), title="bugs")
    yield from (Part(PROJECT, offset=-2, fate=roles.DELIVERED, claim=good(kr)) for kr in (LEAD, LEAD, SLOW))
    yield Part(PROJECT, "Task", -2, roles.DELIVERED, roles.OPS, title="ops", labels=("ops",))
    yield from (Part(PROJECT, offset=-3, fate=roles.DELIVERED, claim=good(kr)) for kr in (LEAD, SLOW))
    yield Part(PROJECT, offset=-4, fate=roles.DELIVERED, claim=good(LEAD))
    yield Part(PROJECT, offset=-1, fate=roles.REMOVED, claim=good(SLOW))
    yield Part(PROJECT, offset=-1, fate=roles.CANCELLED, claim=good(LEAD))
    yield Part(PROJECT, claim=good(LEAD))
    yield Part(PROJECT, claim=good(SLOW, "fields"))
    yield Part(PROJECT, claim=NOTHING, marks=frozenset({"no_estimate"}))


def script(stage: Stage, part: Part, title: str) -> Script:
    """The life of one part; the issue has no id and key yet."""
    beat, dice = stage.beats[part.offset or 0], stage.dice
    made = Script(
        part, life.newborn(stage, part, title, office(beat.at(-dice.between(11.0, 16.0), dice.number(0, 999))))
    )
    if "no_estimate" not in part.marks:
        made.then(office(made.issue.created + dice.number(60, 900) * MINUTE), points=dice.pick(POINTS))
    if part.claim.carrier == "fields":
        made.then(office(made.issue.created + dice.number(30, 600) * MINUTE), **life.claim_change(stage, made))
    if part.offset is not None:
        FATES[part.fate](stage, made, beat)
    return made


def _pulled(stage: Stage, made: Script, beat: Beat) -> None:
    """Ready in the week before, so that it is there when its week begins."""
    made.then(beat.at(-stage.dice.between(5.2, 9.0), stage.dice.number(0, 999)), status=setting.READY)


def _open(stage: Stage, made: Script, beat: Beat) -> None:
    """Ready, and nobody has begun."""
    made.then(beat.at(-stage.dice.between(0.2, 3.5), stage.dice.number(0, 999)), status=setting.READY)


def _carried(stage: Stage, made: Script, beat: Beat) -> None:
    """In the works when the week began, and still there."""
    dice = stage.dice
    _pulled(stage, made, beat)
    made.then(beat.at(-dice.between(2.0, 4.5), dice.number(0, 999)), status=setting.DEVELOPMENT)
    if "flagged" in made.part.marks:
        made.then(beat.at(-dice.between(1.2, 1.8)), flagged=True)
        made.then(beat.at(-dice.between(0.2, 0.6)), flagged=False)
    else:
        made.then(beat.at(-dice.between(0.2, 1.5), dice.number(0, 999)), status=setting.REVIEW)


def _delivered(stage: Stage, made: Script, beat: Beat) -> None:
    dice = stage.dice
    _pulled(stage, made, beat)
    made.then(beat.at(-dice.between(2.0, 4.5), dice.number(0, 999)), status=setting.DEVELOPMENT)
    made.then(beat.at(-dice.between(0.2, 1.5), dice.number(0, 999)), status=setting.REVIEW)
    done = dice.between(0.2, 3.5)
    made.then(beat.at(done - 0.15, dice.number(0, 999)), status=setting.TESTING)
    made.then(beat.at(done, dice.number(0, 999)), status=setting.DONE, resolution="Done")


def _removed(stage: Stage, made: Script, beat: Beat) -> None:
    """Taken back behind the commitment: other work was more urgent."""
    _pulled(stage, made, beat)
    made.then(beat.at(stage.dice.between(0.5, 2.5)), status=setting.TODO)


def _cancelled(stage: Stage, made: Script, beat: Beat) -> None:
    _pulled(stage, made, beat)
    made.then(beat.at(stage.dice.between(0.5, 2.5)), status=setting.DONE, resolution="Won't Do")


FATES = {
    roles.OPEN: _open,
    roles.CARRIED: _carried,
    roles.DELIVERED: _delivered,
    roles.REMOVED: _removed,
    roles.CANCELLED: _cancelled,
}
