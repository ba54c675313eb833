"""The synthetic organisation: the same for the same seed, and with everything in it that a demonstration needs."""

from __future__ import annotations

import copy
import dataclasses
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from okr_delivery.model.claims import parse_claims
from okr_delivery.sandbox.jira_cloud import serve
from okr_delivery.sandbox.site import SiteIssue, Sprint
from okr_delivery.sandbox.world import DEFAULT_NOW, World
from okr_delivery.sandbox.world.calendar import Quarter, beats, local_day, monday_of
from okr_delivery.sandbox.world.cast import Casting, parts
from okr_delivery.sandbox.world.claims import AMOUNTS, FRAMES, LANG_PLACE, MISTAKES, Claim, faulty
from okr_delivery.sandbox.world.dice import Dice
from okr_delivery.sandbox.world.setting import STATUS_IDS
from okr_delivery.sandbox.world.words import hostile
from tests.prepared import build
from tests.sandbox.client import Client

ZONE = ZoneInfo("Asia/Shanghai")
NOWS = [DEFAULT_NOW + days * 86_400 for days in (0, 1, 3, 4, 5, 43, 47, 60, 200)]


def _bytes(world: World) -> bytes:
    plain = dataclasses.asdict(world)
    return json.dumps(plain, default=str, sort_keys=True, ensure_ascii=False).encode()


def _issues(world: World) -> list[SiteIssue]:
    """Those of the sprint teams."""
    return _of(world, "PAY", "MOB")


def _of(world: World, *projects: str) -> list[SiteIssue]:
    return [i for i in world.site.issues.values() if i.key.split("-")[0] in projects]


def _sprint(world: World, board: int, state: str) -> Sprint:
    """The only active, the last closed or the next sprint of a board."""
    rows = [s for s in world.site.sprints.values() if s.board == board and s.state == state and s.start]
    return rows[-1] if state == "closed" else rows[0]


def _members(world: World, sprint: Sprint) -> list[SiteIssue]:
    return [i for i in _issues(world) if sprint.id in i.sprints]


def test_same_arguments_same_bytes() -> None:
    assert _bytes(build(seed=5, issues=150, lang="zh")) == _bytes(build(seed=5, issues=150, lang="zh"))
    assert _bytes(build(seed=5)) != _bytes(build(seed=6))


def test_hash_seed_and_process_make_no_difference() -> None:
    code = (
        "from tests.sandbox.test_world import _bytes; from okr_delivery.sandbox.world import build; import hashlib; "
        "print(hashlib.sha256(_bytes(build(seed=3))).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "77")
    }
    assert len(digests) == 1


@pytest.mark.parametrize("issues", [1, 10, 60, 120, 500])
def test_exactly_as_many_issues_as_asked_for(issues: int) -> None:
    world = build(issues=issues)
    assert len(_issues(world)) == issues
    keys = Counter(i.key.split("-")[0] for i in _issues(world))
    assert abs(keys["PAY"] - keys["MOB"]) <= max(2, issues // 10)
    assert [len(_of(world, project)) for project in ("WEB", "PLT")] == [24, 24]
    assert sorted(i.id for i in world.site.issues.values()) == list(range(10_001, 10_005 + issues + 48))


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match="at least one"):
        build(issues=0)
    with pytest.raises(ValueError, match="'de'"):
        build(lang="de")


def test_ten_thousand_issues_quickly() -> None:
    began = time.process_time()
    world = build(issues=10_000)
    assert time.process_time() - began < 10  # under a second for each thousand
    assert sum(len(i.histories) for i in world.site.issues.values()) > 40_000
    assert sum(1 for s in world.site.sprints.values() if s.board == 1) <= 50


def test_histories_lead_to_the_present_state() -> None:
    world = build(issues=300)
    for issue in _issues(world):
        told = {"status": issue.status, "customfield_10020": ", ".join(map(str, sorted(issue.sprints)))}
        for field, value in told.items():
            changes = [i for h in issue.histories for i in h.items if i.get("fieldId") == field]
            for before, after in pairwise(changes):
                assert before["to"] == after["from"]
            if changes:
                assert changes[-1]["to"] == value, issue.key
        instants = [issue.created, *(h.at for h in issue.histories)]
        assert instants == sorted(instants)
        assert issue.updated == instants[-1] <= world.now * 1000


def test_history_ids_grow_with_time_over_the_site() -> None:
    entries = sorted((h.id, h.at) for i in build(issues=200).site.issues.values() for h in i.histories)
    assert [at for _, at in entries] == sorted(at for _, at in entries)
    assert len({number for number, _ in entries}) == len(entries)


