"""The `jira` library alone, as one would write it: `python -m benchmarks.served.library URL paged|single COUNT`.

Prints the seconds that the loop took, the library's start not among them. It asks for the fields that the connector
asks for and keeps the issues only as long as the loop holds them.
"""

from __future__ import annotations

import sys
import time

from jira import JIRA

from okr_delivery.sandbox import TOKEN, USER
from okr_delivery_jira.settings import BODY

JQL = 'project in ("PAY", "MOB") ORDER BY id ASC'
CUSTOM = ("customfield_10014", "customfield_10019", "customfield_10020", "customfield_10021", "customfield_10026")


def main(url: str, way: str, count: int) -> None:
    site = JIRA(url, basic_auth=(USER, TOKEN), max_retries=0)
    keys = [] if way == "paged" else _keys(site, count)
    began = time.perf_counter()
    if way == "paged":
        found = site.enhanced_search_issues(JQL, maxResults=0, fields=",".join((*BODY, *CUSTOM)), expand="changelog")
        entries = sum(len(issue.changelog.histories) for issue in found)
    else:
        entries = sum(len(site.issue(key, expand="changelog").changelog.histories) for key in keys)
    print(time.perf_counter() - began)
    if not entries:
        sys.exit("no history came")


def _keys(site: JIRA, count: int) -> list[str]:
    """Ids, which the library takes for keys."""
    answer = site.enhanced_search_issues(JQL, maxResults=count, fields="id")
    return [issue.id for issue in answer]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
