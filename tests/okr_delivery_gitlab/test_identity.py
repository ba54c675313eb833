"""Who is calling: refusals before anything could look like an empty source."""

from __future__ import annotations

from typing import Any

import pytest

from okr_delivery.sync.connector import Secret
from okr_delivery.sync.errors import AbortSyncError, ConfigError
from tests.okr_delivery_gitlab.builders import NOW, URL
from tests.okr_delivery_gitlab.site import TOKEN, Answer, Site, connect


def test_two_requests_tell_account_version_and_the_server_s_clock(site: Site) -> None:
    who = connect().identity()
    assert [str(asked) for asked in site.asked] == ["GET version", "GET user"]
    assert all(asked.headers["PRIVATE-TOKEN"] == TOKEN for asked in site.asked)
    assert (who.account, who.display_name, who.deployment, who.version) == ("11", "Sync", "gitlab", "17.2.1")
    assert (who.server_time, who.base_url, who.timezone) == (NOW, URL, None)


def test_links_lead_where_people_find_gitlab(site: Site) -> None:
    site.answer("GET user", {"id": 11, "username": "bot", "web_url": "https://git.example.com/tools/bot"})
    who = connect().identity()
    assert (who.base_url, who.display_name) == ("https://git.example.com/tools", "bot")


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (401, {"message": "401 Unauthorized"}, "unauthorized"),
        (403, {"error": "insufficient_scope", "scope": "api read_api"}, "scope"),
        (403, "Forbidden: your account has been blocked", "blocked"),
        (403, {"message": "403 Forbidden"}, "forbidden"),
        (404, {"message": "404 Not Found"}, "not_found"),
    ],
)
def test_a_refusal_says_what_to_do(site: Site, status: int, body: Any, said: str) -> None:
    site.answer("GET version", body, status)
    with pytest.raises(ConfigError, match=rf"gitlab\.error\.{said}") as caught:
        connect().identity()
    assert caught.value.status == status
    assert caught.value.problems[0].next_step is not None


def test_an_answer_to_nobody_is_refused(site: Site) -> None:
    site.answer("GET user", {"message": "hello"})
    with pytest.raises(ConfigError, match="anonymous"):
        connect().identity()


def test_without_a_token_nothing_is_asked(site: Site) -> None:
    with pytest.raises(ConfigError, match="no_token"):
        connect(token=None).identity()
    assert site.asked == []


def test_a_job_s_token_is_known_by_its_looks_and_never_sent(site: Site) -> None:
    with pytest.raises(ConfigError, match="job_token"):
        connect(token=Secret("glcbt-64_aBc")).identity()
    assert site.asked == []


@pytest.mark.parametrize(("status", "said"), [(200, "job_token"), (401, "unauthorized"), (404, "unauthorized")])
def test_an_older_token_of_a_job_is_known_by_its_job(site: Site, status: int, said: str) -> None:
    site.answer("GET version", {"message": "401 Unauthorized"}, 401)
    site.answer("GET job", {"id": 1}, status)
    with pytest.raises(ConfigError, match=said):
        connect().identity()
    (asked,) = site.all("GET job")
    assert asked.headers["JOB-TOKEN"] == TOKEN
    assert "PRIVATE-TOKEN" not in asked.headers


def test_a_server_without_a_clock_is_refused(site: Site) -> None:
    site.headers.clear()
    with pytest.raises(AbortSyncError, match="no_server_time"):
        connect().identity()


def test_a_429_of_plain_text_without_headers_is_repeated_four_times_at_most(site: Site) -> None:
    answers = [Answer(429, "Retry later")] * 4 + [Answer(200, {"version": "17.2.1"})]
    site.handlers["GET version"] = lambda _: answers.pop(0)
    assert connect().identity().version == "17.2.1"
    assert site.count("GET version") == 5
