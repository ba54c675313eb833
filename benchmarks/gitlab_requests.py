"""Requests of a sync of GitLab: the first of 1,000 issues, with nothing changed, with 50 issues changed.

GitLab is the sandbox over real HTTP on each tier, read as one group with its projects, as one whose issues lie
scattered over a hundred projects and as one project alone, and once as a server so old that REST alone tells
histories; connector, engine, store and derivation are those of a real run. Prints every endpoint with its count, the
exact lists of events apart, the totals against the limits, and the ratio to the baseline. Exit code 1 when a limit is
broken.

    python -m benchmarks.gitlab_requests [--issues 1000] [--latency 0.1] [--scope group|scattered|project] [--tier TIER]
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path

from okr_delivery.config import load
from okr_delivery.delivery.derive import deriver
from okr_delivery.sandbox import TOKEN, gitlab
from okr_delivery.sandbox.gitlab.server import RunningServer
from okr_delivery.sandbox.gitlab.state import GitLab, Tier
from okr_delivery.sandbox.gitlab.translate import of_world
from okr_delivery.sandbox.world import build
from okr_delivery.store import open_store
from okr_delivery.sync.build import connector_for
from okr_delivery.sync.engine import SourceResult, sync_source

FIRST, UNCHANGED, FEW = 70, 6, 12
BASE, LISTS = 20, 5
"""By REST alone: so many requests for 1,000 issues, and so many lists for each issue that changed."""
CHANGED = 50
PAGE = 100
BASELINE = "three lists of events for each changed issue, one request each, plus the pages that list the issues"
PROJECTS = 100
"""Those of a group over which issues lie scattered, one after the other in a project of its own."""
SCOPES = {"group": "groups: [acme]", "scattered": "groups: [acme]", "project": "projects: [acme/payments]"}
EXACT = "resource_"
"""In the label of an exact list of events."""
OLD = "14.10.0"
"""A version whose GraphQL has no activity of work items."""
CONFIG = """\
version: 1
store: sqlite:///store.db
ledger: ledger/
sources:
  - {name: gitlab, type: gitlab, url: "URL", SCOPE, statuses: {label_scope: workflow}}
