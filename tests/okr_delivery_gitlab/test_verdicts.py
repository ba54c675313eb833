"""What is read of a merge request, and how a verdict is said on its head, at the HTTP edge."""

from __future__ import annotations

from typing import Any

import pytest

from okr_delivery.sync.connector import MergeRequest, Verdict
from okr_delivery.sync.errors import ConfigError
from tests.okr_delivery_gitlab.site import Answer, Asked, Site, connect

ROW = {
    "iid": 12, "project_id": 7, "source_project_id": 9, "source_branch": "pay", "sha": "f00d", "title": "Pay faster",
    "references": {"full": "acme/app!12"}, "web_url": "https://gitlab.acme.cn/acme/app/-/merge_requests/12",
    "description": "Closes #3",
}  # fmt: skip
BELOW = "projects/acme/app/merge_requests/12"
STATUSES = "projects/9/repository/commits/f00d/statuses"


def issue(key: str) -> dict[str, Any]:
    return {"id": 1, "references": {"full": key}}


@pytest.fixture
def request_there(site: Site) -> Site:
    site.answer(f"GET {BELOW}", ROW)
    site.rows(f"GET {BELOW}/closes_issues", issue("acme/app#3"))
    site.rows(f"GET {BELOW}/related_issues", issue("acme/app#3"), issue("acme/web#4"))
    return site


def test_what_it_closes_and_mentions_comes_as_people_write_it(request_there: Site) -> None:
    found = connect().merge_request("12")
    assert found == MergeRequest(
        "acme/app!12", "Pay faster", str(ROW["web_url"]), "f00d", ("acme/app#3",), ("acme/web#4",)
    )
    assert len(request_there.asked) <= 5


def test_issues_of_another_tracker_keep_its_keys(request_there: Site) -> None:
    request_there.rows(f"GET {BELOW}/closes_issues", {"id": "PAY-112", "title": "Pay"}, {"id": "not a key"}, {"id": 4})
    found = connect().merge_request("acme/app!12")
    assert (found.closes, found.mentions) == (("PAY-112",), ("acme/app#3", "acme/web#4"))


@pytest.mark.parametrize("status", [403, 404])
def test_one_that_is_not_shown_is_named(request_there: Site, status: int) -> None:
    request_there.answer(f"GET {BELOW}", {"message": "no"}, status)
    with pytest.raises(ConfigError, match="request_unknown"):
        connect().merge_request("12")


def put(site: Site, verdict: Verdict, *present: str) -> tuple[bool, list[Asked]]:
    """Whether it was said, and what was posted; `present` are the states of that name, oldest first."""
    rows = [{"id": n, "name": "gate", "status": state} for n, state in enumerate(present, start=1)]
    site.rows(f"GET {STATUSES}", *rows)
    site.answer("POST projects/9/statuses/f00d", {"id": 99})
    connector = connect()
    request = connector.merge_request("12")
    said = connector.put_verdict(request, verdict, name="gate", text="1 of 1\nready", url=None)
    return said, site.all("POST .*statuses.*")


@pytest.mark.parametrize(
    ("verdict", "present", "state"),
    [
        (Verdict.PASSED, (), "success"),
        (Verdict.FAILED, ("pending",), "failed"),
        (Verdict.FAILED, ("failed", "success"), "failed"),
        (Verdict.PASSED, ("success",), None),
        (Verdict.PENDING, (), "pending"),
        (Verdict.PENDING, ("success",), None),
        (Verdict.PENDING, ("failed",), None),
    ],
)
def test_a_status_is_said_where_it_is_not_there_and_never_taken_back_by_an_announcement(
    request_there: Site, verdict: Verdict, present: tuple[str, ...], state: str | None
) -> None:
    said, sent = put(request_there, verdict, *present)
    assert said is (state is not None)
    assert [asked.body for asked in sent] == (
        [{"state": state, "name": "gate", "description": "1 of 1 ready", "ref": "pay"}] if state else []
    )


@pytest.mark.parametrize("status", [401, 403, 404])
def test_an_account_that_may_not_say_it_is_told_so(request_there: Site, status: int) -> None:
    request_there.rows(f"GET {STATUSES}")
    request_there.answer("POST projects/9/statuses/f00d", {"message": "no"}, status)
    connector = connect()
    request = connector.merge_request("12")
    with pytest.raises(ConfigError, match="verdict_forbidden"):
        connector.put_verdict(request, Verdict.PASSED, name="gate", text="x", url=None)


def test_a_status_that_came_between_is_as_good(request_there: Site) -> None:
    answers = iter([[], [{"id": 1, "name": "gate", "status": "success"}]])
    request_there.handlers[f"GET {STATUSES}"] = lambda _: Answer(200, next(answers), {"X-Next-Page": ""})
    request_there.answer("POST projects/9/statuses/f00d", {"message": "Cannot transition status"}, 400)
    connector = connect()
    request = connector.merge_request("12")
    assert connector.put_verdict(request, Verdict.PASSED, name="gate", text="x", url=None)
    assert request_there.count("POST .*") == 1


@pytest.mark.parametrize(
    ("verdict", "present", "sent"),
    [
        (Verdict.PASSED, "pending", "passed"),
        (Verdict.FAILED, "passed", "failed"),
        (Verdict.FAILED, "failed", None),
        (Verdict.PENDING, "passed", None),
    ],
)
@pytest.mark.parametrize("check", ["5", "OKR gate"])
def test_a_status_check_is_answered_by_name_or_id(
    request_there: Site, check: str, verdict: Verdict, present: str, sent: str | None
) -> None:
    below = "projects/7/merge_requests/12"
    request_there.rows(f"GET {below}/status_checks", {"id": 5, "name": "OKR gate", "status": present})
    request_there.answer(f"POST {below}/status_check_responses", {"id": 1}, 201)
    connector = connect(options={"status_check": check})
    request = connector.merge_request("12")
    said = connector.put_verdict(request, verdict, name="gate", text="x", url=None)
    assert said is (sent is not None)
    wanted = [{"sha": "f00d", "external_status_check_id": 5, "status": sent}] if sent else []
    assert [asked.body for asked in request_there.all("POST .*")] == wanted


def test_a_status_check_that_there_is_not_is_named(request_there: Site) -> None:
    request_there.rows(
        "GET projects/7/merge_requests/12/status_checks", {"id": 5, "name": "other", "status": "pending"}
    )
    connector = connect(options={"status_check": "OKR gate"})
    request = connector.merge_request("12")
    with pytest.raises(ConfigError, match="check_unknown"):
        connector.put_verdict(request, Verdict.PASSED, name="gate", text="x", url=None)
