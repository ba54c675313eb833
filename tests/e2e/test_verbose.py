"""-v and -vv: what a run did, on standard error, with nothing secret in it."""

from __future__ import annotations

import logging

from okr_delivery.sandbox.jira_cloud import RunningServer
from tests.e2e.runner import Cli


def test_v_shows_path_timings_and_rules(cli: Cli) -> None:
    ended = cli("gate", "-v", "--sync")
    assert f"configuration: {cli.folder / 'okr-delivery.yaml'}" in ended.err
    assert "fetching jira: " in ended.err
    assert "judging: " in ended.err
    assert "KR102 2/" in ended.err and "KR209 0/" in ended.err
    assert "GET " not in ended.err
    assert "configuration" not in ended.out


def test_vv_shows_requests_and_no_secret(cli: Cli) -> None:
    ended = cli.ok("-vv", "sync")
    lines = [line for line in ended.err.splitlines() if line.startswith(("GET /", "POST /"))]
    assert any(line.startswith("POST /rest/api/2/search/jql 200 ") for line in lines)
    assert len(lines) == int(ended.out.split(" requests")[0].rpartition(" ")[2])
    assert "sandbox-token" not in ended.err and "?" not in ended.err and "127.0.0.1" not in ended.err
    assert not logging.getLogger("okr_delivery.http").handlers


def test_vv_shows_requests_that_got_no_answer(cli: Cli, server: RunningServer) -> None:
    server.faults = {"failures": [{"endpoint": "myself", "kind": "drop_before"}]}
    ended = cli.ok("-vv", "sync")
    assert "GET /rest/api/2/myself ConnectionError " in ended.err
    assert "GET /rest/api/2/myself 200 " in ended.err


def test_both_at_once_are_refused(cli: Cli) -> None:
    assert cli("-q", "sync", "-v").code == 2


def test_doctor_names_the_way_out_even_when_it_is_closed(cli: Cli) -> None:
    cli.env = {"OKR_DELIVERY_JIRA_USER": "demo@example.com", "OKR_DELIVERY_JIRA_TOKEN": "wrong"}
    ended = cli("doctor")
    assert ended.code == 2
    assert "proxy: none (127.0.0.1 is this machine); trusted certificate authorities: none needed" in ended.out
    assert "401" in ended.err


def test_a_chinese_table_holds_no_english_words(synced: Cli) -> None:
    shown = synced.ok("--lang", "zh", "metrics", "--team", "payments").out
    for word in ("items", "cancelled", "subtask", "done_before_start", "pending", "backwards_through"):
        assert not [line for line in shown.splitlines() if word in line.split("  ")[0:1] or f" {word} " in line], word
    assert "已取消 1" in shown and "退回排队" in shown


def test_doctor_tells_login_and_ledger(synced: Cli) -> None:
    shown = synced.ok("doctor").out
    assert "login: OKR_DELIVERY_JIRA_USER is set: yes" in shown
    assert "login: OKR_DELIVERY_JIRA_TOKEN is set: yes" in shown
    assert f"ledger {synced.folder / 'ledger'}: " in shown
    assert "sandbox-token" not in shown


def test_a_text_file_has_no_colours(synced: Cli) -> None:
    path = synced.folder / "gate.txt"
    assert "\x1b[" in synced("gate", "--color", "always", "--output", f"text={path}").out
    assert "\x1b" not in path.read_text(encoding="utf-8")
    path.unlink()
