"""Keys of issues as trackers write them: `PAY-112`, `group/project#12`, and `group&3` for what belongs to a group."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from json import loads
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

DASH, HASH, AMPERSAND = "-", "#", "&"
PAGES = {"issues": HASH, "work_items": HASH, "incident": HASH, "epics": AMPERSAND}
"""The step of an address before an issue's number, and the sign that stands there in its key."""
GROUPS = "groups"  # the first step of the address of what belongs to a group

_KEY = re.compile(r"(?s:(.*?))([-#&])?([0-9]+)")


class Key(NamedTuple):
    """A key in its parts; `project` is "" for one that is shortened to its number, which `#` stands before."""

    project: str
    sign: str
    number: str

    @property
    def text(self) -> str:
        return f"{self.project}{self.sign}{self.number}"


def split(text: str) -> Key | None:
    """The parts of a key; None for text that is none."""
    found = _KEY.fullmatch(text)
    if found is None or (found[2] is None and found[1]):
        return None
    return Key(found[1], found[2] or HASH, found[3])


def project_of(key: str) -> str:
    """The project or group of a key; "" where it names none."""
    found = split(key)
    return "" if found is None else found.project


def means(short: Key, key: str) -> bool:
    """Whether a key shortened to its number, or to the last steps of its path, may stand for this one."""
    if short.sign == DASH:
        return False
    lead = f"/{short.project}" if short.project else ""
    return f"/{key}".casefold().endswith(f"{lead}{short.sign}{short.number}".casefold())


def from_url(url: str, base: str = "") -> str | None:
    """The key that a browser's address speaks of; `base` is the tracker's own, whose path is part of no key."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    if "selectedIssue" in query:
        return query["selectedIssue"][0]
    steps = _steps(parts.path)
    if "browse" in steps[:-1]:
        return steps[steps.index("browse") + 1]
    root = _steps(urlsplit(base).path)
    own = steps[len(root) :] if steps[: len(root)] == root else steps
    shown = _shown(query.get("show", [""])[0])
    return shown or _of_page(own) or (own[-1] if own else None)


def _steps(path: str) -> list[str]:
    return [step for raw in path.split("/") if (step := unquote(raw))]


def _of_page(steps: Sequence[str]) -> str | None:
    """`group/project/-/issues/12`, with or without the dash."""
    for n, (page, number) in enumerate(pairwise(steps)):
        if page not in PAGES or not number.isdecimal():
            continue
        place = list(steps[: steps.index(DASH) if DASH in steps[:n] else n])
        of_group = place[:1] == [GROUPS]
        path = "/".join(place[1:] if of_group else place)
        return Key(path, AMPERSAND if of_group else PAGES[page], number).text if path else None
    return None


def _shown(text: str) -> str | None:
    """What a list shows beside it: its address carries a small object, coded."""
    with suppress(ValueError, TypeError, KeyError):
        found = loads(b64decode(text + "=" * (-len(text) % 4)))
        path, number = str(found["full_path"]), str(found["iid"])
        return Key(path, HASH if "/" in path else AMPERSAND, number).text if number.isdecimal() else None
    return None
