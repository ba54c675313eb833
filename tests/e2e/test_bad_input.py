"""Bad input gets one clear error: what happened, where, and what to do next; exit 2, never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from okr_delivery.sandbox import TOKEN, USER
from tests.e2e.runner import Cli, Ended


def refused(ended: Ended, *parts: str) -> None:
    assert ended.code == 2, ended.out + ended.err
    assert "Traceback" not in ended.err
    assert "Internal error" not in ended.err
    for part in parts:
        assert part in ended.err, f"{part!r} is missing in:\n{ended.err}"


def test_missing_token(cli: Cli) -> None:
    cli.env = {"OKR_DELIVERY_JIRA_USER": USER}
    refused(cli("sync"), "OKR_DELIVERY_JIRA_TOKEN", "next:")


def test_wrong_token(cli: Cli) -> None:
    cli.env = {"OKR_DELIVERY_JIRA_USER": USER, "OKR_DELIVERY_JIRA_TOKEN": "not-the-token"}
    ended = cli("sync")
    refused(ended, "401", "OKR_DELIVERY_JIRA_TOKEN")
    assert "not-the-token" not in ended.out + ended.err


def test_unknown_project(cli: Cli) -> None:
    cli.edit("okr-delivery.yaml", "projects: [PAY", "projects: [PYA")
    refused(cli("sync"), "PYA", "next:")


def test_unknown_key_result_is_a_finding_with_the_nearest(synced: Cli) -> None:
    findings = synced("gate", "--format", "json").json["findings"]
    unknown = next(finding for finding in findings if finding["rule"] == "KR102")
    assert unknown["suggestion"]["kr"] in unknown["paste"]


def test_unknown_key_result_on_the_command_line(synced: Cli) -> None:
    known = synced.ok("okr", "list", "--format", "json").json["key_results"][0]["kr"]
    refused(synced("progress", "--kr", known + "X"), known)


def test_unreadable_contribution_is_a_finding_with_the_line_to_write(synced: Cli) -> None:
    findings = synced("gate", "--format", "json").json["findings"]
    invalid = [finding for finding in findings if finding["rule"] == "KR202"]
    assert invalid
    assert all("Contributes-to: " in finding["paste"] for finding in invalid)


def test_broken_yaml(cli: Cli) -> None:
    path = cli.folder / "okr-delivery.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines, "sources: [", ""]), encoding="utf-8")
    refused(cli("gate"), "okr-delivery.yaml:", "next:")


def test_unknown_key_names_the_nearest_with_line_and_column(cli: Cli) -> None:
    path = cli.folder / "okr-delivery.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "\nreadigns: [x]\nlangg: en\n", encoding="utf-8")
    count = len(path.read_text(encoding="utf-8").splitlines())
    refused(cli("metrics"), "readings", f"okr-delivery.yaml:{count - 1}:1", f"okr-delivery.yaml:{count}:1", "lang")


def test_readings_with_text_for_a_number(cli: Cli) -> None:
    path = next((cli.folder / "readings").glob("*.csv"))
    rows = path.read_text(encoding="utf-8").splitlines()
    cells = rows[1].split(",")
    cells[2] = "about forty"
    path.write_text("\n".join([rows[0], ",".join(cells), *rows[2:]]) + "\n", encoding="utf-8")
    refused(cli("progress"), f"readings/{path.name}:2", "about forty")


def test_duplicate_ids(cli: Cli) -> None:
    first, second = krs(cli)[:2]
    cli.edit(first["location"]["path"], f"id: {second['kr']}\n", f"id: {first['kr']}\n")
    refused(cli("okr", "list"), first["kr"], f"{first['location']['path']}:{second['location']['line']}")


def test_cycle_in_the_okr_network(cli: Cli) -> None:
    (cli.folder / "okrs" / "loop.yaml").write_text(LOOP, encoding="utf-8")
    refused(cli("okr", "tree"), "LOOP-A", "LOOP-B", "okrs/loop.yaml:")


LOOP = """\
cycle: {id: LOOP, start: 2027-01-01, end: 2027-03-31, state: draft}
objectives:
  - id: LOOP-A
    title: Merchants see their money on the same day
    aligns_to: [LOOP-B]
    key_results:
      - {id: LOOP-A-KR1, title: Same-day share, metric: {unit: "%", direction: increase, baseline: 1, target: 2}}
  - id: LOOP-B
    title: Merchants trust the settlement
    aligns_to: [LOOP-A-KR1]
    key_results:
      - {id: LOOP-B-KR1, title: Disputes, metric: {unit: "%", direction: decrease, baseline: 3, target: 2}}