"""


@dataclass(frozen=True, slots=True)
class Site:
    """How a sandbox is served and read. `graphql` False: by a version whose activity only REST tells."""

    issues: int = 1000
    scope: str = "group"
    tier: Tier = Tier.FREE
    graphql: bool = True
    latency: float = 0.0

    def __str__(self) -> str:
        scope = f"one group of {PROJECTS} projects" if self.scope == "scattered" else f"one {self.scope}"
        return f"{self.tier.value}, {scope}{'' if self.graphql else ', by REST alone'}"


@dataclass(frozen=True, slots=True)
class Sync:
    """One sync: what it sent by endpoint, as its transport counted, and how long it took."""

    name: str  # first | unchanged | changed
    site: Site
    requests: Counter[str]
    seconds: float
    result: SourceResult

    @property
    def exact(self) -> int:
        """Lists of events of single issues, where GraphQL gives the others."""
        lists = sum(count for what, count in self.requests.items() if EXACT in what)
        return lists if self.site.graphql else 0

    @property
    def counted(self) -> int:
        """All requests but the exact lists."""
        return self.requests.total() - self.exact

    @property
    def limit(self) -> int:
        if not self.site.graphql and self.name != "unchanged":
            beyond = math.ceil(self.result.fetched / PAGE) - 1000 // PAGE
            return BASE + LISTS * self.result.fetched + max(0, beyond)
        return {"first": FIRST, "unchanged": UNCHANGED, "changed": FEW}[self.name]

    @property
    def baseline(self) -> int:
        return 3 * self.result.fetched + math.ceil(self.result.fetched / PAGE)


def measure(site: Site) -> Generator[Sync]:
    """Three syncs of one sandbox: first, nothing changed, 50 changed."""
    version = None if site.graphql else OLD
    forge = of_world(build(issues=site.issues), tier=site.tier)
    if site.scope == "scattered":
        scatter(forge, PROJECTS)
    with (
        tempfile.TemporaryDirectory() as folder,
        gitlab.serve(forge, latency=site.latency, version=version) as server,
    ):
        root = Path(folder)
        text = CONFIG.replace("URL", server.url).replace("SCOPE", SCOPES[site.scope])
        (root / "okr-delivery.yaml").write_text(text, encoding="utf-8")
        yield _sync("first", site, root)
        yield _sync("unchanged", site, root)
        _change(server, "acme/payments" if site.scope != "scattered" else None)
        yield _sync("changed", site, root)


def scatter(forge: GitLab, projects: int) -> None:
    """Gives every issue another project of its group than the issue before it."""
    like = next(project for project in forge.projects.values() if project.path == "acme/payments")
    first = max(forge.projects) + 1
    for number in range(projects):
        path = f"acme/part-{number}"
        forge.projects[first + number] = replace(like, id=first + number, path=path, name=path, old_paths=[])
    items = [item for _, item in sorted(forge.items.items()) if item.project is not None]
    for count, item in enumerate(items):
        forge.places.pop(("project", item.project or 0, item.iid))
        item.project, item.iid = first + count % projects, count // projects + 1
    for item in items:
        forge.add(item)


def _change(server: RunningServer, path: str | None) -> None:
    """Gives the first issues of a project, or of all, a new title, as a person would."""
    own = {project.id for project in server.state.projects.values() if path in (None, project.path)}
    wanted = [issue.id for _, issue in sorted(server.state.items.items()) if issue.project in own]
    for number in wanted[:CHANGED]:
        server.forge.edit(number, {"title": f"{server.state.items[number].title} (reworded)"})


def _sync(name: str, site: Site, root: Path) -> Sync:
    env = {"OKR_DELIVERY_GITLAB_TOKEN": TOKEN}
    config = load(None, cwd=root, env=env)
    source = config.source("gitlab")
    connector, transport = connector_for(config, source, env)
    began = time.monotonic()
    with open_store(config.store_url, ledger=root / "ledger") as store:
        result = sync_source(
            source, store, connector, derive=deriver(config), team_of=lambda _: "gitlab", transport=transport
        )
    return Sync(name, site, Counter(transport.requests), time.monotonic() - began, result)


def _show(sync: Sync) -> None:
    print(f"{sync.name} sync: {sync.result.fetched} issues, {sync.result.changes} changes, {sync.seconds:.1f} s")
    for endpoint, count in sorted(sync.requests.items(), key=lambda row: (-row[1], row[0])):
        print(f"  {count:5}  {endpoint}")
    said = "within" if sync.counted <= sync.limit else "OVER"
    print(f"  {sync.counted:5}  in all, {said} the limit of {sync.limit}")
    if sync.exact:
        print(f"  {sync.exact:5}  exact lists of events, apart")
    if sync.result.fetched:
        print(f"  {sync.baseline:5}  baseline: {BASELINE}; ratio {sync.baseline / sync.requests.total():.1f}")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--issues", type=int, default=1000)
    parser.add_argument("--latency", type=float, default=0.1)
    parser.add_argument("--scope", choices=SCOPES)
    parser.add_argument("--tier", type=Tier, choices=list(Tier))
    asked = parser.parse_args(arguments)
    scopes, tiers = ([asked.scope] if asked.scope else list(SCOPES)), ([asked.tier] if asked.tier else list(Tier))
    sites = [Site(asked.issues, scope, tier, True, asked.latency) for scope in scopes for tier in tiers]
    sites.append(
        Site(asked.issues, "project" if asked.scope == "project" else "group", tiers[-1], False, asked.latency)
    )
    within = True
    for site in sites:
        print(f"== {site}")
        for sync in measure(site):
            _show(sync)
            within = within and sync.counted <= sync.limit and sync.result.complete
    return 0 if within else 1


if __name__ == "__main__":
    os.environ.pop("OKR_DELIVERY_HOSTS", None)
    sys.exit(main(sys.argv[1:]))
