"""Addresses in a recording: the tracker's own, under whatever name it is reached, and everybody else's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from urllib.parse import parse_qsl, quote, unquote, urlsplit

OWN = "https://tracker.example.com"
"""Stands for the tracker's own address, context path and gateway included; whoever serves a recording replaces it."""
LINK = "https://link.example.com"
_SEGMENT = re.compile(r"\d{1,19}(?:\.\d{1,3})?|v\d|[A-Z][A-Z0-9_]{1,19}(?:-\d{1,9})?")
_WORDS = """
    rest api agile latest issue search jql project board backlog sprint version component status statuses
    statuscategory issuetype priority resolution field filter user avatar universal_avatar view viewuser type
    attachment content thumbnail comment worklog changelog bulkfetch configuration issueLink issueLinkType remotelink
    transitions votes watchers myself serverInfo customFieldOption epic role properties permissions mypermissions
    projectCategory securitylevel group groups merge_requests issues milestones labels notes"""
_ENDPOINTS = frozenset(_WORDS.split())
_BROWSE = re.compile(r"/browse/[A-Z][A-Z0-9_]{1,19}-\d{1,9}")
_REST = re.compile(r"/rest/(?:api|agile)/|/api/v\d/")
_URL = re.compile(r"https?://[^\s<>\"'\\]+")

Pairs = Sequence[tuple[str, str]]
CleanQuery = Callable[[Pairs], Pairs]


class Places:
    """The roots under which one tracker answers. `digest` names other addresses without saying them."""

    def __init__(self, url: str, digest: Callable[[str], str]) -> None:
        self._roots = [url.rstrip("/")]
        self._digest = digest

    def learn(self, urls: Iterable[object]) -> None:
        """Addresses that the tracker calls its own."""
        for url in urls:
            if isinstance(url, str) and url.startswith(("https://", "http://")) and url.rstrip("/") not in self._roots:
                self._roots.append(url.rstrip("/"))

    def path_of(self, url: str) -> str:
        """The path behind the root: no context path, no gateway prefix."""
        return self._behind(url) or _path(url) or "/"

    def re_rooted(self, text: str) -> str:
        """The text with every own address under `OWN`; the others stay."""
        return _URL.sub(lambda match: self._own(match[0]) or match[0], text)

    def clean(self, url: str, query: CleanQuery) -> str:
        """An own address of the API or of an issue without what names anybody; any other as a digest."""
        own = self._own(url)
        if own is None and (api := _REST.search(_path(url))):  # the same tracker by a name that nobody told us
            own = OWN + _path(url)[api.start() :]
        if own is None:
            return f"{LINK}/{self._digest(url)}"
        parts = urlsplit(own)
        if _BROWSE.fullmatch(parts.path):
            return OWN + parts.path
        if not _REST.match(parts.path):
            return f"{OWN}/link/{self._digest(url)}" if parts.path.strip("/") else OWN
        return OWN + self._segments(parts.path) + written(query(parse_qsl(parts.query, keep_blank_values=True)))

    def _segments(self, path: str) -> str:
        """Behind `user` nothing stays; elsewhere what is no word of the API, number or key."""
        kept: list[str] = []
        for segment in unquote(path).split("/"):
            stays = not segment or segment in _ENDPOINTS or _SEGMENT.fullmatch(segment)
            kept.append(segment if stays else self._digest(segment))
            if segment == "user":
                break
        return "/".join(kept)

    def behind(self, url: str) -> str | None:
        """What follows the root in an own address, query included; None for anybody else's."""
        return self._behind(url, whole=True)

    def _own(self, url: str) -> str | None:
        behind = self.behind(url)
        return None if behind is None else OWN + behind

    def _behind(self, url: str, *, whole: bool = False) -> str | None:
        for root in sorted(self._roots, key=len, reverse=True):
            if url.casefold().startswith(root.casefold()) and url[len(root) : len(root) + 1] in ("", "/", "?", "#"):
                rest = url[len(root) :]
                return rest if whole else urlsplit(OWN + rest).path or "/"
        return None


def _path(url: str) -> str:
    """ "" for what only looks like an address."""
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def written(pairs: Pairs) -> str:
    """A query string with its question mark; "" without any pair."""
    return "?" + "&".join(f"{quote(name)}={quote(value, safe=',')}" for name, value in pairs) if pairs else ""
