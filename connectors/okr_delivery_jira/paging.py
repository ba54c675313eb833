"""The two ways Jira pages: opaque tokens and offsets. Neither believes that a short page is the last one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from okr_delivery_jira.problems import broken
from okr_delivery_jira.text import listed, members, string

MAX_OFFSET_PAGES = 2000
_CUT_SHORT = re.compile(r"trunc|incomplet|partial|limit|not all|too many", re.IGNORECASE)


def token_pages(
    ask: Callable[[str | None], object], where: str, warn: Callable[[str], None] | None = None
) -> Iterator[Mapping[str, object]]:
    """Pages up to the one without a token (absent, null or "").

    Raises AbortSyncError for a token that comes twice, `isLast: false` without one, a warning that the answer was cut
    short, and a page that is no object. Other warnings go to `warn`.
    """
    seen: set[str] = set()
    token: str | None = None
    while True:
        page = ask(token)
        if not isinstance(page, dict):
            raise broken("shape", where)
        for sentence in _warnings(page):
            if _CUT_SHORT.search(sentence):
                raise broken("cut_short", where, said=sentence)
            if warn is not None:
                warn(sentence)
        yield page
        token = string(page.get("nextPageToken"))
        if token is None:
            if page.get("isLast") is False:
                raise broken("last_page", where)
            return
        if token in seen:
            raise broken("same_token", where)
        seen.add(token)


def _warnings(page: Mapping[str, object]) -> list[str]:
    raw = page.get("warnings")
    entries = listed(raw) if isinstance(raw, list) else [raw] if raw else []
    return [_sentence(entry) for entry in entries if entry]


def _sentence(entry: object) -> str:
    if isinstance(entry, dict):
        return " ".join(str(entry[key]) for key in ("message", "text", "code", "type") if entry.get(key))[:300]
    return str(entry)[:300]


def offset_rows(ask: Callable[[int], object], where: str) -> Iterator[Mapping[str, object]]:
    """Rows of `{startAt, isLast, total?, values[]}` pages, advancing by the rows received.

    Raises AbortSyncError when a page is empty although more is announced, or when the pages do not end.
    """
    start = 0
    for _ in range(MAX_OFFSET_PAGES):
        page = ask(start)
        if not isinstance(page, dict) or not isinstance(page.get("values"), list):
            raise broken("shape", where)
        rows = members(page["values"])
        yield from rows
        start += len(listed(page["values"]))
        total = page.get("total")
        more = start < total if isinstance(total, int) else page.get("isLast") is False
        if page.get("isLast") is True or not more:
            return
        if not rows:
            raise broken("empty_page", where)
    raise broken("endless", where)
