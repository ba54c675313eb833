"""Where the next page of a REST list is: told by `Link`, by the next page's number, or by nothing but a full page."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

import requests

DEFAULT = 20
"""Rows of a page where none are asked for."""
PLACES = frozenset({"next", "prev", "first", "last"})
"""What a link of a list may lead to; others, such as `preload`, are put in by what stands before a server."""

CURSORS = frozenset({"pagination", "cursor", "id_after"})


class Next(NamedTuple):
    """The address of a next page. `told` False: nobody said that there is one, the page before was full."""

    link: str
    told: bool


class Pager:
    """Finds the next pages of one server's lists, and learns whether it tells of them; safe to use from threads.

    GitLab says nothing at all on the last page of a list with cursors. A proxy that takes its headers away makes each
    page look like that, so that a full page without a word is always followed by a look behind it.
    """

    def __init__(self) -> None:
        self._tells = False  # whether a link of a list ever came through
        self._fullest = 0  # rows of the fullest page that had no word with it
        self._cap = 0  # rows of the fullest page that another one followed: as many as the server gives at once

    def following(self, response: requests.Response, rows: int) -> Next | None:
        """The next page; None behind the last one. `rows` is how many this page held.

        A link is taken literally, but on our own origin: a server behind a proxy may call itself by another address,
        and a token goes nowhere else. Where there is none the next page's number stands in for it.
        """
        links = _links(response)
        self._tells = self._tells or bool(links)
        told = links.get("next") or _by_number(response)
        if told:
            self._cap = max(self._cap, rows)
            return Next(told, told=True)
        if links or told is not None or not rows:
            return None
        return Next(_behind(response.url), told=False) if self._full(response, rows) else None

    def _full(self, response: requests.Response, rows: int) -> bool:
        """Whether a page without a word may be all that the server gives at once, rather than all there is."""
        asked = _number(_query(response.url).get("per_page"), DEFAULT)
        given = _number(response.headers.get("X-Per-Page"), asked)
        before, self._fullest = self._fullest, max(self._fullest, rows)
        if rows >= min(asked, given) or (self._cap and rows >= self._cap):
            return True
        return not self._tells and not self._cap and rows >= before


def _links(response: requests.Response) -> dict[str, str]:
    """The links of this very list, by what they lead to."""
    found = {rel: urljoin(response.url, link.get("url", "")) for rel, link in response.links.items() if rel in PLACES}
    return {rel: _here(response.url, url) for rel, url in found.items()}


def _by_number(response: requests.Response) -> str | None:
    """The next page by its number; empty behind the last one, None where that is not told."""
    told = response.headers.get("X-Next-Page")
    if told is not None and (told.strip().isdigit() or not told.strip()):
        return _numbered(response.url, told.strip()) if told.strip() else ""
    page, pages = (_number(response.headers.get(name), 0) for name in ("X-Page", "X-Total-Pages"))
    if not page or not pages:
        return None
    return _numbered(response.url, str(page + 1)) if page < pages else ""


def _behind(url: str) -> str:
    """The page behind one of whose place nothing is known but its number: cursors would give the first one again."""
    return _numbered(url, str(_number(_query(url).get("page"), 1) + 1), without=CURSORS)


def _here(url: str, link: str) -> str:
    own = urlsplit(url)
    return urlunsplit(urlsplit(link)._replace(scheme=own.scheme, netloc=own.netloc))


def _numbered(url: str, number: str, without: frozenset[str] = frozenset()) -> str:
    dropped = {"page", *without}
    pairs = [pair for pair in parse_qsl(urlsplit(url).query, keep_blank_values=True) if pair[0] not in dropped]
    return urlunsplit(urlsplit(url)._replace(query=urlencode([*pairs, ("page", number)])))


def _query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text is not None and text.isdigit() else otherwise
