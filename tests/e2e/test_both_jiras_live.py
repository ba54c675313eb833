"""People at work on one organisation, served as Jira Cloud and as Jira Data Center: what arrives is the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from okr_delivery.sandbox.faults import Faults
from okr_delivery.sandbox.jira.server import RunningServer
from okr_delivery.sandbox.site import Site, SiteIssue, Visibility
from okr_delivery.sandbox.world import setting
from tests.e2e.test_both_jiras import Pair

DAY = 86_400
STORY, BUG, EPIC, SUBTASK = (setting.TYPES[name] for name in ("Story", "Bug", "Epic", "Sub-task"))
PAY, MOB, WEB, PLT = (setting.STATUS_IDS[key] for key in ("PAY", "MOB", "WEB", "PLT"))
POINTS, FLAGGED, KEY_RESULT, CONTRIBUTION = (f"customfield_{n}" for n in (10026, 10021, 10040, 10041))
TRAINS = setting.PROJECTS["WEB"]
DOCUMENTS = (
    ("gate",),
    ("gate", "--iteration", "current"),
    ("metrics", "--iteration", "last"),
    ("metrics", "--iteration", "current"),
    ("trace", "--iteration", "last"),
    ("progress",),
    ("report", "iteration", "--iteration", "last", "-o", "-"),
)
STRANGE = Faults(account_zone="America/New_York", interface_language="zh", sprint_names="hostile", empty_sides="empty")


@pytest.mark.parametrize(
    ("seed", "lang", "faults"), [(2, "en", Faults()), (4, "zh", STRANGE)], ids=["plain", "strange"]
)
def test_what_people_do_afterwards_arrives_the_same(seed: int, lang: str, faults: Faults, tmp_path: Path) -> None:
    pair = Pair(tmp_path, seed=seed, issues=24, lang=lang, faults=faults)
    try:
        for cli in pair.clis.values():  # names of fields are another language's
            cli.edit("okr-delivery.yaml", '"Key Result"', KEY_RESULT)
            cli.edit("okr-delivery.yaml", '"Expected contribution"', CONTRIBUTION)
        pair.sync()
        pair.the_same()
        days = (_a_busy_day, DOCUMENTS[:1]), (_a_day_of_releases, DOCUMENTS), (_a_day_of_deletions, DOCUMENTS[:2])
        for number, (work, documents) in enumerate(days, start=25):
            _pass_a_day(pair, work)
            pair.sync()
            pair.the_same(documents, f"2026-11-{number}")
    finally:
        pair.stop()


def _pass_a_day(pair: Pair, work: Callable[[RunningServer], None]) -> None:
    pair.now += DAY
    for server in pair.servers.values():
        work(server)


def _issues(site: Site, project: str) -> list[SiteIssue]:
    every = sorted(site.issues.values(), key=lambda issue: issue.id)
    return [i for i in every if i.key.startswith(f"{project}-") and i.visibility is Visibility.VISIBLE]


def _teams(server: RunningServer) -> Sequence[list[SiteIssue]]:
    return [_issues(server.site, project) for project in ("PAY", "MOB", "WEB", "PLT")]


def _a_busy_day(server: RunningServer) -> None:
    """New work of each kind, and edits of each field that is read."""
    tracker, site = server.tracker, server.site
    pay, mob, web, plt = _teams(server)
    trains, sprint_field = site.versions[TRAINS], str(site.ids.sprint)
    active = next(sprint for sprint in site.sprints.values() if sprint.state == "active" and sprint.board == 1)
    site.components[TRAINS] = [{"id": "20003", "name": "checkout"}, {"id": "20004", "name": "a, b"}]
    line = "Contributes-to: PORTAL-KR1 +1pp 60%"
    tracker.create("WEB", "新的 “work”", type_id=STORY, fixVersions=[{"id": trains[4]["id"]}], description=line)
    epic = tracker.create("PAY", "An epic", type_id=EPIC, description="Contributes-to: GROW-KR1 +1.5pp 60%")
    tracker.create("PAY", "A child", type_id=STORY, parent={"key": epic.key})
    tracker.create("PAY", "A part", type_id=SUBTASK, parent={"key": pay[2].key})
    tracker.create("PAY", "In its sprint from the start", type_id=STORY, **{sprint_field: [active.id]})
    tracker.create("PLT", "Not ready yet", type_id=STORY)
    for child in (*pay[4:7], mob[3]):
        tracker.edit(child.id, {"parent": {"key": epic.key}})
    tracker.edit(pay[0].id, {"summary": "Reworded 😀 שלום", "labels": ["kr:GROW-KR1", "ops"]})
    tracker.edit(pay[1].id, {"description": "|| Contributes-to: GROW-KR1 ?||\n{code}Contributes-to: GROW-KR2 1{code}"})
    tracker.edit(pay[3].id, {POINTS: 2.5, "duedate": "2026-12-24", "priority": {"id": "1"}})
    tracker.edit(web[0].id, {"fixVersions": [{"id": trains[4]["id"]}, {"id": trains[5]["id"]}]})
    tracker.edit(web[1].id, {"fixVersions": []})
    tracker.edit(web[2].id, {"components": [{"id": "20003"}, {"id": "20004"}]})
    tracker.edit(web[3].id, {POINTS: None})
    tracker.edit(plt[3].id, {FLAGGED: True})
    tracker.edit(plt[4].id, {KEY_RESULT: "PLAT-KR1", CONTRIBUTION: "-5\n第二行"})
    tracker.edit(plt[6].id, {"issuetype": {"id": BUG}})
    tracker.link(web[7].id, pay[0].id, "10001")
    tracker.link(web[8].id, "OKR-1", "10000")


def _a_day_of_releases(server: RunningServer) -> None:
    """A train and two sprints end, work moves on, and issues change projects, parents and states."""
    tracker, site = server.tracker, server.site
    pay, mob, web, plt = _teams(server)
    trains = site.versions[TRAINS]
    trains[4] |= {"name": "Portal, renamed", "released": True, "releaseDate": "2026-11-26"}
    for rider in web:
        if str(trains[4]["id"]) in rider.versions and rider.resolution is None:
            tracker.edit(rider.id, {"fixVersions": [{"id": trains[5]["id"]}]})
    trains[0]["released"], trains[1]["archived"], trains[2]["releaseDate"] = False, True, "2026-10-01"
    del trains[3]["releaseDate"]
    for board in (1, 2):
        sprints = sorted((s for s in site.sprints.values() if s.board == board), key=lambda s: s.id)
        active, following = (next(s for s in sprints if s.state == state) for state in ("active", "future"))
        tracker.close_sprint(active.id, following.id)
        tracker.start_sprint(following.id, keep_dates=board == 2)
        tracker.rename_sprint(active.id, "Renamed, =] sprint")
    for issue, project in ((pay[3], "MOB"), (web[4], "PLT"), (plt[4], "WEB"), (pay[5], "WEB"), (pay[-3], "MOB")):
        tracker.move(issue.id, project)
    tracker.transition(pay[6].id, PAY[setting.DONE])
    tracker.transition(web[5].id, WEB[setting.DONE], "Won't Do")
    tracker.transition(next(i for i in pay if i.status == PAY[setting.DONE]).id, PAY[setting.DEVELOPMENT])
    tracker.transition(plt[2].id, PLT[setting.READY])
    tracker.transition(plt[3].id, PLT[setting.TODO])
    tracker.edit(pay[4].id, {"parent": None})
    tracker.edit(plt[3].id, {FLAGGED: None})
    tracker.edit(web[2].id, {"components": [{"id": "20004"}]})
    tracker.delete(mob[1].id)


def _a_day_of_deletions(server: RunningServer) -> None:
    """A train is deleted, which no history tells; a sprint ends with nothing behind it; an issue moves back."""
    tracker, site = server.tracker, server.site
    pay, mob, web, plt = _teams(server)
    gone = str(site.versions[TRAINS].pop(5)["id"])
    for rider in web:
        if gone in rider.versions:
            rider.versions.remove(gone)
            rider.updated = tracker.now
    site.revision += 1
    running = next(sprint for sprint in site.sprints.values() if sprint.state == "active" and sprint.board == 1)
    tracker.close_sprint(running.id)
    extra = tracker.add_sprint(1, "PAY S99", goal="GROW, =x]")
    tracker.edit(pay[2].id, {str(site.ids.sprint): [extra.id]})
    tracker.edit(pay[-1].id, {str(site.ids.sprint): []})
    tracker.move(mob[-1].id, "PAY")
    tracker.transition(web[3].id, WEB[setting.DONE])
    tracker.transition(plt[5].id, PLT[setting.DONE])
