"""Changelog entries -> changes of the kept fields; everything else is dropped here, people included.

Versions and components are written as single additions and removals, often several in one entry: they are folded, from
the current set backwards, into one change per entry between whole sets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from okr_delivery.model.accounts import marks
from okr_delivery.model.claims import claim_lines
from okr_delivery.model.work import EMPTY, Change, Field, Value
from okr_delivery_jira import instants, text
from okr_delivery_jira.problems import broken
from okr_delivery_jira.settings import CUSTOM_NAMES, SYSTEM, SYSTEM_NAMES, Settings

FOLDED = frozenset({Field.FIX_VERSION, Field.COMPONENTS})
PROSE = frozenset({Field.KEY_RESULT, Field.CONTRIBUTION, Field.CONFIDENCE, Field.USER_VALUE})
_REDUCED = FOLDED | {Field.CLAIM_LINES}
_REWORKED = _REDUCED | {Field.PARENT}
CACHED = 2048
SHORT = 60  # characters of a text that is likely to come again
_PARENT_RANK = ("issueparentassociation", "parent", "epic link", "parent link")


class Item(NamedTuple):
    """One item of one entry, its field recognised. `place` counts within the entry."""

    place: int
    field: Field
    kind: str
    raw: Mapping[str, object]

    @property
    def name(self) -> str:
        """The display name in lower case."""
        return _name_of(self.raw)

    @property
    def old(self) -> Value:
        return read_side(self.field, self.kind, self.raw.get("from"), self.raw.get("fromString"))

    @property
    def new(self) -> Value:
        return read_side(self.field, self.kind, self.raw.get("to"), self.raw.get("toString"))


class Entry(NamedTuple):
    """One history entry with the items that matter."""

    id: int
    ts: int
    actor: str | None
    items: tuple[Item, ...]


class ChangeReader:
    """Reads the histories of a site's issues. `now` (epoch seconds) bounds what instants are believed.

    `doubtful` collects the ids of issues that have entries of an iteration field which can't be told from another's.
    """

    def __init__(self, settings: Settings, now: int) -> None:
        self._settings = settings
        self._now = now
        self._kept: dict[str, dict[str, tuple[Field, str]]] = {}
        self.doubtful: set[str] = set()

    def read(
        self, issue_id: str, project_id: str, current: Mapping[Field, Value], histories: Iterable[Mapping[str, object]]
    ) -> tuple[Change, ...]:
        """All kept changes of one issue in (ts, history id, item) order; entries that come twice count once.

        Raises AbortSyncError for an entry without an id or with an instant that can't be true.
        """
        entries = {entry.id: entry for entry in (self._entry(issue_id, project_id, raw) for raw in histories)}
        ordered = sorted(entries.values(), key=lambda entry: (entry.ts, entry.id))
        plain = [
            Change(issue_id, entry.id, item.place, entry.ts, item.field, item.old, item.new, entry.actor)
            for entry in ordered
            for item in _one_parent(entry.items)
            if item.field not in FOLDED
        ]
        fields = {item.field for entry in ordered for item in entry.items}
        if not fields & _REWORKED:
            return tuple(plain)
        folded = [change for kept in sorted(FOLDED & fields) for change in fold(issue_id, ordered, kept, current)]
        named = _name_parents(plain, current.get(Field.PARENT, EMPTY))
        return tuple(sorted(_without_echoes((*named, *folded)), key=lambda change: change.order))

    def _entry(self, issue_id: str, project_id: str, raw: Mapping[str, object]) -> Entry:
        where = f"issue {issue_id}"
        try:
            entry_id, ts = int(str(raw.get("id"))), instants.parse(raw.get("created"))
        except ValueError as error:
            raise broken("history_unreadable", where, value=_short(raw.get("created"))) from error
        if ts is None or not instants.plausible(ts, self._now):
            raise broken("instant", where, value=_short(raw.get("created")))
        items = tuple(self._items(issue_id, project_id, raw.get("items")))
        return Entry(entry_id, ts, actor(raw.get("author")), items)

    def _items(self, issue_id: str, project_id: str, raw: object) -> Iterable[Item]:
        for index, item in enumerate(text.listed(raw)):
            if not isinstance(item, dict):
                continue
            known = self._field(issue_id, project_id, item)
            if known is not None:
                yield Item(index, known[0], known[1], item)

    def _field(self, issue_id: str, project_id: str, item: Mapping[str, object]) -> tuple[Field, str] | None:
        kept = self._kept.get(project_id)
        if kept is None:
            kept = self._kept[project_id] = self._settings.kept(project_id)
        field_id = text.string(item.get("fieldId"))
        if field_id in kept:
            return kept[field_id]
        if field_id is not None and (field_id.startswith("customfield_") or field_id in SYSTEM):
            return None
        name, kind = _name_of(item), item.get("fieldtype")
        return (self._system(kept, name) if kind != "custom" else None) or self._custom(issue_id, kept, name, kind)

    def _system(self, kept: Mapping[str, tuple[Field, str]], name: str) -> tuple[Field, str] | None:
        """A field that every site has, by the name in histories or by what the site calls it."""
        found = SYSTEM_NAMES.get(name) or SYSTEM.get(self._settings.labels.get(name, ""))
        if found is None or (found is Field.PRIORITY and "priority" not in kept):  # another field plays its part
            return None
        return found, "text"

    def _custom(
        self, issue_id: str, kept: Mapping[str, tuple[Field, str]], name: str, kind: object
    ) -> tuple[Field, str] | None:
        """A custom field by its display name, unless another one bears it too."""
        if kind != "jira":
            role = self._settings.ambiguous.get(name)
            if role is not None:
                self.doubtful.update([issue_id] if role == "iteration" else ())
                return None
            field_id = self._settings.names.get(name, "")
            if field_id in kept:
                return kept[field_id]
        found = CUSTOM_NAMES.get(name)
        return None if found is None else (found, "options" if found is Field.FLAGGED else "text")


def _name_of(item: Mapping[str, object]) -> str:
    return (text.string(item.get("field")) or "").casefold()


def actor(author: object) -> str | None:
    """Marks of the account: enough to see that one account changed a hundred issues or is an approver, no name."""
    if not isinstance(author, dict):
        return None
    account = next(filter(None, (text.string(author.get(name)) for name in ("accountId", "key", "name"))), None)
    return marks(account, text.string(author.get("name"))) if account else None


def read_side(kept: Field, kind: str, raw_id: object, shown: object) -> Value:
    """One side of a change in the form that the current value has; null, "" and absent are all EMPTY."""
    if (shown is None or (isinstance(shown, str) and len(shown) <= SHORT)) and (
        raw_id is None or isinstance(raw_id, str)
    ):
        return _short_side(kept, kind, raw_id, shown)
    return _side_of(kept, kind, raw_id, shown)


@lru_cache(maxsize=CACHED)
def _short_side(kept: Field, kind: str, raw_id: str | None, shown: str | None) -> Value:
    """The same few statuses, sprints and priorities make up most of all histories."""
    return _side_of(kept, kind, raw_id, shown)


def _side_of(kept: Field, kind: str, raw_id: object, shown: object) -> Value:
    reader = _SIDES.get(kept)
    if reader is not None:
        return reader(raw_id, shown)
    if kept in PROSE:
        return Value(None, text.of_history(shown, kind, raw_id))
    return Value(text.string(raw_id), text.string(shown))


def _ids(raw_id: object, shown: object) -> Value:
    ids = text.id_list(text.string(raw_id))
    return Value(",".join(ids), text.string(shown)) if ids else EMPTY


def _points(raw_id: object, shown: object) -> Value:
    return Value(None, text.number(shown) or text.number(raw_id))


def _day(raw_id: object, shown: object) -> Value:
    day = (text.string(raw_id) or text.string(shown) or "")[:10] or None
    return Value(day, day)


def _claims(_raw_id: object, shown: object) -> Value:
    return Value(None, claim_lines(text.string(shown) or "") or None)


def _words(_raw_id: object, shown: object) -> Value:
    return Value(None, text.words(shown))


def _shown(_raw_id: object, shown: object) -> Value:
    return Value(None, text.string(shown))


_SIDES: Mapping[Field, Callable[[object, object], Value]] = {
    Field.ITERATION: _ids,
    Field.FLAGGED: _ids,
    Field.ESTIMATE: _points,
    Field.DUE: _day,
    Field.LABELS: _words,
    Field.CLAIM_LINES: _claims,
    Field.KEY: _shown,
    Field.TITLE: _shown,
}


def fold(issue_id: str, entries: Sequence[Entry], kept: Field, current: Mapping[Field, Value]) -> Iterable[Change]:
    """Whole-set changes of a field that is written as additions and removals, oldest last.

    Where entry and current set disagree (a version deleted for everyone leaves no entry), the entry is believed for
    the time around it.
    """
    members = set_of(current.get(kept, EMPTY))
    for entry in reversed(entries):
        items = [item for item in entry.items if item.field is kept]
        if not items:
            continue
        added, removed = _deltas(items)
        after = {key: name for key, name in (members | added).items() if key not in removed}
        before = {key: name for key, name in after.items() if key not in added} | removed
        yield Change(issue_id, entry.id, items[0].place, entry.ts, kept, value_of(before), value_of(after), entry.actor)
        members = before


def _deltas(items: Sequence[Item]) -> tuple[dict[str, str], dict[str, str]]:
    """Added and removed members; what one entry both adds and removes is neither."""
    added: dict[str, str] = {}
    removed: dict[str, str] = {}
    for item in items:
        removed |= _member(item.raw.get("from"), item.raw.get("fromString"))
        added |= _member(item.raw.get("to"), item.raw.get("toString"))
    both = added.keys() & removed.keys()
    return (
        {key: name for key, name in added.items() if key not in both},
        {key: name for key, name in removed.items() if key not in both},
    )


def _member(raw_id: object, shown: object) -> dict[str, str]:
    name = text.string(shown) or ""
    key = text.string(raw_id) or name
    return {key: name} if key else {}


def set_of(value: Value) -> dict[str, str]:
    """The members of a whole-set value: id -> name (names are kept one a line, because they may hold commas)."""
    if value.id is None:
        return {}
    ids = value.id.split(",")
    names = (value.name or "").split("\n")
    return dict(zip(ids, [*names, *[""] * len(ids)], strict=False))


def value_of(members: Mapping[str, str]) -> Value:
    """A whole-set value: ids in numeric order with their names, one a line."""
    if not members:
        return EMPTY
    ids = sorted(members, key=text.by_number)
    return Value(",".join(ids), "\n".join(members[key] for key in ids))


def _one_parent(items: Sequence[Item]) -> Iterable[Item]:
    """A change of parent can be written twice in one entry; the newer spelling wins."""
    if len(items) == 1:
        return items
    parents = [item for item in items if item.field is Field.PARENT]
    best = min(parents, key=lambda item: (_rank(item.name), item.place)) if len(parents) > 1 else None
    return (item for item in items if best is None or item.field is not Field.PARENT or item is best)


def _without_echoes(changes: Iterable[Change]) -> Iterable[Change]:
    """Leaves out what says nothing: reduced values that did not change, a parent that is set to what it was.

    Anything else stays as recorded, a status that leads to itself too.
    """
    parent: Value | None = None
    for change in changes:
        if change.field is Field.PARENT:
            repeats = parent is not None and change.new == parent
            parent = change.new
            if repeats or change.old == change.new:
                continue
        if change.field in _REDUCED and change.old == change.new:
            continue
        yield change


def _rank(name: str) -> int:
    return _PARENT_RANK.index(name) if name in _PARENT_RANK else 1


def _name_parents(changes: Sequence[Change], current: Value) -> list[Change]:
    """Some spellings give a parent by key only: its id is taken from wherever else this issue names that parent."""
    sides = [current, *(side for c in changes if c.field is Field.PARENT for side in (c.old, c.new))]
    ids = {side.name: side.id for side in sides if side.name and side.id}
    return [
        c._replace(old=_with_id(c.old, ids), new=_with_id(c.new, ids)) if c.field is Field.PARENT else c
        for c in changes
    ]


def _with_id(side: Value, ids: Mapping[str, str]) -> Value:
    return side._replace(id=ids.get(side.name)) if side.id is None and side.name is not None else side


def _short(value: object) -> str:
    return str(value)[:40]
