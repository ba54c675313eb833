"""Accounts of trackers without people: what is kept of whoever did something are marks, which can only be compared.

The first mark is of the tracker's own id, which nobody chooses or changes. Behind it may stand one of the user name,
where a tracker tells it beside the id. A display name, which its bearer can change, is never marked.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

_ONLY_ID = re.compile(r"[0-9]+|(?:JIRAUSER|ID)[0-9]+")
"""What is the form of an id: a person might choose it for a user name, so it never stands for one."""


def marks(account: str, name: str | None = None) -> str:
    """The marks of an account; `name` is its user name."""
    return f"{_of_id(account)} {_of_name(name)}" if name else _of_id(account)


def same_account(one: str | None, other: str | None) -> bool:
    """Whether two marks are of one account: user names may change, or be told by one answer and not by another."""
    return one is not None and other is not None and one.split(" ")[0] == other.split(" ")[0]


def means(written: str, found: str | None) -> bool:
    """Whether an account as a person writes it (its id, or its user name, with or without @) is the marked one."""
    if not found or not written:
        return False
    account, _, name = found.partition(" ")
    by_id = not written.startswith("@") and account == _of_id(written)
    return by_id or (bool(name) and not _ONLY_ID.fullmatch(written) and name == _of_name(written.removeprefix("@")))


@lru_cache(maxsize=2048)
def _of_id(account: str) -> str:
    return hashlib.blake2s(account.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


@lru_cache(maxsize=2048)
def _of_name(name: str) -> str:
    """Longer than that of an id: a person might look for a name that has another one's mark."""
    return hashlib.blake2s(f"@{name.casefold()}".encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
