"""A source of the configuration becomes a connector on its own transport."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Self

import pytest

from okr_delivery.config import Config, load
from okr_delivery.model.errors import UserError
from okr_delivery.sync import registry
from okr_delivery.sync.build import connector_for, network_of, spec_of
from okr_delivery.sync.connector import SourceSpec
from okr_delivery.sync.errors import ConfigError
from okr_delivery.sync.transport import Transport
from tests.sync.fake import FakeConnector, FakeTracker

TOKEN = "very-secret"
TEXT = """
version: 1
network: {proxy: none, ca_bundle: ca.pem, timeout: {connect: 3s, read: 9s}}
sources:
  - name: work
    type: fake
    url: http://127.0.0.1:4711/jira/
    projects: [PAY]
    history: {since: 2024-01-01}
    fields: {key_result: Key Result, contribution: Expected contribution}
    token_env: OKR_DELIVERY_WORK_TOKEN
"""


class Built(FakeConnector):
    spec: SourceSpec
    transport: Transport

    @classmethod
    def open(cls, spec: SourceSpec, transport: Transport) -> Self:
        made = cls(FakeTracker())
        made.spec, made.transport = spec, transport
        return made


def configured(folder: Path, env: dict[str, str] | None = None, text: str = TEXT) -> Config:
    (folder / "okr-delivery.yaml").write_text(text, encoding="utf-8")
    return load(None, cwd=folder, env=env or {})


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("fake", "tests.sync.test_build:Built", "okr_delivery.connectors")
    monkeypatch.setattr(registry, "entry_points", lambda **_: [point])


def test_settings_and_secrets_reach_the_connector(tmp_path: Path) -> None:
    config = configured(tmp_path)
    source = config.source("work")
    spec = spec_of(source, {"OKR_DELIVERY_WORK_TOKEN": TOKEN})
    assert (spec.name, spec.type, spec.url, spec.projects) == ("work", "fake", "http://127.0.0.1:4711/jira", ("PAY",))
    assert str(spec.since) == "2024-01-01"
    assert spec.fields["key_result"] == "Key Result"
    assert spec.fields["estimate"] == "auto"
    assert spec.token is not None
    assert spec.token.value == TOKEN
    assert TOKEN not in f"{spec!r} {spec} {spec.token}"


TEAMS = """
  - {name: other, type: fake, url: "http://127.0.0.1:4712", projects: [MOB], token_env: OKR_DELIVERY_OTHER_TOKEN}
teams:
  - {id: one, select: [{source: work, boards: [7]}], iterations: {from: sprints, boards: [42]}}
  - {id: both, select: [{source: work}, {source: other, boards: [9]}], iterations: {from: sprints, boards: [42, 43]}}
  - {id: elsewhere, select: [{source: other}], iterations: {from: sprints, boards: [50]}}
"""


def test_the_boards_that_teams_name_reach_the_connector(tmp_path: Path) -> None:
    config = configured(tmp_path, text=TEXT + TEAMS)
    env = {"OKR_DELIVERY_WORK_TOKEN": TOKEN, "OKR_DELIVERY_OTHER_TOKEN": TOKEN}
    found = {s.name: spec_of(s, env, config.effective_teams()).iteration_boards for s in config.sources}
    assert found == {
        "work": {"42": True, "43": False, "7": True},
        "other": {"42": False, "43": False, "50": True, "9": True},
    }


def test_the_source_s_own_boards_are_not_named_twice(tmp_path: Path) -> None:
    config = configured(tmp_path, text=TEXT.replace("projects: [PAY]", 'boards: ["42"]') + TEAMS)
    source = config.source("work")
    spec = spec_of(source, {"OKR_DELIVERY_WORK_TOKEN": TOKEN}, config.effective_teams())
    assert (spec.boards, spec.iteration_boards) == (("42",), {"43": False, "7": True})


def test_the_transport_goes_where_the_source_is(tmp_path: Path) -> None:
    config = configured(tmp_path, text=TEXT.replace("ca_bundle: ca.pem, ", ""))
    connector, transport = connector_for(
        config, config.source("work"), {"OKR_DELIVERY_WORK_TOKEN": TOKEN}, deadline=5.0
    )
    assert isinstance(transport, Transport)
    assert type(connector).__name__ == "Built"
    assert transport.deadline == 5.0
    assert transport.total == 0


def test_network_settings(tmp_path: Path) -> None:
    network = network_of(configured(tmp_path))
    assert (network.proxy, network.ca_bundle) == ("none", str(tmp_path / "ca.pem"))
    assert (network.connect_timeout, network.read_timeout) == (3, 9)


def test_a_host_outside_the_list_is_refused_before_the_connector_exists(tmp_path: Path) -> None:
    config = configured(tmp_path, {"OKR_DELIVERY_HOSTS": "acme.example"})
    with pytest.raises(ConfigError) as caught:
        connector_for(config, config.source("work"), {"OKR_DELIVERY_WORK_TOKEN": TOKEN})
    assert caught.value.problems[0].what.id == "sync.host_not_allowed"


def test_a_missing_token_names_its_variable(tmp_path: Path) -> None:
    config = configured(tmp_path)
    with pytest.raises(UserError) as caught:
        connector_for(config, config.source("work"), {})
    assert "OKR_DELIVERY_WORK_TOKEN" in str(caught.value)
