"""Where the next page of a REST list is: told by `Link`, by the next page's number, or by nothing but a full page."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import requests

_TELLING = ("Link", "X-Next-Page", "X-Page", "X-Total", "X-Runtime", "X-Request-Id")
"""Headers of a server that would have told of a next page: a real GitLab sends some of them with every answer."""


def following(response: requests.Response, rows: int) -> str | None:
    """The address of the next page; None behind the last one. `rows` is how many this page held.

    A `Link` is taken literally, but on our own origin: a server behind a proxy may call itself by another address, and
    a token goes nowhere else. Proxies may drop it, so that the next page's number stands in for it; a server that
    tells nothing at all is asked for one page more as long as its pages are full.
    """
    if "Link" in response.headers:
        link = response.links.get("next", {}).get("url")
        return _here(response.url, link) if link else None
    query = dict(parse_qsl(urlsplit(response.url).query, keep_blank_values=True))
    told = response.headers.get("X-Next-Page")
    if told is not None:
        return _numbered(response.url, query, told.strip())
    silent = not any(name in response.headers for name in _TELLING)
    if silent and rows and rows >= _number(query.get("per_page"), rows + 1):
        return _numbered(response.url, query, str(_number(query.get("page"), 1) + 1))
    return None


def _here(url: str, link: str) -> str:
    own = urlsplit(url)
    return urlunsplit(urlsplit(link)._replace(scheme=own.scheme, netloc=own.netloc))


def _numbered(url: str, query: dict[str, str], number: str) -> str | None:
    return urlunsplit(urlsplit(url)._replace(query=urlencode(query | {"page": number}))) if number.isdigit() else None


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text is not None and text.isdigit() else otherwise
