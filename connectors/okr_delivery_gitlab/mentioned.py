"""The issues that a merge request's own words name, as GitLab takes them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

LONGEST = 1_000_000  # characters of a description, as GitLab keeps them
_UNREAD = re.compile(
    r"""
    ^\ {0,3}(?P<fence>`{3,}|~{3,}).*?(?:^\ {0,3}(?P=fence)|\Z)   # a block of code, to its end or that of the text
    | (?<!`)(?P<ticks>`+)(?!`)(?:(?!\n\s*\n).)+?(?<!`)(?P=ticks)(?!`)   # code in a line; no paragraph's end inside
    | <!--.*?(?:-->|\Z)
    | ^>>>\s*$.*?(?:^>>>\s*$|\Z)
    | ^\ {0,3}>[^\n]*
    | <(?P<tag>pre|code|blockquote)\b.*?(?:</(?P=tag)>|\Z)
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE | re.IGNORECASE,
)
_STEP = r"[A-Za-z0-9_.][A-Za-z0-9_.-]{0,254}"
_ADDRESS = re.compile(r"https?://[^\s<>()\"'`]{1,2000}", re.ASCII)
_PAGE = re.compile(
    rf"/(?P<path>{_STEP}(?:/{_STEP}){{1,20}})/-/(?:issues|work_items)/(?P<iid>[1-9][0-9]{{0,17}})\b", re.ASCII
)
_SHORT = re.compile(
    rf"(?<![\w/#&\\])(?:(?P<path>{_STEP}(?:/{_STEP}){{0,20}})?#|GL-)(?P<iid>[1-9][0-9]{{0,17}})(?!\w)", re.ASCII
)


class Named(NamedTuple):
    """`sure` False: a word before the number may be a project of the same group, and need not be."""

    path: str
    iid: str
    sure: bool = True

    @property
    def key(self) -> str:
        return f"{self.path}#{self.iid}"


def named_in(title: str, description: str, home: str, sites: Sequence[str]) -> list[Named]:
    """Each once, addresses first. Code, quotes and comments are left out, as GitLab does.

    `home` is the project's full path, `sites` are the addresses that this GitLab goes by. A name without a path is one
    of the same project, a path of one step one of the same group.
    """
    text = f"{title}\n{_UNREAD.sub(' ', description[:LONGEST])}"
    return list({named.key.casefold(): named for named in (*_pages(text, sites), *_short(text, home))}.values())


def _pages(text: str, sites: Sequence[str]) -> Iterator[Named]:
    for address in _ADDRESS.finditer(text):
        for site in sites:
            root = site.rstrip("/")
            found = _PAGE.match(address[0][len(root) :]) if address[0].casefold().startswith(root.casefold()) else None
            if found is not None:
                yield Named(found["path"], found["iid"])
                break


def _short(text: str, home: str) -> Iterator[Named]:
    group = home.rpartition("/")[0]
    for found in _SHORT.finditer(text):
        path = found["path"]
        if path is None or "/" in path:
            yield Named(path or home, found["iid"])
        else:
            yield Named(f"{group}/{path}", found["iid"], sure=False)
