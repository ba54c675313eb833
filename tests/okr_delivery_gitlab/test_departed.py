"""What is no longer listed: deleted, elsewhere, or merely hidden; asked one by one."""

from __future__ import annotations

from typing import Any

import pytest

from okr_delivery.model.work import Iteration, IterationKind, IterationState
from okr_delivery_gitlab import GitLabConnector
from tests.okr_delivery_gitlab.builders import milestone, project
from tests.okr_delivery_gitlab.site import Site, connect


@pytest.fixture
def connector(site: Site) -> GitLabConnector:
    """Of the group acme, with one project in it."""
    site.answer("GET groups/acme", {"id": 3, "full_path": "acme"})
    site.rows("GET groups/3/projects", project(7))
    for what in ("labels", "issues", "milestones"):
        site.rows(f"GET groups/3/{what}")
    made = connect(projects=(), options={"groups": ("acme",)})
    made.metadata()
    site.asked.clear()
    return made


@pytest.mark.parametrize(
    ("row", "left"),
    [
        pytest.param(project(9, "acme/old", archived=True), {"9": "acme/old"}, id="archived"),
        pytest.param(project(9, "else/old"), {"9": "else/old"}, id="moved out"),
        pytest.param(project(9, "acmes/old"), {"9": "acmes/old"}, id="in another group of a like name"),
        pytest.param(
            project(9, "acme/old", marked_for_deletion_on="2026-10-01"), {"9": "acme/old"}, id="to be deleted"
        ),
        pytest.param(project(9, "acme/deep/old"), {}, id="not listed for no reason"),
        pytest.param(None, {}, id="hidden or deleted"),
    ],
)
def test_a_project_left_where_it_is_shown_to_lie_outside(
    connector: GitLabConnector, site: Site, row: dict[str, Any] | None, left: dict[str, str]
) -> None:
    if row is not None:
        site.answer("GET projects/9", row)
    assert connector.left(["9", "group-3"]) == left
    assert [str(asked) for asked in site.asked] == ["GET projects/9"]


def of(home: str, kind: IterationKind = IterationKind.MILESTONE) -> Iteration:
    place: dict[str, Any] = {"project_id": home} if home.isdigit() else {"group": home}
    return Iteration("gitlab", "801", "S1", IterationState.ACTIVE, kind=kind, **place)


@pytest.mark.parametrize("home", ["9", "else"])
@pytest.mark.parametrize(
    ("stands", "shown", "deleted"), [(True, True, False), (False, True, True), (False, False, False)]
)
def test_a_milestone_is_deleted_where_only_its_home_is_shown(
    connector: GitLabConnector, site: Site, home: str, stands: bool, shown: bool, deleted: bool
) -> None:
    below = f"projects/{home}" if home.isdigit() else f"groups/{home}"
    if stands:
        site.answer(f"GET {below}/milestones/801", milestone(801, "S1"))
    if shown:
        site.answer(f"GET {below}", {"id": 9})
    assert connector.deleted([of(home)]) == (frozenset({"801"}) if deleted else frozenset())


@pytest.mark.parametrize(("home", "deleted"), [("acme", True), ("acme/deep", True), ("else", False)])
def test_an_iteration_is_deleted_where_its_group_was_read(
    connector: GitLabConnector, site: Site, home: str, deleted: bool
) -> None:
    found = connector.deleted([of(home, IterationKind.ITERATION)])
    assert (found == {"801"}, site.asked) == (deleted, [])
