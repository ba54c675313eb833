"""`search`: pages by offset over the index, with `total`, and with whole histories where they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from werkzeug.wrappers import Response

from okr_delivery.sandbox import jql
from okr_delivery.sandbox.faults import Faults
from okr_delivery.sandbox.jira.http import Call, RefusedError, answer, checked, strings
from okr_delivery.sandbox.jira.index import found
from okr_delivery.sandbox.jira.issues import body
from okr_delivery.sandbox.jira.render import Choice
from okr_delivery.sandbox.site import SiteIssue

DEFAULT_ROWS = 50
BODY: dict[str, type | tuple[type, ...]] = {
    "jql": str,
    "startAt": int,
    "maxResults": int,
    "validateQuery": (bool, str),
    "fields": list,
    "expand": list,
    "properties": list,
    "fieldsByKeys": bool,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, from its body or its query string."""

    jql: str
    start: int
    size: int
    strict: bool  # whether what the query names must exist
    fields: list[str]
    expand: list[str]
    properties: list[str]


def search(call: Call) -> Response:
    """`search`, GET or POST. A page never holds more than the server allows; its echo says how many that is."""
    asked = _from_body(call) if call.request.method == "POST" else _from_query(call)
    choice = Choice.of(asked.fields or ["*navigable"])
    rows, warnings = _rows(asked, call)
    size = min(asked.size, call.faults.search_cap)
    places = _places(rows, size, call.faults)
    cap = call.dialect.inline_cap(call.faults, alone=False)
    part = [issue for issue in places[asked.start : asked.start + size] if issue is not None]
    issues = [body(call, issue, choice, asked.expand, asked.properties, cap) for issue in part]
    data: dict[str, object] = {"expand": "schema,names", "startAt": asked.start, "maxResults": size}
    data |= {"total": len(places), "issues": issues}
    return answer(data | ({"warningMessages": warnings} if warnings else {}))


def _places(rows: list[SiteIssue], size: int, faults: Faults) -> Sequence[SiteIssue | None]:
    """The positions of a result. A short or empty page has some that nobody sees, which `total` counts all the same."""
    gaps = dict.fromkeys(faults.empty_pages, 0) | dict.fromkeys(faults.short_pages, faults.short_rows)
    if not gaps or not size:
        return rows
    found: list[SiteIssue | None] = []
    rest = iter(rows)
    left = len(rows)
    while left > 0:
        shown = min(size, left, gaps.get(len(found) // size + 1, size))
        found += [next(rest) for _ in range(shown)]
        left -= shown
        found += [None] * (size - shown if left > 0 else 0)
    return found


def _rows(asked: Asked, call: Call) -> tuple[list[SiteIssue], list[str]]:
    """What the query finds. A lenient one that names something unknown finds nothing and says why."""
    try:
        return found(asked.jql, (), call).rows, []
    except jql.JqlError as error:
        if asked.strict or error.syntax:
            raise RefusedError(400, *error.messages) from error
        return [], list(error.messages)


def _from_body(call: Call) -> Asked:
    data = call.body()
    checked(data, BODY)
    start, size = data.get("startAt", 0), data.get("maxResults", DEFAULT_ROWS)
    strict = str(data.get("validateQuery", "strict")).casefold() not in ("false", "warn", "none")
    lists = [strings(data.get(name, []), name) for name in ("fields", "expand", "properties")]
    return Asked(str(data.get("jql") or ""), max(0, _int(start)), _size(_int(size)), strict, *lists)


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0


def _size(wanted: int) -> int:
    """-1 asks for everything, as far as the server allows."""
    return 2**31 if wanted < 0 else wanted


def _from_query(call: Call) -> Asked:
    args = call.request.args
    size = _size(-1) if args.get("maxResults", "").startswith("-") else call.number("maxResults", DEFAULT_ROWS)
    strict = args.get("validateQuery", "strict").casefold() not in ("false", "warn", "none")
    lists = [
        [part for value in args.getlist(name) for part in value.split(",") if part]
        for name in ("fields", "expand", "properties")
    ]
    return Asked(args.get("jql", ""), call.number("startAt", 0), size, strict, *lists)
