"""Pages of lists: by number with totals up to a bound, or by a cursor, with the links that lead on."""

from __future__ import annotations

import base64
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

from werkzeug.wrappers import Response

from okr_delivery.sandbox.gitlab.http import RefusedError, answer, bad, dumped, joined
from okr_delivery.sandbox.gitlab.index import Index

if TYPE_CHECKING:
    from okr_delivery.sandbox.gitlab.http import Call

Row = TypeVar("Row")
Key = tuple[Any, ...]
NO_KEYSET = "Keyset pagination is not yet available for this type of request"
TOO_FAR = (
    "Offset pagination has a maximum allowed offset of {limit} for requests that return objects of type {kind}. "
    "Remaining records can be retrieved using keyset pagination."
)
Lists = Index


@dataclass(frozen=True, slots=True)
class Size:
    """Which page is asked for, of how many rows."""

    page: int
    rows: int

    @classmethod
    def of(cls, call: Call) -> Size:
        rows = min(max(1, call.given["per_page"]), call.faults.page_most)
        return cls(max(1, call.given["page"]), rows)


def listed(
    call: Call, rows: Sequence[Row], body: Callable[[Row], object], *, names: Mapping[str, str] | None = None
) -> Response:
    """One page by its number. `names` are what GitLab calls the arguments of the path in links."""
    size = Size.of(call)
    part = rows[(size.page - 1) * size.rows : size.page * size.rows]
    response = answer(joined([_bytes(body(row)) for row in part]))
    _number(call, response, size, len(rows), names or {})
    return response


def _bytes(data: object) -> bytes:
    return data if isinstance(data, bytes) else dumped(data)


def _number(call: Call, response: Response, size: Size, total: int, names: Mapping[str, str]) -> None:
    pages = max(1, -(-total // size.rows))
    more = size.page * size.rows < total
    counted = total <= call.faults.count_bound
    response.headers["X-Next-Page"] = str(size.page + 1) if more else ""
    response.headers["X-Page"] = str(size.page)
    response.headers["X-Per-Page"] = str(size.rows)
    response.headers["X-Prev-Page"] = str(size.page - 1) if size.page > 1 else ""
    if counted:
        response.headers["X-Total"] = str(total)
        response.headers["X-Total-Pages"] = str(pages)
    places = {"prev": size.page - 1 if size.page > 1 else 0, "next": size.page + 1 if more else 0, "first": 1}
    places |= {"last": pages} if counted else {}
    links = [_link(call, names, {"page": page, "per_page": size.rows}, rel) for rel, page in places.items() if page]
    response.headers["Link"] = ", ".join(links)


def _link(call: Call, names: Mapping[str, str], paging: Mapping[str, object], rel: str) -> str:
    """The address of a page with all its parameters, sent or by default, in order of their names."""
    pairs = [(name, _shown(value)) for name, value in call.given.items() if value is not None and name not in call.sent]
    pairs += [(names.get(name, name), value) for name, value in call.arguments.items()]
    pairs += [(name, value) for name, value in call.request.args.items(multi=True)]
    pairs = [(name, value) for name, value in pairs if name not in ("page", "per_page", "cursor", "private_token")]
    pairs += [(name, str(value)) for name, value in paging.items()]
    root = call.faults.foreign_link or call.render.url
    return f'<{root}{call.path}?{urlencode(sorted(pairs))}>; rel="{rel}"'


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@dataclass(frozen=True, slots=True)
class Sorted:
    """Rows with their keys, ascending; `key` is what a cursor holds."""

    keys: Sequence[Key]
    rows: Sequence[Any]


def keyset(
    call: Call, ordered: Sorted, body: Callable[[Any], object], *, names: Mapping[str, str] | None = None
) -> Response:
    """One page behind a cursor; no totals, and a link only while there is more."""
    size, down = Size.of(call).rows, call.given["sort"] == "desc"
    cursor = _read(call.given["cursor"]) if call.given.get("cursor") else None
    low, high = _window(ordered.keys, cursor, size, down=down)
    part = list(ordered.rows[low:high])
    keys = list(ordered.keys[low:high])
    if down:
        part.reverse()
        keys.reverse()
    response = answer(joined([_bytes(body(row)) for row in part]))
    more = low > 0 if down else high < len(ordered.rows)
    if more and keys:
        paging: dict[str, object] = {"per_page": size, "cursor": _made(keys[-1])}
        response.headers["Link"] = _link(call, names or {}, paging, "next")
    return response


def _window(keys: Sequence[Key], cursor: Key | None, size: int, *, down: bool) -> tuple[int, int]:
    if down:
        high = len(keys) if cursor is None else bisect_left(keys, cursor)
        return max(0, high - size), high
    low = 0 if cursor is None else bisect_right(keys, cursor)
    return low, min(len(keys), low + size)


def _made(key: Key) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def _read(text: str) -> Key:
    try:
        key = json.loads(base64.urlsafe_b64decode(text.encode()))
    except ValueError as error:
        raise bad("cursor is invalid") from error
    if not isinstance(key, list):
        raise bad("cursor is invalid")
    return tuple(key)


def wants_keyset(call: Call, orders: frozenset[str]) -> bool:
    """Whether this request is answered by cursors. Refuses one that asks for them where there are none."""
    if call.given.get("pagination") != "keyset":
        return False
    mode = call.faults.keyset
    if mode == "version":
        mode = "on" if call.features.since(18, 3) else "405"
    if mode == "405" or (mode == "on" and call.given["order_by"] not in orders):
        raise RefusedError(405, {"error": NO_KEYSET})
    return mode == "on"


def check_depth(call: Call, kind: str) -> None:
    """Refuses a page by number that lies deeper than lists with cursors allow."""
    size, limit = Size.of(call), call.faults.offset_limit
    if limit and size.page * size.rows > limit:
        raise RefusedError(405, {"error": TOO_FAR.format(limit=limit, kind=kind)})
