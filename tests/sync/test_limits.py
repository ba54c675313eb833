"""What answers say about limits, in every form that trackers use."""

from __future__ import annotations

import pytest
import requests

from okr_delivery.sync.limits import REASONS, UNNAMED, Limit, Scope, allowances, asked, reached
from tests.conftest import NOW

SOURCE, ENDPOINT = Scope.SOURCE, Scope.ENDPOINT
DATE = "Wed, 18 Nov 2026 11:06:40 GMT"  # NOW


def answer(status: int = 200, /, **headers: str) -> requests.Response:
    made = requests.Response()
    made.status_code = status
    made.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return made


# which limit


@pytest.mark.parametrize(("reason", "limit"), REASONS.items())
def test_the_four_reasons(reason: str, limit: Limit) -> None:
    assert reached(answer(429, RateLimit_Reason=reason)) == limit
    assert reached(answer(429, ratelimit_reason=reason.upper())) == limit


def test_their_scopes() -> None:
    assert {reason: limit.scope for reason, limit in REASONS.items()} == {
        "jira-quota-global-based": Scope.SOURCE,
        "jira-quota-tenant-based": Scope.SOURCE,
        "jira-burst-based": Scope.ENDPOINT,
        "jira-per-issue-on-write": Scope.ISSUE,
    }


@pytest.mark.parametrize("said", [None, "", "jira-something-new", "\x00"])
def test_an_unknown_or_missing_reason_binds_the_endpoint(said: str | None) -> None:
    assert reached(answer(429, **({} if said is None else {"RateLimit_Reason": said}))) == UNNAMED
    assert UNNAMED.scope is Scope.ENDPOINT


def test_a_reason_that_is_only_announced_does_not_count() -> None:
    assert reached(answer(429, X_Beta_RateLimit_Reason="jira-quota-tenant-based")) == UNNAMED


# how long


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry_After": "3"}, 3.0),
        ({"Retry_After": " 2.5 "}, 2.5),
        ({"Retry_After": "1800", "X_RateLimit_Reset": "2026-11-18T11:10Z"}, 1800.0),
        ({"Retry_After": "Wed, 18 Nov 2026 11:07:10 GMT"}, 30.0),
        ({"Retry_After": "Wed, 18 Nov 2026 11:00:00 GMT"}, None),
        ({"Retry_After": "0"}, None),
        ({"Retry_After": "-4"}, None),
        ({"Retry_After": "soon"}, None),
        ({"Retry_After": "nan"}, None),
        ({"Retry_After": "inf"}, None),
        ({"Retry_After": "99999999999999999999999 GMT"}, None),
        ({}, None),
        ({"Retry_After": "soon", "X_RateLimit_Reset": "2026-11-18T11:07Z"}, 20.0),
        ({"X_RateLimit_Reset": "2026-11-18T19:07:00+08:00"}, 20.0),
        ({"X_RateLimit_Reset": "2026-11-18T11:00Z"}, None),
        ({"X_RateLimit_Reset": "tomorrow"}, None),
        ({"X_RateLimit_Reset": "17"}, 17.0),
        ({"RateLimit_Reset": str(NOW + 12)}, 12.0),
        ({"RateLimit_Reset": str(NOW - 12)}, None),
        ({"RateLimit": '"a";r=0;t=40, "b";r=5;t=900'}, 40.0),
        ({"Beta_RateLimit": '"tenant-app-quota";r=0;t=2788'}, 2788.0),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert asked(answer(429, **headers), NOW) == seconds
    assert asked(answer(429, Date=DATE, **headers), NOW + 600) == seconds  # this machine is ten minutes ahead


