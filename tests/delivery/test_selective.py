"""What is answered from the few issues that an index names is what all of them would have told."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from okr_delivery.delivery.item import Item
from okr_delivery.delivery.snapshot import Snapshot
from okr_delivery.model.errors import UserError
from okr_delivery.model.work import Change, Field, Value
from okr_delivery.store import Store, open_store
from tests.delivery import lab, world
from tests.delivery.lab import Card, timebox
from tests.delivery.world import SOURCE, Story, at, sprint
from tests.delivery.worlds import NO_VERSIONS, OTHER_RULES, TODAY, Ticket, World, days, snapshot, worlds

oracle = examples(
    deadline=None,
    derandomize=True,
    max_examples=10,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
ASKED = 25  # of all questions, drawn anew for each world
ALONE = 10  # of these are also asked when nothing else was before
Held = dict[Field, tuple[str | None, list[tuple[float, str | None]]]]
Question = Callable[[Snapshot], object]


def told(answer: object) -> object:
    """An answer in plain values: all that an item says, not which object it is."""
    if isinstance(answer, Item):
        own = (answer.team, answer.role, answer.non_okr, answer.alias, answer.gone_at, answer.last_change)
        return answer.issue, own, answer.fact, answer.intervals, answer.memberships, answer.own_memberships
    if isinstance(answer, tuple | list):
        return tuple(told(one) for one in answer)
    return answer


def asked(question: Question, found: Snapshot) -> object:
    try:
        return told(question(found))
    except UserError as error:
        return [(problem.what.id, problem.what.params, problem.next_step) for problem in error.problems]


def _has_priorities(project: str, s: Snapshot) -> bool:
    return s.view(SOURCE).is_used(Field.PRIORITY, project)


def of_team(team: str, since: int) -> Iterator[Question]:
    yield lambda s: s.iterations(team)
    yield lambda s: s.open_items(team, created_since=since)
    yield lambda s: s.finished_since(team, since)
    for ref in ("current", "next", "last", "Six", "8", "R2"):
        yield lambda s, ref=ref: s.resolve(team, ref)  # type: ignore[misc]  # mypy can't infer a lambda with defaults
    for at_index in (-1, -2, -3, -4, 0):
        yield partial(standing, team, at_index)


def standing(team: str, index: int, s: Snapshot) -> object:
    """Who is and was in one of a team's iterations."""
    known = s.iterations(team)
    if not -len(known) <= index < len(known):
        return None
    one = known[index]
    return s.members(team, one, s.as_of), s.sets(team, one)


def of_issue(source: str, ref: str) -> Iterator[Question]:
    yield lambda s: s.item(source, ref)
    yield lambda s: (item := s.item(source, ref)) and s.children(item)
    yield lambda s: (item := s.item(source, ref)) and s.children(item, subtasks=False)
    yield lambda s: (item := s.item(source, ref)) and s.view(source).former_keys(item)


def of_key(source: str, key: str) -> Iterator[Question]:
    for text in (key, key.lower(), f"{source}:{key}", f"{key}9"):
        yield lambda s, text=text: s.find(text)  # type: ignore[misc]  # mypy can't infer a lambda with defaults


def same_either_way(make: Callable[[], Snapshot], questions: list[Question], order: Random) -> None:
    """Asks a snapshot that reads what it needs and one that has read all; then has the first one read all too."""
    few, every = make(), make()
    for source in every.config.sources:
        assert every.view(source.name).items is not None
    shuffled = order.sample(questions, min(len(questions), ASKED))
    for question in shuffled:
        assert asked(question, few) == asked(question, every)
    for question in shuffled[:ALONE]:
        assert asked(question, make()) == asked(question, every)
    for source in few.config.sources:
        view = few.view(source.name)
        assert not view.whole
        before = dict(view.read)
        assert list(view.items) == list(every.view(source.name).items)
        assert all(view.items[ref] is item for ref, item in before.items())
    for question in shuffled:
        assert asked(question, few) == asked(question, every)


@oracle
@given(worlds(), st.sampled_from([2, 7, 12.5, 18, 30]), days, st.randoms(use_true_random=False))
def test_a_jira_says_the_same_either_way(made: World, day: float, since: float, order: Random) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with open_store(f"sqlite:///{folder}/store.db", ledger=None) as store:
            today = made.into(store, folder)
            questions: list[Question] = [lambda s: s.view(SOURCE).projects, lambda s: s.find("ZZZ-1")]
            for team in today.effective_teams():
                questions += of_team(team.id, at(since))
            for ticket in made.tickets:
                questions += of_issue(SOURCE, ticket.issue.id)
            for key in made.keys:
                questions += of_key(SOURCE, key)
            for project in ("id-PAY", "id-OPS"):
                questions.append(partial(_has_priorities, project))
            same_either_way(lambda: snapshot(store, today, day), questions, order)


