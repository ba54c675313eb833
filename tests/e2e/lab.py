"""One small organisation behind a served Jira of either kind, synced by the real engine on a clock that only waiting
moves: what a trap does to a sync can be held against a sync without it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from okr_delivery.config import Config, load
from okr_delivery.delivery.derive import deriver
from okr_delivery.model.errors import UserError
from okr_delivery.sandbox import jira_cloud, jira_datacenter
from okr_delivery.sandbox.jira.server import RunningServer
from okr_delivery.sandbox.world import build
from okr_delivery.store import Store, open_store
from okr_delivery.sync.build import connector_for
from okr_delivery.sync.engine import SourceResult, sync_source
from tests.e2e.runner import NOW

KINDS = ("cloud", "datacenter")
SERVE: dict[str, Callable[..., RunningServer]] = {"cloud": jira_cloud.serve, "datacenter": jira_datacenter.serve}
ISSUES = 30
CONFIG = """\
version: 1
store: sqlite:///store.db
ledger: ledger/
calendar: {{timezone: UTC}}
sources:
  - {{name: jira, type: jira, url: "{url}", projects: [{projects}], fields: {{key_result: "{key_result}"}}{more}}}
"""


class Clock:
    """Epoch seconds; sleeping is the only thing that takes time."""

    def __init__(self) -> None:
        self.now = float(NOW)
        self.waits: list[float] = []
        self._lock = threading.Lock()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.waits.append(seconds)
            self.now += seconds


@dataclass
class Lab:
    """A served site and the workspace that syncs it."""

    SOURCE: ClassVar = "jira"  # its name, which is its team's too

    kind: str
    server: RunningServer
    folder: Path
    clock: Clock = field(default_factory=Clock)
    url: str | None = None  # where the source is said to be, None = where it is
    more: str = ""  # further settings of the source
    bearer: bool = False
    key_result: str = "Key Result"
    projects: str = "PAY, MOB"
    database: str | None = None  # None = a file in the folder

    @property
    def config(self) -> Config:
        path = self.folder / "okr-delivery.yaml"
        path.write_text(
            CONFIG.format(
                url=self.url or self.server.url, key_result=self.key_result, projects=self.projects, more=self.more
            ),
            encoding="utf-8",
        )
        return load(path, cwd=self.folder, env=self.env)

    @property
    def env(self) -> dict[str, str]:
        user = {} if self.bearer else {"OKR_DELIVERY_JIRA_USER": self.server.user}
        return user | {"OKR_DELIVERY_JIRA_TOKEN": self.server.token}

    def sync(self, *, full: bool = False, deadline: float | None = None) -> SourceResult:
        """One sync. Raises what the engine raises."""
        config = self.config
        source = config.source(self.SOURCE)
        connector, transport = connector_for(
            config, source, self.env, clock=self.clock, sleep=self.clock.sleep, deadline=deadline
        )
        with self.store() as store:
            return sync_source(
                source,
                store,
                connector,
                derive=deriver(config),
                team_of=lambda _: self.SOURCE,
                transport=transport,
                full=full,
                deadline=deadline,
                clock=self.clock,
            )

    def refused(self, **options: Any) -> UserError:
        """The error that a sync ends with; the source is not whole afterwards."""
        try:
            result = self.sync(**options)
        except UserError as error:
            assert not self.complete
            return error
        raise AssertionError(f"the sync ended as if nothing had been wrong: {result}")

    @contextmanager
    def store(self) -> Iterator[Store]:
        where = self.database or f"sqlite:///{self.folder}/store.db"
        with open_store(where, ledger=self.folder / "ledger") as store:
            yield store

    @property
    def complete(self) -> bool:
        with self.store() as store:
            state = store.source(self.SOURCE)
            return state is not None and state.complete

    def dump(self) -> dict[str, Any]:
        """Everything that was learnt, with the server's address made one."""
        with self.store() as store:
            return dict(_plain(store.dump(), self.server.url))

    @property
    def source(self) -> dict[str, Any]:
        """What was learnt of the source."""
        return dict(self.dump()["sources"][self.SOURCE])


def _plain(value: Any, url: str) -> Any:
    if isinstance(value, str):
        return value.replace(url, "http://jira")
    if isinstance(value, Mapping):
        return {key: _plain(each, url) for key, each in value.items()}
    return [_plain(each, url) for each in value] if isinstance(value, list | tuple) else value


@contextmanager
def lab(
    kind: str, folder: Path, faults: Mapping[str, Any] | None = None, *, issues: int = ISSUES, **options: Any
) -> Iterator[Lab]:
    """A fresh organisation behind a server of this kind, with faults in force."""
    clock = Clock()
    folder.mkdir(parents=True, exist_ok=True)
    with SERVE[kind](build(seed=1, issues=issues, now=NOW), clock=clock, faults=faults) as server:
        yield Lab(kind, server, folder, clock, **options)
