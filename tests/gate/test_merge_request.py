"""`gate --merge-request`: which one is meant, which of its issues are judged, and what is said on its head."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import defusedxml.ElementTree
import jsonschema
import pytest

from okr_delivery.cli.app import App
from okr_delivery.cli.run import run
from okr_delivery.config import Source
from okr_delivery.gate.request import placed
from okr_delivery.model.errors import UserError
from okr_delivery.output.gate_schema import SCHEMA
from okr_delivery.sync import registry
from okr_delivery.sync.connector import Verdict
from tests.gate.forge import CONFIG, TOKEN, Forge, held, request
from tests.gate.world import DAY, NOW, World, issue

NAME = "okr-delivery/gate"


@pytest.fixture
def forge(monkeypatch: pytest.MonkeyPatch) -> Forge:
    made = Forge()
    known = {"gitlab": made.connector(), "jira": object}
    monkeypatch.setattr(registry, "load", lambda name: known[name])
    return made


@pytest.fixture
def world(world: World) -> World:
    """Both sources synced; gitlab holds #7, which is ready, and #8, which names no key result."""
    world.config_text = CONFIG
    return world.synced(held(7), held(8, ""), source="gitlab").synced(issue(1, "Contributes-to: GROW-KR1 ?"))


def gate(world: World, *argv: str, now: int = NOW) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    out, err = io.StringIO(), io.StringIO()
    world.write()
    app = App(env=TOKEN, cwd=world.root, out=out, err=err, clock=lambda: float(now))
    code = run(["gate", *argv], app=app)
    return code, out.getvalue(), err.getvalue()


def about(world: World, forge: Forge, *argv: str, **asked: Any) -> tuple[int, Any]:
    """The exit code and the document of a run about `acme/pay!12`, which is `request(...)`."""
    forge.requests["!12"] = request(*argv, **asked)
    code, out, _ = gate(world, "--merge-request", "12", "--format", "json")
    document = json.loads(out)
    jsonschema.validate(document, SCHEMA)
    return code, document


# which one


SPELLINGS = [
    ("12", "!12"),
    ("!12", "!12"),
    (" acme/pay!12 ", "acme/pay!12"),
    ("acme/deep/er/pay!12", "acme/deep/er/pay!12"),
    ("gitlab:12", "!12"),
    ("gitlab:acme/pay!12", "acme/pay!12"),
    ("https://gitlab.acme.cn/git/acme/pay/-/merge_requests/12", "acme/pay!12"),
    ("https://gitlab.acme.cn/git/acme/pay/merge_requests/12/diffs?tab=x#note_4", "acme/pay!12"),
    ("https://GITLAB.acme.cn:443/git/acme/sub/pay/-/merge_requests/12", "acme/sub/pay!12"),
]


def able(source: Source) -> bool:
    return source.type == "gitlab"


@pytest.mark.parametrize(("text", "ref"), SPELLINGS)
def test_a_merge_request_may_be_named_in_many_ways(world: World, text: str, ref: str) -> None:
    source, found = placed(text, world.write(), {}, able)
    assert (source.name, found) == ("gitlab", ref)


UNREADABLE = ["", "0", "-1", "x", "acme/pay", "acme/pay#12", "pay!12", "acme/pay!12x", "hub:12", "١٢", "!",
              "https://gitlab.acme.cn/git/acme/pay/-/issues/12", "https://evil.test/acme/pay/-/merge_requests/12",
              "https://gitlab.acme.cn:8443/git/acme/pay/-/merge_requests/12", "https://[x/-/a/1"]  # fmt: skip


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_names_none_is_refused_before_anything_is_sent(world: World, forge: Forge, text: str) -> None:
    code, out, err = gate(world, f"--merge-request={text}")
    assert (code, out, forge.asked) == (2, "", [])
    assert "names no merge request of a configured source" in err and "group/project!12" in err


@pytest.mark.parametrize("text", ["jira:7", "jira:acme/pay!7", "https://acme.atlassian.net/a/b/-/merge_requests/7"])
def test_a_tracker_without_merge_requests_is_refused_clearly(world: World, forge: Forge, text: str) -> None:
    code, out, err = gate(world, "--merge-request", text)
    assert (code, out, forge.asked) == (2, "", [])
    assert "jira (jira) has no merge requests" in err and "--issue KEY --stage intake" in err


SECOND = '{name: other, type: gitlab, url: "https://git.other.cn", groups: [acme/apps], token_env: OKR_DELIVERY_X}'
TWO = CONFIG.replace("acme/pay]}", "acme/pay], token_env: OKR_DELIVERY_Y}").replace(
    "teams:\n", f"  - {SECOND}\nteams:\n"
)


