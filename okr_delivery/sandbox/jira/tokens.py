"""Page tokens: opaque to the client, short of life, good for one list only."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass

from okr_delivery.sandbox.jira.http import RefusedError


@dataclass(frozen=True, slots=True)
class Place:
    """Where a list goes on: the number of the page to come and what that list needs to find its place."""

    page: int
    after: int
    issued: int  # epoch seconds
    dead: bool = False


class Tokens:
    """Makes and reads tokens. A token says for which list (`what`) it was made, and is refused for any other."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[str, Place]] = {}

    def make(self, what: str, place: Place) -> str:
        """The token of a place; the same place gives the same token."""
        raw = json.dumps([what, place.page, place.after, place.issued]).encode()
        token = base64.urlsafe_b64encode(hashlib.sha256(raw).digest()[:24]).decode()
        self._made[token] = (what, place)
        return token

    def read(self, what: str, token: str | None, now: int, life: int) -> Place:
        """The place of a token, the first page without one. Refuses unknown, foreign, dead and expired ones."""
        if token is None:
            return Place(1, 0, now)
        made_for, place = self._made.get(token, ("", None))
        if place is None or made_for != what:
            raise RefusedError(400, "The provided next page token is invalid or does not belong to this query.")
        if place.dead or now - place.issued > life:
            raise RefusedError(400, "The provided next page token has expired.")
        return place


def fingerprint(*parts: object) -> str:
    """A short name of a list: what was asked, without the paging."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]
