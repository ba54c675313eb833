"""One first sync in a process of its own: `python -m benchmarks.served.client FOLDER STORE`, prints what it took.

Connector, engine, SQLite store and derivation are those of a real run; FOLDER holds the settings, STORE gets the store
and the ledger. Seconds run from opening the store to the committed end; memory is the peak of this process, without
that of the one that fetches for it.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from okr_delivery.config import load
from okr_delivery.delivery.derive import deriver
from okr_delivery.sandbox import TOKEN, USER
from okr_delivery.store import open_store
from okr_delivery.sync.build import connector_for
from okr_delivery.sync.engine import sync_source


def main(folder: Path, target: Path) -> None:
    env = {"OKR_DELIVERY_JIRA_USER": USER, "OKR_DELIVERY_JIRA_TOKEN": TOKEN, "OKR_DELIVERY_GITLAB_TOKEN": TOKEN}
    config = load(None, cwd=folder, env=env)
    source = config.sources[0]
    began, used = time.perf_counter(), time.process_time()
    connector, transport = connector_for(config, source, env)
    with open_store(f"sqlite:///{target / 'store.db'}", ledger=target / "ledger") as store:
        result = sync_source(
            source, store, connector, derive=deriver(config), team_of=lambda _: "a", transport=transport, apart=True
        )
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = {
        "seconds": time.perf_counter() - began,
        "processor": time.process_time() - used,
        "fetching": children.ru_utime + children.ru_stime,
        "peak_mb": peak(),
        "requests": transport.total,
        "issues": result.fetched,
        "changes": result.changes,
        "warnings": [str(warning) for warning in result.warnings],
    }
    print(json.dumps(found))


def peak() -> float:
    """The most memory that this process had, in MB: what `getrusage` says counts that of the parent before it began."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
