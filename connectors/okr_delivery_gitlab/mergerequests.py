"""Merge requests: which issues one closes or mentions, and the verdict on its head."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote, unquote, urlsplit

from okr_delivery.model.text import one_line
from okr_delivery.sync.connector import MergeRequest, SourceSpec
from okr_delivery.sync.workers import together
from okr_delivery_gitlab.client import GitLabClient, StatusError
from okr_delivery_gitlab.mentioned import named_in
from okr_delivery_gitlab.problems import broken, refused
from okr_delivery_gitlab.values import Row, mapping, string

HIDDEN = frozenset({403, 404})
LATER = frozenset({400, 403, 404, 405})
WORDS = 20
"""Names that are asked for whether they are projects; what a longer text names beyond them counts as one."""
_REF = re.compile(r"(?:(?P<path>[^!\s]+?)?!)?(?P<iid>[0-9]+)")
_PAGE = re.compile(r"/(?P<path>.+?)/-/merge_requests/(?P<iid>[0-9]+)(?:/.*)?")
_STEP = r"[A-Za-z0-9_.][A-Za-z0-9_.-]*"
_OTHER = re.compile(r"[A-Z][A-Z0-9_]+-[1-9][0-9]*")
_LINK = re.compile(rf"https?://[^\s/]+/(?P<path>{_STEP}(?:/{_STEP})+)/-/(?:issues|work_items)/(?P<iid>[0-9]+)\b")


@dataclass(frozen=True, slots=True)
class Head:
    """Where a verdict is said: the project that holds the commit, and the branch that leads to it."""

    project: str
    sha: str
    branch: str | None
    target: str  # project of the merge request
    iid: str


class RequestReader:
    """Reads merge requests of one source."""

    def __init__(self, spec: SourceSpec, client: GitLabClient) -> None:
        self._spec = spec
        self._client = client

    def read(self, ref: str) -> tuple[MergeRequest, Head]:
        """Raises ConfigError for one that does not exist or is not shown, and for a number without a project."""
        path, iid = self._place(ref)
        below = f"projects/{quote(path, safe='')}/merge_requests/{iid}"
        try:
            row = mapping(self._client.get(below, what="projects/:id/merge_requests/:iid", expect=HIDDEN))
        except StatusError as error:
            raise refused("request_unknown", ref, ref=f"{path}!{iid}", status=error.status) from None
        full = string(mapping(row.get("references")).get("full")) or f"{path}!{iid}"
        home = full.partition("!")[0]
        closes = self._issues(f"{below}/closes_issues", "closes_issues")
        related = self._issues(f"{below}/related_issues", "related_issues")
        listed = _unique([*closes, *related])
        request = MergeRequest(
            ref=full,
            title=string(row.get("title")) or full,
            url=string(row.get("web_url")),
            sha=string(row.get("sha")) or "",
            closes=tuple(closes),
            mentions=tuple(key for key in (*listed, *self._unlisted(row, home, listed)) if key not in closes),
        )
        return request, _head(row, request, iid)

    def _place(self, ref: str) -> tuple[str, str]:
        text = ref.strip()
        found = _PAGE.fullmatch(self._path_of(text)) if "://" in text else _REF.fullmatch(text)
        if found is None:
            raise refused("request_ref", ref, ref=one_line(ref)[:100])
        path = found["path"]
        if path:
            return path.strip("/"), found["iid"]
        if len(self._spec.projects) != 1 or self._spec.options.get("groups"):
            raise refused("request_project", ref, iid=found["iid"])
        return self._spec.projects[0], found["iid"]

    def _path_of(self, url: str) -> str:
        """The path of an address below the source's own."""
        if not url.startswith(f"{self._spec.url}/"):
            return ""
        return unquote(urlsplit(url.removeprefix(self._spec.url)).path)

    def _issues(self, path: str, name: str) -> list[str]:
        """Keys of a list of issues: those that this account may see; none where this server has no such list."""
        what = f"projects/:id/merge_requests/:iid/{name}"
        try:
            rows = self._client.rows(path, what=what, expect=LATER)
        except StatusError:
            return []
        return _unique(key for key in map(full_key, rows) if key is not None)

    def _unlisted(self, row: Row, home: str, listed: Iterable[str]) -> Iterator[str]:
        """What the words name and no list holds: confidential to this account, gone, never there, or no list told.

        A word before a number is a project of the same group only where there is one of that name.
        """
        told = {key.casefold() for key in listed}
        title, text = str(row.get("title") or ""), str(row.get("description") or "")
        found = named_in(title, text, home, self._sites(row, home))
        rest = [named for named in found if named.key.casefold() not in told]
        unsure = list(dict.fromkeys(named.path for named in rest if not named.sure))[:WORDS]
        there = dict(zip(unsure, together([partial(self._is_there, path) for path in unsure]), strict=True))
        return (named.key for named in rest if named.sure or there.get(named.path, True))

    def _sites(self, row: Row, home: str) -> list[str]:
        """The source's address, and the one that people open, which may be another."""
        root, sign, _ = (string(row.get("web_url")) or "").partition(f"/{home}/-/")
        return _unique([self._spec.url, *([root] if sign else [])])

    def _is_there(self, path: str) -> bool:
        try:
            self._client.get(f"projects/{quote(path, safe='')}", what="projects/:id", expect=HIDDEN)
        except StatusError:
            return False
        return True


def full_key(row: Row) -> str | None:
    """`group/project#12`; a project with another tracker for its issues names them by that one's keys."""
    other = row.get("id")
    if isinstance(other, str) and _OTHER.fullmatch(other):
        return other
    full = string(mapping(row.get("references")).get("full"))
    if full is not None:
        return full
    found = _LINK.match(string(row.get("web_url")) or "")
    return f"{found['path']}#{found['iid']}" if found else None


def _unique(keys: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(keys))


def _head(row: Mapping[str, object], request: MergeRequest, iid: str) -> Head:
    target, source = string(row.get("project_id")), string(row.get("source_project_id"))
    if target is None or not request.sha:
        raise broken("shape", "projects/:id/merge_requests/:iid")
    return Head(source or target, request.sha, string(row.get("source_branch")), target, iid)
