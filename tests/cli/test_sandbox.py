"""`okr-delivery sandbox …` as a process: what it prints, what it serves, how it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from okr_delivery.sandbox import TOKEN, USER

COMMAND = (sys.executable, "-c", "import sys; from okr_delivery.cli import main; sys.exit(main())", "sandbox")


@contextmanager
def _running(folder: Path, *words: str) -> Iterator[str]:
    """The address of a server that runs while the block does."""
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [*COMMAND, *words], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def _get(url: str, path: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        session.auth = (USER, TOKEN)
        return session.get(f"{url}/rest/api/2/{path}", timeout=10)


@pytest.mark.parametrize(
    ("words", "kind", "ending"),
    [
        (("jira-cloud",), "Cloud", ""),
        (("jira-datacenter",), "Server", ""),
        (("jira-datacenter", "--context", "/jira"), "Server", "/jira"),
    ],
)
def test_each_kind_is_served_where_it_says(tmp_path: Path, words: tuple[str, ...], kind: str, ending: str) -> None:
    (tmp_path / "faults.yaml").write_text("failures: [{endpoint: field, status: 503}]\n", encoding="utf-8")
    with _running(tmp_path, *words, "--issues", "10", "--faults", "faults.yaml") as url:
        assert url.endswith(ending)
        assert _get(url, "serverInfo").json()["deploymentType"] == kind
        assert [_get(url, "field").status_code for _ in range(2)] == [503, 200]


def _ask(url: str, path: str) -> Any:
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(f"{url}/api/v4/{path}", headers={"PRIVATE-TOKEN": TOKEN}, timeout=10)
        answer.raise_for_status()
        return answer.json()


@pytest.mark.parametrize(
    ("words", "version", "weighs"),
    [((), "18.5.0", True), (("--tier", "free", "--server-version", "16.11.2"), "16.11.2", False)],
    ids=["ultimate", "free"],
)
def test_a_gitlab_of_a_tier_and_version(tmp_path: Path, words: tuple[str, ...], version: str, weighs: bool) -> None:
    with _running(tmp_path, "gitlab", "--issues", "40", "--seed", "3", *words) as url:
        assert _ask(url, "version")["version"].startswith(version)
        issues = _ask(url, "projects/acme%2Fpayments/issues?scope=all&per_page=100")
        assert any(issue.get("weight") for issue in issues) == weighs
        assert any(issue["milestone"] for issue in issues)


def test_a_gitlab_of_some_projects_alone(tmp_path: Path) -> None:
    with _running(tmp_path, "gitlab", "--issues", "20", "--only", "mobile", "--only", "objectives") as url:
        paths = {project["path_with_namespace"] for project in _ask(url, "groups/acme/projects")}
        assert paths == {"acme/mobile", "acme/objectives"}


def test_recorded_payloads_as_a_gitlab(tmp_path: Path) -> None:
    row = {
        "id": 9,
        "iid": 2,
        "project_id": 5,
        "title": "Recorded",
        "description": None,
        "state": "opened",
        "labels": [],
    }
    row |= {"created_at": "2024-01-02T03:04:05.678Z", "updated_at": "2024-01-02T03:04:05.678Z", "closed_at": None}
    row |= {
        "references": {"full": "a/b#2"},
        "moved_to_id": None,
        "confidential": False,
        "time_stats": {"time_estimate": 0},
    }
    lines = json.dumps({"site": "x", "payload": row}) + "\n"
    (tmp_path / "issues.jsonl").write_text(lines, encoding="utf-8")
    with _running(tmp_path, "gitlab", "--recorded", "issues.jsonl", "--site", "x", "--tier", "premium") as url:
        [issue] = _ask(url, "projects/a%2Fb/issues?scope=all")
        assert (issue["id"], issue["title"], issue["created_at"]) == (9, "Recorded", row["created_at"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("jira-datacenter", "--context", "jira"), "--context"),
        (("jira-cloud", "--context", "/jira"), "No such option"),
        (("jira-datacenter", "--recorded", "x.jsonl"), "--site"),
        (("jira-datacenter", "x.jsonl"), "--recorded"),
        (("jira-datacenter", "--faults", "none.yaml"), "none.yaml"),
        (("gitlab", "--tier", "gold"), "--tier"),
        (("gitlab", "--only", "acme"), "--only"),
        (("gitlab", "--server-version", "new"), "--server-version"),
        (("gitlab", "--recorded", "x.jsonl"), "--site"),
    ],
)
def test_refused_options(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    done = subprocess.run([*COMMAND, *words], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert said in done.stderr
