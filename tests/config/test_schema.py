"""The JSON Schema for editors, and the templates that `init` writes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from okr_delivery.config import load
from okr_delivery.config.document import parse
from okr_delivery.config.schema import json_schema
from okr_delivery.okrs import load_effects, load_okrs, load_readings
from okr_delivery.okrs.readings import Readings
from okr_delivery.okrs.schema import json_schema as okr_schema
from tests.config.test_load import FULL

TEMPLATES = Path(__file__).parents[2] / "okr_delivery" / "config" / "templates"
SCHEMAS = {"config": json_schema, "okrs": okr_schema}


def members(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, part in ({"": schema} | schema["$defs"]).items():
        for key, member in part.get("properties", {}).items():
            yield f"{name}.{key}", member


def plain(text: str) -> Any:
    """YAML as an editor's JSON Schema check sees it: dates are text."""
    return json.loads(json.dumps(parse(text, "f").data))


@pytest.mark.parametrize("name", SCHEMAS)
def test_editors_understand_it(name: str) -> None:
    schema = SCHEMAS[name]()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "prefixItems" not in json.dumps(schema)
    assert [key for key, member in members(schema) if not member.get("description")] == []


@pytest.mark.parametrize("name", SCHEMAS)
def test_defaults_are_what_a_person_would_write(name: str) -> None:
    schema = SCHEMAS[name]()
    for key, member in members(schema):
        if member.get("default") is not None:
            validator = jsonschema.Draft202012Validator(member | {"$defs": schema["$defs"]})
            assert validator.is_valid(member["default"]), key


def test_the_contract_example_is_valid() -> None:
    jsonschema.validate(plain(FULL), json_schema())


def test_a_typing_error_is_not() -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(plain(FULL.replace("max_age", "maxage")), json_schema())


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    shutil.copytree(TEMPLATES, folder)
    return folder


def test_templates_load_cleanly(workspace: Path) -> None:
    config = load(cwd=workspace, env={})
    book = load_okrs(config)
    readings = load_readings(config, book)
    assert {kr.metric.direction.value for kr in book.key_results.values()} >= {
        "increase", "range", "milestones", "yes_no", "issues", "delivery", "composite",
    }  # fmt: skip
    assert isinstance(readings, Readings)
    assert len(readings.all) == 5
    assert load_effects(config, book) == ()
    assert book.cycle_at(date(2026, 11, 21)) is not None


def test_templates_are_valid_for_editors(workspace: Path) -> None:
    jsonschema.validate(plain((workspace / "okr-delivery.yaml").read_text("utf-8")), json_schema())
    jsonschema.validate(plain((workspace / "okrs" / "2026Q4.yaml").read_text("utf-8")), okr_schema())


def test_settings_behind_a_hash_are_valid_too(workspace: Path) -> None:
    path = workspace / "okr-delivery.yaml"
    lines = path.read_text("utf-8").splitlines()
    opened = [_opened(line) for line in lines[5:]]
    path.write_text("\n".join(opened), "utf-8")
    config = load(cwd=workspace, env={})
    assert config.teams[0].id == "payments"
    assert config.sources[0].statuses.start == "In Development"


def _opened(line: str) -> str:
    """A line without the `# ` in front of a setting."""
    head, mark, rest = line.partition("# ")
    looks_like_one = rest.lstrip(" -{").split(":")[0].replace("_", "").isalpha() and ":" in rest
    return head + rest if mark and not head.strip() and looks_like_one else line


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.y*ml")), ids=lambda path: path.name)
def test_every_template_is_yaml(path: Path) -> None:
    documents = list(YAML(typ="safe", pure=True).load_all(path.read_text("utf-8")))
    assert documents or path.name == "okr-delivery.waivers.yaml", "only a list of nothing may be left to comments"