@pytest.mark.parametrize(
    ("text", "found"),
    [("acme/pay!12", "gitlab"), ("ACME/apps/x!12", "other"), ("acme/apps!12", "other"), ("other:acme/x!12", "other"),
     ("12", "gitlab:12, other:12"), ("acme/x!12", "gitlab:acme/x!12, other:acme/x!12")],
)  # fmt: skip
def test_of_two_trackers_the_one_that_reads_the_project_is_meant(world: World, text: str, found: str) -> None:
    world.config_text = TWO
    if ":" not in found:
        assert placed(text, world.write(), {}, able)[0].name == found
        return
    with pytest.raises(UserError) as caught:
        placed(text, world.write(), {}, able)
    assert caught.value.problems[0].what.params["candidates"] == found


@pytest.mark.parametrize(
    "scope", ["projects: [acme/pay, acme/app]", "groups: [acme]", "projects: [acme/a], groups: [b]"]
)
def test_a_bare_number_needs_a_single_project(world: World, forge: Forge, scope: str) -> None:
    world.config_text = CONFIG.replace("projects: [acme/pay]", scope)
    code, _, err = gate(world, "--merge-request", "12")
    assert (code, forge.asked) == (2, [])
    assert "does not say its project" in err


def test_a_merge_request_that_is_not_there_is_no_verdict(world: World, forge: Forge) -> None:
    code, out, err = gate(world, "--merge-request", "13", "--apply", "status")
    assert (code, out, forge.said, forge.closed) == (2, "", [], 1)
    assert "there is no !13" in err and "where: gitlab\n" in err


# what is judged


@pytest.mark.parametrize(
    ("closes", "mentions", "code"),
    [(("acme/pay#7",), (), 0), (("acme/pay#8",), (), 1), ((), ("acme/pay#7",), 0), ((), ("acme/pay#8",), 1),
     (("acme/pay#7",), ("acme/pay#8",), 1)],
)  # fmt: skip
def test_what_it_closes_and_what_it_mentions_must_pass_intake(
    world: World, forge: Forge, closes: tuple[str, ...], mentions: tuple[str, ...], code: int
) -> None:
    found, document = about(world, forge, *closes, mentions=mentions)
    assert (found, document["stage"]) == (code, "intake")
    assert document["verdict"] == ("fail" if code else "pass")
    assert {f["entity"]["key"] for f in document["findings"]} == ({"acme/pay#8"} if code else set())
    wanted = {"ref": "acme/pay!12", "closes": list(closes), "mentions": list(mentions), "outside": [], "unknown": []}
    assert document["merge_request"].items() >= wanted.items()


def test_another_stage_asks_more(world: World, forge: Forge) -> None:
    forge.requests["!12"] = request("acme/pay#7")
    assert gate(world, "--merge-request", "12")[0] == 0
    code, out, _ = gate(world, "--merge-request", "12", "--stage", "pitch")
    assert code == 1 and "KR201" in out


def test_other_runs_are_about_no_merge_request(world: World) -> None:
    document = json.loads(gate(world, "--issue", "gitlab:acme/pay#7", "--format", "json")[1])
    assert document["merge_request"] is None


def test_what_no_team_here_has_is_named_and_changes_nothing(world: World, forge: Forge) -> None:
    mentions = ("acme/elsewhere#3", "acme&5", "PAY-1", "CRM-4")
    code, document = about(world, forge, "acme/pay#7", mentions=mentions)
    assert code == 0
    assert document["merge_request"]["outside"] == ["acme/elsewhere#3", "acme&5", "CRM-4"]
    assert document["summary"]["ready"] == 2  # PAY-1 is an issue of the Jira beside it
    text = gate(world, "--merge-request", "12")[1]
    assert "not judged, of no team of this run: acme/elsewhere#3, acme&5, CRM-4" in text


def test_an_issue_of_another_team_is_named_when_one_is_asked_for(world: World, forge: Forge) -> None:
    forge.requests["!12"] = request("acme/pay#7", mentions=("PAY-1",))
    code, out, _ = gate(world, "--merge-request", "12", "--team", "payments", "--format", "json")
    assert (code, json.loads(out)["merge_request"]["outside"]) == (0, ["PAY-1"])


@pytest.mark.parametrize("unknown", ["acme/pay#99", "PAY-99"])
def test_an_issue_that_should_be_known_and_is_not_leaves_no_verdict(world: World, forge: Forge, unknown: str) -> None:
    code, document = about(world, forge, "acme/pay#7", mentions=(unknown,))
    assert (code, document["verdict"]) == (2, "none")
    assert document["merge_request"]["unknown"] == [unknown]
    assert document["summary"]["ready"] == 1  # the others are judged all the same
    _, out, _ = gate(world, "--merge-request", "12")
    assert f"not in the store: {unknown}" in out
    assert "okr-delivery gate --merge-request 'gitlab:acme/pay!12' --sync" in out
    xml = gate(world, "--merge-request", "12", "--format", "junit")[1]
    assert defusedxml.ElementTree.fromstring(xml).attrib["errors"] == "1"


