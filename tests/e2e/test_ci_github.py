"""The GitHub action: its shell parts run as a runner would, against a served GitLab that holds the requirements."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.ci import SECRETS, Project, Site
from tests.packaging.test_ci_templates import action, steps

ASKED = re.compile(r"\$\{\{ ([\w.]+) \}\}")
ALONE = re.compile(r"(\S+) (==|!=) '(.*)'")


@dataclass
class Ran:
    """What a run of the action did: the names of its steps that ran, the exit code and all output."""

    steps: list[str]
    code: int
    said: str
    summary: str
    outputs: dict[str, str]


class Runner:
    """Runs the action's steps one after another; what other actions would do is only named."""

    def __init__(self, project: Project, numbers: tuple[int, int]) -> None:
        """`numbers` are those of an issue that is ready for intake and of one that is not."""
        self.project, self.numbers = project, numbers

    def __call__(self, env: Mapping[str, str], **given: str) -> Ran:
        facts = {f"inputs.{name}": spec.get("default", "") for name, spec in action()["inputs"].items()}
        facts |= {f"inputs.{name}": value for name, value in given.items()}
        ran, said, code = [], "", 0
        summary = self.project.folder / "summary.md"
        summary.write_text("", "utf-8")
        for step in steps():
            if not self._due(step.get("if", ""), facts, code):
                continue
            ran.append(step["name"])
            if "run" not in step:
                continue
            ended, text = self._run(step, facts, {**env, "GITHUB_STEP_SUMMARY": str(summary)})
            said, code = said + text, code or ended
        outputs = {name.split(".")[1]: value for name, value in facts.items() if name.startswith("steps.")}
        return Ran(ran, code, said, summary.read_text("utf-8"), outputs)

    @staticmethod
    def _due(condition: str, facts: Mapping[str, str], code: int) -> bool:
        parts = [part for part in condition.split(" && ") if part]
        if code and "always()" not in parts:
            return False
        told = [found for part in parts if (found := ALONE.fullmatch(part))]
        assert len(told) == len([part for part in parts if part != "always()"]), condition
        return all((facts.get(name, "") == value) is (sign == "==") for name, sign, value in (t.groups() for t in told))

    def _run(self, step: Mapping[str, Any], facts: dict[str, str], env: Mapping[str, str]) -> tuple[int, str]:
        given = {name: ASKED.sub(lambda m: facts.get(m[1], ""), value) for name, value in step.get("env", {}).items()}
        output = self.project.folder / "output"
        output.write_text("", "utf-8")
        home = self.project.home / ASKED.sub(lambda m: facts.get(m[1], ""), step.get("working-directory", "."))
        ended = self.project.run([step["run"]], {**env, **given, "GITHUB_OUTPUT": str(output)}, home)
        for line in output.read_text("utf-8").splitlines():
            name, _, value = line.partition("=")
            facts[f"steps.{step['id']}.outputs.{name}"] = value
        return ended


@pytest.fixture(scope="module")
def runner(ci_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    return Runner(ci_site.project(tmp_path_factory.mktemp("github")), ci_site.numbers)


@pytest.fixture(scope="module")
def first(runner: Runner) -> Ran:
    """The scheduled run. Its report is that of GitLab's job, and takes long to draw."""
    return runner(SECRETS, report="false")


def test_the_scheduled_run_syncs_and_judges(runner: Runner, first: Ran) -> None:
    out = runner.project.home / "out"
    assert first.code in (0, 1), first.said
    assert first.summary.startswith("## Gate") and first.outputs
    assert {path.name for path in out.iterdir()} >= {"gate.sarif", "gate.xml", "gate.json", "gate.md"}
    verdict = json.loads((out / "gate.json").read_text("utf-8"))["verdict"]
    assert (verdict == "fail") is (first.code == 1)
    assert "Code scanning" not in first.steps and "Keep the store in the cache" in first.steps
    assert runner.project.pushed().startswith("okr-delivery")


def test_findings_may_only_warn(runner: Runner, first: Ran) -> None:
    warned = runner(SECRETS, sync="false", report="false", findings="warn", sarif="true", artifact="")
    assert (warned.code, warned.steps[-1]) == (0, "Verdict")
    assert "Code scanning" in warned.steps
    assert not {"Sync", "Report", "Keep the store in the cache", "Keep what was written"} & set(warned.steps)


def text_of(number: int) -> str:
    return f'`id` $(touch hacked) ${{{{ secrets.X }}}} "; exit 0; %s\n/close\nacme/payments#{number}'


def test_a_pull_request_is_judged_from_the_copy_without_a_secret(runner: Runner, first: Ran) -> None:
    store = runner.project.home / ".okr-delivery" / "store.db"
    env = {"OKR_DELIVERY_STORE": f"sqlite:///{store}?mode=ro"}
    before = store.read_bytes()
    for code, number in enumerate(runner.numbers):
        ran = runner(env, sync="false", report="false", artifact="", text=text_of(number))
        assert ran.code == code, ran.said
    nothing = runner(env, sync="false", report="false", artifact="", sarif="true", text="Tidy up")
    assert (nothing.code, "Code scanning" in nothing.steps) == (2, False)
    assert runner(env, sync="false", report="false", artifact="", text="Tidy up", findings="never").code == 0
    assert store.read_bytes() == before and not (runner.project.home / "hacked").exists()


def test_a_sync_that_fails_is_no_verdict_and_the_findings_are_there(runner: Runner, first: Ran) -> None:
    ran = runner({**SECRETS, "OKR_DELIVERY_GITLAB_TOKEN": "revoked"}, findings="warn", report="false")
    assert (ran.code, ran.summary.startswith("## Gate")) == (2, True), ran.said
    assert "Keep the store in the cache" in ran.steps
    assert Path(runner.project.home / "out" / "gate.json").exists()


def test_without_a_store_there_is_neither_verdict_nor_report_and_the_job_says_so(runner: Runner, first: Ran) -> None:
    ran = runner({"OKR_DELIVERY_STORE": "sqlite:///nowhere.db?mode=ro"}, sync="false", text=text_of(1))
    assert (ran.code, ran.steps[-3:]) == (2, ["Report", "Keep what was written", "Verdict"])
    assert "there is no store here" in ran.said and "::warning title=okr-delivery::no report" in ran.said
