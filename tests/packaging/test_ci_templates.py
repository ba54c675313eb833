"""The CI templates as documents: what GitLab and GitHub take, which jobs and steps there are, what they may do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

import pytest
from jsonschema import Draft7Validator
from ruamel.yaml import YAML

import okr_delivery

FOLDER = resources.files("okr_delivery.config") / "templates" / "ci"
MAIN, REQUEST, PAGE = "okr-delivery", "okr-delivery merge request", "okr-delivery page"
ASKED = re.compile(r"\$\[\[ inputs\.(\w+) \]\]")


def text(name: str) -> str:
    return (FOLDER / name).read_text("utf-8")


def documents(name: str) -> list[Any]:
    return list(YAML(typ="safe").load_all(text(name)))


@cache
def gitlab_jobs() -> Mapping[str, Any]:
    """The include file."""
    (found,) = documents("gitlab/okr-delivery.gitlab-ci.yml")
    assert isinstance(found, dict)
    return found


def component(**given: object) -> dict[str, Any]:
    """The component's jobs with their inputs filled in, as GitLab does: a value alone keeps its type."""
    header, body = documents("gitlab/templates/okr-delivery.yml")
    inputs = {name: spec["default"] for name, spec in header["spec"]["inputs"].items()} | given
    filled = _filled(body, inputs)
    assert isinstance(filled, dict)
    return filled


def _filled(node: Any, inputs: Mapping[str, object]) -> Any:
    if isinstance(node, dict):
        return {key: _filled(value, inputs) for key, value in node.items()}
    if isinstance(node, list):
        return [_filled(value, inputs) for value in node]
    if not isinstance(node, str):
        return node
    alone = ASKED.fullmatch(node)
    return inputs[alone[1]] if alone else ASKED.sub(lambda found: _written(inputs[found[1]]), node)


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def action() -> dict[str, Any]:
    (found,) = documents("github/action.yml")
    assert isinstance(found, dict)
    return found


def workflow() -> dict[str, Any]:
    (found,) = documents("github/okr-delivery.yml")
    assert isinstance(found, dict)
    return found


# what the consumers take


def faults(document: object, schema: str) -> list[str]:
    folder = resources.files("check_jsonschema.builtin_schemas") / "vendor"
    validator = Draft7Validator(json.loads((folder / f"{schema}.json").read_text("utf-8")))
    return [f"{list(e.absolute_path)}: {e.message[:200]}" for e in validator.iter_errors(document)]


def parts() -> Iterator[tuple[str, object, str]]:
    yield "include", gitlab_jobs(), "gitlab-ci"
    header, _ = documents("gitlab/templates/okr-delivery.yml")
    yield "component's header", header, "gitlab-ci"
    yield "component", component(), "gitlab-ci"
    yield "component elsewhere", component(planning="acme/planning", pages=True, findings=[0]), "gitlab-ci"
    yield "action", action(), "github-actions"
    yield "workflow", workflow(), "github-workflows"


@pytest.mark.parametrize(("document", "schema"), [part[1:] for part in parts()], ids=[part[0] for part in parts()])
def test_the_consumer_s_own_schema_takes_it(document: object, schema: str) -> None:
    pytest.importorskip("check_jsonschema", reason="brings the schemas of GitLab and GitHub")
    assert faults(document, schema) == []
    assert faults({"okr-delivery": {"script": {}, "runs": 1}, "on": 1, "runs": 1}, schema)


# GitLab


def test_the_component_with_its_defaults_is_the_include_file() -> None:
    plain, filled = dict(gitlab_jobs()), component()
    assert set(plain) == set(filled)
    for job in filled.values():
        assert job.pop("stage") == "test"
        variables = job.get("variables", {})
        assert variables.pop("OKR_PLANNING", "") == ""
        job["rules"] = [_plain(rule) for rule in job["rules"]]
    assert filled == {
        name: job | ({"allow_failure": {"exit_codes": [1]}} if name == MAIN else {}) for name, job in plain.items()
    }


def _plain(rule: Mapping[str, str]) -> dict[str, str]:
    found = rule["if"].replace('"" != ""', "$OKR_PLANNING").replace('"false" == "true"', '$OKR_PAGES == "true"')
    return {**rule, "if": found}


def test_inputs_have_defaults_that_they_allow_and_are_all_used() -> None:
    header, body = documents("gitlab/templates/okr-delivery.yml")
    inputs = header["spec"]["inputs"]
    assert set(ASKED.findall(json.dumps(body))) == set(inputs)
    for spec in inputs.values():
        assert re.search(spec.get("regex", ""), str(spec["default"])) and spec["description"]
    for bad in ("1.0; rm -rf /", "$(id)", "1.0 && x"):
        assert not re.search(inputs["version"]["regex"], bad)
    for bad in ("acme", "acme/x; id", "acme/$(id)", "https://evil.test/a/b"):
        assert not re.search(inputs["planning"]["regex"], bad)


