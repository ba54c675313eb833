"""The team that ships by release trains: versions of three weeks, what rides in them, and what misses one.

Positions count working days from a train's first Monday; it is released on the Thursday of its third week.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from okr_delivery.sandbox.site import BASE, Site, Wire
from okr_delivery.sandbox.world import cast as roles
from okr_delivery.sandbox.world import claims, life, setting
from okr_delivery.sandbox.world.calendar import WEEK, Beat, instant, local_day, monday_of, office
from okr_delivery.sandbox.world.cast import Part
from okr_delivery.sandbox.world.claims import NOTHING, Claim
from okr_delivery.sandbox.world.dice import Dice
from okr_delivery.sandbox.world.life import BEFORE_MIDNIGHT, MINUTE, POINTS, Script, Stage

PROJECT, TEAM = "WEB", "portal"
LEAD, SLOW = "PORTAL-KR1", "PORTAL-KR2"
ACTIVE = 8  # the number in the name of the running train
WEEKS, RELEASED = 3, 13.4  # position of the release: Thursday afternoon
PAST, AHEAD = 4, 2


def beats(now_ms: int, *, by_day: bool = False) -> list[Beat]:
    """Past trains, the running one, which began 7 to 13 days ago, and those to come."""
    monday = monday_of(local_day(now_ms)) - timedelta(days=WEEK)
    return [Beat(offset, monday + timedelta(weeks=WEEKS * offset), by_day) for offset in range(-PAST, AHEAD + 1)]


def release_day(beat: Beat) -> date:
    return local_day(beat.at(RELEASED))


def version_id(offset: int) -> str:
    return str(10_700 + offset)


def version_name(text: dict[str, Any], offset: int) -> str:
    return str(text["train"]).format(number=ACTIVE + offset)


def add_versions(site: Site, times: Sequence[Beat], text: dict[str, Any]) -> None:
    """A version for each train, the last one without dates."""
    site.versions[setting.PROJECTS[PROJECT]] = [_version(beat, text) for beat in times]


def _version(beat: Beat, text: dict[str, Any]) -> Wire:
    number = version_id(beat.offset)
    row: Wire = {"self": f"{BASE}/rest/api/3/version/{number}", "id": number, "archived": False}
    row |= {"name": version_name(text, beat.offset), "projectId": int(setting.PROJECTS[PROJECT])}
    row |= {"description": text["goals"][PROJECT][beat.offset % 4], "released": beat.offset < 0}
    if beat.offset == AHEAD:
        return row
    return row | {"startDate": beat.monday.isoformat(), "releaseDate": release_day(beat).isoformat()}


def parts(dice: Dice, lang: str) -> Iterator[Part]:
    """24 issues: the next train ready and unready, the last one with every fate, and what waits."""

    def good(kr: str, carrier: str = "line") -> Claim:
        return claims.good(dice, lang, kr, carrier)

    yield Part(PROJECT, offset=1, claim=good(LEAD))
    yield Part(PROJECT, offset=1, claim=NOTHING)
    yield Part(PROJECT, offset=1, claim=good(SLOW, "fields"))
    yield Part(PROJECT, offset=1, claim=claims.faulty(lang, PROJECT, "missing_amount", ""))
    yield Part(PROJECT, offset=1, claim=good(LEAD), marks=frozenset({"no_estimate"}))
    yield Part(PROJECT, "Bug", 1, claim=Claim("none"), title="bugs")
    yield Part(PROJECT, offset=0, fate=roles.DELIVERED, claim=good(LEAD))
    yield Part(PROJECT, offset=0, fate=roles.CARRIED, claim=good(SLOW))
    yield Part(PROJECT, offset=0, fate=roles.ADDED, claim=claims.faulty(lang, PROJECT, "unknown_kr", ""))
    yield Part(PROJECT, offset=0, fate=roles.OPEN, claim=good(LEAD, "fields"))
    yield Part(PROJECT, "Task", 0, roles.DELIVERED, roles.OPS, title="ops", labels=("ops",))
    yield from (Part(PROJECT, offset=-1, fate=roles.DELIVERED, claim=good(kr)) for kr in (LEAD, LEAD, SLOW))
    yield Part(PROJECT, offset=-1, fate=roles.CARRIED, claim=good(LEAD))
    yield Part(PROJECT, offset=-1, fate=roles.ADDED, claim=good(LEAD))
    yield Part(PROJECT, offset=-1, fate=roles.REMOVED, claim=good(SLOW))
    yield Part(PROJECT, "Bug", -1, roles.DELIVERED, Claim("none"), title="bugs")
    yield Part(PROJECT, offset=-2, fate=roles.DELIVERED, claim=good(LEAD))
    yield Part(PROJECT, offset=-2, fate=roles.CANCELLED, claim=good(LEAD))
    yield Part(PROJECT, offset=-3, fate=roles.DELIVERED, claim=good(LEAD))
    yield Part(PROJECT, offset=2, claim=NOTHING)
    yield Part(PROJECT, claim=good(SLOW))
    yield Part(PROJECT, claim=NOTHING, marks=frozenset({"no_estimate"}))


def script(stage: Stage, part: Part, title: str) -> Script:
    """The life of one part; the issue has no id and key yet."""
    beat = stage.beats[part.offset or 0]
    made = Script(part, life.newborn(stage, part, title, _born(stage, part, beat)))
    if "no_estimate" not in part.marks:
        made.then(office(made.issue.created + stage.dice.number(60, 900) * MINUTE), points=stage.dice.pick(POINTS))
    if part.claim.carrier == "fields":
        made.then(office(made.issue.created + stage.dice.number(30, 600) * MINUTE), **life.claim_change(stage, made))
    if part.offset is not None:
        _ride(stage, made, beat)
    return made


def _born(stage: Stage, part: Part, beat: Beat) -> int:
    dice = stage.dice
    position = dice.between(1.5, 4.0) if part.fate == roles.ADDED else -dice.between(6.0, 20.0)
    return office(min(beat.at(position, dice.number(0, 999)), stage.now - 6 * 3_600_000 - dice.number(0, 999_999)))


def _ride(stage: Stage, made: Script, beat: Beat) -> None:
    """From the backlog into a train and out of it."""
    dice, part = stage.dice, made.part
    planned = made.issue.created + dice.number(30, 90) * MINUTE
    if part.fate != roles.ADDED:
        planned = max(planned, min(beat.at(-dice.between(1.0, 4.0)), stage.now - dice.number(30, 900) * MINUTE))
    made.then(planned, fixVersions=[version_id(beat.offset)])
    if beat.offset <= 0:
        made.then(planned + 3 * MINUTE, status=setting.READY)
        FATES[part.fate](stage, made, beat)


def _work(stage: Stage, made: Script, beat: Beat, start: float, latest: float) -> float:
    at, room = start, (latest - start) / 3.5
    for status in (setting.DEVELOPMENT, setting.REVIEW, setting.TESTING):
        made.then(beat.at(at, stage.dice.number(0, 999)), status=status)
        at += stage.dice.between(0.5, 1.0) * room
    return at


def _delivered(stage: Stage, made: Script, beat: Beat) -> None:
    start = stage.dice.between(4.2, 5.0) if made.part.fate == roles.ADDED else stage.dice.between(0.3, 2.5)
    done = _work(stage, made, beat, start, 11.5)
    made.then(beat.at(done, stage.dice.number(0, 999)), status=setting.DONE, resolution="Done")


def _carried(stage: Stage, made: Script, beat: Beat) -> None:
    """Unfinished when its train is released: the release itself moves it to the next one."""
    _work(stage, made, beat, stage.dice.between(4.0, 8.0), 16.0)
    if beat.offset < 0:
        following = stage.beats[beat.offset + 1]
        left = beat.at(RELEASED, stage.dice.number(0, 999))
        if beat.by_day:
            left = instant(release_day(beat) + timedelta(days=1), 0) - BEFORE_MIDNIGHT
        made.then(left, fixVersions=[version_id(following.offset)])
        made.then(following.at(stage.dice.between(1.0, 4.0)), status=setting.DONE, resolution="Done")


def _removed(stage: Stage, made: Script, beat: Beat) -> None:
    out = stage.dice.between(4.0, 7.0)
    made.then(beat.at(stage.dice.between(1.0, 2.0)), status=setting.DEVELOPMENT)
    made.then(beat.at(out), status=setting.TODO)
    made.then(beat.at(out + 0.02), fixVersions=[])


def _cancelled(stage: Stage, made: Script, beat: Beat) -> None:
    made.then(beat.at(stage.dice.between(1.0, 2.0)), status=setting.DEVELOPMENT)
    made.then(beat.at(stage.dice.between(3.0, 6.0)), status=setting.DONE, resolution="Won't Do")


def _open(_stage: Stage, _made: Script, _beat: Beat) -> None:
    """In the train, and nobody has begun."""


FATES = {
    roles.DELIVERED: _delivered,
    roles.ADDED: _delivered,
    roles.CARRIED: _carried,
    roles.REMOVED: _removed,
    roles.CANCELLED: _cancelled,
    roles.OPEN: _open,
}