# -- a GitLab ----------------------------------------------------------------------------------------------------------

BOXES = [timebox("1", 0, 9, closed=True), timebox("2", 10, 19), timebox("3", None, 29), timebox("4", 20, None)]
PLACES = ("acme/pay", "acme/web", "other/app")


@st.composite
def cards(draw: st.DrawFn) -> list[Card]:
    """Issues in milestones, some of which live on as another one."""
    count = draw(st.integers(2, 7))
    keys = [f"{draw(st.sampled_from(PLACES))}#{n}" for n in range(1, count + 1)]
    return [draw(card(key, keys)) for key in keys]


@st.composite
def card(draw: st.DrawFn, key: str, keys: list[str]) -> Card:
    way = draw(st.sampled_from(["O0", "O0 D8 C14", "O0 R3 D8", "O0 D2 C4 O9", "O0 C15", "O0 D3 X12"]))
    first, moves = draw(st.sampled_from([None, "1", "2", "3"])), sorted(draw(st.lists(days, max_size=2)))
    steps = [(day, draw(st.sampled_from([None, "1", "2", "4"]))) for day in moves]
    others = st.sampled_from([None, None, None, *(other for other in keys if other != key)])
    to, parent = draw(others), draw(others)
    kind = draw(st.sampled_from(["Issue", "Issue", "Task"]))
    moved = None if to is None else (draw(days), to)
    return Card(
        key,
        way,
        lab.held(first, *steps),
        created=draw(st.sampled_from([0, 0, 5])),
        moved=moved,
        parent=parent,
        type=kind,
    )


@oracle
@given(cards(), st.sampled_from([4, 9.5, 15, 30]), days, st.randoms(use_true_random=False))
def test_a_gitlab_says_the_same_either_way(made: list[Card], day: float, since: float, order: Random) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = lab.settings(folder)
        with open_store(f"sqlite:///{folder}/store.db", ledger=None) as store:
            lab.fill(store, settings, made, BOXES)
            questions = list(of_team("pay", at(since)))
            for one in made:
                questions += [*of_issue("lab", one.id), *of_key("lab", one.key)]
                questions += of_key("lab", one.key.rpartition("/")[2])
                questions += of_key("lab", f"#{one.key.rpartition('#')[2]}")
            same_either_way(lambda: lab.snapshot(store, settings, day), questions, order)


# -- what is not read --------------------------------------------------------------------------------------------------


@pytest.fixture
def crowd(database_url: str, tmp_path: Path) -> Iterator[tuple[Store, Callable[[float], Snapshot]]]:
    """Two issues in the running sprint, one with a parent, among thirty that were done in the one before."""
    settings = world.config(tmp_path)
    held: Held = {Field.ITERATION: ("8", [])}
    stories = [
        Story("PAY-1", "B0 D3", created=2, fields=held),
        Story("PAY-2", "B0", created=1, fields=held),
        Story("PAY-3", "B0", created=9, subtask_of="PAY-4"),
        Story("PAY-4", "B0 D3"),
        *(Story(f"PAY-{n}", "B0 D2 F4", fields={Field.ITERATION: ("7", [])}) for n in range(10, 40)),
    ]
    with open_store(database_url, ledger=None) as store:
        world.fill(store, settings, stories, [sprint("7", 1, 5, closed=5), sprint("8", 5, 40)])
        yield store, lambda day: world.snapshot(store, settings, day)


@pytest.mark.parametrize(
    ("question", "keys"),
    [
        (lambda s: s.members("jira", s.resolve("jira", "8")[0], s.as_of), {"PAY-1", "PAY-2"}),
        (lambda s: s.sets("jira", s.resolve("jira", "8")[0]), {"PAY-1", "PAY-2"}),
        (lambda s: s.open_items("jira", created_since=at(8)), {"PAY-3", "PAY-4"}),
        (lambda s: s.finished_since("jira", at(5)), set()),
        (lambda s: s.find("pay-3"), {"PAY-3", "PAY-4"}),
        (lambda s: s.children(s.find("PAY-4")), {"PAY-3", "PAY-4"}),
        (lambda s: s.view("jira").projects, set()),
        (lambda s: s.resolve_all("current"), set()),
        (lambda s: s.rule_hash("jira"), set()),
    ],
)
def test_only_what_is_needed_is_read(
    crowd: tuple[Store, Callable[[float], Snapshot]], question: Question, keys: set[str]
) -> None:
    found = crowd[1](30)
    question(found)
    assert {item.key for item in found.view("jira").read.values()} == keys


