"""The files of a recording: whole, numbered without a hole from many threads, readable whatever was answered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from okr_delivery.model.errors import UserError
from okr_delivery.sync.errors import AbortSyncError
from okr_delivery.sync.record.exchange import Plain, label
from okr_delivery.sync.record.folder import Recorder, part, prepare
from okr_delivery.sync.record.scrub import Scrubber
from okr_delivery.sync.record.secret import Secrets

URL = "https://acme.test/jira"


def recorder(folder: Path, *, plain: bool = False) -> Recorder:
    prepare(folder)
    secrets = Secrets(["t0ken-t0ken"])
    clean = Plain(URL, secrets) if plain else Scrubber(URL, b"s" * 32, secrets)
    return Recorder(folder, clean, kind="jira", scrubbed=not plain, clock=lambda: 1_795_000_000.0)


def asked(path: str, data: str | None = None) -> requests.PreparedRequest:
    headers = {"Authorization": "Bearer t0ken-t0ken", "Cookie": "JSESSIONID=1"}
    return requests.Request("POST" if data else "GET", URL + path, headers=headers, data=data).prepare()


def answered(content: bytes, headers: Mapping[str, str] | None = None) -> requests.Response:
    response = requests.Response()
    response.status_code = 200
    response._content = content
    response.headers.update(headers or {})
    return response


def saved(folder: Path, number: int = 1) -> str:
    return (folder / f"{number:04d}.json").read_text(encoding="utf-8")


def test_eight_threads_leave_no_hole_and_number_one_person_once(tmp_path: Path) -> None:
    record = recorder(tmp_path / "case")
    person = {"accountId": "5b10", "displayName": "Lin Wang"}

    def one(number: int) -> None:
        body = json.dumps({"issues": [{"id": str(number), "fields": {"creator": person}}]})
        record(asked("/rest/api/2/issue/bulkfetch", "{}"), answered(body.encode()))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(200)))
    record.close()
    files = sorted(path.name for path in (tmp_path / "case").glob("0*.json"))
    assert files == [f"{number:04d}.json" for number in range(1, 201)]
    said = {json.loads(saved(tmp_path / "case", n))["response"]["json"]["issues"][0]["fields"]["creator"]["displayName"]
            for n in range(1, 201)}  # fmt: skip
    assert said == {"User 001"}
    assert json.loads((tmp_path / "case" / "index.json").read_text())["endpoints"] == {"POST issue/bulkfetch": 200}
    assert not list((tmp_path / "case").glob(".*"))


@pytest.mark.parametrize("plain", [True, False])
def test_neither_headers_of_requests_nor_secrets_of_answers_are_kept(plain: bool, tmp_path: Path) -> None:
    record = recorder(tmp_path / "case", plain=plain)
    headers = {
        "Set-Cookie": "atlassian.xsrf.token=abcdef",
        "X-AUSERNAME": "lin",
        "Date": "now",
        "Server": "box7.acme.test",
    }
    body = b'{"echo": "Bearer t0ken-t0ken", "session_id": "abcdef", "url": "https://acme.test/jira/rest/api/2/x?token=abcdef"}'
    record(asked("/rest/api/2/myself?os_password=abcdef&expand=groups"), answered(body, headers))
    text = saved(tmp_path / "case")
    assert not [word for word in ("t0ken", "abcdef", "Cookie", "box7", "Authorization", "acme.test") if word in text]
    made = json.loads(text)
    assert made["request"] == {"method": "GET", "path": "/rest/api/2/myself", "query": [["expand", "groups"]]}
    assert made["response"]["headers"] == {"X-AUSERNAME": "lin" if plain else "user-001", "Date": "now"}


@pytest.mark.parametrize(
    "content",
    [b"<html>Log in, Anna</html>", b'{"issues": [{"id": "1", "fi', b"\xff\xfe\x00bin", b'"\\ud83d"', b"[" * 5000],
)
def test_whatever_was_answered_can_be_read_back(content: bytes, tmp_path: Path) -> None:
    record = recorder(tmp_path / "case")
    record(asked("/rest/api/2/field"), answered(content))
    made = json.loads(saved(tmp_path / "case"))
    assert {"json", "text"} & made["response"].keys()
    assert "Anna" not in saved(tmp_path / "case")


def test_a_broken_connection_is_an_exchange_without_an_answer(tmp_path: Path) -> None:
    record = recorder(tmp_path / "case")
    record(asked("/rest/api/2/field"), None)
    assert json.loads(saved(tmp_path / "case"))["response"] is None


def test_a_hole_ends_the_recording_for_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = recorder(tmp_path / "case")
    monkeypatch.setattr(Path, "replace", _full)
    for _ in range(2):
        with pytest.raises(AbortSyncError, match=r"sync\.record\.unwritable"):
            record(asked("/rest/api/2/field"), answered(b"[]"))
    monkeypatch.undo()
    assert not record.whole
    with pytest.raises(AbortSyncError):
        record(asked("/rest/api/2/field"), answered(b"[]"))
    assert not list((tmp_path / "case").glob("0*.json"))


def _full(*_: object) -> Path:
    raise OSError(28, "No space left on device")


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "case").touch()
    with pytest.raises(UserError, match=r"sync\.record\.not_empty"):
        prepare(tmp_path / "case")
    with pytest.raises(UserError, match=r"sync\.record\.unwritable"):
        prepare(tmp_path / "case" / "below")


@pytest.mark.parametrize(
    ("source", "name"),
    [("jira", "02-jira"), ("con", "02-con"), ("../x", "02-x"), ("支付", "02"), ("A:b*c ", "02-a-b-c")],
)
def test_names_of_folders_are_tame(source: str, name: str, tmp_path: Path) -> None:
    assert part(tmp_path, 2, source) == tmp_path / name


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/rest/api/2/project/PAY/version", "GET project/{key}/version"),
        ("GET", "/rest/agile/1.0/board/12/sprint", "GET board/{id}/sprint"),
        ("POST", "/rest/api/2/issue/bulkfetch", "POST issue/bulkfetch"),
        ("GET", "/rest/api/2/issue/PAY-12/changelog", "GET issue/{id}/changelog"),
        ("GET", "/rest/api/2/project/search", "GET project/search"),
        ("GET", "/_edge/tenant_info", "GET _edge/tenant_info"),
    ],
)
def test_endpoints_are_told_without_what_varies(method: str, path: str, expected: str) -> None:
    assert label({"method": method, "path": path}) == expected
