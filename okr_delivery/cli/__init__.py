"""The command line: parses, calls, prints. Commands are imported only when they run."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code: 0 pass, 1 findings, 2 no verdict, 130 interrupted."""
    try:
        from okr_delivery.cli.run import run

        return run(list(sys.argv[1:] if argv is None else argv))
    except KeyboardInterrupt:  # while modules were still loading
        return 130


if __name__ == "__main__":
    sys.exit(main())
