"""The process that serves a GitLab of prepared pieces, as `benchmarks.served.server` does a Jira.

    python -m benchmarks.served.gitlab.server FOLDER [--latency 0.1] [--spool FILE]

Lists of issues have keyset pages where they are asked for, else numbered ones; a query for activity costs what GitLab
would count.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from benchmarks.served.gitlab.pieces import Filter, Pieces, milliseconds
from benchmarks.served.record import STEP
from benchmarks.served.serving import Answer, serve

PAGE = 20
SCORE = (3, 69)
"""Of a query for activity: once, and for each project in it."""
BOUNDS = ("created_after", "created_before", "updated_after", "updated_before")
_ISSUES = re.compile(r"/api/v4/projects/(\d+)/issues$")
_COPIED = re.compile(r"(?<=/issues/)\d+(?=/resource_)")
_QUERY = re.compile(r"query (\w+)")


@dataclass(frozen=True, slots=True)
class Paged:
    """One page of a list."""

    rows: list[int]
    next: str | None


class Site:
    """Answers from pieces. `url` replaces the placeholder in what names the server."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces
        self.url = b""
        self.headers: dict[str, str] = {}
        self._lists: dict[Filter, list[int]] = {}

    def answer(self, method: str, target: str, sent: bytes) -> Answer | None:
        """None for what was never recorded."""
        if method == "POST":
            return self._queried(json.loads(sent))
        parts = urlsplit(target)
        issues = _ISSUES.search(parts.path)
        if issues:
            return self._listed(parts.path, int(issues[1]), {k: v[0] for k, v in parse_qs(parts.query).items()})
        fixed = self._pieces.always["fixed"]
        found = fixed.get(target, fixed.get(_COPIED.sub(_first, parts.path)))
        return None if found is None else Answer(found.encode(), (("X-Next-Page", ""),))

    def _queried(self, sent: dict[str, Any]) -> Answer | None:
        name = _QUERY.search(sent["query"])
        if name is None or name[1] != "activity":
            found = self._pieces.always["queries"].get(name[1] if name else "")
            return None if found is None else Answer(found.encode())
        variables = sent["variables"]
        count = sum(1 for key in variables if key.startswith("p"))
        places = b",".join(self._place(n, variables) for n in range(count))
        score = b'"queryComplexity":{"score":%d,"limit":250}' % (SCORE[0] + count * SCORE[1])
        return Answer(b'{"data":{%s,%s}}' % (score, places))

    def _place(self, n: int, variables: dict[str, Any]) -> bytes:
        if any("#" in iid for iid in variables[f"i{n}"]):
            return b'"p%d":{"nodes":[%s]}' % (n, b",".join(map(self._referred, variables[f"i{n}"])))
        project = int(self._pieces.always["projects"][variables[f"p{n}"]])
        return b'"p%d":{"workItems":{"nodes":[%s]}}' % (n, self._pieces.nodes(project, variables[f"i{n}"]))

    def _referred(self, reference: str) -> bytes:
        path, _, iid = reference.rpartition("#")
        return self._pieces.nodes(int(self._pieces.always["projects"][path]), [iid])

    def _listed(self, path: str, project: int, asked: dict[str, str]) -> Answer:
        wanted = _filter(project, asked)
        if wanted not in self._lists:
            self._lists[wanted] = self._pieces.listed(wanted)
        found = _page(self._lists[wanted], asked)
        body = b"[%s]" % self._pieces.bodies(found.rows)
        link = [] if found.next is None else [("Link", f'<{self.url.decode()}{path}?{found.next}>; rel="next"')]
        return Answer(body, tuple(link))


def _first(iid: re.Match[str]) -> str:
    """The number of the issue that one is a copy of: their events are alike."""
    return str(int(iid[0]) % STEP)


def _filter(project: int, asked: dict[str, str]) -> Filter:
    state = asked.get("state", "all")
    bounds = {name: milliseconds(asked[name]) for name in BOUNDS if name in asked}
    return Filter(frozenset({project}), None if state == "all" else state == "opened", **bounds)


def _page(rows: list[int], asked: dict[str, str]) -> Paged:
    size = int(asked.get("per_page", PAGE))
    keyset = asked.get("pagination") == "keyset"
    start = int(asked.get("cursor", 0)) if keyset else (int(asked.get("page", 1)) - 1) * size
    end = start + size
    behind = {"cursor": end} if keyset else {"page": end // size + 1}
    return Paged(rows[start:end], urlencode({**asked, **behind}) if end < len(rows) else None)


if __name__ == "__main__":
    serve(lambda folder: Site(Pieces(folder)))
