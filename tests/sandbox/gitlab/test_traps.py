"""A busy or broken GitLab, and what other people do to it between two requests."""

from __future__ import annotations

import importlib
import importlib.util
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

import pytest
import requests

from okr_delivery.model.errors import UserError
from okr_delivery.sandbox import gitlab
from okr_delivery.sandbox.gitlab.state import Tier
from okr_delivery.sandbox.world import build
from tests.sandbox.gitlab.site import Client, Clock

Serving = Callable[..., Client]
LIST = "projects/10/issues"


@pytest.mark.parametrize("name", ["werkzeug", "graphql"])
def test_without_a_package_the_error_names_it(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(gitlab, "find_spec", lambda wanted: None if wanted == name else find(wanted))
    with pytest.raises(UserError) as caught:
        gitlab.serve(build(issues=5))
    assert name.removesuffix("zeug") in caught.value.problems[0].what.id


def test_a_world_is_told_and_served(small_clock: Clock) -> None:
    with gitlab.serve(build(issues=20), clock=small_clock, tier="free", version="17.0.0", context="/git") as server:
        client = Client(server)
        assert server.url.endswith("/git")
        assert (server.state.tier, client.get("version")["version"]) == (Tier.FREE, "17.0.0-ee")
        assert len(client.get("groups/acme/issues", per_page=100)) > 10
        assert client.data('{ project(fullPath: "acme/payments") { name } }') == {"project": {"name": "Payments"}}


def test_every_answer_has_the_servers_date_and_limits(client_of: Serving, small_clock: Clock) -> None:
    client = client_of({"clock_skew": 300})
    for path, count in (("version", 1), (LIST, 2), ("nowhere", 3)):
        headers = client.send("GET", path).headers
        assert parsedate_to_datetime(headers["Date"]).timestamp() == int(small_clock.now) + 300
        if count < 3:
            assert headers["RateLimit-Name"] == "throttle_authenticated_api"
            assert (headers["RateLimit-Observed"], headers["RateLimit-Remaining"]) == (str(count), str(2000 - count))
    assert client.send("GET", LIST).headers["ETag"][:3] == 'W/"'


@pytest.mark.parametrize("form", ["seconds", "date", "reset"])
def test_a_throttle_ends_with_its_minute(client_of: Serving, small_clock: Clock, form: str) -> None:
    client = client_of({"requests_per_minute": 2, "limit_form": form})
    small_clock.now = small_clock.now // 60 * 60 + 10
    assert [client.send("GET", "version").status_code for _ in range(2)] == [200, 200]
    refused = client.send("GET", "version")
    assert (refused.status_code, refused.text, refused.headers["Content-Type"]) == (
        429,
        "Retry later\n",
        "text/plain",
    )
    assert refused.headers["RateLimit-Remaining"] == "0"
    after = refused.headers.get("Retry-After")
    assert {"seconds": after == "50", "date": after is not None and ":" in after, "reset": after is None}[form]
    small_clock.now += 50
    assert client.send("GET", "version").status_code == 200


def test_limits_may_tell_nothing_at_all(client_of: Serving) -> None:
    client = client_of({"requests_per_minute": 1, "rate_headers": "none"})
    client.send("GET", "version")
    refused = client.send("GET", "version")
    told = {name for name in refused.headers if "rate" in name.lower() or "retry" in name.lower()}
    assert (refused.status_code, told) == (429, set())


@pytest.mark.parametrize("worded", ["text", "json"])
def test_the_limit_on_notes_is_not_in_the_headers(client_of: Serving, small_clock: Clock, worded: str) -> None:
    client = client_of({"notes_per_minute": 1, "limit_body": worded})
    path, body = f"{LIST}/1/notes", {"body": "Once"}
    assert client.send("POST", path, json=body).status_code == 201
    refused = client.send("POST", path, json=body)
    assert refused.status_code == 429
    assert int(refused.headers["RateLimit-Remaining"]) > 1900
    assert "Retry-After" not in refused.headers
    assert refused.text == "Retry later\n" if worded == "text" else "error" in refused.json()["message"]
    number = client.server.forge.item("acme/shop#1").id
    text = f'mutation {{ createNote(input: {{noteableId: "gid://gitlab/WorkItem/{number}", body: "x"}}) {{ errors }} }}'
    assert client.post(text).status_code == 429
    small_clock.now += 61
    assert client.send("POST", path, json=body).status_code == 201


def _failing(client_of: Serving, **row: object) -> Client:
    return client_of({"failures": [row]})


def test_an_endpoint_that_fails_once(client_of: Serving) -> None:
    client = _failing(client_of, endpoint="projects/:id/issues", at=2, status=503, retry_after=3)
    answers = [client.send("GET", LIST) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 503, 200]
    assert (answers[1].headers["Retry-After"], answers[1].headers["Content-Type"][:9]) == ("3", "text/html")


@pytest.mark.parametrize(
    ("status", "body"), [(500, "500 Internal Server Error"), (401, "401 Unauthorized"), (404, "404 Not found")]
)
def test_failures_speak_as_gitlab_does(client_of: Serving, status: int, body: str) -> None:
    answer = _failing(client_of, endpoint="*", status=status).send("GET", LIST)
    assert (answer.status_code, answer.json()) == (status, {"message": body})


def test_a_429_with_a_date_and_without_anything(client_of: Serving) -> None:
    dated = _failing(client_of, status=429, retry_after="date").send("GET", LIST)
    assert (dated.status_code, dated.text) == (429, "Retry later\n")
    assert parsedate_to_datetime(dated.headers["Retry-After"]).year == 2026
    assert "Retry-After" not in _failing(client_of, status=429).send("GET", LIST).headers


def test_graphql_that_means_slow_down(client_of: Serving) -> None:
    answer = _failing(client_of, endpoint="graphql", status=500).post("{ currentUser { id } }")
    assert (answer.status_code, answer.json()) == (500, {"errors": [{"message": "Internal server error"}]})


def test_graphql_with_nothing_but_errors(client_of: Serving) -> None:
    client = _failing(client_of, endpoint="graphql", kind="graphql_errors", reason="Timeout on validation of query")
    assert client.query("{ currentUser { id } }") == {"errors": [{"message": "Timeout on validation of query"}]}


def test_login_page_redirect_and_half_an_answer(client_of: Serving) -> None:
    page = _failing(client_of, kind="html_login").send("GET", LIST)
    assert (page.status_code, page.headers["Content-Type"][:9]) == (200, "text/html")
    led = _failing(client_of, kind="redirect", to="https://elsewhere.invalid/").send("GET", LIST)
    assert (led.status_code, led.headers["Location"]) == (302, "https://elsewhere.invalid/")
    half = _failing(client_of, kind="truncated_json").send("GET", LIST)
    with pytest.raises(requests.JSONDecodeError):
        half.json()


@pytest.mark.parametrize(("kind", "applied"), [("drop_before", 0), ("drop_after", 1)])
def test_a_lost_connection_may_have_done_its_work(client_of: Serving, kind: str, applied: int) -> None:
    client = _failing(client_of, endpoint="projects/:id/issues/:iid/notes", kind=kind, method="POST")
    before = len(client.get(f"{LIST}/1/notes"))
    with pytest.raises(requests.ConnectionError):
        client.send("POST", f"{LIST}/1/notes", json={"body": "once?"})
    assert len(client.get(f"{LIST}/1/notes")) == before + applied


def test_latency_is_paid_by_every_request(client_of: Serving) -> None:
    client = client_of(latency=0.05)
    began = time.monotonic()
    for _ in range(2):
        client.get("version")
    assert time.monotonic() - began >= 0.1


@pytest.mark.parametrize(
    ("event", "path", "expected"),
    [
        ({"do": "delete", "issue": "acme/shop#3"}, f"{LIST}/3", 404),
        ({"do": "hide", "issue": "acme/shop#3"}, f"{LIST}/3", 404),
        ({"do": "hide_project", "project": "acme/shop"}, LIST, 404),
        ({"do": "rename_project", "project": "acme/shop", "name": "acme/store"}, "projects/acme%2Fshop", 301),
        ({"do": "edit", "issue": "acme/none#3"}, LIST, 500),
        ({"do": "delete_label", "project": "acme/shop", "name": "nope"}, LIST, 500),
    ],
)
def test_things_happen_right_before_a_request(
    client_of: Serving, event: dict[str, str], path: str, expected: int
) -> None:
    client = client_of({"events": [{**event, "at": 2}]})
    assert client.send("GET", path).status_code == 200
    assert client.send("GET", path).status_code == expected


def test_what_people_do_to_an_issue(client_of: Serving, small_clock: Clock) -> None:
    shop = "acme/shop"
    deeds = [
        {"do": "label", "issue": f"{shop}#3", "name": "needs love"},
        {"do": "close", "issue": f"{shop}#3"},
        {"do": "reopen", "issue": f"{shop}#2"},
        {"do": "unlabel", "issue": f"{shop}#1", "name": "workflow::doing"},
        {"do": "edit", "issue": f"{shop}#4", "fields": {"title": "Other"}},
        {"do": "delete_label", "project": shop, "name": "priority::high"},
        {"do": "delete_milestone", "project": shop, "name": "Sprint 1"},
        {"do": "archive", "project": "acme/deep/tools"},
    ]
    client = client_of({"events": deeds})
    rows = {row["iid"]: row for row in client.get(LIST)}
    assert (rows[3]["labels"], rows[3]["state"], rows[2]["state"]) == (["needs love"], "closed", "opened")
    assert (rows[1]["labels"], rows[1]["milestone"], rows[4]["title"]) == ([], None, "Other")
    assert client.get("projects/12")["archived"] is True


def test_a_touched_issue_comes_again_on_the_next_page(client_of: Serving, small_clock: Clock) -> None:
    touched = {"do": "touch", "issue": "acme/shop#4", "endpoint": "projects/:id/issues", "at": 2}
    client = client_of({"events": [touched]})
    small_clock.now += 60
    rows = client.rows(LIST, order_by="updated_at", sort="asc", pagination="keyset", per_page=2)
    assert [row["iid"] for row in rows].count(4) == 2


def test_moving_and_bringing_back(client_of: Serving) -> None:
    moved = {"do": "move", "issue": "acme/shop#3", "project": "acme/deep/tools", "at": 2}
    client = client_of({"events": [moved, {"do": "restore", "issue": "acme/shop#4", "at": 4}]})
    client.server.forge.delete("acme/shop#4")
    assert client.get(f"{LIST}/3")["moved_to_id"] is None
    assert client.get(f"{LIST}/3")["moved_to_id"] == max(row["id"] for row in client.get("projects/12/issues"))
    assert client.get(f"{LIST}/4")["iid"] == 4


def test_requests_are_counted_and_can_be_counted_anew(small_client: Client) -> None:
    small_client.get(f"{LIST}/1")
    small_client.get(f"{LIST}/2")
    small_client.get(f"{LIST}/1/resource_label_events")
    server = small_client.server
    assert server.requests == {"projects/:id/issues/:iid": 2, "projects/:id/issues/:iid/resource_label_events": 1}
    assert [(row.status, row.account) for row in server.log] == [(200, 1)] * 3
    server.reset()
    assert not server.requests
