"""Connectors by name: listed without import, loaded when named, refused with what to do."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

from okr_delivery.locale import translator
from okr_delivery.model.errors import UserError
from okr_delivery.sync import registry
from okr_delivery.sync.errors import ConfigError
from tests.sync.fake import FakeConnector

GROUP = "okr_delivery.connectors"


def register(monkeypatch: pytest.MonkeyPatch, *points: tuple[str, str]) -> None:
    found = [EntryPoint(name, value, GROUP) for name, value in points]

    def entry_points(*, group: str, name: str | None = None) -> list[EntryPoint]:
        assert group == GROUP
        return [point for point in found if name in (None, point.name)]

    monkeypatch.setattr(registry, "entry_points", entry_points)


def told(error: UserError, lang: str = "en") -> str:
    t = translator(lang)
    problem = error.problems[0]
    return f"{t.render(problem.what)}; {t.render(problem.next_step) if problem.next_step else ''}"


def test_the_installed_connectors_are_listed_without_import() -> None:
    code = (
        "import sys; from okr_delivery.sync.registry import names; "
        "print(names(), [name for name in sys.modules if name.startswith('okr_delivery_')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "('gitlab', 'jira') []\n"


def test_a_connector_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, ("fake", "tests.sync.fake:FakeConnector"))
    assert registry.load("fake") is FakeConnector


def test_an_unknown_type_names_those_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, ("jira", "a:B"), ("gitlab", "c:D"))
    with pytest.raises(ConfigError) as caught:
        registry.load("linear")
    assert told(caught.value).startswith("no connector of type linear is installed; there is: gitlab, jira; ")
    assert "linear" in told(caught.value, "zh")


def test_a_connector_that_is_not_installed_names_the_line_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jira", None)  # as if the extra was left out
    for name in [name for name in sys.modules if name.startswith("okr_delivery_jira")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ConfigError) as caught:
        registry.load("jira")
    said = told(caught.value)
    assert said.startswith("connector jira of okr-delivery cannot be imported (import of jira halted")
    assert said.endswith("try: pip install 'okr-delivery[jira]'")


@pytest.mark.parametrize("value", ["no_such_package:X", "tests.sync.fake:NoSuchName", "tests.sync.explodes:X"])
def test_a_foreign_connector_that_can_not_be_imported_is_named(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    register(monkeypatch, ("linear", value))
    with pytest.raises(ConfigError) as caught:
        registry.load("linear")
    assert f"pip install --upgrade {value.partition(':')[0]}" in told(caught.value)


def test_one_name_from_two_packages_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, ("fake", "one:A"), ("fake", "two:B"))
    assert registry.names() == ("fake",)
    with pytest.raises(ConfigError) as caught:
        registry.load("fake")
    assert "one:A (one), two:B (two)" in told(caught.value)


def test_the_same_entry_seen_twice_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, ("fake", "tests.sync.fake:FakeConnector"), ("fake", "tests.sync.fake:FakeConnector"))
    assert registry.load("fake") is FakeConnector


def test_another_version_of_the_contract_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeConnector, "api", 2)
    register(monkeypatch, ("fake", "tests.sync.fake:FakeConnector"))
    with pytest.raises(ConfigError) as caught:
        registry.load("fake")
    assert "version 2" in told(caught.value)
