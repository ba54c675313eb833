"""Labels of a project stay behind when an issue moves: GitLab gives it those of the same name, and copies its events as
they were. Its stages are one story all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.gitlab_lab import MOB, PAY, GitLabLab, gitlab_lab

HOUR = 3600
BOTH = f"projects: [{PAY}, {MOB}]"


@pytest.fixture(params=[BOTH, f"projects: [{MOB}]"], ids=["both in scope", "from elsewhere"])
def scope(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("tier", ["free", "ultimate"])
def test_stages_of_a_moved_issue_begin_when_they_began(tier: str, scope: str, tmp_path: Path) -> None:
    with gitlab_lab(tmp_path, tier=tier, scope=scope) as here:
        born, number = int(here.clock.now), _moved(here)
        here.sync()
        stays = _stays(here, number)
        assert [(name, entered - born) for name, entered in stays] == [
            ("Open", 0),
            ("Doing", HOUR),
            ("Checking", 2 * HOUR),
        ]
        here.clock.now += HOUR
        here.server.forge.edit(number, {"title": "Reworded"})
        here.sync()
        assert _stays(here, number) == stays


def test_a_label_that_is_taken_away_after_the_move_was_put_on_before(scope: str, tmp_path: Path) -> None:
    with gitlab_lab(tmp_path, scope=scope) as here:
        born, number = int(here.clock.now), _moved(here)
        here.server.forge.unlabel(number, "workflow::Checking")
        here.sync()
        assert [(name, entered - born) for name, entered in _stays(here, number)] == [
            ("Open", 0),
            ("Doing", HOUR),
            ("Checking", 2 * HOUR),
            ("Open", 4 * HOUR),
        ]


def _moved(here: GitLabLab) -> int:
    """An issue that went through two stages, an hour each, then moved to a project with labels of its own."""
    forge, clock = here.server.forge, here.clock
    for project in (PAY, MOB):
        for name in ("workflow::Doing", "workflow::Checking"):
            forge.add_label(name, project=project)
    number = forge.create(PAY, "One story").id
    for name in ("workflow::Doing", "workflow::Checking"):
        clock.now += HOUR
        forge.unlabel(number, "workflow::Doing")
        forge.label(number, name)
    clock.now += HOUR
    moved = int(forge.move(number, MOB).id)
    clock.now += HOUR
    return moved


def _stays(here: GitLabLab, number: int) -> list[tuple[str, int]]:
    """The stages of an issue by name, with when each was entered."""
    source = here.source
    names = {status["id"]: status["name"] for status in source["statuses"]}
    found: list[tuple[str, int]] = []
    for status, _, _, entered, _ in source["derived"][str(number)][0]:
        if not found or found[-1][0] != names[status]:
            found.append((names[status], entered))
    return found