"""


def krs(cli: Cli) -> list[Any]:
    """Key results of the newest OKR file, in its order."""
    found = cli.ok("okr", "list", "--format", "json").json["key_results"]
    newest = max(kr["location"]["path"] for kr in found)
    return sorted((kr for kr in found if kr["location"]["path"] == newest), key=lambda kr: kr["location"]["line"])


def test_read_only_store_folder(cli: Cli) -> None:
    """The kernel's own tables can't be written to, not even by root."""
    cli.env = {**cli.environment, "OKR_DELIVERY_STORE": "sqlite:////proc/okr-delivery/store.db"}
    refused(cli("sync"), "/proc/okr-delivery", "next:")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_read_only_workspace(cli: Cli) -> None:
    cli.folder.chmod(0o555)
    try:
        refused(cli("sync"), ".okr-delivery", "next:")
    finally:
        cli.folder.chmod(0o755)


def test_unknown_connector(cli: Cli) -> None:
    cli.edit("okr-delivery.yaml", "type: jira", "type: linear")
    refused(cli("sync"), "linear", "next:")


def test_connector_not_installed(cli: Cli) -> None:
    code = "import sys; sys.modules['jira'] = None; from okr_delivery.cli import main; sys.exit(main(['sync']))"
    env = {**os.environ, **cli.environment}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=cli.folder, env=env, capture_output=True, text=True, check=False
    )
    refused(Ended(done.returncode, done.stdout, done.stderr), "jira", "pip install 'okr-delivery[jira]'")


def test_unreachable_tracker(cli: Cli) -> None:
    url = next(line for line in (cli.folder / "okr-delivery.yaml").read_text().splitlines() if "url:" in line)
    cli.edit("okr-delivery.yaml", url.split("url:")[1].split("#")[0].strip(), "http://127.0.0.1:9")
    refused(cli("sync"), "127.0.0.1", "next:")


def test_no_configuration_at_all(tmp_path: Path) -> None:
    refused(Cli(tmp_path)("gate"), "okr-delivery.yaml", "okr-delivery init")


def test_never_synced(cli: Cli) -> None:
    for argv in (("gate",), ("metrics",), ("trace",), ("report", "iteration"), ("export", "--to", "x")):
        ended = cli(*argv)
        assert ended.code == 2, argv
        assert "okr-delivery sync" in ended.out + ended.err


def test_unknown_iteration_team_issue(synced: Cli) -> None:
    refused(synced("metrics", "--iteration", "No such sprint"), "No such sprint", "next:")
    refused(synced("metrics", "--team", "paymnets"), "paymnets", "payments")
    ended = synced("gate", "--issue", "PAY-99999")
    assert ended.code == 2
    assert "PAY-99999" in ended.out + ended.err


def test_store_older_than_max_age_is_no_verdict(synced: Cli) -> None:
    late = Cli(synced.folder, now=synced.now + 27 * 3600)
    ended = late("gate", "--format", "json")
    assert ended.code == 2
    assert ended.json["verdict"] == "none"


def test_bad_instant(synced: Cli) -> None:
    refused(synced("metrics", "--as-of", "31.10.2026"), "31.10.2026", "YYYY-MM-DD")


def test_usage_errors_exit_2(synced: Cli) -> None:
    for argv in (("gate", "--frmat", "json"), ("gat",), ("gate", "--issue", "A-1", "--backlog"), ("conclude", "PAY-1")):
        ended = synced(*argv)
        assert ended.code == 2, argv
        assert "Traceback" not in ended.err


def test_names_kept_for_later_versions_say_so(synced: Cli) -> None:
    for argv in (
        ("plan", "--final"),
        ("report", "weekly"),
        ("progress", "--apply", "file"),
        ("export", "--to", "x", "--format", "parquet"),
    ):
        refused(synced(*argv), "not part of this version yet")


def test_a_secret_in_the_configuration_is_refused_and_not_repeated(cli: Cli) -> None:
    cli.edit("okr-delivery.yaml", "    type: jira", f"    type: jira\n    token: {TOKEN}")
    ended = cli("sync")
    refused(ended, "token", "OKR_DELIVERY_", "okr-delivery.yaml:")
    assert TOKEN not in ended.err


def test_json_on_standard_output_stays_json(synced: Cli) -> None:
    assert json.loads(synced("gate", "--format", "json", "-v").out)


def test_errors_in_chinese(cli: Cli) -> None:
    cli.env = {"OKR_DELIVERY_JIRA_USER": USER}
    ended = cli("--lang", "zh", "sync")
    assert ended.code == 2
    assert "错误：" in ended.err
    assert "下一步：" in ended.err
