"""Serving a recording: which answer a request gets, and what is said when there is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from okr_delivery.model.errors import UserError
from okr_delivery.sandbox import replay
from okr_delivery.sandbox.replay.match import Matcher
from okr_delivery.sandbox.replay.recording import Answer, Exchange

INDEX = {
    "schema": "okr-delivery/recording/1",
    "source": {"type": "jira", "deployment": "Cloud"},
    "root": "https://tracker.example.com",
}
JSON = {"Content-Type": "application/json", "Date": "Tue, 24 Nov 2026 08:00:00 GMT"}


def folder(path: Path, *exchanges: dict[str, Any], index: object = INDEX) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    (path / "index.json").write_text(json.dumps(index), encoding="utf-8")
    for number, exchange in enumerate(exchanges, start=1):
        (path / f"{number:04d}.json").write_text(json.dumps(exchange), encoding="utf-8")
    return path


def got(path: str, body: object = None, status: int = 200, **more: object) -> dict[str, Any]:
    return {
        "request": {"method": "GET", "path": path, **more},
        "response": {"status": status, "headers": dict(JSON), "json": body},
    }


def asked(
    body: object = None, path: str = "/rest/api/2/search/jql", query: tuple[tuple[str, str], ...] = ()
) -> Exchange:
    return Exchange("POST", path, query, body)


def answered(body: object, status: int, **more: Any) -> Exchange:
    return Exchange("POST", "/rest/api/2/search/jql", body=body, answer=Answer(status, {}), **more)


def found(matcher: Matcher, exchange: Exchange) -> int | None:
    hit = matcher.find(exchange)
    return hit.answer.status if hit and hit.answer else None


def test_one_request_gets_its_answers_in_order_and_the_last_again() -> None:
    body = {"jql": "project = PAY", "fields": ["id", "updated"]}
    matcher = Matcher([answered(body, 429), answered(body, 503), answered({"jql": "x"}, 201), answered(body, 200)])
    same = {"fields": ["updated", "id"], "jql": "project  =  PAY"}
    assert [found(matcher, asked(same)) for _ in range(4)] == [429, 503, 200, 200]


def test_instants_and_private_words_of_a_query_do_not_matter_but_its_project_does() -> None:
    recorded = {"jql": 'project in ("PAY") AND updated >= "2026-11-01 10:00" AND assignee = "user-003"'}
    matcher = Matcher([answered(recorded, 200)])
    later = 'project in ("PAY") AND updated >= "2026-11-09 11:00" AND assignee = "lin"'
    assert found(matcher, asked({"jql": later})) == 200
    assert found(matcher, asked({"jql": later.replace("PAY", "MOB")})) is None


def test_an_exact_request_is_preferred_and_amounts_matter_last() -> None:
    matcher = Matcher([
        answered({"jql": 'created >= "2026-01-01"', "maxResults": 5}, 201),
        answered({"jql": 'created >= "2026-02-02"', "maxResults": 5}, 202),
    ])  # fmt: skip
    assert found(matcher, asked({"jql": 'created >= "2026-02-02"', "maxResults": 5})) == 202
    assert found(matcher, asked({"jql": 'created >= "2026-03-03"', "maxResults": 9, "fields": ["id"]})) == 201
    assert found(matcher, asked({"jql": 'created >= "2026-03-03"', "nextPageToken": "page-01"})) is None
    assert found(matcher, asked(path="/rest/api/2/field")) is None


def test_addresses_lead_to_the_server_itself_and_dates_are_the_recorded_ones(tmp_path: Path) -> None:
    page = got("/rest/api/2/field", [{"self": "https://tracker.example.com/rest/api/2/field/1"}], query=[["page", "1"]])
    page["response"]["headers"] |= {"Link": '<https://tracker.example.com/rest/api/2/field?page=2>; rel="next"'}
    again = got("/rest/api/2/field", [], query=[["page", "2"]])
    with replay.serve(replay.load(folder(tmp_path / "case", page, again))) as server:
        first = requests.get(f"{server.url}/rest/api/2/field?page=1", auth=("any", "body"), timeout=5)
        assert first.json() == [{"self": f"{server.url}/rest/api/2/field/1"}]
        assert first.headers["Date"] == JSON["Date"]
        assert requests.get(first.links["next"]["url"], timeout=5).json() == []
        assert server.requests["GET field"] == 2


def test_what_was_never_recorded_is_named(tmp_path: Path) -> None:
    told: list[str] = []
    with replay.serve(
        replay.load(folder(tmp_path / "case", got("/rest/api/2/field", []))), on_missing=told.append
    ) as on:
        missing = requests.post(f"{on.url}/rest/api/2/search/jql", json={"jql": "x" * 900}, timeout=5)
    assert missing.status_code == 404
    assert missing.json()["errorMessages"][0].startswith(
        "This request is not in the recording: POST /rest/api/2/search"
    )
    assert told == on.missing and len(told[0]) == 300


def test_bodies_that_are_no_json_and_connections_that_broke_are_as_recorded(tmp_path: Path) -> None:
    page = got("/rest/api/2/field")
    page["response"] = {"status": 200, "headers": {"Content-Type": "text/html"}, "text": "<html>Lorem été</html>"}
    none = got("/rest/api/2/status")
    none["response"] = None
    empty = got("/rest/api/2/myself")
    empty["response"] = {"status": 204, "headers": {}}
    with replay.serve(replay.load(folder(tmp_path / "case", page, none, empty))) as server:
        assert requests.get(f"{server.url}/rest/api/2/field", timeout=5).content.decode() == "<html>Lorem été</html>"
        assert requests.get(f"{server.url}/rest/api/2/myself", timeout=5).content == b""
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{server.url}/rest/api/2/status", timeout=5)


def test_exchanges_are_read_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    path = folder(tmp_path / "case")
    for number in (9999, 10000, 2):
        (path / f"{number:04d}.json").write_text(json.dumps(got(f"/x/{number}")), encoding="utf-8")
    assert [row.path for row in replay.load(path).exchanges] == ["/x/2", "/x/9999", "/x/10000"]


@pytest.mark.parametrize(
    ("index", "message"),
    [({**INDEX, "schema": "okr-delivery/recording/9"}, "schema"), ([], "unreadable"), ("{", "unreadable")],
)
def test_other_versions_and_broken_indexes_are_refused(index: object, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"sandbox.replay.{message}"):
        replay.load(folder(tmp_path / "case", index=index))


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"request": {}, "response": null}', '{"request": 1, "response": 2}']
)
def test_a_broken_exchange_is_named(content: str, tmp_path: Path) -> None:
    path = folder(tmp_path / "case")
    (path / "0007.json").write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=r"0007\.json: sandbox.replay.unreadable"):
        replay.load(path)


def test_a_folder_without_a_recording_and_one_with_several_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"sandbox\.replay\.none"):
        replay.load(tmp_path)
    folder(tmp_path / "01-jira")
    folder(tmp_path / "02-other")
    with pytest.raises(UserError, match=r"sandbox\.replay\.several"):
        replay.load(tmp_path)


GRAPHQL = "/api/graphql"


def query(text: str, status: int = 200, **variables: object) -> Exchange:
    return Exchange("POST", GRAPHQL, body={"query": text, "variables": variables}, answer=Answer(status, {}))


def test_a_graphql_query_is_known_by_its_text_and_variables_then_by_its_name() -> None:
    recorded = [
        query("query activity($p: ID!) { a }", 200, p="acme/pay", first=20),
        query("query activity($p: ID!) { a }", 201, p="acme/app", first=20),
        query("query schema { b }", 202),
        query("{ c }", 203),
    ]
    matcher = Matcher(recorded)
    assert found(matcher, query("query activity($p: ID!)  {\n a }", p="acme/app", first=20)) == 201
    assert found(matcher, query("query activity($p: ID!) { a newer }", p="acme/pay", first=50)) == 200
    assert found(matcher, query("query schema { b newer }")) == 202
    assert found(matcher, query("{ newer }")) == 203
    assert found(matcher, query("query activity($p: ID!) { a }", p="acme/other", first=20)) is None
    assert found(matcher, query("mutation put { a }")) is None


def test_paths_in_paths_and_instants_that_differ_are_the_same_request() -> None:
    def listed(path: str, since: str, status: int = 200) -> Exchange:
        return Exchange("GET", path, (("scope", "all"), ("updated_after", since)), answer=Answer(status, {}))

    matcher = Matcher([listed("/api/v4/projects/acme%2Fpay/issues", "2026-11-21T10:00:00Z")])
    assert found(matcher, listed("/api/v4/projects/acme%2Fpay/issues", "2026-11-22T10:00:00Z")) == 200
    assert found(matcher, listed("/api/v4/projects/acme/pay/issues", "2026-11-22T10:00:00Z")) == 200
    assert found(matcher, listed("/api/v4/projects/acme%2Fapp/issues", "2026-11-21T10:00:00Z")) is None


def test_a_recorded_gitlab_is_served_behind_its_own_paths(tmp_path: Path) -> None:
    path = "/api/v4/projects/acme%2Fpay"
    next_page = {"Link": f'<https://tracker.example.com{path}/issues?page=2>; rel="next"', **JSON}
    first = got(f"{path}/issues", [{"iid": 1}]) | {
        "response": {"status": 200, "headers": next_page, "json": [{"iid": 1}]}
    }
    kept = folder(
        tmp_path / "case", got(path, {"id": 7}), first, got(f"{path}/issues", [{"iid": 2}], query=[["page", "2"]])
    )
    with replay.serve(replay.load(kept)) as server:
        assert requests.get(f"{server.url}{path}", timeout=5).json() == {"id": 7}
        link = requests.get(f"{server.url}{path}/issues", timeout=5).links["next"]["url"]
        assert link.startswith(server.url)
        assert requests.get(link, timeout=5).json() == [{"iid": 2}]
        assert dict(server.requests) == {"GET projects/{id}": 1, "GET projects/{id}/issues": 2}
