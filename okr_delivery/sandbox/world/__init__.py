"""A seeded synthetic organisation: four teams, their tracker, OKRs, readings, effects and conclusions.

Two teams plan by sprints, one by release trains, one pulls its work.

`build` is a pure function of its arguments: no clock, and of chance only `random.Random(seed).random()`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from okr_delivery.sandbox.site import Site, SiteIssue
from okr_delivery.sandbox.world import cast, flow, life, measures, okrs, setting, trains
from okr_delivery.sandbox.world.calendar import ZONE, Beat, Quarter, beats, local_day
from okr_delivery.sandbox.world.cast import Casting, Part
from okr_delivery.sandbox.world.dice import Dice
from okr_delivery.sandbox.world.life import Script, Stage
from okr_delivery.sandbox.world.okrs import CyclePlan
from okr_delivery.sandbox.world.words import hostile, words

__all__ = ["DEFAULT_NOW", "World", "build"]

DEFAULT_NOW = 1_794_967_200  # 2026-11-18 10:00 in Shanghai, a Wednesday
FIRST_ID = 10_001
MIN_CLOSED, MAX_CLOSED = 6, 24
OTHER_CHANCES = 1_000_003  # between the seeds of one organisation's teams
GOALS = ("GROW-KR1", "GROW-KR4", "APP-KR2", "APP-KR5")  # key results with an issue of their own


@dataclass(frozen=True, slots=True)
class World:
    """The organisation at `now` (epoch seconds). `site` is what a server serves and clients may change."""

    seed: int
    lang: str
    now: int
    site: Site
    cycles: tuple[CyclePlan, ...]
    readings: Mapping[str, list[dict[str, Any]]]  # by cycle id
    effects: list[dict[str, Any]]
    conclusions: list[dict[str, Any]]
    keys: Mapping[str, str]  # tag -> issue key, for those that files speak of


def build(seed: int = 1, issues: int = 120, now: int = DEFAULT_NOW, lang: str = "en", *, by_day: bool = False) -> World:
    """An organisation with `issues` issues in the projects of its sprint teams.

    Beside them stand 24 in the project of each other team, and a few that stand for key results. Those two teams have
    chances of their own: what happens in the sprint teams does not depend on them. With `by_day` iterations begin and
    end at local midnights, so that trackers of instants and trackers of days bound the same work; all else is equal.
    Raises ValueError for fewer than one issue or an unknown language.
    """
    if issues < 1:
        raise ValueError("at least one issue")
    text, dice, closed = words(lang), Dice(seed), _closed_sprints(issues)
    times = beats(now * 1000, closed, by_day=by_day)
    site = setting.site(lang, now, ZONE)
    sprints = setting.add_sprints(site, times, lang)
    setting.add_versions(site, times)
    goals = _goals(site, times[0], text)
    stage = Stage(site, sprints, {b.offset: b for b in times}, text, lang, dice, now * 1000, goals)
    quarter = Quarter.of(local_day(now * 1000))
    people = cast.parts(Casting(lang, quarter.previous.id, closed, dice), issues)
    _people_it(stage, [life.script(stage, part, _title(stage, part)) for part in people])
    _other_teams(stage, seed, by_day=by_day)
    _number_histories(site)
    return _files(seed, stage, times)


def _other_teams(stage: Stage, seed: int, *, by_day: bool) -> None:
    """The team that rides trains and the one that pulls its work."""
    riding = trains.beats(stage.now, by_day=by_day)
    trains.add_versions(stage.site, riding, words(stage.lang))
    for number, (times, module) in enumerate(((riding, trains), (flow.beats(stage.now), flow)), start=1):
        own = replace(stage, sprints={}, beats={b.offset: b for b in times}, dice=Dice(seed + number * OTHER_CHANCES))
        made = [module.script(own, part, _title(own, part)) for part in module.parts(own.dice, own.lang)]
        _people_it(own, made)


def _closed_sprints(issues: int) -> int:
    return min(MAX_CLOSED, max(MIN_CLOSED, MIN_CLOSED + (issues - 120) // 60))


def _goals(site: Site, first: Beat, text: Mapping[str, Any]) -> dict[str, int]:
    """Issues that stand for key results: what an issue link or a `tracker:` entry points to."""
    made = {}
    for place, kr in enumerate(GOALS):
        title = f"{kr}: {text['okr'][kr.split('-')[0]]['krs'][kr]}"
        born = first.at(-60, place)
        issue = SiteIssue(
            FIRST_ID + place,
            f"OKR-{place + 1}",
            setting.PROJECTS["OKR"],
            setting.TYPES["Key Result"],
            "10010",
            born,
            born,
            title,
        )
        issue.creator, issue.priority, issue.status_changed = "712020:0001", "3", born
        made[kr] = site.add(issue).id
    return made


def _people_it(stage: Stage, scripts: list[Script]) -> None:
    scripts.sort(key=lambda made: (made.issue.created, made.issue.summary))
    counts: dict[str, int] = {}
    first = max(stage.site.issues) + 1
    for place, made in enumerate(scripts):
        counts[made.part.project] = counts.get(made.part.project, 0) + 1
        made.issue.id = first + place
        made.issue.key = f"{made.part.project}-{counts[made.part.project]}"
        stage.site.add(made.issue)
        if made.part.tag:
            stage.tags[made.part.tag] = made.issue.id
    for made in scripts:
        _adopt(stage, made)
        life.live(stage, made)


def _adopt(stage: Stage, made: Script) -> None:
    if made.part.parent in stage.tags:
        made.issue.parent = stage.tags[made.part.parent]


def _title(stage: Stage, part: Part) -> str:
    dice = stage.dice
    text = words(stage.lang if dice.chance(0.85) else "en" if stage.lang == "zh" else "zh")
    if "hostile" in part.marks:
        stage.hostile += 1
        return hostile()[(stage.hostile - 1) % len(hostile())]
    if "epic" in part.marks:
        return str(stage.text["epics"][part.project][int(part.tag[-1])])
    if part.title:
        thing = dice.pick(text["objects"][part.project])
        return str(dice.pick(text[part.title])).format(object=thing)
    gap = "" if text is words("zh") else " "
    words_used = (dice.pick(text["verbs"][part.project]), dice.pick(text["objects"][part.project]))
    place = dice.pick(text["places"]) if dice.chance(0.5) else ""
    return gap.join(w for w in (*words_used, place) if w)


def _number_histories(site: Site) -> None:
    """Ids of history entries grow with time over the whole site, as the tracker hands them out."""
    found = [(h.at, i.id, h.id, h) for i in site.issues.values() for h in i.histories]
    for number, (*_, history) in enumerate(sorted(found, key=lambda row: row[:3]), start=20_001):
        history.id = number
    site.next_history = 20_001 + len(found)


def _files(seed: int, stage: Stage, times: list[Beat]) -> World:
    day, text, site = local_day(stage.now), stage.text, stage.site
    keys = {tag: site.issues[number].key for tag, number in stage.tags.items()}
    goal_keys = {kr: site.issues[number].key for kr, number in stage.goals.items()}
    plans = okrs.cycles(stage.lang, day, goal_keys, times[-1].monday)
    _iteration_goals(stage, plans)
    return World(
        seed=seed,
        lang=stage.lang,
        now=stage.now // 1000,
        site=site,
        cycles=tuple(plans),
        readings=measures.readings(day, Quarter.of(day), _lift(stage), _chances(seed, stage), text["reading_note"]),
        effects=measures.effects(keys, day - timedelta(days=1), text["effect_notes"]),
        conclusions=measures.conclusions(keys, day, text) + measures.goal_verdicts(_judged(stage), day, text),
        keys=keys,
    )


def _chances(seed: int, stage: Stage) -> measures.Chances:
    return measures.Chances(stage.dice, Dice(seed + 3 * OTHER_CHANCES))


def _lift(stage: Stage) -> measures.Lift:
    monday = stage.beats[-1].monday
    return measures.Lift(monday + timedelta(days=5), monday + timedelta(days=14))


def _judged(stage: Stage) -> dict[str, str]:
    return {"payments": stage.sprints["PAY", -2].name, "mobile": stage.sprints["MOB", -1].name}


def _iteration_goals(stage: Stage, plans: list[CyclePlan]) -> None:
    """The payments team states its goals in the OKR file; the mobile team writes them into the tracker."""
    for offset in (-1, 0, 1):
        sprint, plan = stage.sprints["PAY", offset], _plan_of(plans, stage.beats[offset])
        goal = {"team": "payments", "iteration": sprint.name, "objective": "GROW", "goal": stage.text["iteration_goal"]}
        plan.iterations.append(goal | {"key_results": ["GROW-KR1"]})
    for (project, _), sprint in stage.sprints.items():
        if project == "MOB":
            sprint.goal = f"APP: {sprint.goal}"
    for row, day in _other_goals(stage):
        plan = _plan_at(plans, day)
        if any(objective["id"] == row["objective"] for objective in plan.objectives):  # new ones in this quarter
            plan.iterations.append(row)


def _other_goals(stage: Stage) -> Iterable[tuple[dict[str, Any], date]]:
    """The goals of the trains around now, and of this week and the last."""
    text = stage.text["iteration_goals"]
    for beat in trains.beats(stage.now):
        if beat.offset in (-1, 0, 1):
            name = trains.version_name(words(stage.lang), beat.offset)
            goal = {"team": trains.TEAM, "iteration": name, "objective": "PORTAL", "goal": text[trains.TEAM]}
            yield goal | {"key_results": [trains.LEAD]}, beat.monday
    for beat in flow.beats(stage.now)[-2:]:
        goal = {"team": flow.TEAM, "iteration": beat.monday.isoformat(), "objective": "PLAT", "goal": text[flow.TEAM]}
        yield goal | {"key_results": [flow.LEAD]}, beat.monday


def _plan_of(plans: list[CyclePlan], beat: Beat) -> CyclePlan:
    return _plan_at(plans, beat.monday)


def _plan_at(plans: list[CyclePlan], day: date) -> CyclePlan:
    inside = [plan for plan in plans if plan.quarter.start <= day <= plan.quarter.end]
    return inside[0] if inside else plans[1]
