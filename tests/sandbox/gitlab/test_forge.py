"""What people do to a GitLab, and the traces it leaves: events, notes, `updated`, or none."""

from __future__ import annotations

from datetime import date

import pytest

from okr_delivery.sandbox.faults import Faults
from okr_delivery.sandbox.gitlab import activity, references
from okr_delivery.sandbox.gitlab.changes import BadValueError
from okr_delivery.sandbox.gitlab.forge import Forge
from okr_delivery.sandbox.gitlab.state import (
    Cadence,
    CustomField,
    GitLab,
    Group,
    Iteration,
    Lifecycle,
    Project,
    Status,
    Tier,
    User,
    Visibility,
    WorkItem,
)

START = 1_794_967_200
DAY = 86_400
REST = "-step checkout"


class Clock:
    def __init__(self) -> None:
        self.now = float(START)

    def __call__(self) -> float:
        return self.now


def _state(tier: Tier = Tier.ULTIMATE) -> GitLab:
    state = GitLab("Acme", START, 1, tier=tier)
    state.users = {1: User(1, "demo", "Demo"), 2: User(2, "lin", "Lin"), 3: User(3, "min", "Min")}
    state.groups = {7: Group(7, "acme", "Acme")}
    state.projects = {
        5: Project(5, "acme/payments", "Payments", 7),
        6: Project(6, "acme/mobile", "Mobile", 7),
    }
    return state


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def forge(clock: Clock) -> Forge:
    return Forge(_state(), clock)


@pytest.fixture
def item(forge: Forge, clock: Clock) -> WorkItem:
    made = forge.create("acme/payments", "Three-step checkout")
    clock.now += DAY
    return made


def _told(forge: Forge, item: WorkItem) -> list[str]:
    return [row.body for row in activity.of(forge.state, item)]


def test_a_scoped_label_takes_the_place_of_its_sibling(forge: Forge, item: WorkItem, clock: Clock) -> None:
    forge.label(item.id, "workflow::Ready", "bug")
    clock.now += 60
    forge.label(item.id, "workflow::In Development")
    names = {label.name: label.id for label in forge.state.labels.values()}
    assert set(item.labels) == {names["bug"], names["workflow::In Development"]}
    assert [(e.label, e.action) for e in item.events.label][-2:] == [
        (names["workflow::In Development"], "add"),
        (names["workflow::Ready"], "remove"),
    ]
    last = activity.of(forge.state, item)[-1]
    assert last.body == (
        f"added ~{names['workflow::In Development']} scoped label"
        f" and automatically removed ~{names['workflow::Ready']} label"
    )
    assert (last.action, last.at) == ("label", item.updated)


def test_on_the_free_tier_they_stand_side_by_side(clock: Clock) -> None:
    forge = Forge(_state(Tier.FREE), clock)
    item = forge.create(5, "Checkout")
    forge.label(item.id, "workflow::Ready")
    clock.now += 60
    forge.label(item.id, "workflow::Testing")
    assert len(item.labels) == 2
    assert _told(forge, item)[-1] == f"added ~{item.labels[1]} label"
    assert [event.action for event in item.events.label] == ["add", "add"]


@pytest.mark.parametrize("member", ["weight", "iteration"])
def test_the_free_tier_has_no_weights_and_iterations(clock: Clock, member: str) -> None:
    forge = Forge(_state(Tier.FREE), clock)
    made = forge.create(5, "Checkout")
    with pytest.raises(BadValueError, match="tier"):
        forge.edit(made.id, {member: 1})


def test_a_deleted_label_leaves_its_events_and_touches_no_item(forge: Forge, item: WorkItem, clock: Clock) -> None:
    forge.label(item.id, "workflow::Ready", "bug")
    before, label = item.updated, item.labels[0]
    clock.now += 60
    forge.delete_label(label)
    assert (label in item.labels, item.updated) == (False, before)
    assert [event.label for event in item.events.label] == [None, item.labels[0]]
    assert _told(forge, item) == [f"added ~{item.labels[0]} + 1 deleted label"]


def test_a_renamed_label_changes_the_past_too(forge: Forge, item: WorkItem) -> None:
    forge.label(item.id, "workflow::Ready")
    before = _told(forge, item)
    forge.rename_label(item.labels[0], "workflow::Planned")
    assert _told(forge, item) == before
    assert forge.state.labels[item.labels[0]].scope == "workflow"


