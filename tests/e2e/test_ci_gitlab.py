"""The GitLab templates: their shell parts run as a runner would, against a served GitLab."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import defusedxml.ElementTree
import pytest

from okr_delivery.sandbox.gitlab.server import RunningServer
from tests.e2e.ci import SECRETS, Project, Site
from tests.packaging.test_ci_templates import MAIN, PAGE, REQUEST, gitlab_jobs

HOST = "gitlab.acme.cn:8443"


@dataclass
class Runner:
    """Runs parts of jobs in a project, with what GitLab and the project's settings put into each of them."""

    project: Project
    home: Path
    first: tuple[int, str] = (0, "")  # what the main job said
    numbers: tuple[int, int] = (0, 0)  # of an issue that is ready for intake and of one that is not

    @property
    def variables(self) -> dict[str, str]:
        return {
            "CI_PROJECT_DIR": str(self.home),
            "CI_PROJECT_PATH": "acme/planning",
            "CI_COMMIT_BRANCH": "main",
            "CI_SERVER_HOST": HOST.partition(":")[0],
            "CI_SERVER_URL": f"https://{HOST}/git",
            "CI_JOB_TOKEN": "job-token",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{self.project.bare}.insteadOf",
            "GIT_CONFIG_VALUE_0": f"https://gitlab-ci-token:job-token@{HOST}/git/acme/planning.git",
        }

    def __call__(self, name: str, part: str = "script", **more: str) -> tuple[int, str]:
        """One part of a job, with what stands before it; the exit code and all output."""
        job: Any = gitlab_jobs()[name]
        lines = [*job.get("before_script", []), *job["script"]] if part == "script" else job[part]
        settings = job.get("variables", {}).items()
        given = {key: value.replace("$CI_PROJECT_DIR", str(self.home)) for key, value in settings}
        return self.project.run(lines, self.variables | given | more, self.home)


@pytest.fixture(scope="module")
def server(ci_site: Site) -> RunningServer:
    return ci_site.server


