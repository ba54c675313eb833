"""The query language: every query that can be written is read back, and means what it says."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okr_delivery.sandbox import jql
from okr_delivery.sandbox.jql.parser import Both, Call, Clause, Empty, Node, Not, Operand, Query, parse
from okr_delivery.sandbox.site import SiteIssue
from okr_delivery.sandbox.world import build

WORLD = build(issues=60)
SITE = WORLD.site
ISSUES = sorted(SITE.issues.values(), key=lambda issue: issue.id)
SCOPE = jql.Scope(SITE, SITE.zone, WORLD.now)

texts = st.text(st.characters(min_codepoint=32, exclude_characters="\u2028\u2029"), min_size=1, max_size=12)
names = st.sampled_from(["project", "status", "labels", "cf[10026]", "Story Points", "updated", "key"])
operands: st.SearchStrategy[Operand] = st.one_of(
    texts, st.just(Empty()), st.builds(Call, st.sampled_from(["openSprints", "now"]), st.just(()))
)
singles = st.builds(
    lambda field, operator, operand: Clause(field, operator, (operand,)),
    names,
    st.sampled_from(["=", "!=", "~", "!~", "<", "<=", ">", ">="]),
    operands,
)
lists = st.builds(
    lambda field, operator, values: Clause(field, operator, tuple(values)),
    names,
    st.sampled_from(["in", "not in"]),
    st.lists(operands, min_size=1, max_size=4),
)
empties = st.builds(
    lambda field, operator: Clause(field, operator, (Empty(),)), names, st.sampled_from(["is", "is not"])
)


def _nested(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    parts = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(st.builds(Not, inner), st.builds(Both, st.booleans(), parts))


nodes: st.SearchStrategy[Node] = st.recursive(st.one_of(singles, lists, empties), _nested, max_leaves=8)


def write(node: Node) -> str:
    """The query text of a tree, with parentheses around every part."""
    if isinstance(node, Not):
        return f"NOT ({write(node.inner)})"
    if isinstance(node, Both):
        return (" AND " if node.every else " OR ").join(f"({write(part)})" for part in node.parts)
    values = [_operand(value) for value in node.operands]
    right = f"({', '.join(values)})" if node.operator in ("in", "not in") else values[0]
    return f"{_quoted(node.field)} {node.operator.upper()} {right}"


def _operand(value: Operand) -> str:
    if isinstance(value, Empty):
        return "EMPTY"
    return f"{value.name}()" if isinstance(value, Call) else _quoted(value)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(nodes, st.lists(st.tuples(names, st.booleans()), max_size=3))
def test_what_is_written_is_read_back(node: Node, order: list[tuple[str, bool]]) -> None:
    by = ", ".join(f"{_quoted(field)} {'DESC' if down else 'ASC'}" for field, down in order)
    text = write(node) + (f" ORDER BY {by}" if order else "")
    assert parse(text) == Query(node, tuple(order))


@given(nodes)
def test_every_query_that_can_be_read_is_answered_or_refused_in_words(node: Node) -> None:
    try:
        found = jql.search(Query(node, ()), ISSUES, SCOPE)
    except jql.JqlError as error:
        assert all(error.messages)
    else:
        assert {issue.id for issue in found} <= {issue.id for issue in ISSUES}


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    try:
        jql.search(parse(text), ISSUES, SCOPE)
    except jql.JqlError as error:
        assert all(error.messages)


@given(
    st.recursive(
        st.sampled_from(
            ["project", "=", "PAY", "(", ")", "and", "or", "not", "in", ",", "is", "empty", "order", "by"]
        ).map(lambda w: [w]),
        lambda inner: st.lists(inner, max_size=6).map(lambda rows: [w for row in rows for w in row]),
    )
)
def test_words_of_the_language_in_any_order(words: list[str]) -> None:
    try:
        jql.search(parse(" ".join(words)), ISSUES, SCOPE)
    except jql.JqlError as error:
        assert all(error.messages)


@dataclass(frozen=True)
class Known:
    """A clause and what it says, in Python."""

    text: str
    holds: object


def _status_name(issue: SiteIssue) -> str:
    return next(str(row["name"]) for row in SITE.statuses if row["id"] == issue.status)


def _category(issue: SiteIssue) -> str:
    row = next(row for row in SITE.statuses if row["id"] == issue.status)
    return str(json.loads(json.dumps(row))["statusCategory"]["key"])


def _points(issue: SiteIssue) -> float | None:
    value = issue.custom.get("customfield_10026")
    return float(str(value)) if value is not None else None


CLAUSES = (
    Known("project = PAY", lambda i: i.key.startswith("PAY-")),
    Known("project in (pay, 10001)", lambda i: i.key.startswith(("PAY-", "MOB-"))),
    Known("project != PAY", lambda i: not i.key.startswith("PAY-")),
    Known("status = Done", lambda i: _status_name(i) == "Done"),
    Known('status in ("to do", Ready)', lambda i: _status_name(i) in ("To Do", "Ready")),
    Known("status not in (Done)", lambda i: _status_name(i) != "Done"),
    Known("statusCategory = Done", lambda i: _category(i) == "done"),
    Known('statusCategory != "In Progress"', lambda i: _category(i) != "indeterminate"),
    Known("labels = ops", lambda i: "ops" in i.labels),
    Known("labels in (ops, tech-debt)", lambda i: bool({"ops", "tech-debt"} & set(i.labels))),
    Known("labels != ops", lambda i: bool(i.labels) and "ops" not in i.labels),
    Known("labels is EMPTY", lambda i: not i.labels),
    Known("labels in (ops, EMPTY)", lambda i: not i.labels or "ops" in i.labels),
    Known("sprint in openSprints()", lambda i: any(SITE.sprints[s].state == "active" for s in i.sprints)),
    Known("sprint is not EMPTY", lambda i: bool(i.sprints)),
    Known("sprint = 43", lambda i: 43 in i.sprints),
    Known("issuetype = Bug", lambda i: i.type == "10004"),
    Known("resolution is EMPTY", lambda i: i.resolution is None),
    Known("resolution = Unresolved", lambda i: i.resolution is None),
    Known("resolution = Done", lambda i: i.resolution == "10000"),
    Known("priority in (High, Medium)", lambda i: i.priority in ("2", "3")),
    Known("parent is not EMPTY", lambda i: i.parent is not None),
    Known('"Story Points" >= 5', lambda i: (_points(i) or 0) >= 5),
    Known("cf[10026] is EMPTY", lambda i: _points(i) is None),
    Known("filter = 10001", lambda i: i.key.startswith("PAY-")),
    Known("filter in (10001, 10002) AND labels = ops", lambda i: i.key[:3] in ("PAY", "MOB") and "ops" in i.labels),
    Known("filter != 10002", lambda i: not i.key.startswith("MOB-")),
    Known('summary ~ "the"', lambda i: "the" in i.summary.casefold()),
    Known(f"id >= {ISSUES[20].id}", lambda i: i.id >= ISSUES[20].id),
    Known(f"key in ({ISSUES[5].key}, {ISSUES[9].key})", lambda i: i.key in (ISSUES[5].key, ISSUES[9].key)),
)


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: clause.text)
def test_a_clause_means_what_it_says(clause: Known) -> None:
    found = [issue.id for issue in jql.search(parse(clause.text), ISSUES, SCOPE)]
    assert found == [issue.id for issue in ISSUES if clause.holds(issue)]  # type: ignore[operator]  # a plain callable


@settings(max_examples=60)
@given(st.sampled_from(CLAUSES), st.sampled_from(CLAUSES), st.booleans(), st.booleans())
def test_connectives_are_those_of_logic(left: Known, right: Known, every: bool, negated: bool) -> None:
    text = f"{'NOT' if negated else ''} ({left.text} {'AND' if every else 'OR'} {right.text})"

    def expected(issue: SiteIssue) -> bool:
        sides = (bool(left.holds(issue)), bool(right.holds(issue)))  # type: ignore[operator]  # plain callables
        return (all(sides) if every else any(sides)) is not negated

    found = {issue.id for issue in jql.search(parse(text), ISSUES, SCOPE)}
    assert found == {issue.id for issue in ISSUES if expected(issue)}


def test_and_binds_tighter_than_or() -> None:
    text = "project = PAY OR project = MOB AND labels = ops"
    assert parse(text).where == parse("project = PAY OR (project = MOB AND labels = ops)").where


@pytest.mark.parametrize(
    ("order", "key", "down"), [("created", "created", False), ("updated DESC", "updated", True), ("key", "id", False)]
)
def test_order(order: str, key: str, down: bool) -> None:
    found = jql.search(parse(f"project in (PAY, MOB) ORDER BY {order}"), ISSUES, SCOPE)
    values = [getattr(issue, key) for issue in found]
    assert values == sorted(values, reverse=down)
    assert len(found) == 60


def test_instants_compare_exactly_but_literals_stop_at_the_minute() -> None:
    issue = ISSUES[10]
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    local = datetime.fromtimestamp(issue.updated / 1000, UTC).astimezone(ZoneInfo(SITE.zone))
    same_minute = jql.search(parse(f'updated >= "{local:%Y/%m/%d %H:%M}"'), [issue], SCOPE)
    assert same_minute == [issue]
    assert issue.updated % 60_000 != 0
    assert jql.search(parse(f'updated <= "{local:%Y/%m/%d %H:%M}"'), [issue], SCOPE) == []


ZONE_CLAUSES = (
    ("created >= startOfDay()", "2026-11-18 00:00"),
    ("created >= startOfDay(-1d)", "2026-11-17 00:00"),
    ('created >= startOfDay("-2")', "2026-11-16 00:00"),
    ("created >= endOfDay(-1d)", "2026-11-18 00:00"),
    ("created >= startOfWeek()", "2026-11-15 00:00"),
    ("created >= startOfMonth()", "2026-11-01 00:00"),
    ("created >= startOfMonth(-2M)", "2026-09-01 00:00"),
    ("created >= startOfYear()", "2026-01-01 00:00"),
    ("created >= endOfYear(-1)", "2026-01-01 00:00"),
)


@pytest.mark.parametrize(("clause", "literal"), ZONE_CLAUSES)
def test_beginnings_and_ends_are_those_of_the_callers_calendar(clause: str, literal: str) -> None:
    found, expected = (jql.search(parse(text), ISSUES, SCOPE) for text in (clause, f'created >= "{literal}"'))
    assert found == expected


def test_functions_of_types_and_releases() -> None:
    subtasks = {str(row["id"]) for row in SITE.types if row["subtask"]}
    found = jql.search(parse("issuetype in subTaskIssueTypes()"), ISSUES, SCOPE)
    assert found == [issue for issue in ISSUES if issue.type in subtasks]
    others = jql.search(parse("type in standardIssueTypes()"), ISSUES, SCOPE)
    assert {i.id for i in found} | {i.id for i in others} == {i.id for i in ISSUES}
    released = {str(v["id"]) for rows in SITE.versions.values() for v in rows if v.get("released")}
    found = jql.search(parse("fixVersion in releasedVersions()"), ISSUES, SCOPE)
    assert found == [issue for issue in ISSUES if released & set(issue.versions)]


@pytest.mark.parametrize(
    "text", ["created >= endOfDecade()", "created >= startOfDay(x)", "labels = startOfDay()", "assignee = nobody"]
)
def test_functions_and_people_that_there_are_not(text: str) -> None:
    nobody = replace(SCOPE, person=lambda _: None)
    with pytest.raises(jql.JqlError):
        jql.search(parse(text), ISSUES, nobody)