def test_iterations_are_listed_at_once_as_one_by_one(crowd: tuple[Store, Callable[[float], Snapshot]]) -> None:
    store, found = crowd
    view, asked = found(30).view("jira"), list[Sequence[str]]()

    def sieve(source: str, ids: Sequence[str]) -> list[str]:
        asked.append(ids)
        return list(ids)

    view.expect(["7", "8", "404"], sieve)
    each = [sorted(store.in_each("jira", [ref])[ref]) for ref in ("7", "8")]
    assert sorted(asked[0]) == sorted([*each[0], *each[1]])
    assert all(each)
    assert [sorted(i.issue.id for i in view.in_iteration(ref, sieve)) for ref in ("7", "8")] == each
    view.expect(["7", "8"], sieve)
    assert len(asked) == 3  # what is listed is not listed again


def test_the_latest_come_first_whoever_is_looked_past(crowd: tuple[Store, Callable[[float], Snapshot]]) -> None:
    found = crowd[1](30)
    assert [item.key for item in found.latest("jira", at(0), 2)] == ["PAY-1", "PAY-2"]
    assert len(found.latest("jira", at(0), 99)) == 33
    assert [item.key for item in found.latest("jira", at(1.5), 99)] == ["PAY-1"]


def test_what_was_finished_of_late_is_found_in_the_past_too(crowd: tuple[Store, Callable[[float], Snapshot]]) -> None:
    assert len(crowd[1](30).finished_since("jira", at(4))) == 30
    assert crowd[1](3).finished_since("jira", at(0)) == ()


# -- what stored derivations don't know --------------------------------------------------------------------------------


def written(folder: Path, derived_by: str, *stories: Story) -> tuple[Store, Callable[[float], Snapshot]]:
    """Issues derived by one configuration, and snapshots under today's."""
    store = open_store(f"sqlite:///{folder}/store.db", ledger=None)
    made = World(tuple(Ticket(*story.build()) for story in stories), derived_by)
    today = made.into(store, folder)
    return store, lambda day: snapshot(store, today, day)


def test_what_is_finished_by_todays_rules_alone_is_found(tmp_path: Path) -> None:
    store, found = written(tmp_path, OTHER_RULES, Story("PAY-1", "B0 D2 F7"), Story("OPS-2", "B0 D2 F7", project="OPS"))
    with store:
        assert [item.key for item in found(30).finished_since("pay", at(5))] == ["PAY-1"]
        (week,) = found(8).resolve("flow", "current")
        assert [item.key for item in found(8).members("flow", week, at(8))] == ["OPS-2"]


def test_a_period_to_come_takes_along_what_was_open_then(tmp_path: Path) -> None:
    store, found = written(tmp_path, TODAY, Story("OPS-1", "B0 D2 F9", project="OPS"))
    with store:
        then = found(5)
        (week,) = then.resolve("flow", "next")
        assert [item.key for item in then.members("flow", week, at(5))] == ["OPS-1"]


def test_stays_in_versions_that_nobody_planned_by_are_found(tmp_path: Path) -> None:
    rides: Held = {Field.FIX_VERSION: ("2", [])}
    store, found = written(tmp_path, NO_VERSIONS, Story("WEB-1", "B0 D2", project="WEB", fields=rides))
    with store:
        (train,) = found(10).resolve("web", "R2")
        assert [item.key for item in found(10).members("web", train, at(10))] == ["WEB-1"]


def test_children_that_name_their_parent_by_a_key_it_had_are_found(tmp_path: Path) -> None:
    parent, changes = Story("PAY-1", "B0").build()
    moved = Change(parent.id, 1, 0, at(3), Field.KEY, Value(None, "OLD-7"), Value(None, "PAY-1"))
    child, _ = Story("PAY-2", "B0").build()
    named = replace(child, parent_key="OLD-7", current={**child.current, Field.PARENT: Value(None, "OLD-7")})
    made = World((Ticket(parent, (*changes, moved)), Ticket(named, ())), TODAY)
    with open_store(f"sqlite:///{tmp_path}/store.db", ledger=None) as store:
        found = snapshot(store, made.into(store, tmp_path), 30)
        one = found.find("OLD-7")
        assert [item.key for item in found.children(one)] == ["PAY-2"]
        assert found.item(SOURCE, named.id) is found.children(one)[0]