def test_inputs_reach_a_script_only_as_variables() -> None:
    _, body = documents("gitlab/templates/okr-delivery.yml")
    for job in body.values():
        lines = [*job.get("before_script", []), *job["script"], *job.get("after_script", [])]
        assert not ASKED.search("\n".join(lines))


def test_jobs_run_when_they_should() -> None:
    main, request, page = gitlab_jobs()[MAIN], gitlab_jobs()[REQUEST], gitlab_jobs()[PAGE]
    assert [rule["if"] for rule in request["rules"]] == ['$CI_PIPELINE_SOURCE == "merge_request_event"']
    assert main["rules"][0] == page["rules"][0] == {"if": "$OKR_PLANNING", "when": "never"}
    assert [rule["if"] for rule in main["rules"][1:]] == [
        "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH",
        '$CI_PIPELINE_SOURCE == "schedule"',
    ]
    assert '$OKR_PAGES == "true"' in page["rules"][1]["if"]
    for job in (main, request):
        reports = {"junit": "gate.xml", "codequality": "gl-code-quality-report.json"}
        assert job["artifacts"]["reports"] == reports and job["artifacts"]["when"] == "always"
    assert main["allow_failure"] == {"exit_codes": 1} and "allow_failure" not in request


def test_a_merge_request_can_change_no_store_but_its_own() -> None:
    own, copy = gitlab_jobs()[MAIN]["cache"]
    assert (own["key"], own["paths"], "unprotect" in own) == ("okr-delivery", [".okr-delivery/"], False)
    assert (copy["key"], copy["policy"], copy["unprotect"]) == ("okr-delivery-mr", "push", True)
    assert own["when"] == copy["when"] == "always"
    taken = gitlab_jobs()[REQUEST]["cache"]
    assert (taken["key"], taken["paths"]) == (copy["key"], copy["paths"])
    assert ".okr-delivery-mr/" in gitlab_jobs()[REQUEST]["variables"]["OKR_DELIVERY_STORE"]


@pytest.mark.parametrize("name", ["gitlab/okr-delivery.gitlab-ci.yml", "gitlab/templates/okr-delivery.yml"])
def test_the_token_of_a_job_is_for_git_alone(name: str) -> None:
    assert text(name).count("$CI_JOB_TOKEN") == text(name).count("gitlab-ci-token:$CI_JOB_TOKEN@") == 2


# both


@pytest.mark.parametrize("name", ["gitlab/okr-delivery.gitlab-ci.yml", "gitlab/templates/okr-delivery.yml",
                                  "github/action.yml"])  # fmt: skip
def test_this_very_version_is_installed(name: str) -> None:
    found = re.findall(r"(?:OKR_VERSION:|version:[^$]*?default:) (\d[\w.]*)", text(name), re.DOTALL)
    assert set(found) == {okr_delivery.__version__}
    assert re.search(r'"okr-delivery\[all\]==\$(OKR_)?VERSION"', text(name))


def test_nobody_writes_to_a_tracker_without_being_told_to() -> None:
    for name in ("gitlab/okr-delivery.gitlab-ci.yml", "gitlab/templates/okr-delivery.yml", "github/action.yml"):
        assert all(line.strip().startswith("#") for line in text(name).splitlines() if "--apply tracker" in line)
        assert "--apply tracker" in text(name) and "--dry-run" in text(name) and "baseline write" in text(name)


# GitHub


def steps() -> list[dict[str, Any]]:
    found = action()["runs"]["steps"]
    assert isinstance(found, list)
    return found


def test_nothing_that_came_from_outside_is_part_of_a_script() -> None:
    for step in steps():
        assert "${{" not in step.get("run", "") and ("run" not in step or step["shell"] == "bash")
    for job in workflow()["jobs"].values():
        assert all("run" not in step for step in job["steps"])


def test_actions_of_others_are_named_by_commit() -> None:
    every = [*steps(), *(step for job in workflow()["jobs"].values() for step in job["steps"])]
    used = [step["uses"] for step in every if "uses" in step]
    assert len(used) > 6
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}|\./ci/github", name) for name in used)


def test_a_pull_request_gets_no_secret_and_may_only_read() -> None:
    job = workflow()["jobs"]["pull-request"]
    assert workflow()["permissions"] == {} and job["permissions"] == {"contents": "read"}
    assert "secrets." not in json.dumps(job) and job["env"]["OKR_DELIVERY_STORE"].endswith("store.db?mode=ro")
    plan = workflow()["jobs"]["plan"]
    assert plan["permissions"] == {"contents": "write"} and plan["if"] == "github.event_name != 'pull_request'"


def test_inputs_are_all_used_and_those_that_are_used_exist() -> None:
    used = set(re.findall(r"inputs\.(\w+)", json.dumps(action()["runs"])))
    assert used == set(action()["inputs"])
    for job in workflow()["jobs"].values():
        given = next(step.get("with", {}) for step in job["steps"] if step["uses"] == "./ci/github")
        assert set(given) <= used
