"""Who owns an issue, what part it plays, and which iterations are a team's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from okr_delivery.config import Config
from okr_delivery.config.sources import NonOkr, Requirements, Source
from okr_delivery.delivery.find import sources_of
from okr_delivery.delivery.teams import Role, Traits, boards_of, classify
from okr_delivery.locale import LANGS, translator
from okr_delivery.model.errors import UserError
from okr_delivery.model.work import Board, Field, Iteration, IterationState, Membership
from okr_delivery.store import Store, open_store
from tests.delivery.world import DAY, Story, at, config, fill, snapshot, sprint


def source(**more: object) -> Source:
    return Source(name="jira", type="jira", url="https://acme.example.com", projects=("PAY",), **more)


NON_OKR = NonOkr(labels={"run": ("ops",), "debt": ("tech-debt",)}, types={"defect": ("Bug", "10007")})
NARROW = Requirements(types=("Story", "10001"), exclude_labels=("spike",))


@pytest.mark.parametrize(
    ("subtask", "types", "labels", "expected"),
    [
        (False, ("Story", "1"), (), (Role.REQUIREMENT, None)),
        (False, ("STORY", "1"), (), (Role.REQUIREMENT, None)),
        (False, ("Epic", "10001"), (), (Role.REQUIREMENT, None)),
        (False, ("Task", "3"), (), (Role.OTHER, None)),
        (False, ("Story", "1"), ("Spike",), (Role.OTHER, None)),
        (False, ("Story", "1"), ("OPS",), (Role.NON_OKR, "run")),
        (False, ("bug", "4"), (), (Role.NON_OKR, "defect")),
        (False, ("Fehler", "10007"), (), (Role.NON_OKR, "defect")),
        (False, ("Bug", "4"), ("tech-debt",), (Role.NON_OKR, "debt")),
        (True, ("Bug", "4"), ("ops",), (Role.SUBTASK, None)),
    ],
)
def test_roles(
    subtask: bool, types: tuple[str, str], labels: tuple[str, ...], expected: tuple[Role, str | None]
) -> None:
    configured = source(requirements=NARROW, non_okr=NON_OKR)
    assert classify(configured, subtask=subtask, types=types, labels=labels) == expected


def test_by_default_every_type_is_a_requirement() -> None:
    assert classify(source(), subtask=False, types=("Anything", "9"), labels=()) == (Role.REQUIREMENT, None)


TEXT = """\
version: 1
sources: [{name: jira, type: jira, url: https://acme.example.com, projects: [PAY, OPS]}]
teams:
  - id: checkout
    select: [{source: jira, projects: [PAY], components: [checkout]}, {source: jira, labels: [checkout]}]
  - {id: bugs, select: [{source: jira, types: [Bug]}]}
  - {id: board, select: [{source: jira, boards: [2]}], iterations: {from: sprints, boards: [2], name: "S2*"}}
  - {id: rest, select: [{source: jira, boards: [1]}]}
"""
SPRINTS = [
    sprint("1", 0, 10, closed=10),
    Iteration("jira", "20", "S20", IterationState.ACTIVE, start=at(10), board_id="2"),
    Iteration("jira", "21", "Old 21", IterationState.CLOSED, start=at(1), end=at(2), board_id="2"),
]
STORIES = [
    Story("PAY-1", "B0", fields={Field.LABELS: (None, [(10, "checkout")])}),
    Story("PAY-2", "B0", type="Bug"),
    Story("PAY-3", "B0", fields={Field.ITERATION: ("20", [])}),
    Story("PAY-4", "B0", fields={Field.ITERATION: ("1", [(5, "20")])}),
    Story("PAY-5", "B0"),
    Story("OPS-6", "B0", project="OPS"),
    Story("PAY-7", "B0", subtask_of="PAY-2", type="Sub-task"),
]


@pytest.fixture
def settings(tmp_path: Path) -> Config:
    return config(tmp_path, TEXT)


@pytest.fixture
def store(sqlite_url: str, settings: Config) -> Iterator[Store]:
    with open_store(sqlite_url, ledger=None) as opened:
        fill(opened, settings, STORIES, SPRINTS)
        with opened.page("jira") as tx:
            tx.put_boards([Board("jira", "1", "One", "scrum", "PAY"), Board("jira", "2", "Two", "scrum", "OPS")])
        yield opened


def owned(store: Store, settings: Config, day: float = 30) -> dict[str, list[str]]:
    found = snapshot(store, settings, day)
    return {team.id: [item.key for item in found.items(team.id)] for team in found.teams}


def test_the_first_team_that_matches_owns_it(store: Store, settings: Config) -> None:
    assert owned(store, settings) == {
        "checkout": ["PAY-1"],  # by the label
        "bugs": ["PAY-2", "PAY-7"],  # a sub-task goes with its parent
        "board": ["OPS-6", "PAY-3", "PAY-4"],  # in its sprints now, or in none and of its project
        "rest": ["PAY-5"],
    }


def test_it_is_judged_as_of_the_day(store: Store, settings: Config) -> None:
    found = owned(store, settings, 4)
    assert (found["checkout"], found["rest"]) == ([], ["PAY-1", "PAY-4", "PAY-5"])


def test_a_narrowed_snapshot_lets_the_other_teams_keep_theirs(store: Store, settings: Config) -> None:
    found = snapshot(store, settings, teams=["rest"])
    assert [team.id for team in found.teams] == ["rest"]
    assert [item.key for item in found.items("rest")] == ["PAY-5"]


def test_boards_that_hold_it_else_the_last_that_did() -> None:
    iterations = {one.id: one for one in SPRINTS}
    stays = [Membership("1", at(0), at(5)), Membership("20", at(5), at(8))]
    assert [boards_of(stays, iterations, at(day)) for day in (4, 6, 9)] == [{"1"}, {"2"}, {"2"}]
    assert boards_of(stays, iterations, at(0) - DAY) == frozenset()


def test_iterations_by_board_and_name(store: Store, settings: Config) -> None:
    found = snapshot(store, settings)
    assert [i.id for i in found.iterations("board")] == ["20"]
    assert {i.id for i in found.iterations("rest")} == {"1", "20", "21"}


def test_traits_are_hashable() -> None:
    assert len({Traits("P", "1", "T", "2", frozenset(), frozenset(), frozenset()) for _ in range(2)}) == 1


@pytest.mark.parametrize(
    "text",
    ["PAY-1", "pay-1", " PAY-1 ", "jira:PAY-1", "https://acme.example.com/browse/PAY-1",
     "https://acme.example.com/browse/PAY-1?focusedId=7", "https://acme.example.com/jira/boards/1?selectedIssue=PAY-1"],
)  # fmt: skip
def test_an_issue_is_found_however_it_is_named(text: str, store: Store, settings: Config) -> None:
    assert snapshot(store, settings).find(text).key == "PAY-1"


GATEWAY = "https://api.atlassian.com/ex/jira/0a1b"
BEHIND = ["https://acme.example.com/browse/PAY-1", "https://ACME.example.com:443/jira/boards/1?selectedIssue=PAY-1",
          f"{GATEWAY}/browse/PAY-1"]  # fmt: skip
FOREIGN = ["http://acme.example.com/browse/PAY-1", "https://acme.example.com:8443/browse/PAY-1",
           "https://acme.example.com@evil.example/browse/PAY-1", "https://evil.example/browse/PAY-1", "https://[x/PAY-1",
           "https://acme.example.com:x/browse/PAY-1"]  # fmt: skip


def behind(settings: Config) -> Config:
    (source,) = settings.sources
    return settings.model_copy(update={"sources": (source.model_copy(update={"url": GATEWAY}),)})


@pytest.mark.parametrize("text", BEHIND)
def test_behind_a_gateway_an_issue_is_found_by_its_address_on_the_site(
    text: str, store: Store, settings: Config
) -> None:
    with store.page("jira") as tx:
        tx.set_state(base_url="https://acme.example.com")
    assert snapshot(store, behind(settings)).find(text).key == "PAY-1"


@pytest.mark.parametrize("text", FOREIGN)
def test_behind_a_gateway_no_other_address_finds_an_issue(text: str, store: Store, settings: Config) -> None:
    with store.page("jira") as tx:
        tx.set_state(base_url="https://acme.example.com")
    with pytest.raises(UserError):
        snapshot(store, behind(settings)).find(text)


@pytest.mark.parametrize(
    ("sites", "text", "found"),
    [
        ({"jira": "https://acme.example.com"}, BEHIND[0], ["jira"]),
        ({"jira": "https://other.example.com"}, BEHIND[0], []),
        ({"jira": None}, BEHIND[0], ["jira"]),  # never asked: it may be there
        ({}, BEHIND[0], ["jira"]),
        ({}, "https://[x/PAY-1", []),
    ],
)
def test_which_source_an_address_may_be_of(
    sites: dict[str, str | None], text: str, found: list[str], settings: Config
) -> None:
    assert [source.name for source in sources_of(text, behind(settings), sites)] == found


def test_an_old_key_finds_the_moved_issue(store: Store, settings: Config) -> None:
    moved = Story("PAY-1", "B0").build()[0]
    with store.page("jira") as tx:
        tx.put_issues([type(moved)(**{f: getattr(moved, f) for f in moved.__slots__} | {"key": "OPS-77"})])
    found = snapshot(store, settings)
    assert (found.find("PAY-1").key, found.find("OPS-77").key) == ("OPS-77", "OPS-77")


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("text", ["PAY-99", "nothing", "other:PAY-1", "https://evil.example.com/browse/PAY-1"])
def test_an_unknown_issue_is_refused(text: str, lang: str, store: Store, settings: Config) -> None:
    with pytest.raises(UserError) as error:
        snapshot(store, settings).find(text)
    (problem,) = error.value.problems
    assert text in translator(lang).render(problem.what)
    assert problem.next_step is not None


def test_two_sources_with_one_key_are_ambiguous(tmp_path: Path, sqlite_url: str) -> None:
    text = (
        "version: 1\nsources:\n  - {name: jira, type: jira, url: https://acme.example.com, projects: [PAY]}\n"
        "  - {name: other, type: jira, url: https://acme.example.com, projects: [PAY]}\n"
    )
    settings = config(tmp_path / "two", text)
    with open_store(sqlite_url, ledger=None) as store:
        issue, _ = Story("PAY-1", "B0").build()
        for name in ("jira", "other"):
            with store.page(name) as tx:
                twin = {f: getattr(issue, f) for f in issue.__slots__} | {"source": name}
                tx.put_issues([type(issue)(**twin)])
        found = snapshot(store, settings)
        with pytest.raises(UserError) as error:
            found.find("PAY-1")
        assert "jira:PAY-1, other:PAY-1" in translator("en").render(error.value.problems[0].what)
        assert found.find("other:PAY-1").source == "other"
