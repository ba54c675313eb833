"""Requests of a sync of 10,000 issues at 100 ms each: the first, with nothing changed, with 50 issues changed.

The tracker is the sandbox over real HTTP, first as Jira Cloud, then as Jira Data Center; connector, engine, store and
derivation are those of a real run. Prints every endpoint with its count, the totals against the limits, and the ratio
to the named baseline: one request per issue and one per user, plus the pages that list the issues. Exit code 1 when a
limit is broken.

    python -m benchmarks.sync_requests [--issues 10000] [--boards 2] [--kind cloud|datacenter] [--latency 0.1]
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from okr_delivery.config import load
from okr_delivery.delivery.derive import deriver
from okr_delivery.sandbox import jira_cloud, jira_datacenter
from okr_delivery.sandbox.jira_cloud import RunningServer
from okr_delivery.sandbox.world import build
from okr_delivery.store import open_store
from okr_delivery.sync.build import connector_for
from okr_delivery.sync.engine import SourceResult, sync_source

LIMITS = {"first": 35, "unchanged": 6, "changed": 12}  # of 1,000 issues
FIRST_OF_10000 = 160
CHANGED = 50
SERVE = {"cloud": jira_cloud.serve, "datacenter": jira_datacenter.serve}
BASELINE = "issues + users + issues ÷ 100 (the best-known peer: one request per issue and per user, pages of 100)"
CONFIG = """\
version: 1
store: sqlite:///store.db
ledger: ledger/
sources:
  - {name: jira, type: jira, url: "URL", projects: [PROJECTS]}
"""


@dataclass(frozen=True, slots=True)
class Sync:
    """One sync: what it sent by endpoint, as the server counted, and how long it took."""

    name: str
    requests: Counter[str]
    seconds: float
    result: SourceResult
    users: int

    @property
    def total(self) -> int:
        return self.requests.total()

    @property
    def limit(self) -> int:
        return FIRST_OF_10000 if self.result.fetched > 1000 else LIMITS[self.name]

    @property
    def baseline(self) -> int:
        """What the same costs at one request per issue and per user, plus the pages that list the issues."""
        return self.result.fetched + self.users + math.ceil(self.result.fetched / 100)


def measure(issues: int = 1000, boards: int = 2, kind: str = "cloud", latency: float = 0.0) -> tuple[Sync, ...]:
    """Three syncs of one sandbox site with `boards` scrum boards (1 or 2): first, nothing changed, 50 changed.

    `latency` is seconds for each request.
    """
    projects = ("PAY", "MOB")[:boards]
    with tempfile.TemporaryDirectory() as folder, SERVE[kind](build(issues=issues), latency=latency) as server:
        root = Path(folder)
        text = CONFIG.replace("URL", server.url).replace("PROJECTS", ", ".join(projects))
        (root / "okr-delivery.yaml").write_text(text, encoding="utf-8")
        first, unchanged = _sync("first", root, server), _sync("unchanged", root, server)
        _change(server, projects, min(CHANGED, issues))
        return first, unchanged, _sync("changed", root, server)


def _change(server: RunningServer, projects: tuple[str, ...], count: int) -> None:
    """Gives the first issues a new title, as a person would."""
    wanted = [issue for _, issue in sorted(server.site.issues.items()) if issue.key.split("-")[0] in projects]
    for issue in wanted[:count]:
        server.tracker.edit(issue.id, {"summary": f"{issue.summary} (reworded)"})


def _sync(name: str, root: Path, server: RunningServer) -> Sync:
    env = {"OKR_DELIVERY_JIRA_USER": server.user, "OKR_DELIVERY_JIRA_TOKEN": server.token}
    config = load(None, cwd=root, env=env)
    source = config.source("jira")
    connector, transport = connector_for(config, source, env)
    server.reset()
    began = time.monotonic()
    with open_store(config.store_url, ledger=root / "ledger") as store:
        result = sync_source(
            source, store, connector, derive=deriver(config), team_of=lambda _: "jira", transport=transport
        )
    return Sync(name, Counter(server.requests), time.monotonic() - began, result, len(server.site.users))


def _show(sync: Sync) -> None:
    print(f"{sync.name} sync: {sync.result.fetched} issues, {sync.result.changes} changes, {sync.seconds:.1f} s")
    for endpoint, count in sorted(sync.requests.items(), key=lambda row: (-row[1], row[0])):
        print(f"  {count:5}  {endpoint}")
    print(f"  {sync.total:5}  in all, {'within' if sync.total <= sync.limit else 'OVER'} the limit of {sync.limit}")
    if sync.result.fetched:
        print(f"  {sync.baseline:5}  baseline: {BASELINE}; ratio {sync.baseline / sync.total:.1f}")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--issues", type=int, default=10_000)
    parser.add_argument("--boards", type=int, choices=(1, 2), default=2)
    parser.add_argument("--kind", choices=SERVE)
    parser.add_argument("--latency", type=float, default=0.1)
    chosen = parser.parse_args(arguments)
    within = True
    for kind in [chosen.kind] if chosen.kind else SERVE:
        print(f"== {kind}")
        for sync in measure(chosen.issues, chosen.boards, kind, chosen.latency):
            _show(sync)
            within = within and sync.total <= sync.limit
    return 0 if within else 1


if __name__ == "__main__":
    os.environ.pop("OKR_DELIVERY_HOSTS", None)
    sys.exit(main(sys.argv[1:]))