@pytest.mark.parametrize(("name", "scope"), [("a::b", "a"), ("a::b::c", "a::b"), ("kr:X", None), ("::b", None)])
def test_the_last_double_colon_divides(forge: Forge, name: str, scope: str | None) -> None:
    assert forge.add_label(name, project="acme/payments").scope == scope


def test_a_swap_of_milestones_is_one_event(forge: Forge, item: WorkItem, clock: Clock) -> None:
    one = forge.add_milestone("S1", project="acme/payments", start=date(2026, 11, 2), due=date(2026, 11, 15))
    other = forge.add_milestone('The "S2"', group="acme")
    plain = forge.add_milestone("S3", group="acme")
    for number in (one.id, other.id, plain.id, None):
        clock.now += 60
        forge.edit(item.id, {"milestone": number})
    assert [(e.milestone, e.action) for e in item.events.milestone] == [
        (one.id, "add"),
        (other.id, "add"),
        (plain.id, "add"),
        (plain.id, "remove"),
    ]
    assert _told(forge, item) == [
        "changed milestone to /acme/payments%1",
        "changed milestone to /acme%1",
        'changed milestone to /acme%"S3"',
        'removed milestone /acme%"S3"',
    ]
    forge.state.version = "16.11.0"
    assert _told(forge, item)[0] == "changed milestone to %1"


def test_a_deleted_milestone_is_taken_off_first(forge: Forge, item: WorkItem, clock: Clock) -> None:
    made = forge.add_milestone("S1", project="acme/payments")
    forge.edit(item.id, {"milestone": made.id})
    clock.now += 60
    forge.delete_milestone(made.id)
    assert item.milestone is None
    assert [(e.milestone, e.action) for e in item.events.milestone] == [(None, "add"), (None, "remove")]
    assert item.updated == int(clock.now * 1000)
    assert _told(forge, item) == ["changed milestone to", "removed milestone"]


def test_closing_and_reopening(forge: Forge, item: WorkItem, clock: Clock) -> None:
    forge.close(item.id, user=2)
    closed_at = int(clock.now * 1000)
    assert (item.state, item.closed, item.closed_by) == ("closed", closed_at, 2)
    clock.now += 60
    forge.reopen(item.id)
    assert (item.state, item.closed, item.closed_by) == ("opened", None, None)
    assert [event.state for event in item.events.state] == ["closed", "reopened"]
    assert [row.action for row in activity.of(forge.state, item)] == ["closed", "opened"]


def test_a_merge_closes_what_its_texts_close(forge: Forge, item: WorkItem, clock: Clock) -> None:
    other = forge.create("acme/mobile", "Elsewhere")
    named = forge.create("acme/payments", "Only named")
    text = f"Fixes #{item.iid} and acme/mobile#{other.iid}; related to #{named.iid}"
    request = forge.open_request("acme/payments", "Checkout", text)
    assert references.mentioned(forge.state, request) == [item, other, named]
    assert references.closing(forge.state, item) == [request]
    clock.now += 60
    forge.merge("acme/payments", request.iid)
    assert [i.state for i in (item, other, named)] == ["closed", "closed", "opened"]
    assert _told(forge, item) == ["mentioned in merge request !1", "closed with merge request !1"]
    assert _told(forge, other)[-1] == "closed with merge request acme/payments!1"


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("Closes #1", [1]),
        ("closing: #1, #2", [1, 2]),
        ("Implements #1 and resolves #2.", [1, 2]),
        ("Fixed https://gitlab.example.com/acme/payments/-/issues/2", [2]),
        ("resolve issues acme/payments#1, #2", [1, 2]),
        ("discloses #1", []),
        ("See #1", []),
        ("Closes #9", []),
        ("Closes other/project#1", []),
    ],
)
def test_which_words_close(forge: Forge, text: str, closed: list[int]) -> None:
    for title in ("one", "two"):
        forge.create("acme/payments", title)
    request = forge.open_request("acme/payments", "work", text)
    assert [found.iid for found in references.closed(forge.state, request)] == closed


def test_a_duplicate_is_closed_and_named_at_both_ends(forge: Forge, item: WorkItem) -> None:
    other = forge.create("acme/mobile", "The same")
    forge.duplicate(other.id, item.id)
    assert (other.state, other.duplicated_to) == ("closed", item.id)
    assert _told(forge, other) == [f"marked this issue as a duplicate of acme/payments#{item.iid}", "closed"]
    assert _told(forge, item) == [f"marked acme/mobile#{other.iid} as a duplicate of this issue"]


