"""What a text closes, by GitLab's default pattern."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from okr_delivery_gitlab.closing import IssueRef, closed_by

SITE = "https://git.example.com/gitlab"
HERE = "acme/mobile/app"


def refs(text: str) -> list[str]:
    return [f"{ref.path}#{ref.iid}" for ref in closed_by([text], HERE, [SITE])]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Closes #12", ["acme/mobile/app#12"]),
        ("closes: #12", ["acme/mobile/app#12"]),
        ("Fix #1, fixes #2 and resolved issue #3", ["acme/mobile/app#1", "acme/mobile/app#2", "acme/mobile/app#3"]),
        ("Implements #4 and #5, #6", ["acme/mobile/app#4", "acme/mobile/app#5", "acme/mobile/app#6"]),
        ("Closing issues #1 and issue #2", ["acme/mobile/app#1", "acme/mobile/app#2"]),
        ("Resolve acme/shop#7", ["acme/shop#7"]),
        ("Resolve shop#7", ["acme/mobile/shop#7"]),
        ("Closes acme/with.dot/and-dash#7", ["acme/with.dot/and-dash#7"]),
        (f"Closes {SITE}/acme/shop/-/issues/9", ["acme/shop#9"]),
        (f"Closes {SITE}/acme/shop/-/work_items/9#note_4", ["acme/shop#9"]),
        (f"Closes {SITE}/acme/shop/issues/9, #2", ["acme/shop#9", "acme/mobile/app#2"]),
        ("Closes https://elsewhere.example.com/acme/shop/-/issues/9", []),
        ("Closes #12\n\nCloses #12", ["acme/mobile/app#12"]),
        ("Related to #12", []),
        ("See #12. Encloses #13", []),
        ("disclose #13, prefixes #14", []),
        ("Closes !12 and &3", []),
        ("Closes\n#12", []),
        ("Closes PAY-12", []),
        ("closes # 12", []),
        ("关闭 #12。Closes #13。", ["acme/mobile/app#13"]),
    ],
)
def test_what_is_closed(text: str, expected: list[str]) -> None:
    assert refs(text) == expected


def test_a_text_of_any_length_takes_no_time() -> None:
    began = time.perf_counter()
    refs("closes " * 20_000 + "issues " * 20_000)
    refs("closes " + "#1, " * 50_000)
    refs("closes https://" + "a/" * 100_000)
    assert time.perf_counter() - began < 5


def test_recorded_merge_requests_close_what_their_texts_say() -> None:
    recorded = Path(__file__).parents[2].parent / "shared" / "payloads" / "gitlab-merge-requests.jsonl"
    if not recorded.exists():
        pytest.skip("the recorded payloads are not beside the repository")
    rows = [json.loads(line)["payload"] for line in recorded.read_text(encoding="utf-8").splitlines()]
    closed = [list(closed_by([row["title"], row["description"] or ""], "x/y", [])) for row in rows]
    saying = [row for row in rows if "Closes #1" in (row["description"] or "")]
    assert saying and any(found == [IssueRef("x/y", "1")] for found in closed)
