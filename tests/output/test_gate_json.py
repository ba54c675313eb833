from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from okr_delivery.gate.result import GateResult
from okr_delivery.locale import LANGS, translator
from okr_delivery.output import gate_json
from okr_delivery.output.gate_schema import SCHEMA
from tests.gate.world import World, issue
from tests.output.company import HOSTILE, company, half_blind


def document(result: GateResult, lang: str = "en") -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(gate_json.write(result, translator(lang)))
    return loaded


def keys(value: object) -> object:
    """The shape of a document: its keys, at every depth."""
    if isinstance(value, dict):
        return {name: keys(inner) for name, inner in value.items()}
    return [keys(value[0])] if isinstance(value, list) and value and isinstance(value[0], dict) else None


def test_the_schema_itself_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("lang", LANGS)
def test_every_document_meets_the_schema(world: World, lang: str) -> None:
    jsonschema.validate(document(company(world).gate(), lang), SCHEMA)


def test_a_document_without_verdict_meets_the_schema_too(world: World) -> None:
    found = document(half_blind(world).gate())
    jsonschema.validate(found, SCHEMA)
    assert (found["verdict"], found["findings"]) == ("none", [])
    never = "west was never synced to its end. Run: okr-delivery sync west"
    assert found["reasons"] == [{"team": "mobile", "message": never}]
    assert {s["name"]: (s["complete"], s["fetched_at"] is None, s["needed"]) for s in found["sources"]} == {
        "jira": (True, False, True),
        "west": (False, True, True),
    }


def test_the_keys_are_those_of_the_contract(world: World) -> None:
    found = document(company(world).gate())
    finding = {
        "rule": None,
        "name": None,
        "severity": None,
        "team": None,
        "entity": dict.fromkeys(["source", "kind", "key", "url", "title"]),
        **dict.fromkeys(["kr", "created_by", "message", "help", "paste"]),
        "suggestion": dict.fromkeys(["kr", "title", "reason"]),
        "suggestions": [dict.fromkeys(["kr", "title", "reason"])],
        **dict.fromkeys(["alternative", "baselined", "fingerprint"]),
        "location": dict.fromkeys(["path", "line"]),
    }
    assert keys({k: v for k, v in found.items() if k not in ("findings", "waived", "waiver_problems")}) == {
        **dict.fromkeys(["schema", "tool", "verdict", "reasons", "as_of", "stage", "merge_request"]),
        "iterations": [dict.fromkeys(["team", "source", "id", "name"])],
        "sources": [dict.fromkeys(["name", "fetched_at", "complete", "needed"])],
        "summary": dict.fromkeys(["error", "warning", "info", "waived", "baselined", "ready"]),
        "counts": [dict.fromkeys(["team", "rule", "ok", "found", "waived", "baselined", "not_applicable", "silenced"])],
        "teams": [dict.fromkeys(["team", "verdict", "stage", "judged", "ready", "notes"])],
    }
    assert keys(found["findings"][0]) == finding
    assert keys(found["waived"][0]) == finding | {"waiver": dict.fromkeys(["reason", "owner", "owner_name", "expires"])}
    assert {p["rule"] for p in found["waiver_problems"]} == {"WVR001", "WVR002", "WVR003"}


def test_findings_are_sorted_by_rule_and_then_naturally_by_key(world: World) -> None:
    world.synced(issue(10, "", estimate=None), issue(2, "", estimate=None), issue(9, estimate=None))
    found = document(world.gate())["findings"]
    assert [(f["rule"], f["entity"]["key"]) for f in found] == [
        ("KR101", "PAY-2"),
        ("KR101", "PAY-10"),
        ("KR205", "PAY-2"),
        ("KR205", "PAY-9"),
        ("KR205", "PAY-10"),
    ]


def test_only_prose_follows_the_language(world: World) -> None:
    result = company(world).gate()
    english, chinese = document(result, "en"), document(result, "zh")
    prose = {"message", "help", "reason"}

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: bare(v) for k, v in value.items() if k not in prose}
        return [bare(v) for v in value] if isinstance(value, list) else value

    assert bare(english) == bare(chinese)
    assert english["findings"][0]["message"] != chinese["findings"][0]["message"]


def test_titles_arrive_as_they_are_but_no_terminal_obeys_them(world: World) -> None:
    result = company(world).gate()
    text = gate_json.write(result, translator("en"))
    text.encode("utf-8")
    assert all(char.isprintable() or char == "\n" for char in text)
    assert not any(line.lstrip().startswith(("::", "/", "##")) for line in text.splitlines())
    titles = {f["entity"]["title"] for f in json.loads(text)["findings"]}
    assert set(HOSTILE) <= titles


def test_the_same_result_gives_the_same_bytes(world: World) -> None:
    company(world)
    t = translator("en")
    assert gate_json.write(world.gate(), t) == gate_json.write(world.gate(), t)
