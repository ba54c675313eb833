"""The sprints of Data Center's issues: `com.atlassian.greenhopper.service.sprint.Sprint@1f[id=444,…,name=a, b]c,…]`.

Names and goals are free text that may hold `,`, `=` and `]`, in no certain order among the other members. Only the id
is taken, and only from where free text can't be.
"""

from __future__ import annotations

import re
from collections.abc import Container

_HEAD = re.compile(r"com\.atlassian\.greenhopper\.service\.sprint\.Sprint@[0-9a-f]+\[")
_MEMBERS = "id|rapidViewId|state|startDate|endDate|completeDate|activatedDate|sequence|synced|autoStartStop"
_SAFE = rf"(?:{_MEMBERS})=[^,=\[\]]*"
_LEADING = re.compile(rf"(?:{_SAFE},)*")
_TRAILING = re.compile(rf"(?:,{_SAFE})*\]$")
_ID = re.compile(r"(?:^|,)id=([0-9]+)(?=[,\]])")


def sprint_id(value: object, known: Container[str] = ()) -> str | None:
    """The id in a sprint's text; None for anything else.

    Ahead of the free text it is certain. Behind it, the only candidate counts, then the only one that is `known`, then
    the last one before the end.
    """
    if not isinstance(value, str) or not (head := _HEAD.match(value)):
        return None
    rest = value[head.end() :]
    leading = _LEADING.match(rest)
    certain = _ID.findall(leading[0]) if leading else []
    if certain:
        return str(certain[0])
    found = dict.fromkeys(_ID.findall(rest))
    trailing = _TRAILING.search(rest)
    last = _ID.findall(trailing[0]) if trailing else []
    for candidates in (list(found), [ref for ref in found if ref in known]):
        if len(candidates) == 1:
            return str(candidates[0])
    return str(last[-1]) if last else None