def test_what_is_opened_again_is_no_duplicate(forge: Forge, item: WorkItem) -> None:
    other = forge.create("acme/mobile", "The same")
    forge.duplicate(other.id, item.id)
    forge.reopen(other.id)
    assert other.duplicated_to is None
    forge.close(other.id)
    assert (other.state, other.duplicated_to) == ("closed", None)


def test_a_moved_issue_is_a_new_one_with_the_old_past(forge: Forge, item: WorkItem, clock: Clock) -> None:
    group = forge.add_label("kr:GROW-KR1", group="acme")
    sprint = forge.add_milestone("S1", group="acme")
    forge.edit(item.id, {"add_labels": [group.id], "milestone": sprint.id, "weight": 3})
    forge.label(item.id, "only::here")
    forge.comment(item.id, "Please look")
    clock.now += DAY
    made = forge.move(item.id, "acme/mobile")
    assert (made.id != item.id, made.iid, made.project) == (True, 1, 6)
    assert (made.created, made.weight, made.milestone, made.labels) == (item.created, 3, sprint.id, [group.id])
    assert (item.state, item.moved_to, made.state) == ("closed", made.id, "opened")
    assert [(e.at, e.label) for e in made.events.label] == [(e.at, e.label) for e in item.events.label]
    assert not {e.id for e in made.events.label} & {e.id for e in item.events.label}
    assert _told(forge, made)[-1] == f"moved from acme/payments#{item.iid}"
    assert _told(forge, item)[-2:] == ["moved to acme/mobile#1", "closed"]
    assert [note.body for note in made.notes if not note.system] == ["Please look"]


def test_hidden_deleted_and_confidential_issues_leave_the_lists(forge: Forge, item: WorkItem) -> None:
    hidden, gone = (forge.create(5, title) for title in ("hidden", "gone"))
    forge.make_confidential(hidden.id)
    forge.delete(gone.id)
    assert forge.listed() == [item]
    assert (hidden.confidential, hidden.visibility) == (True, Visibility.HIDDEN)
    assert _told(forge, hidden) == ["made the issue confidential"]
    with pytest.raises(KeyError):
        forge.item(gone.id)
    forge.restore(gone.id)
    assert forge.item("acme/payments#3") is gone


def test_numbers_are_never_given_twice(forge: Forge, item: WorkItem) -> None:
    forge.delete(item.id)
    assert forge.create(5, "next").iid == item.iid + 1


def test_renaming_keeps_the_old_path_as_a_way_there(forge: Forge, item: WorkItem) -> None:
    before = item.updated
    forge.rename_project("acme/payments", "acme/checkout")
    assert forge.state.reference(item) == f"acme/checkout#{item.iid}"
    assert forge.state.project("acme/payments") is None
    assert forge.item(f"acme/payments#{item.iid}") is item
    forge.rename_group("acme", "company")
    assert (forge.state.reference(item), item.updated) == (f"company/checkout#{item.iid}", before)
    moved = forge.state.moved_project("acme/checkout")
    assert moved is forge.state.projects[5]


def test_archived_and_hidden_places(forge: Forge) -> None:
    forge.archive_project("acme/payments")
    forge.hide_group("acme")
    assert (forge.state.projects[5].archived, forge.state.projects[6].hidden) == (True, True)
    forge.hide_group("acme", hidden=False)
    assert not forge.state.projects[5].hidden


def test_a_promoted_milestone_moves_its_issues_without_touching_them(forge: Forge, item: WorkItem) -> None:
    namesakes = [forge.add_milestone("S1", project=forge.state.projects[n].path).id for n in (5, 6)]
    forge.edit(item.id, {"milestone": namesakes[0]})
    updated, notes = item.updated, len(item.notes)
    made = forge.promote_milestone(namesakes[1])
    assert (made.title, made.project, made.group) == ("S1", None, forge.state.projects[6].group)
    assert not set(namesakes) & forge.state.milestones.keys()
    assert (item.milestone, item.updated, len(item.notes)) == (made.id, updated, notes)
    assert [event.milestone for event in item.events.milestone] == [None]


def test_a_deleted_iteration_leaves_nothing_and_touches_nothing(forge: Forge, item: WorkItem) -> None:
    forge.state.cadences = {1: Cadence(1, "Team", 7)}
    forge.state.iterations = {1: Iteration(1, 1, 1, 1, date(2026, 11, 9), date(2026, 11, 22), "current")}
    forge.edit(item.id, {"iteration": 1})
    updated = item.updated
    forge.delete_iteration(1)
    assert (item.iteration, item.events.iteration, item.updated) == (None, [], updated)


