"""Data Center at the HTTP edge: inline histories, sprints as text, names instead of ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from okr_delivery.model.work import Field, Iteration, IterationState, Value
from okr_delivery.sync.connector import Page
from tests.okr_delivery_jira.builders import EPIC, FIELDS, POINTS, SPRINT, body, custom, history, item
from tests.okr_delivery_jira.server import Server, connect, ready, served


@pytest.fixture
def server() -> Iterator[Server]:
    with served() as running:
        yield running


def nothing_held(_: Sequence[str]) -> Mapping[str, int]:
    return {}


def read(server: Server, since: int | None = None, resume: str | None = None, **more: Any) -> list[Page]:
    skip = more.pop("skip", ())
    connector = ready(**more)
    server.asked.clear()
    try:
        return list(connector.pages(since, resume, nothing_held, skip=skip))
    finally:
        connector.close()


# histories


def entries(count: int) -> list[dict[str, Any]]:
    status = {"was": "1", "now": "3"}
    return [history(n, "2026-09-02T08:00:00.000+0800", item("status", "A", "B", **status)) for n in range(1, count + 1)]


def test_five_thousand_entries_come_whole(server: Server) -> None:
    server.add(body(10001))
    server.histories["10001"] = entries(5000)
    (page,) = read(server)
    assert len(page.changes) == 5000
    assert page.issues[0].history_complete


def test_a_history_that_was_cut_short_is_read_alone(server: Server) -> None:
    server.add(body(10001), body(10002))
    server.histories |= {"10001": entries(5), "10002": entries(1)}
    server.cut = 2
    (page,) = read(server)
    assert len(page.changes) == 6
    assert all(issue.history_complete for issue in page.issues)
    assert server.last("GET issue/10001").query["expand"] == "changelog"
    assert server.count("GET issue/10002") == 0


def test_a_history_that_stays_short_is_said_to_be(server: Server) -> None:
    server.add(body(10001))
    server.histories["10001"] = entries(5)
    server.cut = server.cut_alone = 2
    (page,) = read(server)
    assert (len(page.changes), page.issues[0].history_complete) == (2, False)


def test_moved_issues_leave_their_old_key_in_the_history(server: Server) -> None:
    server.add({**body(10001), "key": "CORE-7"})
    moved = [item("project", "Payments", "Core", was="10000", now="10001"), item("Key", "PAY-1", "CORE-7")]
    server.histories["10001"] = [history(1, "2026-09-02T08:00:00.000+0000", *moved)]
    (page,) = read(server)
    assert [(c.field, c.old.name) for c in page.changes if c.field is Field.KEY] == [(Field.KEY, "PAY-1")]


@pytest.mark.parametrize("empty", [{"from": None, "to": None}, {"from": "", "to": ""}, {}])
def test_empty_sides_are_one_however_they_are_spelt(server: Server, empty: dict[str, Any]) -> None:
    server.add(body(10001))
    raw = {"field": "Story Points", "fieldtype": "custom", "fromString": "", "toString": "5"} | empty
    server.histories["10001"] = [{"id": "1", "created": "2026-09-02T08:00:00.000+0000", "items": [raw]}]
    (page,) = read(server)
    (change,) = page.changes
    assert (change.old, change.new, change.actor) == (Value(), Value(None, "5"), None)


def test_two_items_of_one_field_in_one_entry_are_two_changes(server: Server) -> None:
    server.add(body(10001))
    two = [item("Story Points", "1", "2", kind="custom"), item("Story Points", "2", "3", kind="custom")]
    server.histories["10001"] = [history(1, "2026-09-02T08:00:00.000+0000", *two)]
    (page,) = read(server)
    assert [(c.item, c.new.name) for c in page.changes] == [(0, "2"), (1, "3")]


def test_a_description_s_blob_leaves_its_contribution_lines_only(server: Server) -> None:
    server.add(body(10001, description="Contributes-to: GROW-KR1 +2"))
    blob = {"field": "description", "fieldtype": "jira", "from": '{"type":"doc"}', "fromString": "secret prose",
            "to": '{"type":"doc","content":[]}', "toString": "secret prose\nContributes-to: GROW-KR1 +2"}  # fmt: skip
    server.histories["10001"] = [{"id": "1", "created": "2026-09-02T08:00:00.000+0000", "items": [blob]}]
    (page,) = read(server)
    assert "secret" not in repr(page.changes) + repr(page.issues)
    assert [c.field for c in page.changes] == [Field.CLAIM_LINES]


@pytest.mark.parametrize("title", ["x" * 300, "🚀 fast 👩‍🚀", "שלום עולם", "\u202eevil", "结算 <b>"])
def test_any_title_is_kept_as_it_is(server: Server, title: str) -> None:
    server.add(body(10001, summary=title))
    (page,) = read(server)
    assert page.issues[0].title == title


# sprints


def sprint_text(number: int, name: str, *, last: bool = False) -> str:
    head = "com.atlassian.greenhopper.service.sprint.Sprint@1f2e["
    if last:
        return f"{head}rapidViewId=1,state=ACTIVE,name={name},startDate=<null>,sequence=9,id={number}]"
    return f"{head}id={number},rapidViewId=158,state=ACTIVE,name={name},startDate=<null>,goal=a,id=7]"


@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("name", ["S 1", "a,id=7,b", "x]y", "k=v", "冲刺, 1", "a,state=CLOSED"])
def test_a_sprint_s_id_is_taken_from_where_no_name_can_be(server: Server, name: str, last: bool) -> None:
    server.sprints = [{"id": 444, "state": "active", "name": name, "originBoardId": 1}]
    server.add(body(10001, **{SPRINT: [sprint_text(444, name, last=last)]}))
    connector = ready()
    (found,) = connector.iterations({})
    (page,) = connector.pages(None, None, nothing_held)
    assert found.name == name
    assert page.issues[0].value(Field.ITERATION) == Value("444", name)


HEAD = "com.atlassian.greenhopper.service.sprint.Sprint@1f["
WHOLE = (
    "id=444,rapidViewId=1,state=FUTURE,name={name},startDate=2026-11-02T09:00:00.000+08:00,endDate=<null>,goal={goal}"
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (WHOLE.format(name="冲刺, 1", goal="a, b=c"), ("冲刺, 1", "a, b=c")),
        (WHOLE.format(name="S1", goal=""), ("S1", None)),
        (WHOLE.format(name="S1", goal="x,state=CLOSED"), None),
        (WHOLE.format(name="S1,goal=y", goal="x"), None),
        (WHOLE.replace("=FUTURE", "=ODD").format(name="S1", goal="x"), None),
        (WHOLE.replace("ViewId=1", "ViewId=77").format(name="S1", goal="x"), None),
        (WHOLE.replace("+08:00", "").format(name="S1", goal="x"), None),
        ("nonsense", None),
    ],
)
def test_a_single_issue_tells_of_a_new_sprint_what_is_certain(
    server: Server, text: str, told: tuple[str, str | None] | None
) -> None:
    server.add(body(10001, **{SPRINT: [f"{HEAD}{text}]"]}))
    connector = ready()
    server.asked.clear()
    found = connector.fetch(["PAY-1"], {"9": Iteration("jira", "9", "S9", IterationState.CLOSED, order=6)})
    assert all(asked.path != "sprint/444" for asked in server.asked)
    assert [(i.name, i.goal) for i in found.iterations] == ([told] if told else [])
    if told:
        (sprint,) = found.iterations
        assert (sprint.id, sprint.board_id, sprint.start, sprint.end, sprint.order) == ("444", "1", 1793581200, None, 7)
        assert found.page.issues[0].value(Field.ITERATION) == Value("444", told[0])
        assert connector.fetch(["PAY-1"], {"444": sprint}).iterations == ()


def test_several_sprints_are_ids_in_order(server: Server) -> None:
    server.add(body(10001, **{SPRINT: [sprint_text(15, "b"), sprint_text(9, "a", last=True), "nonsense", None]}))
    (page,) = read(server)
    assert page.issues[0].value(Field.ITERATION).id == "9,15"


def test_an_epic_is_known_by_its_key(server: Server) -> None:
    server.add(body(10001, **{EPIC: "PAY-99"}))
    (page,) = read(server)
    assert (page.issues[0].parent_id, page.issues[0].parent_key) == (None, "PAY-99")


# names


def test_items_are_known_by_display_name_in_any_language(server: Server) -> None:
    chinese = [
        {**row, "name": {"Story Points": "故事点", "Status": "状态"}.get(row["name"], row["name"])} for row in FIELDS
    ]
    server.handlers["GET field"] = lambda _: [{k: v for k, v in row.items() if k != "key"} for row in chinese]
    server.add(body(10001))
    changes = [
        item("故事点", "1", "2", kind="custom"),
        item("状态", "A", "B", was="1", now="3"),
        item("备注", "a", "b"),
    ]
    server.histories["10001"] = [history(1, "2026-09-02T08:00:00.000+0000", *changes)]
    (page,) = read(server)
    assert [(c.field, c.new.name) for c in page.changes] == [(Field.ESTIMATE, "2"), (Field.STATUS, "B")]


OTHER = custom("customfield_20000", "Story Points", "com.atlassian.jira.plugin.system.customfieldtypes:textfield")


def shared(server: Server, *more: Mapping[str, Any]) -> None:
    server.handlers["GET field"] = lambda _: [*FIELDS, *more]
    server.add(body(10001))
    changes = [item("Story Points", "1", "2", kind="custom"), item("Sprint", "", "S", kind="custom", now="4")]
    server.histories["10001"] = [history(1, "2026-09-02T08:00:00.000+0000", *changes)]


def test_a_name_that_two_fields_bear_is_not_guessed_and_told_once(server: Server) -> None:
    shared(server, OTHER)
    connector = connect()
    connector.identity()
    (warning,) = connector.metadata().warnings
    assert warning.id == "jira.warning.name_shared"
    assert (warning.params["role"], warning.params["name"]) == ("estimate", "Story Points")
    assert POINTS in str(warning.params["fields"])
    assert "customfield_20000" in str(warning.params["fields"])
    (page,) = connector.pages(None, None, nothing_held)
    assert [c.field for c in page.changes] == [Field.ITERATION]
    assert page.issues[0].history_complete


def test_the_id_in_the_settings_ends_the_doubt(server: Server) -> None:
    shared(server, OTHER)
    connector = connect(fields={"estimate": POINTS})
    connector.identity()
    assert connector.metadata().warnings == ()
    (page,) = connector.pages(None, None, nothing_held)
    assert {c.field for c in page.changes} == {Field.ESTIMATE, Field.ITERATION}


def test_stays_in_sprints_that_can_not_be_told_are_not_made_up(server: Server) -> None:
    shared(server, {**OTHER, "id": "customfield_20001", "name": "Sprint"})
    connector = connect()
    connector.identity()
    (warning,) = connector.metadata().warnings
    assert (warning.id, warning.params["role"]) == ("jira.warning.name_shared_role", "iteration")
    (page,) = connector.pages(None, None, nothing_held)
    assert not page.issues[0].history_complete


def test_a_custom_field_named_like_a_system_field_is_another(server: Server) -> None:
    server.add(body(10001))
    changes = [item("status", "x", "y", kind="custom"), item("Priority", "a", "b", kind="custom")]
    server.histories["10001"] = [history(1, "2026-09-02T08:00:00.000+0000", *changes)]
    (page,) = read(server)
    assert page.changes == ()
