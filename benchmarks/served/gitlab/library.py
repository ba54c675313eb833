"""The `python-gitlab` library alone, as one would write it: `python -m benchmarks.served.gitlab.library URL WAY COUNT`.

`paged`: all issues of both projects by the library's own iterator, and nothing of their histories. `single`: COUNT
issues of the first project with their lists of state, label and milestone events, one after another. Prints the seconds
that the loop took, the library's start not among them; the issues are kept only as long as the loop holds them.
"""

from __future__ import annotations

import sys
import time
from itertools import islice
from typing import Any

from gitlab import Gitlab
from gitlab.v4.objects import ProjectIssue

from okr_delivery.sandbox import TOKEN

PROJECTS = ("acme/payments", "acme/mobile")
ASKED: dict[str, Any] = {"scope": "all", "order_by": "created_at", "sort": "asc", "iterator": True, "per_page": 100}


def main(url: str, way: str, count: int) -> None:
    site = Gitlab(url, private_token=TOKEN)
    projects = [site.projects.get(path) for path in PROJECTS]
    if way == "paged":
        began = time.perf_counter()
        found = sum(1 for project in projects for _ in project.issues.list(**ASKED))
    else:
        rows = list(islice(min(projects, key=lambda project: int(project.id)).issues.list(**ASKED), count))
        began = time.perf_counter()
        found = sum(map(_events, rows))
    print(time.perf_counter() - began)
    if not found:
        sys.exit("nothing came")


def _events(issue: ProjectIssue) -> int:
    lists = (issue.resourcestateevents, issue.resourcelabelevents, issue.resourcemilestoneevents)
    return sum(len(own.list(get_all=True, per_page=100)) for own in lists)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
