"""What a sync may ask of a GitLab, as the benchmark counts it."""

from __future__ import annotations

from contextlib import closing
from math import ceil

import pytest

from benchmarks.gitlab_requests import BASE, CHANGED, FEW, FIRST, LISTS, UNCHANGED, Site, Sync, measure
from okr_delivery.sandbox.gitlab.state import Tier

FIXED, A_LIST = 16, 5
"""Requests of a first sync whatever its size, and how many lists end in a page that is not full."""


def measured(site: Site) -> tuple[Sync, ...]:
    return tuple(measure(site))


@pytest.mark.parametrize(("scope", "tier"), [("group", Tier.ULTIMATE), ("project", Tier.FREE)])
def test_with_graphql(scope: str, tier: Tier) -> None:
    first, unchanged, changed = measured(Site(110, scope, tier))
    issues = first.result.fetched
    assert issues >= 50
    assert first.counted <= FIXED + A_LIST + ceil(issues / 100) + A_LIST + ceil(issues / 50)
    assert (first.exact, changed.exact) == (0, 0)
    assert unchanged.counted <= UNCHANGED
    assert changed.result.fetched >= 40
    assert changed.counted <= FEW
    assert first.result.complete
    assert changed.result.complete


def test_a_first_sync_of_a_thousand_issues() -> None:
    with closing(measure(Site(1000, "group", Tier.FREE))) as syncs:
        first = next(syncs)
    assert first.result.fetched >= 1000
    assert first.counted <= FIRST
    assert first.baseline > 50 * first.counted


def test_a_hundred_projects_take_hardly_more_than_a_few() -> None:
    first, unchanged, changed = measured(Site(1000, "scattered", Tier.ULTIMATE))
    assert first.result.fetched >= 1000
    assert first.counted <= FIRST
    assert (first.exact, changed.exact) == (0, 0)
    assert unchanged.counted <= UNCHANGED
    assert changed.result.fetched == CHANGED
    assert changed.counted <= FEW
    assert first.result.complete
    assert changed.result.complete


@pytest.mark.parametrize("tier", [Tier.FREE, Tier.PREMIUM])
def test_by_rest_alone(tier: Tier) -> None:
    first, unchanged, changed = measured(Site(50, "group", tier, graphql=False))
    for sync in (first, changed):
        assert sync.result.fetched >= 20
        assert sync.counted <= BASE + LISTS * sync.result.fetched
        assert sync.result.complete
    assert unchanged.counted <= UNCHANGED
