"""`doctor` of a GitLab: version, features of the tier, the token's kind, scopes and end, and what to create instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from okr_delivery.sandbox import TOKEN
from okr_delivery.sandbox.gitlab import serve
from okr_delivery.sandbox.gitlab.server import RunningServer
from okr_delivery.sandbox.gitlab.state import Tier
from okr_delivery.sandbox.gitlab.translate import of_world
from okr_delivery.sandbox.workspace import write_gitlab
from okr_delivery.sandbox.world import World, build
from tests.e2e.runner import NOW, Cli, Ended

Doctor = Callable[..., Ended]


@pytest.fixture(scope="module")
def world() -> World:
    return build(seed=1, issues=10, now=NOW, by_day=True)


@pytest.fixture
def doctor(world: World, tmp_path: Path) -> Iterator[Doctor]:
    running: list[RunningServer] = []

    def examine(tier: Tier = Tier.ULTIMATE, old: str = "", new: str = "", token: str = TOKEN, **faults: Any) -> Ended:
        server = serve(of_world(world, tier), clock=lambda: float(NOW), faults=faults)
        running.append(server)
        write_gitlab(tmp_path, world, server.url, "en", tier)
        cli = Cli(tmp_path, {"OKR_DELIVERY_GITLAB_TOKEN": token})
        if old:
            cli.edit("okr-delivery.yaml", old, new)
        return cli("doctor")

    yield examine
    for server in running:
        server.stop()


def test_the_connection_is_told_in_full(doctor: Doctor) -> None:
    ended = doctor()
    assert (ended.code, ended.err) == (0, "")
    for line in ("GitLab version 18.5.0-ee", "token: sandbox (a person's), scopes: api", "the token ends on",
                 "the tier has: weight, iterations, epics", "field key_result: 1 (Key Result), found by its name",
                 "field status: workflow:: (workflow::)", "issues in scope"):  # fmt: skip
        assert line in ended.out
    assert TOKEN not in ended.out


def test_a_group_s_token_that_may_only_read_and_a_free_tier_are_named(doctor: Doctor) -> None:
    ended = doctor(Tier.FREE, login_of="group", scopes=["read_api"])
    assert ended.code == 0, ended.err
    assert "token: sandbox (a project's or a group's), scopes: read_api" in ended.out
    assert "the tier has:" not in ended.out
    assert "not found on this tier: weight, iterations, epics" in ended.out


def test_a_job_s_token_is_refused_with_what_to_create_instead(doctor: Doctor) -> None:
    for ended in (doctor(login_of="job"), doctor(token="glcbt-64_abcdefghijklmnop")):
        assert ended.code == 2
        assert "Reporter" in ended.err and "read_api" in ended.err
        assert "glcbt" not in ended.out + ended.err


def test_fields_that_do_not_exist_are_named_all_at_once(doctor: Doctor) -> None:
    ended = doctor(
        old='fields: {key_result: "Key Result", contribution: "Expected contribution"}',
        new='fields: {key_result: "Key Reslt", contribution: "Expected", user_value: "Nobody"}',
    )
    assert ended.code == 2
    assert all(name in ended.err for name in ("Key Reslt", "Expected", "Nobody"))
    assert "Key Result (1)" in ended.err