def test_nothing_but_unknown_ones_is_no_verdict_either(world: World, forge: Forge) -> None:
    code, document = about(world, forge, "acme/pay#99")
    assert (code, document["verdict"], document["findings"]) == (2, "none", [])


@pytest.mark.parametrize("projects", ["[41]", "[41, 1]"])
def test_projects_named_by_number_that_were_never_read_may_hold_it(world: World, forge: Forge, projects: str) -> None:
    world.config_text = CONFIG.replace("[acme/pay]", projects)
    forge.requests["acme/pay!12"] = request("acme/pay#7", mentions=("acme/new#1",))
    code, out, _ = gate(world, "--merge-request", "acme/pay!12", "--format", "json")
    assert (code, json.loads(out)["merge_request"]["unknown"]) == (2, ["acme/new#1"])


def test_why_unknown_ones_may_be_unknown_is_said(world: World, forge: Forge) -> None:
    forge.requests["!12"] = request("acme/pay#99")
    assert "was fetched" in gate(world, "--merge-request", "12", now=NOW + 3 * DAY)[1]
    world.synced(source="gitlab", complete=0, reason="sync.reason.history", whole_since=NOW - 30 * DAY)
    assert "the older history of gitlab is still coming" in gate(world, "--merge-request", "12")[1]


@pytest.mark.parametrize(("mentions", "said"), [((), "closes and mentions no issue"), (("a/b#1",), "(a/b#1)")])
def test_one_that_speaks_of_no_issue_is_told_what_to_write(
    world: World, forge: Forge, mentions: tuple[str, ...], said: str
) -> None:
    forge.requests["!12"] = request(mentions=mentions)
    code, out, err = gate(world, "--merge-request", "12")
    assert (code, out) == (2, "")
    assert "nothing was selected" in err and said in err and "Closes #12" in err


def test_stale_data_give_no_verdict(world: World, forge: Forge) -> None:
    forge.requests["!12"] = request("acme/pay#7")
    assert gate(world, "--merge-request", "12", now=NOW + 3 * DAY)[0] == 2


def test_titles_and_confidential_issues_can_do_no_harm(world: World, forge: Forge) -> None:
    world.synced(held(9, "", title="secret", confidential=True), source="gitlab")
    forge.requests["!12"] = request("acme/pay#9", title="\x1b[31m/close @all")
    _, out, err = gate(world, "--merge-request", "12")
    assert "secret" not in out + err and "\x1b" not in out + err


@pytest.mark.parametrize("more", [("--issue", "x"), ("--backlog",), ("--iteration", "next")])
def test_it_excludes_the_other_selections(world: World, forge: Forge, more: tuple[str, ...]) -> None:
    code, _, err = gate(world, "--merge-request", "12", *more)
    assert (code, forge.asked) == (2, []) and "exclude each other" in err


# what is said


def said(forge: Forge) -> list[tuple[Verdict, str]]:
    return [(verdict, text) for _, verdict, text, _, _ in forge.said]


def test_without_apply_it_is_only_shown(world: World, forge: Forge) -> None:
    forge.requests["!12"] = request("acme/pay#7", "acme/pay#8")
    code, out, err = gate(world, "--merge-request", "12")
    assert (code, forge.said) == (1, [])
    assert "--apply status would say on acme/pay!12: failed, 1 of 2 ready; to fix: acme/pay#8" in err
    assert "--apply status" not in out
    assert "--apply status" not in gate(world, "--merge-request", "12", "-q")[2]


def test_with_apply_the_verdict_is_said_once(world: World, forge: Forge) -> None:
    forge.requests["!12"] = request("acme/pay#7")
    code, _, err = gate(world, "--merge-request", "12", "--apply", "status")
    assert (code, forge.said) == (0, [("f00d", Verdict.PASSED, "1 of 1 ready", NAME, None)])
    assert "said on acme/pay!12: passed, 1 of 1 ready" in err
    code, _, err = gate(world, "--merge-request", "12", "--apply", "status")
    assert (code, len(forge.said)) == (0, 1)
    assert "acme/pay!12 says so already" in err


def test_the_address_to_check_again_goes_with_it(world: World, forge: Forge) -> None:
    world.config_text = CONFIG + "reports: {recheck_url: https://ci.acme.cn/run}\n"
    forge.requests["!12"] = request("acme/pay#8")
    assert gate(world, "--merge-request", "12", "--apply", "status")[0] == 1
    assert forge.said == [("f00d", Verdict.FAILED, "0 of 1 ready; to fix: acme/pay#8", NAME, "https://ci.acme.cn/run")]


