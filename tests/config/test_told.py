"""The label that the gate puts on requirements may mean nothing else, and every tracker has to take it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.files import LAB, MINIMAL, loaded, refused

FILE = "okr-delivery.yaml"

REFUSED = {
    "told label that takes requirements away": (
        MINIMAL.replace("projects: [PAY]", "projects: [PAY], requirements: {exclude_labels: [OKR-Gate]}")
        + "gate: {adopt: pitch}\n",
        "4:7: gate.tell.label: the label okr-gate means something else already, by sources.requirements.exclude_labels"
        " (jira); choose another one",
    ),
    "told label that waives": (
        MINIMAL + "gate: {waive: {label: ok}, tell: {label: ok:KR101}}\n",
        "4:42: gate.tell.label: the label ok:KR101 means something else already, by gate.waive.label;"
        " choose another one",
    ),
    "told label that names a key result": (
        MINIMAL + "gate: {tell: {label: kr:x}}\n",
        "4:22: gate.tell.label: the label kr:x means something else already, by sources.links.labels (jira);"
        " choose another one",
    ),
    "told label that is a priority": (
        LAB + 'gate: {tell: {label: "Priority::unset"}}\n',
        "4:22: gate.tell.label: the label Priority::unset means something else already, by sources.fields.priority"
        " (lab); choose another one",
    ),
    "told label of the scope that carries the priority": (
        LAB.replace("projects", "fields: {priority: 'prio::'}, projects") + "gate: {tell: {label: 'prio::gate'}}\n",
        "4:22: gate.tell.label: the label prio::gate means something else already, by sources.fields.priority (lab);"
        " choose another one",
    ),
    "told label that says whose it is": (
        MINIMAL + "teams: [{id: app, select: [{source: jira, labels: [Mobile]}]}]\ngate: {tell: {label: mobile}}\n",
        "5:22: gate.tell.label: the label mobile means something else already, by teams.select.labels (app);"
        " choose another one",
    ),
    "told label that takes away the one that says whose it is": (
        LAB + "teams: [{id: app, select: [{source: lab, labels: ['team::app']}]}]\n"
        "gate: {tell: {label: 'team::gate'}}\n",
        "5:22: gate.tell.label: the label team::gate means something else already, by teams.select.labels (app);"
        " choose another one",
    ),
    "told label that takes the waiver away": (
        LAB + "gate: {waive: {label: 'okr::ok'}, tell: {label: 'okr::gate'}}\n",
        "4:49: gate.tell.label: the label okr::gate means something else already, by gate.waive.label;"
        " choose another one",
    ),
    "told label that takes a dispute away": (
        LAB.replace("projects", "dispute: {label: 'value::disputed'}, projects")
        + "gate: {tell: {label: 'value::gate'}}\n",
        "4:22: gate.tell.label: the label value::gate means something else already, by sources.dispute.label (lab);"
        " choose another one",
    ),
    "told label that the query leaves out": (
        MINIMAL.replace("projects: [PAY]", "projects: [PAY], jql: 'labels not in (x, OKR-gate)'"),
        "1:1: gate.tell.label: the label okr-gate means something else already, by sources.jql (jira);"
        " choose another one",
    ),
    "told label with a blank on Jira": (
        MINIMAL + "gate: {tell: {label: not ready}}\n",
        "4:22: gate.tell.label: not ready is no label for Jira (jira): at most 255 characters, no blanks; okr-gate"
        " would be one",
    ),
    "told label that is too long": (
        MINIMAL + f"gate: {{tell: {{label: {'x' * 256}}}}}\n",
        f"4:22: gate.tell.label: {'x' * 59}… is no label for Jira (jira): at most 255 characters, no blanks; okr-gate"
        " would be one",
    ),
    "told label with a comma on GitLab": (
        LAB + "gate: {tell: {label: 'not ready, yet'}}\n",
        "4:22: gate.tell.label: not ready, yet is no label for GitLab (lab): at most 255 characters, no comma, no blank"
        " at either end; okr-gate would be one",
    ),
}


@pytest.mark.parametrize(("text", "expected"), REFUSED.values(), ids=REFUSED.keys())
def test_one_with_a_meaning_or_that_no_tracker_takes_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    assert refused(tmp_path, text) == [f"{FILE}:{expected}"]


@pytest.mark.parametrize("text", [MINIMAL, LAB])
@pytest.mark.parametrize(
    "label",
    ["\\u200b", "\\u2060\\ufeff", "\\u3164", "\\u115f", "\\uffa0", "\\u2800", "\\ufe0f", "\\u00ad", "\\U000E0100"],
)
def test_a_told_label_that_nobody_sees_is_refused(tmp_path: Path, text: str, label: str) -> None:
    told = text + f'gate: {{tell: {{label: "{label}"}}}}\n'
    expected = "gate.tell.label: the label consists of invisible characters only; okr-gate would be one to see"
    assert refused(tmp_path, told) == [f"{FILE}:4:22: {expected}"]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        (LAB, "❤\ufe0f"),
        (MINIMAL, "需求未就绪"),
        (LAB, "not ready"),
        (LAB, "okr::gate"),
        (LAB, "team::mobile"),
        (MINIMAL, "priority::unset"),
        (MINIMAL, "needs-kr"),
    ],
)
def test_a_told_label_that_means_nothing_is_taken(tmp_path: Path, text: str, label: str) -> None:
    assert loaded(tmp_path, text + f"gate: {{tell: {{label: '{label}'}}}}\n").gate.tell.label == label
