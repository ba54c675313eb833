"""How projects reach their users, in the report: a small part of it where deployments are connected, else nothing."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from okr_delivery.delivery.metrics.dora import FIVE, NO_INCIDENTS, NOT_CONNECTED, STAND_INS
from okr_delivery.delivery.results import Metric, MetricStatus, Percentiles, Service
from okr_delivery.locale import translator
from okr_delivery.report.html.page import render as html
from okr_delivery.report.json import render as document
from okr_delivery.report.markdown import render as markdown
from okr_delivery.report.parts import IterationReport, ServiceFigures
from okr_delivery.report.sections.context import Context
from okr_delivery.report.sections.services import services
from tests.report import scenario

NONE = Metric(None, MetricStatus.NOT_CONFIGURED, 0, "", "x", "hash", 0)
LEAD = replace(NONE, value=2.5, status=MetricStatus.OK, n=9, unit="d", percentiles=Percentiles(2.5, 6.0, 9.0))
RATE = replace(NONE, value=1.5, status=MetricStatus.OK, n=6, unit="per_week", percentiles=Percentiles(0, 6, 6))
HOSTILE = "</h3><script>alert(1)</script> `x`"


def service(project: str = "acme/pay", *, connected: bool = True) -> Service:
    metrics = dict.fromkeys((*FIVE, *STAND_INS), NONE) | {"release_cadence": RATE}
    missing = FIVE[2:] if connected else FIVE
    if connected:
        metrics |= {"change_lead_time": LEAD, "deployment_frequency": RATE}
    reasons = dict.fromkeys(missing, NO_INCIDENTS if connected else NOT_CONNECTED)
    return Service("gitlab", project, connected, ("production", "live") if connected else (), metrics, reasons)


def shown(*found: Service, lang: str = "en") -> tuple[ServiceFigures, ...]:
    whole = scenario.sets(scenario.iteration(27))
    scope = replace(scenario.scope(whole.iteration, whole), services=found)
    nothing = cast("Any", SimpleNamespace(as_of=0))
    return services(Context(nothing, scope, nothing, (), (), nothing, (), scope, translator(lang)))


def report(*found: Service) -> IterationReport:
    whole = scenario.view()
    return replace(whole, flow=replace(whole.flow, services=shown(*found)))


def test_a_service_has_what_has_a_number_and_says_why_the_rest_has_none() -> None:
    (found,) = shown(service())
    assert [figure.id for figure in found.figures] == ["change_lead_time", "deployment_frequency"]
    assert [figure.text for figure in found.figures][1] == "1.5 a week"
    assert "2.5 d" in found.figures[0].text and "6 d" in found.figures[0].text
    assert (found.environments, len(found.notes)) == ("production, live", 1)


def test_nothing_is_shown_of_what_is_not_connected() -> None:
    assert shown(service(connected=False)) == ()


def test_each_medium_shows_it() -> None:
    view = report(service())
    assert "### `acme/pay`, deployed to `production, live`" in markdown(view, translator("en"))
    assert "<h3>acme/pay, deployed to production, live</h3>" in html(view, translator("en"))
    rendered: Any = document(view)
    assert [each["project"] for each in rendered["iterations"][0]["flow"]["services"]] == ["acme/pay"]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_report_without_any_has_no_word_of_it(lang: str) -> None:
    view = scenario.view(lang)
    assert view.flow.services == ()
    for word in ("deployed to", "部署"):
        assert word not in markdown(view, translator(lang))


def test_a_projects_name_writes_no_markup() -> None:
    view = report(service(HOSTILE))
    assert "<script>alert" not in html(view, translator("en"))
    heading = next(line for line in markdown(view, translator("en")).splitlines() if "alert(1)" in line)
    assert heading.startswith("### `</h3><script>alert(1)</script> x`, ")  # a code span, and no back-tick to end it