def test_a_transferred_project_lies_elsewhere(forge: Forge) -> None:
    was = forge.state.projects[5].path
    forge.transfer_project(5, "elsewhere")
    moved = forge.state.projects[5]
    home = forge.state.group("elsewhere")
    assert home is not None
    assert (moved.path, moved.group) == (f"elsewhere/{was.rpartition('/')[2]}", home.id)
    assert forge.place(was) is moved


def test_iterations_roll_over_on_the_servers_day(forge: Forge, item: WorkItem, clock: Clock) -> None:
    state = forge.state
    state.cadences = {1: Cadence(1, "Team", 7), 2: Cadence(2, "Still", 7, roll_over=False)}
    state.iterations = {
        1: Iteration(1, 1, 1, 1, date(2026, 11, 9), date(2026, 11, 22), "current"),
        2: Iteration(2, 2, 1, 2, date(2026, 11, 23), date(2026, 12, 6)),
        3: Iteration(3, 3, 2, 1, date(2026, 11, 9), date(2026, 11, 22), "current"),
    }
    done, still = forge.create(5, "done"), forge.create(5, "still")
    for which, iteration in ((item, 1), (done, 1), (still, 3)):
        forge.edit(which.id, {"iteration": iteration})
    forge.close(done.id)
    assert forge.roll_over() == []
    clock.now += 4 * DAY
    assert [row.id for row in forge.roll_over()] == [1, 3]
    assert [i.iteration for i in (item, done, still)] == [2, 1, 3]
    assert [row.state for row in state.iterations.values()] == ["closed", "current", "closed"]
    assert _told(forge, item) == ["changed iteration to *iteration:1", "changed iteration to *iteration:2"]
    assert item.updated == int(clock.now * 1000)


def test_statuses_close_and_open(forge: Forge, clock: Clock) -> None:
    rows = ((1, "To do", "to_do"), (2, "Doing", "in_progress"), (3, "Done", "done"), (4, "Duplicate", "canceled"))
    forge.state.statuses = {n: Status(n, name, category) for n, name, category in rows}
    forge.state.lifecycles = [Lifecycle(1, "Default", (1, 2, 3, 4), 1, 3, 4)]
    item, other = forge.create(5, "one"), forge.create(5, "other")
    assert item.status == 1
    for fields in ({"status": 2}, {"state": "closed"}, {"state": "opened"}, {"status": 3}):
        clock.now += 60
        forge.edit(item.id, fields)
    assert (item.state, item.status) == ("closed", 3)
    told = [note.body for note in item.notes]
    assert told == [f"set status to **{name}**" for name in ("Doing", "Done", "To do", "Done")]
    assert [event.state for event in item.events.state] == ["closed", "reopened", "closed"]
    forge.duplicate(other.id, item.id)
    assert (other.status, other.state) == (4, "closed")
    with pytest.raises(BadValueError):
        forge.edit(item.id, {"status": 9})


@pytest.mark.parametrize(
    ("fields", "text", "action"),
    [
        ({"title": "Two-step checkout"}, f"changed title from **T{{-hree-}}{REST}** to **T{{+wo+}}{REST}**", "title"),
        ({"title": "Three-step"}, "changed title from **Three-step{- checkout-}** to **Three-step**", "title"),
        ({"description": "new"}, "changed the description", "description"),
        ({"assignees": [2]}, "assigned to @lin", "assignee"),
        ({"assignees": [1, 2, 3]}, "assigned to @demo, @lin, and @min", "assignee"),
        ({"due": date(2026, 12, 1)}, "changed due date to December 01, 2026", "start_date_or_due_date"),
        ({"time_estimate": 130 * 3600 + 1800}, "added time estimate of 3w 1d 2h 30m", "time_tracking"),
        ({"health": "at_risk"}, "changed health status to **at risk**", "health_status"),
        ({"confidential": True}, "made the issue confidential", "confidential"),
        ({"kind": "incident"}, "changed type from issue to incident", "issue_type"),
        ({"custom": {1: "<b>"}}, '<p>changed Key &amp; it to <code class="idiff">&lt;b&gt;</code></p>', "custom_field"),
        ({"custom": {2: 2.50}}, '<p>changed Effort to <code class="idiff">2.5</code></p>', "custom_field"),
        ({"custom": {3: [31, 32]}}, '<p>changed Region to <code class="idiff">North, South</code></p>', "custom_field"),
    ],
)  # fmt: skip
def test_notes_are_worded_as_gitlab_does(
    forge: Forge, item: WorkItem, fields: dict[str, object], text: str, action: str
) -> None:
    forge.state.custom_fields = {
        1: CustomField(1, "Key & it"),
        2: CustomField(2, "Effort", "number"),
        3: CustomField(3, "Region", "multi_select", ((31, "North"), (32, "South"))),
    }
    assert forge.edit(item.id, fields)
    assert [(row.body, row.action, row.kind) for row in activity.of(forge.state, item)] == [(text, action, "Note")]
    assert not forge.edit(item.id, fields)


