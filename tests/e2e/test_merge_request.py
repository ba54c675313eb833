"""`gate --merge-request` against a served GitLab: what is read, what is said on its head, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from okr_delivery.sandbox import TOKEN
from okr_delivery.sandbox.gitlab import serve
from okr_delivery.sandbox.gitlab.requests import MergeRequest
from okr_delivery.sandbox.gitlab.server import RunningServer
from okr_delivery.sandbox.gitlab.translate import of_world
from okr_delivery.sandbox.workspace import write_gitlab
from okr_delivery.sandbox.world import World, build
from tests.e2e.runner import NOW, Cli

READY = "Contributes-to: GROW-KR1 ?"
STATUS = "okr-delivery/gate"


@cache
def world() -> World:
    return build(seed=1, issues=10, now=NOW, by_day=True)


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with serve(of_world(world()), clock=lambda: float(NOW)) as running:
        yield running


@pytest.fixture(scope="module")
def synced(server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """A workspace after a sync; merge requests and their issues come behind it."""
    folder = tmp_path_factory.mktemp("synced")
    write_gitlab(folder, world(), server.url, "en")
    cli = Cli(folder, {"OKR_DELIVERY_GITLAB_TOKEN": TOKEN})
    cli.ok("sync")
    return cli


@pytest.fixture
def cli(synced: Cli, server: RunningServer) -> Iterator[Cli]:
    settings = (synced.folder / "okr-delivery.yaml").read_text("utf-8")
    yield synced
    server.faults = None
    (synced.folder / "okr-delivery.yaml").write_text(settings, "utf-8")


def opened(server: RunningServer, *descriptions: str) -> str:
    """A merge request that closes new issues of these descriptions."""
    items = [server.forge.create("acme/payments", "Pay", description=text) for text in descriptions]
    closes = " and ".join(f"#{item.iid}" for item in items)
    request = server.forge.open_request("acme/payments", "Pay in two steps", f"Closes {closes}" if items else "")
    return f"acme/payments!{request.iid}"


def of(server: RunningServer, ref: str) -> MergeRequest:
    return server.forge.request("acme/payments", int(ref.rpartition("!")[2]))


def statuses(server: RunningServer, ref: str) -> list[tuple[str, str | None]]:
    """What was said on the head of a merge request, in order."""
    request = of(server, ref)
    rows = server.posted.statuses.get((request.project, request.sha), [])
    return [(row.state, row.description) for row in rows if row.name == STATUS]


def test_an_issue_that_is_newer_than_the_store_is_unknown_until_it_is_refreshed(
    cli: Cli, server: RunningServer
) -> None:
    ref = opened(server, READY, "")
    key = f"acme/payments#{of(server, ref).description.split('#')[1].split()[0]}"
    ended = cli("gate", "--merge-request", ref)
    assert ended.code == 2
    assert f"not in the store: {key}" in ended.out
    cli.now += 60
    ended = cli("gate", "--merge-request", ref, "--sync")
    assert ended.code == 1
    assert ended.out.strip().splitlines()[-1].startswith("1 of 2 ready; to fix: acme/payments#")


def test_reading_one_takes_five_requests(cli: Cli, server: RunningServer) -> None:
    ref = opened(server)
    before = sum(server.requests.values())
    ended = cli("gate", "--merge-request", ref)
    assert ended.code == 2 and "closes and mentions no issue" in ended.err
    assert sum(server.requests.values()) - before <= 5


def test_a_verdict_is_said_once_and_again_only_when_it_changes(cli: Cli, server: RunningServer) -> None:
    ref = opened(server, "")
    item = of(server, ref).description.partition("#")[2]
    assert cli("gate", "--merge-request", ref, "--sync").code == 1
    assert statuses(server, ref) == []
    said = cli("gate", "--merge-request", ref, "--sync", "--apply", "status")
    assert said.code == 1 and f"said on {ref}: failed" in said.err
    last = ("failed", f"0 of 1 ready; to fix: acme/payments#{item}")
    assert statuses(server, ref)[-1] == last
    count = len(statuses(server, ref))
    assert cli("gate", "--merge-request", ref, "--apply", "status").code == 1
    assert cli("gate", "--merge-request", ref, "--sync", "--apply", "status").code == 1
    assert len(statuses(server, ref)) == count
    server.forge.edit(f"acme/payments#{item}", {"description": READY})
    cli.now += 60
    assert cli("gate", "--merge-request", ref, "--sync", "--apply", "status").code == 0
    assert statuses(server, ref)[count:] == [("success", "1 of 1 ready")]


def test_no_verdict_is_said_as_failed(cli: Cli, server: RunningServer) -> None:
    ref = opened(server)
    assert cli("gate", "--merge-request", ref, "--apply", "status").code == 2
    assert statuses(server, ref) == [("failed", "no verdict")]


@pytest.mark.parametrize("check", ["okr-delivery", "1"])
def test_a_status_check_is_answered_where_the_settings_name_one(cli: Cli, server: RunningServer, check: str) -> None:
    cli.edit("okr-delivery.yaml", "type: gitlab\n", f"type: gitlab\n    status_check: {check}\n")
    ref = opened(server)
    request = of(server, ref)
    assert cli("gate", "--merge-request", ref, "--apply", "status").code == 2
    assert server.posted.checks[request.id, 1] == (request.sha, "failed")
    assert statuses(server, ref) == []
    assert "says so already" in cli("gate", "--merge-request", ref, "--apply", "status").err


def test_a_token_that_may_only_read_changes_no_verdict(cli: Cli, server: RunningServer) -> None:
    ref = opened(server, READY)
    cli.now += 60
    cli("gate", "--merge-request", ref, "--sync")
    server.faults = {"scopes": ["read_api"]}
    ended = cli("gate", "--merge-request", ref, "--apply", "status")
    assert ended.code == 2
    assert "1 of 1 ready" in ended.out and "passed" in ended.out
    assert "api" in ended.err
    assert statuses(server, ref) == []


def test_one_that_is_not_there_is_named(cli: Cli) -> None:
    ended = cli("gate", "--merge-request", "acme/payments!9999")
    assert (ended.code, ended.out) == (2, "")
    assert "acme/payments!9999" in ended.err


def test_its_address_in_the_browser_is_enough(cli: Cli, server: RunningServer) -> None:
    ref = opened(server)
    path, _, iid = ref.partition("!")
    ended = cli("gate", "--merge-request", f"{server.url}/{path}/-/merge_requests/{iid}/diffs#note_1")
    assert ended.code == 2 and f"{ref} closes and mentions no issue" in ended.err


def test_a_job_s_token_is_refused_with_what_to_create(cli: Cli, server: RunningServer, tmp_path: Path) -> None:
    job = Cli(cli.folder, {"OKR_DELIVERY_GITLAB_TOKEN": "glcbt-64_abcdefghijklmnop"}, now=cli.now)
    ended = job("gate", "--merge-request", "acme/payments!1")
    assert (ended.code, ended.out) == (2, "")
    assert "read_api" in ended.err and "glcbt" not in ended.err


@pytest.mark.parametrize("hidden", ["confidential", "never there"])
def test_an_issue_that_the_token_may_not_see_is_never_passed_over(cli: Cli, server: RunningServer, hidden: str) -> None:
    ready = server.forge.create("acme/payments", "Pay", description=READY).iid
    if hidden == "confidential":
        secret = server.forge.create("acme/payments", "Secret", description="")
        server.forge.make_confidential(secret.id)
    number = secret.iid if hidden == "confidential" else 99_999
    request = server.forge.open_request("acme/payments", "Pay", f"Closes #{ready} and #{number}")
    cli.now += 60
    ended = cli("gate", "--merge-request", f"acme/payments!{request.iid}", "--sync")
    assert ended.code == 2
    assert f"not in the store: acme/payments#{number}" in ended.out
