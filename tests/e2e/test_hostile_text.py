"""What tracker text may never do, through the whole tool."""

from __future__ import annotations

import csv
import re
from html.parser import HTMLParser
from pathlib import Path

from defusedxml import ElementTree

from tests.e2e.runner import Cli


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links.extend(value or "" for name, value in attrs if name in ("href", "src", "xlink:href"))


def test_the_world_holds_the_titles_that_matter(synced: Cli) -> None:
    titles = {row["title"] for row in rows(synced)}
    for part in ("/close @all", "<script>", "::error"):
        assert any(part in title for title in titles), part
    assert any(title.startswith("'=") for title in titles)


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
