"""The issues that a merge request closes, read from its texts by GitLab's default closing pattern.

A server may be set to another pattern; GitLab tells of none, and asking it about each merge request would be a request
each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

_WORDS = r"(?:[Cc]los(?:e[sd]?|ing)|[Ff]ix(?:e[sd]|ing)?|[Rr]esolv(?:e[sd]?|ing)|[Ii]mplement(?:s|ed|ing)?)"
_LINK = r"https?://[^\s<>()\"']{1,500}?/(?:issues|work_items)/[0-9]+"
_SHORT = r"(?:[\w.-]+(?:/[\w.-]+)*)?#[0-9]+"
_ONE = rf"(?:{_LINK}|{_SHORT})"
_CLOSING = re.compile(rf"\b{_WORDS}:? +(?:(?:issues? +)?{_ONE}(?: *,? +and +| *,? *)?)+")
_NAMED = re.compile(rf"(?P<link>{_LINK})|(?P<path>[\w.-]+(?:/[\w.-]+)*)?#(?P<iid>[0-9]+)")
_TAIL = re.compile(r"(?:/-)?/(?:issues|work_items)/([0-9]+)")
LONGEST = 100_000  # characters of a text that are read


class IssueRef(NamedTuple):
    """A project's full path and the number of an issue in it."""

    path: str
    iid: str


def closed_by(texts: Iterable[str], project: str, sites: Sequence[str]) -> Iterator[IssueRef]:
    """What the texts close, each once, as seen from a project (its full path). `sites` are this GitLab's addresses."""
    found = (
        _meant(named, project, sites)
        for text in texts
        for part in _CLOSING.finditer(text[:LONGEST])
        for named in _NAMED.finditer(part[0])
    )
    return iter(dict.fromkeys(ref for ref in found if ref is not None))


def _meant(named: re.Match[str], project: str, sites: Sequence[str]) -> IssueRef | None:
    """None for a link to another site."""
    if named["link"] is not None:
        return _linked(named["link"], sites)
    path = named["path"]
    if path is None:
        return IssueRef(project, named["iid"])
    home = project.rpartition("/")[0]
    return IssueRef(path if "/" in path or not home else f"{home}/{path}", named["iid"])


def _linked(link: str, sites: Sequence[str]) -> IssueRef | None:
    for site in sites:
        if link.casefold().startswith(f"{site.rstrip('/')}/".casefold()):
            rest = link[len(site.rstrip("/")) + 1 :]
            end = _TAIL.search(rest)
            return IssueRef(rest[: end.start()], end[1]) if end is not None else None
    return None