# how fast


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({}, []),
        ({"Retry_After": "0"}, []),
        # Jira Cloud: bursts, counted by the second
        ({"X_RateLimit_Limit": "100"}, []),
        ({"X_RateLimit_Limit": "100", "X_RateLimit_Remaining": "20"}, [(ENDPOINT, 0.0)]),
        ({"X_RateLimit_Limit": "100", "X_RateLimit_Remaining": "10"}, [(ENDPOINT, 0.1)]),
        ({"X_RateLimit_Limit": "100", "X_RateLimit_Remaining": "0"}, [(ENDPOINT, 1.0)]),
        ({"X_RateLimit_NearLimit": "true"}, [(ENDPOINT, 0.25)]),
        ({"X_RateLimit_NearLimit": "false"}, [(ENDPOINT, 0.0)]),
        ({"X_RateLimit_NearLimit": "TRUE", "X_RateLimit_Remaining": "50"}, [(ENDPOINT, 0.02)]),
        ({"X_RateLimit_Limit": "many", "X_RateLimit_Remaining": "few"}, [(ENDPOINT, 0.0)]),
        (
            {"X_RateLimit_Limit": "50", "X_RateLimit_Remaining": "5", "X_RateLimit_Reset": "2026-11-18T11:06:45Z"},
            [(ENDPOINT, 1.0)],
        ),
        (
            {"X_RateLimit_Limit": "50", "X_RateLimit_Remaining": "5", "X_RateLimit_Reset": "2026-11-18T12:00Z"},
            [(ENDPOINT, 2.0)],
        ),
        # structured, any number and order
        ({"RateLimit_Policy": '"burst";q=100;w=1', "RateLimit": '"burst";r=4;t=1'}, [(ENDPOINT, 0.25)]),
        ({"RateLimit_Policy": '"burst";q=100;w=1', "RateLimit": '"burst";r=90;t=1'}, [(ENDPOINT, 0.0)]),
        (
            {
                "Beta_RateLimit": '"jira-burst-based"; t=1; r=2 , "tenant-app-quota";r=1800;t=900',
                "Beta_RateLimit_Policy": '"tenant-app-quota";q=100100;w=3600,"jira-burst-based";w=1;q=100',
            },
            [(ENDPOINT, 0.5), (SOURCE, 0.5)],
        ),
        ({"Beta_RateLimit": '"tenant-app-quota";r=0;t=2788'}, [(SOURCE, 2.0)]),
        ({"RateLimit_Policy": '"a, b; c";q=10;w=1', "RateLimit": '"a, b; c";r=1;t=1'}, [(ENDPOINT, 1.0)]),
        ({"RateLimit": "limit=100, remaining=5, reset=2", "RateLimit_Policy": "100;w=60"}, [(ENDPOINT, 0.4)]),
        ({"RateLimit": 'nonsense;;r=;"', "RateLimit_Policy": ",,;=,"}, []),
        # Data Center: a bucket
        (
            {
                "X_RateLimit_Limit": "50",
                "X_RateLimit_Remaining": "9",
                "X_RateLimit_FillRate": "10",
                "X_RateLimit_Interval_Seconds": "60",
            },
            [(SOURCE, 6.0)],
        ),
        (
            {
                "X_RateLimit_Limit": "5",
                "X_RateLimit_Remaining": "4",
                "X_RateLimit_FillRate": "5",
                "X_RateLimit_Interval_Seconds": "1",
                "Retry_After": "0",
            },
            [(SOURCE, 0.0)],
        ),
        # GitLab: a counter with a reset in epoch seconds
        (
            {"RateLimit_Limit": "2000", "RateLimit_Remaining": "100", "RateLimit_Reset": str(NOW + 30)},
            [(SOURCE, 0.3)],
        ),
        (
            {"RateLimit_Limit": "2000", "RateLimit_Remaining": "1900", "RateLimit_Reset": str(NOW + 30)},
            [(SOURCE, 0.0)],
        ),
    ],
)
def test_how_far_apart_to_start(headers: dict[str, str], found: list[tuple[Scope, float]]) -> None:
    told = allowances(answer(200, **headers), NOW)
    assert {each.scope: each.gap for each in told} == pytest.approx(dict(found))
    assert len(told) == len(found)
