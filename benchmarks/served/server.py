"""The process that serves a Jira Cloud of prepared pieces.

python -m benchmarks.served.server FOLDER [--latency 0.1] [--spool FILE] [--tls CERTIFICATE KEY]
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from benchmarks.served.pieces import Pieces
from benchmarks.served.serving import Answer, serve

SIZES = {"id": 5000, "other": 100}
DEFAULT_SIZE = 50
_LIVELY = re.compile(r'statusCategory != Done OR updated >= "([^"]+)"')
_SINCE, _BEFORE = re.compile(r'created >= "([^"]+)"'), re.compile(r'created < "([^"]+)"')
_ISSUE = re.compile(r"/rest/api/[23]/issue/(\d+)$")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, its parameters from wherever they came."""

    method: str
    target: str
    parameters: dict[str, object]

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.target).path)

    def texts(self, name: str) -> list[str]:
        value = self.parameters.get(name) or []
        return [str(part) for part in value] if isinstance(value, list) else str(value).split(",")

    def text(self, name: str) -> str:
        return ",".join(self.texts(name))


class Site:
    """Answers from pieces. `url` replaces the placeholder in what names the server."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces
        self.url = b""
        self._found: tuple[str, list[str]] = ("", [])

    @property
    def headers(self) -> Mapping[str, str]:
        return self._pieces.headers

    def answer(self, method: str, target: str, sent: bytes) -> Answer | None:
        query: dict[str, object] = {k: v[0] if k == "jql" else v for k, v in parse_qs(urlsplit(target).query).items()}
        found = self._body(Asked(method, target, query | (json.loads(sent) if sent else {})))
        return None if found is None else Answer(found)

    def _body(self, asked: Asked) -> bytes | None:
        name = asked.path.rpartition("/rest/api/")[2].partition("/")[2]
        if name == "issue/bulkfetch":
            return b'{"issues":[%s],"issueErrors":[]}' % self._pieces.bodies(asked.texts("issueIdsOrKeys"))
        if name == "changelog/bulkfetch":
            return b'{"issueChangeLogs":[%s]}' % self._pieces.histories(asked.texts("issueIdsOrKeys"))
        if name == "search/jql":
            return self._search(asked)
        if name == "search/approximate-count":
            return b'{"count":%d}' % len(self._ids(asked))
        one = _ISSUE.search(asked.path)
        if one:
            return self._pieces.whole([one[1]])
        fixed = self._pieces.fixed.get(asked.target) or self._pieces.fixed.get(asked.path)
        return None if fixed is None else fixed.encode()

    def _search(self, asked: Asked) -> bytes:
        """Token pages: the token is the place of the next row."""
        ids, fields = self._ids(asked), asked.texts("fields")
        start = int(asked.text("nextPageToken") or 0)
        size = min(int(asked.text("maxResults") or DEFAULT_SIZE), SIZES["id" if fields == ["id"] else "other"])
        part = ids[start : start + size]
        end = b'"isLast":true' if start + size >= len(ids) else b'"isLast":false,"nextPageToken":"%d"' % (start + size)
        if fields == ["id"]:
            rows = self._pieces.briefs(part)
        else:
            rows = self._pieces.bodies(part)
            if "changelog" in asked.text("expand"):
                rows = self._pieces.whole(part, everything="*all" in fields)
        return b'{"issues":[%s],%s}' % (rows, end)

    def _ids(self, asked: Asked) -> list[str]:
        jql = str(asked.parameters.get("jql"))
        if self._found[0] != jql:
            lively, since, before = (
                found and found[1] for found in (p.search(jql) for p in (_LIVELY, _SINCE, _BEFORE))
            )
            self._found = (jql, self._pieces.ids(lively=lively, since=since, before=before))
        return self._found[1]


if __name__ == "__main__":
    serve(lambda folder: Site(Pieces(folder)))
