"""Queries: bounded, quoted, never later than asked."""

from __future__ import annotations

from datetime import date

import pytest

from okr_delivery.sync.errors import ConfigError
from okr_delivery_jira.jql import Scope


def test_projects_and_filters_are_a_union_that_jql_narrows() -> None:
    scope = Scope(["PAY", "CORE"], ["10042"], "labels = x OR labels = y", date(2024, 1, 1))
    assert scope.clause() == (
        '(project in ("PAY", "CORE") OR filter = 10042) AND (labels = x OR labels = y)'
        ' AND (updated >= "2024-01-01" OR statusCategory != Done)'
    )


def test_a_window_is_given_in_the_callers_zone_and_on_the_servers_clock() -> None:
    since, now = 1_790_000_000, 1_790_000_000 + 7200
    assert Scope(["PAY"]).changed(since, "Asia/Shanghai", now) == (
        '(project in ("PAY")) AND (updated >= "2026-09-21 22:13" OR updated >= -180m)'
    )


def test_a_quote_in_a_key_stays_inside_its_quotes() -> None:
    assert Scope(['A" OR project = "B\\']).clause() == '(project in ("A\\" OR project = \\"B\\\\"))'


@pytest.mark.parametrize("jql", ["labels = x ORDER BY created DESC", "labels = x\n order  by rank"])
def test_a_sort_is_taken_off(jql: str) -> None:
    assert Scope(["PAY"], jql=jql).clause() == '(project in ("PAY")) AND (labels = x)'


def test_a_sort_in_quotes_is_text() -> None:
    assert Scope(jql='summary ~ "order by (phone"').clause() == '(summary ~ "order by (phone")'


@pytest.mark.parametrize("jql", ["labels = x) OR (project = SECRET", "ORDER BY created", "(labels = x"])
def test_what_would_escape_its_parentheses_is_refused(jql: str) -> None:
    with pytest.raises(ConfigError):
        Scope(["PAY"], jql=jql).clause()


def test_an_unbounded_scope_is_refused() -> None:
    with pytest.raises(ConfigError, match="no_scope"):
        Scope(jql="  ").clause()
