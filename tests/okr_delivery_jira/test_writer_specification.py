"""Every call that a writer makes, held against the vendor's specifications of both kinds of Jira."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from okr_delivery.sync.writes import (
    AddLabel,
    Edit,
    PutComment,
    PutLink,
    PutProperty,
    RemoveComment,
    RemoveLabel,
    SetField,
)
from tests.okr_delivery_jira.writing import CLOUD, DATA_CENTER, desk
from tests.sandbox.validation import Specification

SPECS = Path(__file__).parents[3] / "shared" / "specs"
READ: dict[str, Callable[[], Specification]] = {
    CLOUD: lambda: Specification.read(SPECS / "jira-cloud-v3.openapi.json"),
    DATA_CENTER: lambda: Specification.datacenter(SPECS / "jira-datacenter-10.3.openapi.json"),
}
ROUNDS: tuple[tuple[Edit, ...], ...] = (
    (
        AddLabel("kr:GROW-KR1"),
        SetField("customfield_10026", 5),
        PutComment("gate", "one"),
        PutLink("okr-delivery:GROW-KR1", "https://okr.example/", "More users", "60 %"),
        PutProperty("okr-delivery.gate", {"asked": ["GROW-KR1"]}),
    ),
    (RemoveLabel("kr:GROW-KR1"), SetField("customfield_10026", None), PutComment("gate", "two")),
    (RemoveComment("gate"),),
)

pytestmark = pytest.mark.skipif(not SPECS.is_dir(), reason="the vendor's specifications are not beside this repository")


@pytest.mark.parametrize("kind", READ)
def test_every_write_is_as_the_specification_says(kind: str) -> None:
    answers: list[requests.Response] = []
    with desk(kind) as site:
        site.transport.observer = lambda _, answer: answers.append(answer) if answer is not None else None
        for edits in ROUNDS:
            site.write(*edits)
        written = site.sent()
    specification = READ[kind]()
    for answer in answers:
        specification.check(answer)
    assert len(answers) >= len(written) + 7
    assert {call.partition(" ")[0] for call in written} == {"PUT", "POST", "DELETE"}