def test_what_is_taken_away_is_told(forge: Forge, item: WorkItem) -> None:
    forge.state.custom_fields = {1: CustomField(1, "Key result")}
    full = {"assignees": [2], "due": date(2026, 12, 1), "health": "at_risk", "custom": {1: "KR1"}, "weight": 3}
    forge.edit(item.id, full | {"time_estimate": 3600})
    item.notes.clear()
    item.events.weight.clear()
    empty: dict[str, object] = {
        "assignees": [],
        "due": None,
        "health": None,
        "custom": {1: None},
        "weight": None,
        "time_estimate": 0,
    }
    forge.edit(item.id, empty)
    assert _told(forge, item) == [
        "unassigned @lin",
        "removed due date December 01, 2026",
        "removed health status **at risk**",
        '<p>removed Key result: <code class="idiff">KR1</code></p>',
        "removed time estimate of 1h",
        "removed weight of 3",
    ]


def test_parents_are_told_at_both_ends(forge: Forge, item: WorkItem, clock: Clock) -> None:
    epic = forge.create_epic("acme", "Checkout without a second thought")
    clock.now += 60
    forge.edit(item.id, {"parent": epic.id})
    assert _told(forge, item) == ["added acme&1 as parent epic"]
    assert _told(forge, epic) == [f"added acme/payments#{item.iid} as child issue"]
    assert epic.updated == item.updated
    forge.edit(item.id, {"parent": None})
    assert _told(forge, item)[-1] == "removed parent epic acme&1"
    assert forge.item("acme&1") is epic


def test_links_are_told_at_both_ends(forge: Forge, item: WorkItem) -> None:
    other = forge.create("acme/payments", "other")
    link = forge.link(item.id, other.id, "blocks")
    assert _told(forge, item) == [f"marked this issue as blocking #{other.iid}"]
    assert _told(forge, other) == [f"marked this issue as blocked by #{item.iid}"]
    with pytest.raises(BadValueError):
        forge.link(item.id, other.id)
    forge.unlink(other.id, link.id)
    assert (item.links, other.links) == ([], [])
    assert _told(forge, item)[-1] == f"removed the relation with #{other.iid}"


def test_a_refused_change_changes_nothing(forge: Forge, item: WorkItem) -> None:
    before, numbers = repr(item), dict(forge.state.numbers)
    for fields in ({"title": "new", "milestone": 99}, {"title": "new", "parent": 99}, {"title": "x", "labels": [1]}):
        with pytest.raises(BadValueError):
            forge.edit(item.id, fields)
    assert (repr(item), forge.state.numbers) == (before, numbers)


def test_comments_are_no_activity_but_touch_the_item(forge: Forge, item: WorkItem, clock: Clock) -> None:
    clock.now += 60
    note = forge.comment(item.id, "Please look", user=2)
    assert (item.updated, _told(forge, item)) == (int(clock.now * 1000), [])
    forge.edit_note(item.id, note.id, "Please look again")
    assert (note.body, note.updated) == ("Please look again", int(clock.now * 1000))
    with pytest.raises(KeyError):
        forge.edit_note(item.id, note.id + 1, "nobody's")


def test_lists_trail_by_the_lag_and_the_clock_is_askew(forge: Forge, item: WorkItem, clock: Clock) -> None:
    forge.use(Faults(index_lag=30, clock_skew=5))
    forge.edit(item.id, {"title": "new"})
    born = forge.create(5, "born")
    assert item.updated == (clock.now + 5) * 1000
    assert [i.title for i in forge.listed()] == ["Three-step checkout"]
    clock.now += 31
    assert [i.title for i in forge.listed()] == ["new", born.title]


def test_a_deployment_takes_along_what_was_merged_since_the_last(forge: Forge, clock: Clock) -> None:
    numbers = []
    for title in ("one", "two"):
        request = forge.open_request(5, title)
        clock.now += 60
        forge.merge(5, request.iid)
        clock.now += 60
        assert forge.deploy(5, status="failed").merge_requests == []
        numbers.append(forge.deploy(5).merge_requests)
    assert numbers == [[1], [2]]
    assert forge.release(5, "v1").released == forge.now
