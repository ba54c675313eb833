"""Single issues keep to what their source reads: its projects, groups, boards, conditions and years."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from okr_delivery.delivery.derive import deriver
from okr_delivery.sandbox.gitlab.server import RunningServer as Forge
from okr_delivery.sandbox.world import setting
from okr_delivery.sync.build import connector_for
from okr_delivery.sync.single import Single
from tests.e2e.gitlab_lab import MOB, PAY, gitlab_lab
from tests.e2e.lab import KINDS, Lab, lab

FEW = 6
DONE = setting.STATUS_IDS["PAY"][setting.DONE]


def came(here: Lab, *keys: str) -> list[str]:
    """The keys of what came in; nothing else may have come into the store."""
    config = here.config
    source = config.source(here.SOURCE)
    with here.store() as store:
        held = {issue.id for issue in store.issues(source.name)}
        connector, _ = connector_for(config, source, here.env, clock=here.clock, sleep=here.clock.sleep)
        single = Single(source, store, deriver(config), lambda _: here.SOURCE)
        assert single.whole()
        found = single.fetch(connector, keys)
        assert found is not None
        assert {issue.id for issue in store.issues(source.name)} <= held | found.ids
        return sorted(issue.key for issue in store.issues(source.name, found.ids))


@pytest.mark.parametrize("kind", KINDS)
def test_a_project_that_is_not_read_stays_out(kind: str, tmp_path: Path) -> None:
    with lab(kind, tmp_path, issues=FEW, projects="PAY") as here:
        here.sync()
        other = here.server.tracker.create("MOB", "Elsewhere").key
        assert came(here, other, "PAY-1", "pay-2", "PAY-1") == ["PAY-1", "PAY-2"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_condition_is_the_trackers_to_judge(kind: str, tmp_path: Path) -> None:
    with lab(kind, tmp_path, issues=FEW, projects="PAY", more=', jql: "labels = wanted"') as here:
        tracker = here.server.tracker
        inside, outside = (
            tracker.create("PAY", name, labels=labels) for name, labels in (("a", ["wanted"]), ("b", []))
        )
        here.sync()
        before = sum(here.server.requests.values())
        assert came(here, inside.key) == [inside.key]
        assert sum(here.server.requests.values()) - before <= 5
        assert came(here, outside.key, inside.key) == [inside.key]


@pytest.mark.parametrize("kind", KINDS)
def test_what_ended_before_the_years_that_are_read_stays_out(kind: str, tmp_path: Path) -> None:
    with lab(kind, tmp_path, issues=FEW, projects="PAY", more=", history: {since: 2026-11-26}") as here:
        tracker = here.server.tracker
        over, open_ = (tracker.create("PAY", name).key for name in ("over", "open"))
        tracker.transition(over, DONE)
        here.clock.now += 3 * 86_400
        here.sync()
        assert came(here, over, open_) == [open_]


@pytest.mark.parametrize("asked", ["{pay}#{n}", "payments#{n}", " {pay}#{n} ", "ACME/Payments#{n}"])
def test_a_key_of_gitlab_may_be_shortened(asked: str, tmp_path: Path) -> None:
    with gitlab_lab(tmp_path, issues=FEW) as here:
        here.sync()
        n = here.server.forge.create(PAY, "One").iid
        assert came(here, asked.format(pay=PAY, n=n)) == [f"{PAY}#{n}"]


def test_a_number_alone_is_enough_for_one_project(tmp_path: Path) -> None:
    with gitlab_lab(tmp_path, issues=FEW, scope=f"projects: [{PAY}]") as here:
        here.sync()
        one, two = (here.server.forge.create(PAY, name).iid for name in "ab")
        assert came(here, f"#{one}", str(two)) == [f"{PAY}#{one}", f"{PAY}#{two}"]
        other = here.server.forge.create(MOB, "Elsewhere")
        assert came(here, f"{MOB}#{other.iid}") == []


def test_a_number_alone_means_nothing_among_several(tmp_path: Path) -> None:
    with gitlab_lab(tmp_path, issues=FEW) as here:
        here.sync()
        assert came(here, "#1", "&1", "#0", "") == []


def test_epics_of_the_groups_that_are_read(tmp_path: Path) -> None:
    with gitlab_lab(tmp_path, issues=FEW, scope="groups: [acme]") as here:
        here.sync()
        epic = here.server.forge.create_epic("acme", "Checkout", description="Contributes-to: GROW-KR1 M")
        key = f"acme&{epic.iid}"
        before = requests(here.server)
        assert came(here, key) == [key]
        assert requests(here.server) - before <= 5
        assert came(here, f"other&{epic.iid}") == []


def test_a_project_that_was_made_since_the_last_sync(tmp_path: Path) -> None:
    with gitlab_lab(tmp_path, issues=FEW, scope="groups: [acme]") as here:
        here.sync()
        state = here.server.state
        known = next(project for project in state.projects.values() if project.path == PAY)
        number = max(state.projects) + 1
        state.projects[number] = replace(known, id=number, path="acme/young", name="young", old_paths=[])
        made = here.server.forge.create("acme/young", "First")
        assert came(here, f"acme/young#{made.iid}") == [f"acme/young#{made.iid}"]


def test_both_sides_of_a_move_come_in(tmp_path: Path) -> None:
    with gitlab_lab(tmp_path, issues=FEW) as here:
        here.sync()
        old = here.server.forge.create(PAY, "Wanders")
        new = here.server.forge.move(old.id, MOB)
        assert came(here, f"{PAY}#{old.iid}") == sorted([f"{PAY}#{old.iid}", f"{MOB}#{new.iid}"])


def requests(server: Forge) -> int:
    return sum(server.requests.values())
