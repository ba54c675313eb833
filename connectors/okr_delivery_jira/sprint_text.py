"""The sprints of Data Center's issues: `com.atlassian.greenhopper.service.sprint.Sprint@1f[id=444,…,name=a, b]c,…]`.

Names and goals are free text that may hold `,`, `=` and `]`, in no certain order among the other members. The id is
taken from where free text can't be; the other members only where nothing in the text can be read in two ways.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Mapping

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


_MEMBER = re.compile(rf"(?:^|,)({_MEMBERS}|name|goal|incompleteIssuesDestinationId)=")
_NONE = "<null>"


def sprint_members(value: object) -> Mapping[str, str] | None:
    """What a sprint's text says, by the names that a sprint inside a body of Cloud's has.

    None for anything else, and where free text looks like a member: then it is open which is which.
    """
    if not isinstance(value, str) or not (head := _HEAD.match(value)) or not value.endswith("]"):
        return None
    rest = value[head.end() : -1]
    marks = list(_MEMBER.finditer(rest))
    if not marks or marks[0].start() or max(Counter(mark[1] for mark in marks).values()) > 1:
        return None
    ends = [*(mark.start() for mark in marks[1:]), len(rest)]
    said = {mark[1]: rest[mark.end() : end] for mark, end in zip(marks, ends, strict=True)}
    found = {name: text for name, text in said.items() if text and text != _NONE}
    return found | ({"boardId": found["rapidViewId"]} if "rapidViewId" in found else {})
