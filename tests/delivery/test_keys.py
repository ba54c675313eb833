"""Keys of every tracker, whole and shortened, and the addresses that browsers show."""

from __future__ import annotations

from base64 import b64encode

import pytest

from okr_delivery.delivery.keys import Key, from_url, means, project_of, split
from okr_delivery.delivery.natural import natural

BASE = "https://gitlab.acme.cn"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PAY-112", Key("PAY", "-", "112")),
        ("acme/pay#12", Key("acme/pay", "#", "12")),
        ("acme/pay-web-2#12", Key("acme/pay-web-2", "#", "12")),
        ("acme&3", Key("acme", "&", "3")),
        ("acme/mobile&3", Key("acme/mobile", "&", "3")),
        ("#12", Key("", "#", "12")),
        ("&3", Key("", "&", "3")),
        ("12", Key("", "#", "12")),
        ("acme/pay", None),
        ("", None),
        ("#", None),
        ("v12", None),
    ],
)
def test_parts(text: str, expected: Key | None) -> None:
    assert split(text) == expected


@pytest.mark.parametrize(
    ("key", "project"), [("PAY-1", "PAY"), ("A-B-1", "A-B"), ("acme/pay#1", "acme/pay"), ("acme&1", "acme"), ("x", "")]
)
def test_the_project_of_a_key(key: str, project: str) -> None:
    assert project_of(key) == project


@pytest.mark.parametrize(
    ("short", "key", "fits"),
    [
        ("12", "acme/pay#12", True),
        ("#12", "acme/pay#12", True),
        ("#2", "acme/pay#12", False),
        ("pay#12", "acme/pay#12", True),
        ("ay#12", "acme/pay#12", False),
        ("Pay#12", "acme/pay#12", True),
        ("&3", "acme&3", True),
        ("3", "acme&3", False),
        ("12", "PAY-12", False),
        ("Y-12", "PAY-12", False),
    ],
)
def test_what_a_shortened_key_may_stand_for(short: str, key: str, fits: bool) -> None:
    found = split(short)
    assert found is not None
    assert means(found, key) is fits


def drawer(text: str) -> str:
    return b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/mobile/app/-/issues/12", "mobile/app#12"),
        ("/mobile/app/-/issues/12#note_7", "mobile/app#12"),
        ("/mobile/app/-/issues/12?tab=designs", "mobile/app#12"),
        ("/mobile/app/-/issues/12/designs", "mobile/app#12"),
        ("/mobile/app/-/issues/incident/12", "mobile/app#12"),
        ("/mobile/app/-/work_items/12", "mobile/app#12"),
        ("/mobile/app/issues/12", "mobile/app#12"),
        ("/a/b/c/issues/-/issues/12", "a/b/c/issues#12"),
        ("/groups/mobile/-/epics/3", "mobile&3"),
        ("/groups/mobile/sub/-/epics/3", "mobile/sub&3"),
        ("/groups/mobile/-/work_items/3", "mobile&3"),
        ("/mobile/app/-/issues?show=" + drawer('{"iid":"12","full_path":"mobile/app","id":9}'), "mobile/app#12"),
        ("/groups/mobile/-/epics?show=" + drawer('{"iid":"3","full_path":"mobile"}'), "mobile&3"),
        ("/mobile/app/-/issues?show=%%%", "issues"),
        ("/browse/PAY-112", "PAY-112"),
        ("/browse/PAY-112?focusedId=1", "PAY-112"),
        ("/projects/PAY/boards/3?selectedIssue=PAY-112", "PAY-112"),
        ("/jira/software/projects/PAY/issues/PAY-112", "PAY-112"),
        ("/", None),
    ],
)
@pytest.mark.parametrize("base", [BASE, f"{BASE}/git/lab"])
def test_addresses(base: str, path: str, key: str | None) -> None:
    assert from_url(base + path, base) == key


def test_numbers_count_in_the_order_of_keys() -> None:
    keys = ["acme/pay#10", "acme/pay#2", "acme/app#30", "acme&10", "acme&9"]
    assert sorted(keys, key=natural) == ["acme&9", "acme&10", "acme/app#30", "acme/pay#2", "acme/pay#10"]