@pytest.fixture(scope="module")
def runner(ci_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """A project whose main job has run."""
    project = ci_site.project(tmp_path_factory.mktemp("gitlab"))
    made = Runner(project, project.home, numbers=ci_site.numbers)
    project.git("checkout", "--quiet", "--detach")
    made.first = made(MAIN, **SECRETS)
    return made


def test_the_main_job_syncs_pushes_the_ledger_and_reports(runner: Runner) -> None:
    code, said = runner.first
    assert code in (0, 1), said
    assert defusedxml.ElementTree.parse(runner.home / "gate.xml").getroot() is not None
    assert isinstance(json.loads((runner.home / "gl-code-quality-report.json").read_text("utf-8")), list)
    assert (runner.home / "gate.md").read_text("utf-8").startswith("## Gate")
    pushed = runner.project.pushed()
    assert pushed.startswith("okr-delivery") and "ledger/" in pushed and ".jsonl" in pushed
    assert (runner.home / ".okr-delivery-mr" / "store.db").exists()
    assert runner(MAIN, "after_script")[0] == 0
    assert runner(PAGE)[0] == 0
    assert "<html" in (runner.home / "public" / "index.html").read_text("utf-8")


def test_a_source_that_refuses_leaves_the_job_red_and_the_findings_there(runner: Runner) -> None:
    (runner.home / "gate.xml").unlink()
    code, said = runner(MAIN, **SECRETS | {"OKR_DELIVERY_GITLAB_TOKEN": "revoked"})
    assert code == 2 and (runner.home / "gate.xml").exists(), said


def test_on_a_tag_the_ledger_goes_to_the_default_branch_and_the_gate_is_asked(ci_site: Site, tmp_path: Path) -> None:
    project = ci_site.project(tmp_path)
    project.git("tag", "v1")
    (project.home / "later.txt").write_text("later\n", "utf-8")
    project.git("add", "later.txt")
    project.git("-c", "user.name=x", "-c", "user.email=x@x", "commit", "--quiet", "-m", "Go on")
    project.git("push", "--quiet")
    project.git("checkout", "--quiet", "--detach", "v1")
    project.git("branch", "--quiet", "-D", "main")
    tagged = {"CI_COMMIT_BRANCH": "", "CI_COMMIT_TAG": "v1", "CI_DEFAULT_BRANCH": "main"}
    code, said = Runner(project, project.home)(MAIN, **SECRETS, **tagged)
    assert code in (0, 1) and "fatal" not in said, said
    assert (project.home / "gate.json").exists() and (project.home / "later.txt").exists()
    pushed = project.pushed()
    assert pushed.startswith("okr-delivery") and "ledger/" in pushed


def asked(server: RunningServer, text: str) -> dict[str, str]:
    """What a job is told of a merge request that closes a new issue of this description."""
    item = server.forge.create("acme/payments", "Pay in two steps", description=text)
    request = server.forge.open_request("acme/payments", "Pay", f"Closes #{item.iid}")
    return told(f"Closes #{item.iid}", str(request.iid))


def told(description: str, iid: str = "1") -> dict[str, str]:
    return {
        "CI_MERGE_REQUEST_PROJECT_PATH": "acme/payments",
        "CI_MERGE_REQUEST_IID": iid,
        "CI_MERGE_REQUEST_TITLE": "Pay",
        "CI_MERGE_REQUEST_DESCRIPTION": description,
        "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "pay-in-two-steps",
    }


def failures(runner: Runner) -> str:
    root = defusedxml.ElementTree.parse(runner.home / "gate.xml").getroot()
    assert root is not None
    return str(root.attrib["failures"])


HOSTILE = "`id` $(touch hacked) \"; touch hacked; ' %s \\n /close @all"


def test_without_a_token_the_copy_and_the_texts_are_enough(runner: Runner, server: RunningServer) -> None:
    store = runner.home / ".okr-delivery-mr" / "store.db"
    before, count = store.read_bytes(), sum(server.requests.values())
    ledger = sorted((runner.home / "ledger").rglob("*"))
    for wanted, number in enumerate(runner.numbers):
        code, said = runner(REQUEST, **told(f"{HOSTILE}\nCloses #{number}"))
        assert (code, failures(runner)) == (wanted, str(wanted)), said
    code, said = runner(REQUEST, **told("Tidy up"))
    assert code == 2 and "no issue" in said
    assert store.read_bytes() == before and sum(server.requests.values()) == count
    assert sorted((runner.home / "ledger").rglob("*")) == ledger and not (runner.home / "hacked").exists()


def test_a_description_that_was_cut_off_gives_no_verdict(runner: Runner) -> None:
    """GitLab hands a job 2,700 characters of it; what stood behind them may fail."""
    ready, _ = runner.numbers
    cut = told(f"Closes #{ready}\n{'Checklist line. ' * 200}"[:2700])
    code, said = runner(REQUEST, **cut, CI_MERGE_REQUEST_DESCRIPTION_IS_TRUNCATED="true")
    assert code == 2 and "cut off" in said and "2,700" in said
    assert "cut off" in (runner.home / "gate.md").read_text("utf-8")
    code, said = runner(REQUEST, **cut, CI_MERGE_REQUEST_DESCRIPTION_IS_TRUNCATED="false")
    assert code == 0, said


def test_with_a_token_a_description_is_read_whole(runner: Runner, server: RunningServer) -> None:
    item = server.forge.create("acme/payments", "Pay in two steps", description="")
    long = "Checklist line. " * 200
    request = server.forge.open_request("acme/payments", "Pay", f"{long}\nCloses #{item.iid}")
    facts = told(long[:2700], str(request.iid)) | {"CI_MERGE_REQUEST_DESCRIPTION_IS_TRUNCATED": "true"}
    code, said = runner(REQUEST, **SECRETS, **facts)
    assert (code, failures(runner)) == (1, "1"), said


def test_with_a_token_what_it_closes_is_fetched(runner: Runner, server: RunningServer) -> None:
    for code, text in enumerate(("Contributes-to: GROW-KR1 ?", "")):
        ended = runner(REQUEST, **SECRETS, **asked(server, text))
        assert (ended[0], failures(runner)) == (code, str(code)), ended[1]


def test_another_project_takes_the_settings_from_where_they_are(
    runner: Runner, server: RunningServer, tmp_path: Path
) -> None:
    elsewhere = Runner(runner.project, tmp_path)
    ended = elsewhere(REQUEST, OKR_PLANNING="acme/planning", **SECRETS, **asked(server, ""))
    assert (ended[0], failures(elsewhere)) == (1, "1"), ended[1]
    assert (tmp_path / ".okr-delivery-mr" / "store.db").exists()
