"""From what a person types or pastes to one issue, with one tracker of each kind beside the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from okr_delivery.config import Config
from okr_delivery.delivery.find import sources_of
from okr_delivery.delivery.snapshot import Snapshot
from okr_delivery.locale import translator
from okr_delivery.model.errors import UserError
from okr_delivery.store import Store, open_store
from tests.delivery import lab, world
from tests.delivery.lab import Card
from tests.delivery.world import Story

BOTH = """\
version: 1
sources:
  - {name: jira, type: jira, url: "https://acme.example.com/jira", projects: [PAY]}
  - {name: lab, type: gitlab, url: "https://gitlab.acme.cn/git", projects: [acme/pay, "78"], groups: [other]}
"""
LAB = "https://gitlab.acme.cn/git"


@pytest.fixture
def made(tmp_path: Path) -> Config:
    return world.config(tmp_path, BOTH)


@pytest.fixture
def found(sqlite_url: str, made: Config) -> Iterator[Snapshot]:
    cards = [Card("acme/pay#12", "O0"), Card("acme/web#12", "O0"), Card("acme/web#7", "O0"), Card("other&3", "O0")]
    with open_store(sqlite_url, ledger=None) as store:
        world.fill(store, made, [Story("PAY-12", "B0"), Story("PAY-7", "B0")])
        lab.fill(store, made, cards)
        rename(store)
        yield world.snapshot(store, made)


def rename(store: Store) -> None:
    """The project acme/web was called acme/site before."""
    with store.page("lab") as tx:
        tx.rename_projects({"78": "acme/site"})
    with store.page("lab") as tx:
        tx.rename_projects({"78": "acme/web"})


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        ("PAY-12", "PAY-12"),
        ("pay-12", "PAY-12"),
        ("jira:PAY-12", "PAY-12"),
        ("acme/pay#12", "acme/pay#12"),
        (" ACME/Pay#12 ", "acme/pay#12"),
        ("lab:acme/pay#12", "acme/pay#12"),
        ("pay#12", "acme/pay#12"),
        ("#7", "acme/web#7"),
        ("7", "acme/web#7"),
        ("lab:7", "acme/web#7"),
        ("&3", "other&3"),
        ("other&3", "other&3"),
        ("acme/site#7", "acme/web#7"),
        ("site#7", "acme/web#7"),
        (f"{LAB}/acme/site/-/issues/7", "acme/web#7"),
        (f"{LAB}/acme/web/-/work_items/7#note_1", "acme/web#7"),
        (f"{LAB}/groups/other/-/epics/3", "other&3"),
        ("https://acme.example.com/jira/browse/PAY-7", "PAY-7"),
    ],
)
def test_what_is_meant(found: Snapshot, asked: str, key: str) -> None:
    assert found.find(asked).key == key


def refusal(found: Snapshot, asked: str) -> str:
    with pytest.raises(UserError) as error:
        found.find(asked)
    assert error.value.exit_code == 2
    (problem,) = error.value.problems
    t = translator("en")
    return f"{t.render(problem.what)} {t.render(problem.next_step) if problem.next_step else ''}"


def test_two_that_fit_are_named(found: Snapshot) -> None:
    assert "lab:acme/pay#12, lab:acme/web#12" in refusal(found, "#12")


@pytest.mark.parametrize(
    ("asked", "nearest"),
    [
        ("PAY-13", "PAY-12"), ("PAY-21", "PAY-12"), ("PAY-123", "PAY-12"), ("PAY12", "PAY-12"), ("pya-12", "PAY-12"),
        ("acme/pay#13", "acme/pay#12"), ("jira:acme/pay#12", "acme/pay#12"),
    ],
)  # fmt: skip
def test_the_nearest_key_is_offered(found: Snapshot, asked: str, nearest: str) -> None:
    assert nearest in refusal(found, asked)


@pytest.mark.parametrize("asked", ["PAY-9999", "PAY-1299", "PAY-3", "XQZ-12", "PAX-13", "acme/pay#99", "nonsense"])
def test_what_is_far_from_every_key_is_not_guessed(found: Snapshot, asked: str) -> None:
    assert "Did you mean" not in refusal(found, asked)


@pytest.mark.parametrize(
    "asked", ["https://elsewhere.example/acme/pay/-/issues/12", f"{LAB}/acme/pay/-/issues/99", "#99", "acme&3", ""]
)
def test_what_is_not_there(found: Snapshot, asked: str) -> None:
    refusal(found, asked)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("PAY-12", ["jira"]),
        ("acme/pay#12", ["lab"]),
        ("other/deep/app#1", ["lab"]),
        ("acme/web#12", ["lab"]),  # 78 may be its number
        ("#12", ["lab"]),
        ("12", ["lab"]),
        ("&3", ["lab"]),
        ("other&3", ["lab"]),
        (f"{LAB}/acme/pay/-/issues/12", ["lab"]),
        ("jira:XYZ-1", ["jira"]),
        ("https://acme.example.com/jira/browse/PAY-7", ["jira"]),
    ],
)
def test_which_sources_may_hold_it(made: Config, asked: str, expected: list[str]) -> None:
    names = [source.name for source in sources_of(asked, made, {})]
    assert expected[0] in names
    assert set(names) <= {*expected, "lab"}
