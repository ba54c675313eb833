"""Users of a Data Center: a name, a key and an address, but no account."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote
from zlib import crc32

from okr_delivery.sandbox.site import BASE, Site, Wire

NUMBER = re.compile(r"\d{1,6}")


@lru_cache(maxsize=10_000)
def key_of(account: str) -> str:
    """The key of the user who has this account on Cloud; a key that is one already stays."""
    tail = account.rpartition(":")[2]
    if not NUMBER.fullmatch(tail):
        tail = str(crc32(account.encode()) % 100_000)
    return f"JIRAUSER{10_000 + int(tail)}"


def name_of(account: str) -> str:
    """The user name that goes with an account."""
    return f"u{key_of(account).removeprefix('JIRAUSER')}"


def person(user: Wire, zone: str) -> Wire:
    """A user object. One that was recorded from a Data Center leaves as it is."""
    account = user.get("accountId")
    if account is None:
        return user
    key, name = key_of(str(account)), name_of(str(account))
    return {
        "self": f"{BASE}/rest/api/2/user?username={quote(name)}",
        "name": name,
        "key": key,
        "emailAddress": f"{name}@example.com",
        "displayName": user.get("displayName"),
        "active": user.get("active", True),
        "timeZone": zone,
    }


def account_of(site: Site, wanted: str) -> str | None:
    """The site's own id of a user by name or key; None for nobody."""
    for account, user in site.users.items():
        known = person(user, site.zone)
        if wanted in (known.get("name"), known.get("key")):
            return account
    return None
