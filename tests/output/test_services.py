"""How projects reach their users, as `metrics` shows it: connected, not connected, and what has no number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from okr_delivery.delivery.metrics import measure
from okr_delivery.delivery.metrics.dora import FIVE, STAND_INS
from okr_delivery.delivery.results import Scope
from okr_delivery.locale import translator
from okr_delivery.model.work import Deployment
from okr_delivery.output.metrics import document, text
from okr_delivery.store import Store, open_store
from tests.delivery.test_dora import CONNECTED, GITLAB, SINCE, UNTIL, deployed, release, tell
from tests.delivery.world import SOURCE, Story, config, fill, snapshot


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}", ledger=None) as opened:
        yield opened


def scope(store: Store, folder: Path, told: Sequence[Deployment] = (), settings: str = CONNECTED) -> Scope:
    read = config(folder, settings)
    fill(store, read, [Story("PAY-1", "B0 D3 F9", project="PAY")], [release("v1", 5)])
    tell(store, read, told)
    return measure(snapshot(store, read), SOURCE, since=SINCE, until=UNTIL)


def lines(found: Scope, lang: str = "en") -> list[str]:
    return [line.strip() for line in text([found], translator(lang)).splitlines()]


def test_json_holds_every_metric_of_every_service(store: Store, tmp_path: Path) -> None:
    found: Any = document([scope(store, tmp_path, [deployed(1, 10, 8)])], 0)
    (service,) = found["scopes"][0]["services"]
    assert {key: service[key] for key in ("source", "project", "connected", "environments")} == {
        "source": SOURCE,
        "project": "PAY",
        "connected": True,
        "environments": ["production", "live"],
    }
    assert tuple(service["metrics"]) == (*FIVE, *STAND_INS)
    lead, rate = service["metrics"]["change_lead_time"], service["metrics"]["change_fail_rate"]
    assert (lead["value"], lead["unit"], lead["percentiles"]["p50"], lead["reason"]) == (2, "d", 2, None)
    assert (rate["value"], rate["status"], rate["reason"]) == (None, "not_configured", "incidents_not_linked")


def test_json_says_that_nothing_is_connected(store: Store, tmp_path: Path) -> None:
    found: Any = document([scope(store, tmp_path, settings=GITLAB)], 0)
    (service,) = found["scopes"][0]["services"]
    assert (service["connected"], service["environments"]) == (False, [])
    assert {service["metrics"][name]["reason"] for name in FIVE} == {"deployments_not_connected"}
    assert {service["metrics"][name]["reason"] for name in STAND_INS} == {None}


def test_text_shows_a_service_with_its_numbers_and_why_some_are_missing(store: Store, tmp_path: Path) -> None:
    shown = lines(scope(store, tmp_path, [deployed(1, 10, 8)]))
    assert "PAY, deployed to production, live" in shown
    assert any(line.startswith("change lead time") and " 2 d " in line for line in shown)
    assert any(line.startswith("deployment frequency") and " 0.25 a week " in line for line in shown)
    assert not any(line.startswith("change fail rate") for line in shown)
    assert any(line.startswith("No source of incidents says") for line in shown)


def test_text_says_once_that_deployments_are_not_connected_and_what_stands_in(store: Store, tmp_path: Path) -> None:
    shown = lines(scope(store, tmp_path, settings=GITLAB))
    assert shown.count("deployments are not connected") == 1
    assert any(line.startswith("PAY: release cadence") and " 0.25 a week " in line for line in shown)
    assert not any("lead time" in line and "PAY" in line for line in shown)


def test_text_in_chinese(store: Store, tmp_path: Path) -> None:
    assert "未接入部署" in lines(scope(store, tmp_path, settings=GITLAB), "zh")


def test_names_of_trackers_can_not_write_to_a_terminal(store: Store, tmp_path: Path) -> None:
    evil = CONNECTED.replace("[production, live]", '["prod\\e[2J"]')
    assert "\x1b" not in "\n".join(lines(scope(store, tmp_path, [deployed(1, 10, project="x\x1b[2J")], evil)))
