"""Which recorded answer a request gets.

A request is looked up as it is, then with the instants and the private words of its queries blanked, then without
which fields and how many rows it asks for, a GraphQL query by its name alone: a scrubbed recording holds other words
than the configuration, and a later version may ask for more. One request that came several times gets its answers in
order, the last one again and again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import unquote

from okr_delivery.sandbox.replay.recording import Exchange
from okr_delivery.sync.record import jql

Reduce = Callable[[str, object], object]
_JQL = frozenset({"jql"})
_MOMENTS = frozenset({"updated_after", "updated_before", "created_after", "finished_after"})
_AMOUNTS = frozenset(
    {"fields", "expand", "maxResults", "properties", "validateQuery", "per_page", "first", "with_labels_details"}
)
_GRAPHQL = re.compile(r"\s*(?:(?P<kind>query|mutation)\s+(?P<name>\w+)|\{)")
_GONE = object()


class Matcher:
    """The recorded exchanges by what was asked. Not to be shared between threads unguarded."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self._tables: list[dict[str, list[Exchange]]] = [{} for _ in LEVELS]
        self._served: dict[tuple[int, str], int] = {}
        for exchange in exchanges:
            for table, reduce in zip(self._tables, LEVELS, strict=True):
                table.setdefault(key(exchange, reduce), []).append(exchange)

    def find(self, asked: Exchange) -> Exchange | None:
        """The exchange whose answer is due; None for a request that was never recorded."""
        for level, reduce in enumerate(LEVELS):
            wanted = key(asked, reduce)
            several = self._tables[level].get(wanted)
            if several:
                place = self._served.get((level, wanted), 0)
                self._served[level, wanted] = place + 1
                return several[min(place, len(several) - 1)]
        return None


def key(exchange: Exchange, reduce: Reduce) -> str:
    """What two requests have in common that are one request. Neither order of members nor of named fields matters."""
    query = sorted((name, value) for name, raw in exchange.query if (value := reduce(name, raw)) is not _GONE)
    return json.dumps(
        [exchange.method, unquote(exchange.path).rstrip("/"), query, _reduced(exchange.body, reduce)], sort_keys=True
    )


def _reduced(body: object, reduce: Reduce) -> object:
    if isinstance(body, Mapping):
        kept = {name: reduce(name, part) for name, part in body.items()}
        return {name: _reduced(part, reduce) for name, part in kept.items() if part is not _GONE}
    return [_reduced(part, reduce) for part in body] if isinstance(body, list) else body


def _whole(name: str, value: object) -> object:
    if name == "fields":
        return sorted(map(str, value)) if isinstance(value, list) else ",".join(sorted(str(value).split(",")))
    return " ".join(str(value).split()) if name in _JQL or _operation(name, value) else value


def _operation(name: str, value: object) -> str | None:
    """What a GraphQL query is called; None for anything else."""
    found = _GRAPHQL.match(value) if name == "query" and isinstance(value, str) else None
    return None if found is None else found["name"] or "{"


def _blanked(name: str, value: object) -> object:
    if name in _MOMENTS and isinstance(value, str):
        return "?"
    return jql.shape(str(value)) if name in _JQL else _whole(name, value)


def _bare(name: str, value: object) -> object:
    return _GONE if name in _AMOUNTS else _operation(name, value) or _blanked(name, value)


LEVELS: tuple[Reduce, ...] = (_whole, _blanked, _bare)
