"""What `doctor` can say beyond the contract: version, tier features, what the token is and may, and when it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from okr_delivery.model.message import Message, msg
from okr_delivery.sync.errors import SyncError
from okr_delivery_gitlab.capabilities import Capabilities
from okr_delivery_gitlab.client import GitLabClient
from okr_delivery_gitlab.settings import Settings
from okr_delivery_gitlab.tokens import Token, is_bot, own_token

SOON = 14
"""Days before a token's end from which on it is named."""
FEATURES = ("weight", "iterations", "epics", "health", "statuses")


@dataclass(frozen=True, slots=True)
class Inspection:
    """One look at a connection. `settings` reads metadata where none was; `today` is the server's day."""

    client: GitLabClient
    version: str | None
    today: date
    settings: Callable[[], Settings]

    def told(self) -> Iterable[Message]:
        """Everything worth a line."""
        return [msg("gitlab.inspect.version", version=self.version or "–"), *self._token(), *self._tier()]

    def _token(self) -> Iterator[Message]:
        try:
            token = own_token(self.client)
        except SyncError:
            return
        if token is None:
            yield msg("gitlab.inspect.untold")
            return
        kind = msg("gitlab.token.bot" if is_bot(self.client) else "gitlab.token.person")
        yield msg("gitlab.inspect.token", name=token.name, kind=kind, scopes=", ".join(sorted(token.scopes)) or "–")
        if not token.reads:
            yield msg("gitlab.inspect.no_read")
        elif not token.writes:
            yield msg("gitlab.inspect.read_only")
        yield from self._end(token)

    def _end(self, token: Token) -> Iterator[Message]:
        if token.expires is None:
            return
        left = (token.expires - self.today).days
        kind = "expires_soon" if left <= SOON else "expires"
        yield msg(f"gitlab.inspect.{kind}", day=token.expires.isoformat(), days=max(left, 0))

    def _tier(self) -> Iterator[Message]:
        try:
            settings = self.settings()
        except SyncError:  # the metadata's own line says why
            return
        there = [msg(f"gitlab.feature.{name}") for name in FEATURES if name in settings.features]
        missing = [msg(f"gitlab.feature.{name}") for name in FEATURES if name not in settings.features]
        if there:
            yield msg("gitlab.inspect.features", features=_joined(there))
        if missing:
            yield msg("gitlab.inspect.no_features", features=_joined(missing))
        bulk = Capabilities.from_json(settings.capabilities).activity
        yield msg("gitlab.inspect.bulk" if bulk else "gitlab.inspect.lists")


def _joined(names: list[Message]) -> Message:
    """Names of features as one text."""
    found = names[0]
    for name in names[1:]:
        found = msg("gitlab.feature.and", first=found, second=name)
    return found