def test_people_work_on_working_days_and_hours() -> None:
    world = build(issues=400)
    closing = {s.complete // 1000 for s in world.site.sprints.values() if s.complete}
    by_hand = [h.at for i in _issues(world) for h in i.histories if h.at // 1000 not in closing]
    moments = [datetime.fromtimestamp(at / 1000, UTC).astimezone(ZONE) for at in by_hand]
    status = [m for m in moments if m.weekday() < 5 and 9 <= m.hour < 19]
    assert len(status) / len(moments) > 0.98  # what follows within minutes of a late entry may run over


@pytest.mark.parametrize("now", NOWS)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_day_has_an_active_a_next_and_a_last_sprint_with_what_a_demonstration_needs(now: int, lang: str) -> None:
    world = build(now=now, lang=lang)
    for board in (1, 2):
        states = Counter(s.state for s in world.site.sprints.values() if s.board == board)
        assert states == {"closed": 6, "active": 1, "future": 2}
        active, last = _sprint(world, board, "active"), _sprint(world, board, "closed")
        assert active.start is not None
        assert 6 <= (now * 1000 - active.start) / 86_400_000 <= 14
        assert active.end is not None
        assert active.end > now * 1000
        assert last.complete is not None
        assert last.complete <= active.start
        assert len(_members(world, _sprint(world, board, "future"))) >= 10
        assert sum(1 for i in _members(world, last) if i.resolved) >= 5
    later = [s for s in world.site.sprints.values() if s.state == "future" and s.start is None]
    assert len(later) == 2


def _statuses(issue: SiteIssue) -> list[tuple[int, str]]:
    return [(h.at, str(i["to"])) for h in issue.histories for i in h.items if i.get("fieldId") == "status"]


def _done(world: World) -> set[str]:
    rows: Iterable[Any] = world.site.statuses
    return {str(row["id"]) for row in rows if row["statusCategory"]["key"] == "done"}


def test_carried_over_work_moves_within_a_second_of_the_close() -> None:
    world = build()
    carried = 0
    for sprint in (s for s in world.site.sprints.values() if s.complete):
        for issue in _members(world, sprint):
            for entry in issue.histories:
                sides = [i for i in entry.items if i.get("fieldId") == "customfield_10020"]
                if sides and sprint.complete is not None and 0 < entry.at - sprint.complete < 1000:
                    assert sides[0]["from"] == str(sprint.id)
                    assert str(sprint.id) in str(sides[0]["to"]).split(", ")
                    carried += 1
    assert carried >= 2


def test_all_fates_and_deviations_occur() -> None:
    world = build()
    done, issues = _done(world), _issues(world)
    tracks = {i.key: _statuses(i) for i in issues}
    reopened = [k for k, t in tracks.items() if any(a in done and b not in done for (_, a), (_, b) in pairwise(t))]
    skipped = [
        k
        for k, t in tracks.items()
        if [s for _, s in t][-1:]
        and {"10012", "10112"}.isdisjoint(s for _, s in t)
        and {s for _, s in t} & {"10014", "10115"}
    ]
    cancelled = [i for i in issues if i.resolution == "10001"]
    added = [
        i
        for s in world.site.sprints.values()
        if s.start and s.state != "future"
        for i in _members(world, s)
        if i.created > s.start
    ]
    removed = [
        i
        for i in issues
        for h in i.histories
        for row in h.items
        if row.get("fieldId") == "customfield_10020" and not row["to"]
    ]
    resized = [
        i
        for i in issues
        if sum(1 for h in i.histories for row in h.items if row.get("fieldId") == "customfield_10026") >= 2
    ]
    early = [
        i
        for s in world.site.sprints.values()
        if s.start and s.complete
        for i in _members(world, s)
        if i.resolved and i.resolved < s.start
    ]
    subtasks = [i for i in issues if i.type == "10003" and i.parent]
    created_in = [
        i
        for i in issues
        if i.sprints and not any(row.get("fieldId") == "customfield_10020" for h in i.histories for row in h.items)
    ]
    flagged = [i for i in issues if any(row["field"] == "Flagged" for h in i.histories for row in h.items)]
    released = [i for i in issues if i.versions]
    for name, found in {
        "released": released,
        "reopened": reopened,
        "skipped": skipped,
        "cancelled": cancelled,
        "added": added,
        "removed": removed,
        "resized": resized,
        "early": early,
        "subtasks": subtasks,
        "created_in": created_in,
        "flagged": flagged,
    }.items():
        assert found, name
    assert {row["to"] for i in cancelled for h in i.histories for row in h.items if row.get("fieldId") == "status"} & {
        "10116"
    }


def test_late_claims_are_edits_after_the_start() -> None:
    world = build()
    late = []
    for sprint in (s for s in world.site.sprints.values() if s.start and s.state != "future"):
        for issue in _members(world, sprint):
            edits = [h.at for h in issue.histories for row in h.items if row.get("fieldId") == "description"]
            late += [issue.key for at in edits if sprint.start is not None and at > sprint.start]
    assert late


def test_every_carrier_and_mistake_is_cast() -> None:
    cast = parts(Casting("en", "2026Q3", 6, Dice(1)), 120)
    assert {"line", "fields", "labels", "issue_link", "parent", "non_okr", "none"} <= {p.claim.carrier for p in cast}
    assert {p.claim.fault for p in cast if p.offset == 1} >= {"no_link", *MISTAKES["PAY"]}
    ready = [p for p in cast if p.offset == 1 and p.claim.good and not p.marks and p.kind == "Story"]
    assert {p.project for p in ready} == {"PAY", "MOB"}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_good_claims_can_be_read_in_every_frame(lang: str) -> None:
    for kr, amounts in AMOUNTS.items():
        for amount in amounts:
            for frame in range(len(FRAMES)):
                line = Claim("line", kr, amount[LANG_PLACE[lang]], frame=frame).line(lang)
                (read,) = parse_claims(line)
                assert (read.kr, read.error) == (kr, None), line


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_issues_say_is_what_was_cast(lang: str) -> None:
    world = build(lang=lang)
    said = Counter(c.kr for i in _issues(world) for c in parse_claims(str(i.description or "")) if c.kr)
    assert {
        "GROW-KR1",
        "GROW-KR4",
        "APP-KR2",
        "APP-KR5",
        "GROW-KR11",
        f"{world.cycles[0].quarter.id}:GROW-KR9",
    } <= set(said)
    reasons = [c.non_okr for i in _issues(world) for c in parse_claims(str(i.description or "")) if c.non_okr]
    assert reasons
    assert faulty(lang, "PAY", "no_link", "2026Q3").line(lang).strip()


def test_titles_in_both_languages_and_hostile_ones() -> None:
    titles = [i.summary for lang in ("en", "zh") for i in _issues(build(lang=lang, issues=400))]
    assert {"/close @all", "<script>alert(1)</script>", "::error::x"} <= set(hostile())
    assert any(t.startswith("=HYPERLINK") for t in hostile())
    assert any(len(t) == 300 for t in hostile())
    assert set(titles) & set(hostile())
    for lang in ("en", "zh"):
        own = [i.summary for i in _issues(build(lang=lang))]
        chinese = sum(any("\u4e00" <= sign <= "\u9fff" for sign in t) for t in own)
        assert 0 < chinese < len(own)


def test_the_worst_titles_are_where_outputs_show_them() -> None:
    world = build()
    shown = {
        i.summary
        for board in (1, 2)
        for state in ("closed", "active", "future")
        for i in _members(world, _sprint(world, board, state))
    }
    assert set(hostile()[:4]) <= shown
    assert len(set(hostile()) & {i.summary for i in _issues(world)}) == len(hostile())


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("now", NOWS)
def test_every_day_one_train_runs_one_is_over_and_one_is_planned(now: int, lang: str) -> None:
    world = build(now=now, lang=lang)
    today = local_day(now * 1000).isoformat()
    rows: list[Any] = world.site.versions["10003"]
    running = [row for row in rows if not row["released"] and row.get("startDate", "9999") <= today]
    over = [row for row in rows if row["released"]]
    assert len(running) == 1
    assert today < running[0]["releaseDate"]
    assert all(row["startDate"] < row["releaseDate"] < today for row in over)
    assert [row.get("startDate") for row in rows][-1] is None
    inside = {number: [i for i in _of(world, "WEB") if number in i.versions] for number in ("10699", "10700", "10701")}
    assert all(len(found) >= 5 for found in inside.values())
    assert all(i.resolved for i in inside["10699"])


def _steps(issue: SiteIssue, field: str) -> list[tuple[int, Any, Any]]:
    return [(h.at, i["from"], i["to"]) for h in issue.histories for i in h.items if i.get("fieldId") == field]


def test_a_release_moves_what_is_unfinished_to_the_next_train() -> None:
    world = build()
    (last,) = [row for row in world.site.versions["10003"] if row["id"] == "10699"]
    moved = [
        local_day(at).isoformat()
        for issue in _of(world, "WEB")
        for at, before, _ in _steps(issue, "fixVersions")
        if before == "10699"
    ]
    assert last["releaseDate"] in moved  # by the release
    assert any(day < str(last["releaseDate"]) for day in moved)  # by hand


@pytest.mark.parametrize("now", NOWS)
def test_pulled_work_stands_everywhere_and_some_was_finished_last_week(now: int) -> None:
    world = build(now=now)
    todo, ready, development, review, *_ = STATUS_IDS["PLT"]
    found = Counter(i.status for i in _of(world, "PLT"))
    assert all(found[status] >= 1 for status in (todo, ready, development, review))
    monday = monday_of(local_day(now * 1000))
    done = [local_day(i.resolved) for i in _of(world, "PLT") if i.resolved]
    assert sum(monday - timedelta(days=7) <= day < monday for day in done) >= 4
    back = [i for i in _of(world, "PLT") if any(b == ready and a == todo for _, b, a in _steps(i, "status"))]
    assert back
    assert not any(i.sprints or i.versions for i in _of(world, "PLT"))


def test_the_other_teams_change_nothing_in_the_sprint_teams() -> None:
    """What happens in them is drawn from chances of their own: one more issue elsewhere moves nothing."""
    small, large = build(issues=60), build(issues=61)
    titles = [[(i.key, i.summary, i.created) for i in _of(world, "WEB", "PLT")] for world in (small, large)]
    assert titles[0] == titles[1]


def test_observed_change_leaves_room_for_what_was_not_measured() -> None:
    """Between the Mondays before and after the last sprint's releases, retention rises by more than was measured."""
    for seed in range(1, 6):
        for now in NOWS:
            world = build(seed=seed, now=now)
            end = local_day(_sprint(world, 1, "closed").complete or 0)
            rows = {
                row["date"]: row["value"]
                for cycle in world.readings.values()
                for row in cycle
                if row["kr"] == "GROW-KR1"
            }
            before = max((day for day in rows if day <= end - timedelta(days=9)), default=None)
            after = max((day for day in rows if day <= end), default=None)
            if before and after and Quarter.of(before) == Quarter.of(after) == Quarter.of(local_day(now * 1000)):
                assert rows[after] - rows[before] > 0.9


def test_due_claims_have_readings_around_their_window() -> None:
    """The last closed sprint holds delivered claims whose window (lag 1 d, observe 5 d) has ended, and open ones."""
    for now in NOWS:
        world = build(now=now)
        day = local_day(now * 1000)
        finished = world.site.issues[world.site.keys[world.keys["PAY-effect-1"]]].resolved
        assert finished is not None
        assert local_day(finished) + timedelta(days=6) < day
        slow = world.site.issues[world.site.keys[world.keys["PAY-open-1"]]].resolved
        assert slow is not None
        assert local_day(slow) + timedelta(days=35) > day


@pytest.mark.parametrize("now", NOWS)
def test_readings_never_lie_ahead_and_one_series_is_stale(now: int) -> None:
    world = build(now=now)
    day = local_day(now * 1000)
    rows = [row for cycle in world.readings.values() for row in cycle]
    assert all(row["date"] <= day for row in rows)
    assert Quarter.of(day).id in world.readings
    assert not any(row["kr"] == "COMPANY-KR2" for row in rows)
    stale = [row["date"] for row in rows if row["kr"] == "APP-KR5"]
    assert all(at <= day - timedelta(days=21) for at in stale)


def test_sprint_grid_has_no_gaps() -> None:
    grid = beats(DEFAULT_NOW * 1000, 6)
    assert [b.offset for b in grid] == list(range(-6, 3))
    assert all((b.monday - a.monday).days == 14 for a, b in pairwise(grid))


def test_quarters_turn_over_the_year() -> None:
    fourth = Quarter(2026, 4)
    assert (fourth.next.id, Quarter(2026, 1).previous.id, fourth.end.isoformat()) == ("2027Q1", "2025Q4", "2026-12-31")
    assert fourth.months == ["2026-10", "2026-11", "2026-12"]


def test_serving_the_same_world_twice_gives_the_same_bytes() -> None:
    texts = []
    for _ in range(2):
        with serve(build(issues=30), clock=lambda: float(DEFAULT_NOW)) as server:
            client = Client(server)
            body = {"issueIdsOrKeys": client.ids("project = PAY"), "fields": ["*all"]}
            texts.append(client.send("POST", "issue/bulkfetch", json=body).text.replace(server.url, ""))
    assert texts[0] == texts[1]


def test_clients_change_the_world_they_are_served() -> None:
    world = build(issues=20)
    before = copy.deepcopy(world.site.issues)
    with serve(world) as server:
        Client(server).send("PUT", "issue/PAY-1", json={"fields": {"summary": "changed"}})
    changed = [n for n, issue in world.site.issues.items() if issue != before[n]]
    assert changed == [world.site.keys["PAY-1"]]


def test_flagged_is_a_field_of_options() -> None:
    schema: Any = next(f["schema"] for f in build(issues=20).site.fields if f["name"] == "Flagged")
    assert (schema["type"], schema["items"]) == ("array", "option")
