"""What is generated and checked in is up to date, and nothing in it was left to a machine's path."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest

from okr_delivery.gate.published import published
from tests.packaging import generated
from tests.packaging.generated import ROOT, files, main, meanings


def test_generated_files_are_up_to_date() -> None:
    stale = [str(path) for path, text in files().items() if (ROOT / path).read_text(encoding="utf-8") != text]
    assert not stale, f"run: make generate ({stale})"


def test_every_rule_command_and_key_is_documented() -> None:
    made = files()
    assert all(f"(rules/{rule}.md)" in made[Path("docs/rules.md")] for rule in published())
    assert all(made[Path(f"docs/rules/{rule}.md")].count("```text") >= 2 for rule in published())
    assert "okr-delivery sandbox jira-cloud" in made[Path("docs/cli.md")]
    schema = json.loads(made[Path("config/okr-delivery.schema.json")])
    assert all(f"`{key}`" in made[Path("docs/configuration.md")] for key in schema["properties"])


def test_what_changes_a_rule_is_a_key_that_there_is() -> None:
    known = meanings()
    assert [(rule.id, key) for rule in published().values() for key in rule.options if key not in known] == []


def test_the_page_of_a_rule_that_is_no_more_is_noticed_and_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generated, "ROOT", tmp_path)
    monkeypatch.setattr(generated, "files", lambda: {Path("docs/rules/KR101.md"): "page"})
    old = tmp_path / "docs" / "rules" / "KR999.md"
    assert main([]) == 0
    assert main(["--check"]) == 0
    old.write_text("page", "utf-8")
    assert main(["--check"]) == 1
    assert "KR999.md" in capsys.readouterr().err
    assert main([]) == 0
    assert not old.exists()
    assert (old.parent / "KR101.md").read_text("utf-8") == "page"


def test_links_in_the_docs_lead_somewhere() -> None:
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.slow
def test_the_wheel_holds_the_packages_and_their_data(tmp_path: Path) -> None:
    from hatchling.builders.wheel import WheelBuilder

    name = next(iter(WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])))
    with zipfile.ZipFile(name) as wheel:
        held = wheel.namelist()
    tops = {entry.split("/")[0] for entry in held}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "okr_delivery",
        "okr_delivery_gitlab",
        "okr_delivery_jira",
    }
    for data in ("okr_delivery/locale/zh/gate.po", "okr_delivery/py.typed", "okr_delivery_jira/py.typed"):
        assert data in held
    assert any(entry.startswith("okr_delivery/config/templates/") for entry in held)
    assert any(entry.startswith("okr_delivery/report/html/") and not entry.endswith(".py") for entry in held)
