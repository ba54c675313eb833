"""A scoped token behind the gateway, as people meet it: links and addresses are those of the site they know."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from okr_delivery.sandbox.jira_cloud import RunningServer, serve
from okr_delivery.sandbox.workspace import write
from okr_delivery.sandbox.world import build
from tests.e2e.runner import NOW, Cli

SITE = "https://acme.atlassian.net"


@pytest.fixture
def gateway() -> Iterator[RunningServer]:
    with serve(build(seed=1, now=NOW), faults={"login_kind": "scoped", "site_url": SITE}) as running:
        yield running


@pytest.fixture
def behind(gateway: RunningServer, tmp_path: Path) -> Cli:
    write(tmp_path, build(seed=1, now=NOW), gateway.gateway_url, "en")
    return Cli(tmp_path)


def test_an_issue_is_asked_for_by_its_address(behind: Cli) -> None:
    asked = ("gate", "--sync", "--issue", f"{SITE}/browse/PAY-28", "--format", "json")
    ended = behind(*asked)
    assert ended.code in (0, 1), ended.err
    assert {finding["entity"]["url"] for finding in ended.json["findings"]} <= {f"{SITE}/browse/PAY-28"}


def test_every_output_links_to_the_site(behind: Cli) -> None:
    behind.ok("sync")
    shown = behind("gate", "--stage", "intake", "--backlog", "--format", "json").json
    urls = {finding["entity"]["url"] for finding in shown["findings"]}
    assert urls and all(url.startswith(f"{SITE}/browse/") for url in urls)
    assert f"{SITE}/browse/" in behind("gate", "--backlog").out
    behind.ok("report", "iteration", "-o", "report.html")
    pages = [page.read_text("utf-8") for page in behind.folder.glob("report*.html")]
    assert any(f'href="{SITE}/browse/' in page for page in pages)
    assert not any("/ex/jira/" in page for page in pages)
    assert f'"url": "{SITE}/browse/' in behind.ok("trace", "--format", "json").out
    behind.ok("export", "--to", "tables")
    rows = list(csv.DictReader((behind.folder / "tables" / "issues.csv").read_text("utf-8").splitlines()))
    assert rows and all(row["url"].startswith(f"{SITE}/browse/") for row in rows)


def test_an_address_elsewhere_is_no_issue(behind: Cli) -> None:
    behind.ok("sync")
    assert behind("gate", "--issue", "https://evil.example/browse/PAY-28").code == 2
    assert behind("gate", "--issue", "http://acme.atlassian.net/browse/PAY-28").code == 2
