"""What tracker text may never do, through the whole tool."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from defusedxml import ElementTree

from okr_delivery.sandbox.jira_cloud import serve
from okr_delivery.sandbox.workspace import write
from okr_delivery.sandbox.world import build
from tests.e2e.runner import NOW, Cli


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links.extend(value or "" for name, value in attrs if name in ("href", "src", "xlink:href"))


TITLES = (
    "/close @all",
    "<script>alert(1)</script>",
    '=HYPERLINK("https://evil.example","x")',
    "@SUM(1+1)",
    "::error::owned",
    "##[error]owned %0A::error::again",
    "]]> <![CDATA[",
    "[click](javascript:alert(1)) `code` **bold** | cell |",
    "\u202egnp.exe\u202c right to left",
    "bell \u0007 escape \u001b[31mred\u001b[0m null \u0000 and tab\tend",
    "two\nlines\r\n/close",
    "x" * 300,
)


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    """A workspace in which every issue, sprint and person has a hostile name."""
    world = build(seed=1, now=NOW)
    for n, issue in enumerate(world.site.issues.values()):
        issue.summary = TITLES[n % len(TITLES)]
    for n, sprint in enumerate(world.site.sprints.values()):
        sprint.name, sprint.goal = f"{TITLES[n % len(TITLES)]} {sprint.id}", TITLES[(n + 1) % len(TITLES)]
    for n, user in enumerate(world.site.users.values()):
        user["displayName"] = TITLES[n % len(TITLES)]
    server = serve(world)
    folder = tmp_path_factory.mktemp("hostile")
    write(folder, build(seed=1, now=NOW), server.url, "en")
    path = folder / "okr-delivery.yaml"
    path.write_text(
        re.sub(r"name: \"?(PAY|MOB)[^,}]*", 'name: "*"', path.read_text(encoding="utf-8")), encoding="utf-8"
    )
    made = Cli(folder)
    made.ok("sync")
    yield made
    server.stop()


def test_all_hostile_titles_reach_the_store(synced: Cli) -> None:
    titles = {row["title"].lstrip("'") for row in rows(synced)}
    assert {title.rstrip() for title in TITLES if "\n" not in title and "\x00" not in title} <= titles


def rows(cli: Cli) -> list[dict[str, str]]:
    cli.ok("export", "--to", "tables")
    with (cli.folder / "tables" / "issues.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_csv_holds_no_formula(synced: Cli) -> None:
    assert not [row["title"] for row in rows(synced) if row["title"][:1] in "=+-@\t\r" and row["title"]]


def test_html_runs_nothing_and_links_only_to_the_source(synced: Cli, tmp_path: Path) -> None:
    out = synced.ok("report", "iteration", "-o", str(tmp_path)).out
    host = re.search(r"url: (http://127\.0\.0\.1:\d+)", (synced.folder / "okr-delivery.yaml").read_text())
    assert host
    for name in out.split():
        page = Tags()
        page.feed(Path(name).read_text(encoding="utf-8"))
        assert not page.tags & {"script", "iframe", "object", "embed", "form", "img"}
        assert all(link.startswith((host[1] + "/", "#")) for link in page.links), page.links


def test_markdown_starts_no_line_with_tracker_text(synced: Cli) -> None:
    text = synced.ok("report", "iteration", "--format", "markdown", "-o", "-").out
    assert not [line for line in text.splitlines() if line.lstrip().startswith("/")]


def test_terminal_gets_no_control_characters(synced: Cli) -> None:
    for argv in (("gate", "--backlog"), ("metrics",), ("trace",)):
        out = synced(*argv).out
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", out), argv
        assert not re.search(r"^(::|/)", out, re.MULTILINE), argv


def test_junit_parses_whatever_the_titles_hold(synced: Cli) -> None:
    assert ElementTree.fromstring(synced("gate", "--backlog", "--format", "junit").out).tag == "testsuites"


def test_store_and_its_folder_are_private(synced: Cli) -> None:
    folder = synced.folder / ".okr-delivery"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "store.db").stat().st_mode & 0o777 == 0o600
    assert (folder / ".gitignore").read_text().strip() == "*"
