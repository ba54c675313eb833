"""The organisation told by a GitLab: what stands now equals the Jira world, and so does the fold of its events."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest

from okr_delivery.sandbox.gitlab import activity, references
from okr_delivery.sandbox.gitlab.events import LabelEvent
from okr_delivery.sandbox.gitlab.state import CLOSED, EPIC, GitLab, Tier, WorkItem
from okr_delivery.sandbox.gitlab.translate import Workflow, keys, of_world
from okr_delivery.sandbox.site import SiteIssue
from okr_delivery.sandbox.world import World, build
from okr_delivery.sandbox.world import setting as jira
from okr_delivery.sandbox.world.calendar import local_day

TIERS = [Tier.FREE, Tier.PREMIUM, Tier.ULTIMATE]
REFUSED = {"10001": "Won't Do"}


KNOWN: dict[tuple[object, ...], GitLab] = {}


def _told(world: World, tier: Tier = Tier.ULTIMATE, workflow: Workflow = "labels", cadences: bool = False) -> GitLab:
    """Each telling once: nobody here changes what is told."""
    key = (id(world), tier, workflow, cadences)
    if key not in KNOWN:
        KNOWN[key] = of_world(world, tier, workflow=workflow, cadences=cadences)
    return KNOWN[key]


@pytest.fixture(scope="module", params=[False, True], ids=["instants", "by_day"])
def world(request: pytest.FixtureRequest) -> World:
    return build(issues=200, by_day=request.param)


def _pairs(world: World, state: GitLab) -> list[tuple[SiteIssue, WorkItem]]:
    found = {state.reference(item): item for item in state.items.values()}
    return [(world.site.issues[world.site.keys[key]], found[name]) for key, name in keys(world, state.tier).items()]


def _labels(state: GitLab, item: WorkItem, scope: str | None = None) -> set[str]:
    rows = (state.labels[number] for number in item.labels)
    return {row.name.removeprefix(f"{scope}::") for row in rows if row.scope == scope}


@pytest.mark.parametrize("tier", TIERS)
def test_every_issue_is_told_as_it_stands(world: World, tier: Tier) -> None:
    state = _told(world, tier)
    pairs = _pairs(world, state)
    assert len(pairs) == len(world.site.issues) == len(state.items)
    for issue, item in pairs:
        assert (item.title, item.created) == (issue.summary, issue.created)
        assert item.state == (CLOSED if issue.resolution else "opened"), issue.key
        assert item.closed == issue.resolved
        assert _stage(state, item) == _expected_stage(world, issue), issue.key
        assert _labels(state, item) - {"bug", "epic", "key-result", "blocked"} == set(issue.labels) - {"bug"}
        assert ("blocked" in _labels(state, item)) == bool(issue.custom.get("customfield_10021"))
        assert _labels(state, item, "priority") == _priority(world, issue)
        assert item.kind == EPIC or _points(item, tier) == issue.custom.get("customfield_10026")
        happened = [row.at for row in activity.of(state, item)]
        assert item.created <= max([item.created, *happened]) <= item.updated <= world.now * 1000


def _stage(state: GitLab, item: WorkItem) -> str | None:
    found = _labels(state, item, "workflow")
    assert len(found) <= 1
    return found.pop() if found else None


def _expected_stage(world: World, issue: SiteIssue) -> str | None:
    ids = next(ids for ids in jira.STATUS_IDS.values() if issue.status in ids) if issue.project != "10002" else ()
    place = ids.index(issue.status) if ids else 0
    if place == jira.DONE:
        untidy = "Testing" if issue.project == jira.PROJECTS["PLT"] else None
        return REFUSED.get(issue.resolution or "", untidy)
    return None if place == jira.TODO else str(world.site.statuses[place]["name"])


def _priority(world: World, issue: SiteIssue) -> set[str]:
    return {str(row["name"]) for row in world.site.priorities if row["id"] == issue.priority}


def _points(item: WorkItem, tier: Tier) -> float | None:
    if tier is Tier.FREE:
        return item.time_estimate / 3600 or None
    return item.weight


@pytest.mark.parametrize("tier", TIERS)
def test_plans_are_milestones_of_the_same_names_and_days(world: World, tier: Tier) -> None:
    state = _told(world, tier)
    sprints, trains = world.site.sprints, {str(v["id"]): v for v in world.site.versions[jira.PROJECTS["WEB"]]}
    planned = 0
    for issue, item in _pairs(world, state):
        names = [sprints[max(issue.sprints)].name] if issue.sprints else []
        if issue.project == jira.PROJECTS["WEB"]:
            names = [str(trains[number]["name"]) for number in issue.versions]
        assert ([state.milestones[item.milestone].title] if item.milestone else []) == names
        planned += bool(names)
    assert planned > 100
    titles = {m.title: m for m in state.milestones.values()}
    for sprint in sprints.values():
        milestone = titles[sprint.name]
        assert milestone.start == (local_day(sprint.start) if sprint.start else None)
        assert (milestone.state == "closed") == (sprint.state == "closed")
        if sprint.end:
            assert milestone.due is not None
            assert milestone.due < local_day(sprint.end) <= local_day(sprint.end + 1)


def test_by_day_the_milestones_hold_exactly_the_sprints() -> None:
    world = build(by_day=True)
    state = _told(world)
    titles = {m.title: m for m in state.milestones.values()}
    for sprint in (s for s in world.site.sprints.values() if s.end and s.start):
        milestone = titles[sprint.name]
        assert local_day((sprint.start or 0) - 1) != milestone.start == local_day(sprint.start or 0)
        assert local_day((sprint.end or 0) - 1) == milestone.due


@pytest.mark.parametrize("tier", TIERS)
def test_parents_links_and_claims_are_kept(world: World, tier: Tier) -> None:
    state = _told(world, tier)
    pairs = _pairs(world, state)
    numbers = {issue.id: item.id for issue, item in pairs}
    for issue, item in pairs:
        assert item.parent == (numbers[issue.parent] if issue.parent else None)
        assert {link.other for link in item.links} == {numbers[link.other] for link in issue.links}
        kr, amount = (issue.custom.get(f"customfield_{n}") for n in (10040, 10041))
        if tier is Tier.ULTIMATE:
            assert (item.custom.get(1), item.custom.get(2)) == (kr, amount)
        elif kr:
            assert f"Contributes-to: {kr} {amount or ''}".rstrip() in item.description
    assert any(item.parent for _, item in pairs)
    assert any(item.links for _, item in pairs)


@pytest.mark.parametrize("tier", TIERS)
def test_folding_the_events_gives_what_stands_now(world: World, tier: Tier) -> None:
    for item in _told(world, tier).items.values():
        events = item.events
        assert _fold(events.label) == set(item.labels)
        assert _last([(e.milestone, e.action) for e in events.milestone]) == item.milestone
        assert (events.weight[-1].weight if events.weight else None) == item.weight
        closed = bool(events.state) and events.state[-1].state == CLOSED
        assert closed == (item.state == CLOSED)
        assert item.closed == (events.state[-1].at if closed else None)


def _fold(events: Sequence[LabelEvent]) -> set[int | None]:
    found: set[int | None] = set()
    for event in events:
        assert (event.label in found) == (event.action == "remove")
        found ^= {event.label}
    return found


def _last(events: list[tuple[int | None, str]]) -> int | None:
    if not events:
        return None
    number, action = events[-1]
    return number if action == "add" else None


@pytest.mark.parametrize("kind", ["state_event", "label_event", "milestone_event", "weight_event", "note"])
def test_ids_grow_with_time_and_are_given_once(world: World, kind: str) -> None:
    state = _told(world)
    rows: list[tuple[int, int]] = []
    for item in state.items.values():
        events = item.notes if kind == "note" else getattr(item.events, kind.removesuffix("_event"))
        rows += [(event.id, event.at) for event in events]
    assert len({number for number, _ in rows}) == len(rows) > 50
    assert all(left[1] <= right[1] for left, right in itertools.pairwise(sorted(rows)))


def test_epics_belong_to_the_group_where_there_are_any(world: World) -> None:
    free, paid = _told(world, Tier.FREE), _told(world, Tier.PREMIUM)
    epics = [item for item in paid.items.values() if item.kind == EPIC]
    assert [paid.reference(item) for item in epics] == ["acme&1", "acme&2", "acme&3", "acme&4"]
    assert all(item.project is None and item.epic_id and item.weight is None for item in epics)
    assert {label for item in epics for label in _labels(paid, item, "team")} == {"payments", "mobile"}
    assert not [item for item in free.items.values() if item.kind == EPIC or item.project is None]
    assert sum("epic" in _labels(free, item) for item in free.items.values()) == len(epics)


def test_with_statuses_their_notes_tell_the_same_past(world: World) -> None:
    state = _told(world, workflow="statuses")
    for issue, item in _pairs(world, state):
        if item.kind == EPIC:
            continue
        name = state.statuses[item.status or 0].name
        shown = str(next(row["name"] for row in world.site.statuses if row["id"] == issue.status))
        assert name == (REFUSED.get(issue.resolution or "", shown) if shown == "Done" else shown)
        assert state.statuses[item.status or 0].closes == (item.state == CLOSED)
        told = [note.body for note in item.notes if note.action == "work_item_status"]
        assert not told or told[-1] == f"set status to **{name}**"


def test_beside_labels_the_own_statuses_follow_the_closing(world: World) -> None:
    state = _told(world, workflow="both")
    assert {s.name for s in state.statuses.values()} == {"To do", "In progress", "Done", "Won't do", "Duplicate"}
    for item in state.items.values():
        if item.kind != EPIC:
            assert state.statuses[item.status or 0].closes == (item.state == CLOSED)


def test_cadences_hold_what_milestones_hold(world: World) -> None:
    one, other = _told(world), _told(world, cadences=True)
    assert len(other.cadences) == 2
    assert {row.state for row in other.iterations.values()} == {"closed", "current", "upcoming"}
    for left, right in zip(one.items.values(), other.items.values(), strict=True):
        if left.milestone is not None and right.iteration is not None:
            assert one.milestones[left.milestone].title == other.iterations[right.iteration].title


@pytest.mark.parametrize(("workflow", "cadences"), [("statuses", False), ("labels", True)])
def test_the_free_tier_has_neither_statuses_nor_cadences(workflow: str, cadences: bool) -> None:
    with pytest.raises(ValueError, match="paid tier"):
        of_world(build(issues=1), Tier.FREE, workflow=workflow, cadences=cadences)  # type: ignore[arg-type]  # one of them


def test_a_part_of_the_company_alone() -> None:
    world = build()
    state = of_world(world, projects=("MOB", "OKR"))
    assert {p.path for p in state.projects.values()} == {"acme/mobile", "acme/objectives"}
    whole = of_world(world)
    assert {state.reference(i) for i in state.items.values() if i.project} == {
        whole.reference(i) for i in whole.items.values() if i.project in (102, 103)
    }


def test_telling_leaves_the_world_as_it_is_and_says_the_same_twice() -> None:
    world = build()
    before = repr(world.site.issues)
    assert repr(of_world(world)) == repr(of_world(world))
    assert repr(world.site.issues) == before
    assert repr(of_world(build(seed=2))) != repr(of_world(world))


def test_merge_requests_close_what_they_say(world: World) -> None:
    state = _told(world)
    merged = [r for r in state.merge_requests.values() if r.state == "merged"]
    closing = {e.merge_request: (item, e.at) for item in state.items.values() for e in item.events.state}
    closing.pop(None, None)
    assert len(merged) > len(closing) > 30
    for number, (item, at) in closing.items():
        request = state.merge_requests[number or 0]
        assert references.closed(state, request) == [item]
        assert request.merged is not None
        assert request.created < request.merged < at <= request.merged + 20_000
        assert all(commit.at <= request.created for commit in request.commits)
    opened = [r for r in state.merge_requests.values() if r.state == "opened"]
    assert opened
    assert all(item.state == "opened" for r in opened for item in references.closed(state, r))
    assert any(r.state == "closed" for r in state.merge_requests.values())


def test_each_merge_request_reaches_production_once(world: World) -> None:
    state = _told(world)
    production = {e.id for e in state.environments.values() if e.tier == "production"}
    rows = [d for d in state.deployments.values() if d.environment in production]
    out = [number for row in rows for number in row.merge_requests]
    assert len(out) == len(set(out)) > 30
    assert {row.status for row in rows} == {"success", "failed"}
    assert {row.environment for row in state.deployments.values()} > production
    for row in rows:
        assert row.created <= (row.finished or 0) <= world.now * 1000
        assert all((state.merge_requests[number].merged or 0) <= row.created for number in row.merge_requests)
        assert row.status == "success" or not row.merge_requests


def test_releases_name_the_milestones_that_went_out(world: World) -> None:
    state = _told(world)
    closed = [m.id for m in state.milestones.values() if m.state == "closed"]
    assert [number for row in state.releases for number in row.milestones]
    assert {number for row in state.releases for number in row.milestones} <= set(closed)
    assert len({(row.project, row.tag) for row in state.releases}) == len(state.releases)


def test_activity_speaks_of_everything_that_happened(world: World) -> None:
    state = _told(world)
    item = next(i for i in state.items.values() if len(i.events.state) == 3)
    texts = [row.body for row in activity.of(state, item)]
    assert next(text for text in texts if text.startswith(("closed", "reopened"))).startswith("closed")
    assert "reopened" in texts
    assert any(text.startswith("added ~") and "automatically removed ~" in text for text in texts)
    assert any(text.startswith("changed milestone to /acme/") for text in texts)
    kinds = {row.kind for row in activity.of(state, item)}
    assert kinds >= {"LabelNote", "MilestoneNote", "StateNote", "WeightNote"}
