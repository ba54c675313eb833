"""Labels, milestones, iterations and projects that go without touching an issue: what is held follows, and says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from okr_delivery.model.errors import Problem
from okr_delivery.model.message import msg
from okr_delivery.sandbox.gitlab.state import Cadence, Iteration
from okr_delivery.sync.connector import Page
from okr_delivery.sync.engine import SourceResult
from okr_delivery.sync.errors import RetryLaterError
from okr_delivery_gitlab import GitLabConnector
from tests.e2e.gitlab_lab import MOB, PAY, GitLabLab, gitlab_lab

DAY = 86_400
GROUP = "groups: [acme]"
Deed = Callable[[GitLabLab], object]


def held(here: GitLabLab) -> dict[str, Any]:
    """What figures are made of, whatever rules it is named by."""
    source = here.source
    derived = {ref: row[:3] for ref, row in source["derived"].items()}
    return {name: source[name] for name in ("issues", "changes", "statuses", "iterations")} | {"derived": derived}


def after(here: GitLabLab, deed: Deed) -> SourceResult:
    """What a sync says of a deed, a day behind it, when it leaves what a new store would hold. The next one is calm."""
    assert here.sync().complete
    here.clock.now += 600
    assert here.sync().fetched == 0
    deed(here)
    here.clock.now += DAY + 60
    result = here.sync()
    assert result.complete
    followed = held(here)
    here.clock.now += DAY + 60
    calm = here.sync()
    assert (calm.fetched, calm.warnings) == (0, ())
    (here.folder / "store.db").unlink()
    assert here.sync().complete
    assert followed == held(here)
    return result


def told(result: SourceResult) -> dict[str, dict[str, Any]]:
    return {warning.id: dict(warning.params) for warning in result.warnings}


def delete_label(name: str) -> Deed:
    def deed(here: GitLabLab) -> None:
        labels = [row for row in here.server.state.labels.values() if row.name == name]
        for label in labels:
            here.server.forge.delete_label(label.id)

    return deed


@pytest.mark.parametrize("scope", [f"projects: [{PAY}, {MOB}]", GROUP])
@pytest.mark.parametrize("home", [{"group": "acme"}, {"project": PAY}])
@pytest.mark.parametrize("name", ["kr:GROW-KR1", "workflow::Parked"])
def test_a_deleted_label_is_no_longer_held_by_anything(
    name: str, home: dict[str, str], scope: str, tmp_path: Path
) -> None:
    with gitlab_lab(tmp_path, scope=scope, tier="free") as here:
        if name not in {row.name for row in here.server.state.labels.values()}:
            here.server.forge.add_label(name, **home)
        here.server.forge.label(f"{PAY}#3", name)
        here.clock.now += 60
        result = after(here, delete_label(name))
        assert told(result)["sync.labels_gone"]["names"] == name
        ref = str(here.server.forge.item(f"{PAY}#3").id)
        assert name not in str(here.issue(ref)["current"].get("LABELS"))
        assert name.removeprefix("workflow::") not in {row["name"] for row in here.source["statuses"]}


def test_a_label_that_only_the_past_knew_is_told_too(tmp_path: Path) -> None:
    with gitlab_lab(tmp_path, tier="free") as here:
        here.server.forge.label(f"{PAY}#3", "workflow::Parked")
        here.clock.now += 3600
        here.server.forge.unlabel(f"{PAY}#3", "workflow::Parked")
        here.clock.now += 60
        assert "sync.labels_gone" in told(after(here, delete_label("workflow::Parked")))


def _broken(*_: object, **__: object) -> Iterator[Page]:
    raise RetryLaterError([Problem(msg("sync.server_error", status=500))])


def test_a_run_that_dies_behind_a_deletion_is_ended_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with gitlab_lab(tmp_path, tier="free") as here:
        here.server.forge.label(f"{PAY}#3", "kr:GROW-KR1")
        here.clock.now += 60
        here.sync()
        delete_label("kr:GROW-KR1")(here)
        here.clock.now += DAY + 60
        with monkeypatch.context() as patched:
            patched.setattr(GitLabConnector, "pages", _broken)
            here.refused()
        assert here.sync().complete
        ref = str(here.server.forge.item(f"{PAY}#3").id)
        assert "kr:GROW-KR1" not in str(here.issue(ref)["current"].get("LABELS"))


def busiest(here: GitLabLab, project: str = PAY) -> int:
    """The milestone of a project that most issues are in."""
    home = here.server.state.project(project)
    assert home is not None
    inside = [i.milestone for i in here.server.state.items.values() if i.milestone]
    own = [number for number in inside if here.server.state.milestones[number].project == home.id]
    return int(max(sorted(set(own)), key=own.count))


def promote(here: GitLabLab) -> None:
    here.server.forge.promote_milestone(busiest(here))


def promote_and_sync(here: GitLabLab) -> None:
    """The new one is known before the old one is missed."""
    promote(here)
    here.clock.now += 3600
    assert not here.sync().warnings


@pytest.mark.parametrize("deed", [promote, promote_and_sync])
@pytest.mark.parametrize("scope", [f"projects: [{PAY}, {MOB}]", GROUP])
def test_a_promoted_milestone_takes_its_issues_along(scope: str, deed: Deed, tmp_path: Path) -> None:
    with gitlab_lab(tmp_path, scope=scope, issues=60, tier="free") as here:
        title = here.server.state.milestones[busiest(here)].title
        assert told(after(here, deed)) == {"sync.iterations_moved": {"names": title}}
        new = next(str(m.id) for m in here.server.state.milestones.values() if m.title == title and m.group)
        assert any(i["current"].get("ITERATION", [None])[0] == new for i in here.source["issues"])


def test_a_milestone_that_nothing_was_in_is_told_and_nothing_is_read(tmp_path: Path) -> None:
    with gitlab_lab(tmp_path, tier="free") as here:
        empty = here.server.forge.add_milestone("Empty", project=PAY, due=date(2027, 1, 1))
        result = after(here, lambda here: here.server.forge.delete_milestone(empty.id))
        assert (told(result), result.fetched) == ({"sync.iterations_deleted": {"names": "Empty"}}, 0)


def plan_by_cadence(here: GitLabLab) -> int:
    """Plans an issue into an iteration that is not over."""
    state = here.server.state
    group = state.group("acme")
    assert group is not None
    state.cadences[1] = Cadence(1, "Fortnights", group.id)
    state.iterations[1] = Iteration(1, 1, 1, 1, date(2026, 11, 1), date(2027, 2, 1), "current", "Two weeks")
    here.server.forge.edit(f"{PAY}#3", {"iteration": 1})
    here.clock.now += 60
    return 1


def test_a_deleted_iteration_is_told_and_holds_nothing(tmp_path: Path) -> None:
    with gitlab_lab(tmp_path) as here:
        number = plan_by_cadence(here)
        result = after(here, lambda here: here.server.forge.delete_iteration(number))
        assert told(result) == {"sync.iterations_deleted": {"names": "Two weeks"}}
        assert result.fetched > 0


def archive(here: GitLabLab) -> None:
    here.server.forge.archive_project(MOB)


def transfer(here: GitLabLab) -> None:
    here.server.forge.transfer_project(MOB, "elsewhere")


@pytest.mark.parametrize("deed", [archive, transfer])
def test_a_project_that_leaves_the_scope_counts_no_more_and_says_what_to_do(deed: Deed, tmp_path: Path) -> None:
    with gitlab_lab(tmp_path, scope=GROUP, issues=60, tier="free") as here:
        result = after(here, deed)
        left = told(result)
        assert left.keys() == {"sync.project_left"}
        home = here.server.forge.place(MOB)
        assert left["sync.project_left"]["name"] == home.path
        assert str(home.id) not in {issue["project"][0] for issue in here.source["issues"]}
        assert here.source["gone"] == {}


def test_an_archived_project_that_is_named_stays(tmp_path: Path) -> None:
    with gitlab_lab(tmp_path, scope=f"groups: [acme]\n    projects: [{MOB}]", tier="free") as here:
        assert told(after(here, archive)) == {}
        assert here.server.forge.place(MOB).id in {int(issue["project"][0]) for issue in here.source["issues"]}


def test_a_project_that_comes_back_is_read_with_the_next_count(tmp_path: Path) -> None:
    with gitlab_lab(tmp_path, scope=GROUP, tier="free") as here:
        here.sync()
        whole = held(here)["issues"]
        here.clock.now += 600
        archive(here)
        here.clock.now += DAY + 60
        here.sync()
        assert len(held(here)["issues"]) < len(whole)
        here.server.forge.archive_project(MOB, archived=False)
        here.clock.now += DAY + 60
        here.sync()
        assert held(here)["issues"] == whole


def test_a_milestone_of_a_hidden_project_is_not_called_deleted(tmp_path: Path) -> None:
    with gitlab_lab(tmp_path, scope=GROUP, issues=60, tier="free") as here:
        here.sync()
        here.clock.now += 600
        here.sync()
        here.server.forge.hide_project(MOB)
        here.clock.now += DAY + 60
        result = here.sync()
        assert "sync.iterations_left" in told(result)
        assert "sync.iterations_deleted" not in told(result)
        assert here.source["gone"] == {}