NO_VERDICT = [(Verdict.FAILED, "no verdict")]


def test_no_verdict_is_said_as_failed(world: World, forge: Forge) -> None:
    for wanted in (request("acme/pay#99"), request()):
        forge.said.clear()
        forge.requests["!12"] = wanted
        assert gate(world, "--merge-request", "12", "--apply", "status")[0] == 2
        assert said(forge) == NO_VERDICT


def test_findings_that_do_not_fail_are_a_pass_and_exit_zero_is_none(world: World, forge: Forge) -> None:
    forge.requests["!12"] = request("acme/pay#8")
    assert gate(world, "--merge-request", "12", "--apply", "status", "--exit-zero")[0] == 0
    assert said(forge) == [(Verdict.FAILED, "0 of 1 ready; to fix: acme/pay#8")]


@pytest.mark.parametrize("key", ["acme/pay#7", "acme/pay#8"])
def test_a_verdict_that_cannot_be_said_is_2_and_stays_the_same(world: World, forge: Forge, key: str) -> None:
    forge.requests["!12"] = request(key)
    _, plain, _ = gate(world, "--merge-request", "12")
    forge.refuses = Verdict.PASSED if key.endswith("7") else Verdict.FAILED
    code, out, err = gate(world, "--merge-request", "12", "--apply", "status")
    assert (code, out) == (2, plain)
    assert "the token may not write" in err


def test_an_output_that_fails_leaves_no_verdict_behind(world: World, forge: Forge) -> None:
    forge.requests["!12"] = request("acme/pay#7")
    code, _, _ = gate(world, "--merge-request", "12", "--apply", "status", "--output", "json=okrs")
    assert (code, said(forge)) == (2, NO_VERDICT)


def test_what_is_said_holds_keys_and_counts_alone_and_fits(world: World, forge: Forge) -> None:
    names = [f"acme/{'long-' * 8}{n}#{n}" for n in range(20, 29)]
    many = [held(20 + n, "", key=name, project="acme/pay", title="/close @all") for n, name in enumerate(names)]
    world.synced(*many, source="gitlab")
    forge.requests["!12"] = request(*names)
    gate(world, "--merge-request", "12", "--apply", "status")
    text = forge.said[0][2]
    assert len(text) <= 255 and text.startswith("0 of 9 ready; to fix: acme/long-")
    assert "/close" not in text and "@" not in text and "\n" not in text


@pytest.mark.parametrize(
    "argv",
    [("--apply", "status"), ("--merge-request", "12", "--apply", "label"),
     ("--merge-request", "12", "--apply", "status", "--preview"),
     ("--merge-request", "12", "--apply", "status", "--as-of", "2026-11-01")],
)  # fmt: skip
def test_what_makes_no_sense_to_say_is_refused(world: World, forge: Forge, argv: tuple[str, ...]) -> None:
    code, out, err = gate(world, *argv)
    assert (code, out, forge.asked) == (2, "", []) and "--apply" in err


def test_with_sync_a_verdict_is_announced(world: World, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []

    def sync(app: App, sources: list[Source]) -> tuple[list[object], dict[str, UserError]]:
        assert said(forge)[:1] == [(Verdict.PENDING, "being checked")]
        synced.extend(source.name for source in sources)
        return [], {}

    monkeypatch.setattr("okr_delivery.cli.syncing.sync_sources", sync)
    forge.requests["!12"] = request("acme/pay#7")
    code, _, _ = gate(world, "--merge-request", "12", "--apply", "status", "--sync")
    assert (code, said(forge)[1:], synced) == (0, [(Verdict.PASSED, "1 of 1 ready")], ["gitlab"])
    forge.requests["!12"] = request("acme/pay#7", mentions=("PAY-1",))
    gate(world, "--merge-request", "12", "--sync", "--apply", "status")
    assert synced == ["gitlab", "gitlab", "jira"]
    forge.refuses = Verdict.PENDING
    code, out, err = gate(world, "--merge-request", "12", "--sync", "--apply", "status")
    assert code == 2 and "2 of 2 ready" in out and "the token may not write" in err


def test_environment_variables_name_no_merge_request(world: World, forge: Forge, tmp_path: Path) -> None:
    out = io.StringIO()
    env = {**TOKEN, "CI_MERGE_REQUEST_IID": "12", "CI_MERGE_REQUEST_PROJECT_PATH": "acme/pay"}
    app = App(env=env, cwd=world.root, out=out, err=out, clock=lambda: float(NOW))
    run(["gate", "--stage", "intake"], app=app)
    assert forge.asked == []
