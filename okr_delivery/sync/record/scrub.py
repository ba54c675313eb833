"""Takes people, secrets and free text out of a tracker's answers and leaves what the tool reads.

What a text is, is told by the object that it stands in (`tables`); one that nothing is known of is taken for private.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from okr_delivery.sync.record.documents import Documents, is_document
from okr_delivery.sync.record.places import OWN, Pairs
from okr_delivery.sync.record.secret import Secrets
from okr_delivery.sync.record.tables import (
    ANYWHERE,
    CHANGED,
    ENDPOINTS,
    FIELD,
    FREE,
    IDS,
    KINDS,
    MEMBERS,
    NUMBER,
    SAFE,
    SENTENCE_WORDS,
    SETTINGS,
    WIRE,
    WRAPPERS,
    Keep,
)
from okr_delivery.sync.record.texts import NO_HINTS, Hints, Texts

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,40}|\d{1,5}x\d{1,5}|\d{1,19}")
_ENTRY = re.compile(r"[^\[\],\s][^\[\],]*")
_SIDES = frozenset({"from", "to", "fromString", "toString"})


class Scrubber:
    """One recording's scrubbing. Not to be shared between threads unguarded: what it met before decides."""

    def __init__(self, url: str, salt: bytes, secrets: Secrets, hints: Hints = NO_HINTS) -> None:
        self._secrets = secrets
        self._texts = Texts(url, salt, secrets, hints)
        self._documents = Documents(self._texts)
        self._claim_fields = {name.casefold() for name in hints.claim_fields}
        self._person_fields: set[str] = set()

    # the parts of an exchange

    def path(self, url: str) -> str:
        return self._texts.places.path_of(url)

    def query(self, pairs: Pairs) -> Pairs:
        return self._texts.parameters(pairs)

    def asked(self, body: object) -> object:
        """The body of a request."""
        return self._value(self._secrets.value(body), "", "request")

    def answer(self, path: str, body: object, *, refused: bool = False) -> object:
        """The body of an answer to a request for `path`, which has no context path any more."""
        if refused:
            return self._value(self._secrets.value(body), "", "error")
        kind = next((kind for pattern, kind in ENDPOINTS if pattern.fullmatch(path)), "")
        if kind == "server" and isinstance(body, Mapping):
            self._texts.places.learn(value for key, value in body.items() if str(key).endswith("Url"))
        if kind == "field" and isinstance(body, list):
            self._learn_fields(body)
        return self._value(self._secrets.value(body), "", kind)

    def text(self, text: str, *, refused: bool = False) -> str:
        """A body that is no JSON: a login page, an answer that broke off, a refusal in a sentence."""
        if refused:
            return self._texts.sentence(self._secrets.text(text))
        return self._texts.filler.text(self._secrets.text(text))

    def account(self, text: str) -> str:
        """A header that names the caller."""
        return self._texts.people.ref(text)

    def address(self, url: str) -> str:
        return self._texts.address(self._secrets.text(url))

    def header(self, text: str) -> str:
        """A header that the tracker's machinery writes: a date, a number, the name of a limit."""
        return self._secrets.text(text)

    # values

    def _value(self, raw: object, key: str, kind: str) -> object:
        if isinstance(raw, Mapping):
            return self._object(raw, kind)
        if isinstance(raw, list):
            return [self._value(part, key, kind) for part in raw]
        return self._string(raw, key, kind) if isinstance(raw, str) else raw

    def _object(self, raw: Mapping[str, object], kind: str) -> object:
        if is_document(raw):
            return self._documents.scrub(raw)
        if "field" in raw and raw.keys() & _SIDES:
            return self._change(raw)
        if _is_person(raw, kind):
            return self._person(raw)
        if "state" in raw and raw.keys() & {"boardId", "originBoardId"}:
            kind = "sprint"
        return {self._key(name, kind): self._value(part, name, _kind(name, part, kind)) for name, part in raw.items()}

    def _key(self, name: str, kind: str) -> str:
        """Members that people or their apps named say as much as texts do."""
        if name in WIRE:
            return name
        known = self._texts.people.form(name)
        if known is not None:
            return known
        free = kind in FREE and not FIELD.fullmatch(name) and not (kind == "error" and name in SENTENCE_WORDS)
        return f"key-{self._texts.filler.digest(name)}" if free or not _IDENTIFIER.fullmatch(name) else name

    def _string(self, text: str, key: str, kind: str) -> str:
        if not text:
            return text
        if key.casefold() in self._person_fields:
            return self._texts.people.ref(text)
        keep = _rule(key, kind)
        if kind == "person" and keep is Keep.ADDRESS:
            return f"{OWN}/person/{self._texts.filler.digest(text)}"
        if keep is not None:
            return self._texts.keep(text, keep)
        if SAFE.fullmatch(text) or (key in IDS and NUMBER.fullmatch(text)):
            return text
        return self._texts.claims.field(text) if key.casefold() in self._claim_fields else self._texts.unknown(text)

    # people and fields

    def _person(self, raw: Mapping[str, object]) -> dict[str, object]:
        names = ("accountId", "name", "emailAddress", "key", "displayName")
        account, login, mail, key, shown = (_text(raw.get(name)) for name in names)
        self._texts.people.meet([account, login, mail], shown, key)
        made = {
            self._key(name, "person"): self._value(part, name, _kind(name, part, "person"))
            for name, part in raw.items()
        }
        ref = account or login or mail or key
        return made | ({"displayName": self._texts.people.shown(shown, ref)} if shown else {})

    def _learn_fields(self, rows: Sequence[object]) -> None:
        """Which custom fields hold people, and which the claims that the configuration names."""
        for row in rows:
            schema = row.get("schema") if isinstance(row, Mapping) else None
            if not isinstance(row, Mapping) or not isinstance(schema, Mapping):
                continue
            names = {str(row[name]).casefold() for name in ("id", "name", "untranslatedName") if row.get(name)}
            if row.get("custom") and "user" in (schema.get("type"), schema.get("items")):
                self._person_fields |= names
            if names & self._claim_fields:
                self._claim_fields |= names

    # changes

    def _change(self, raw: Mapping[str, object]) -> dict[str, object]:
        """An item of a history entry: what its two sides hold is told by its field."""
        names = {(_text(raw.get(name)) or "").casefold() for name in ("fieldId", "field")}
        keep = self._of_field(names, raw)
        return {name: self._part(raw, name, part, keep, names) for name, part in raw.items()}

    def _of_field(self, names: set[str], raw: Mapping[str, object]) -> Keep | None:
        if self._person_fields & names or any(name.endswith("AccountId") for name in raw):
            return Keep.PERSON
        found = next(((name, CHANGED[name]) for name in sorted(names) if name in CHANGED), None)
        if found is None or (found[1] is Keep.NAME and raw.get("fieldtype") == "custom" and found[0] not in SETTINGS):
            return None  # somebody's own field may bear the name of another one
        return found[1]

    def _part(self, raw: Mapping[str, object], name: str, part: object, keep: Keep | None, names: set[str]) -> object:
        if not isinstance(part, str) or not part:
            return self._value(part, name, "")
        if name in ("field", "fieldId", "fieldtype"):
            return self._texts.name(part)
        if name.endswith("AccountId"):
            return self._texts.people.ref(part)
        if name not in _SIDES:
            return self._string(part, name, "")
        if keep is Keep.PERSON:
            return self._person_side(raw, name, part)
        return self._side(raw, name, part, keep, claims=bool(names & self._claim_fields))

    def _side(self, raw: Mapping[str, object], name: str, text: str, keep: Keep | None, *, claims: bool) -> str:
        if keep is Keep.LABEL or keep is Keep.CLAIMS:
            return self._texts.keep(text, keep)
        if SAFE.fullmatch(text) or (name in ("from", "to") and NUMBER.fullmatch(text)):
            return text
        if keep is not None:
            return self._texts.keep(text, keep)
        return self._texts.claims.field(text) if claims else self._options(raw, name, text)

    def _options(self, raw: Mapping[str, object], name: str, text: str) -> str:
        """The names of several options have the filler that each of them has alone."""
        ids = re.findall(r"\d+", _text(raw.get(name.removesuffix("String"))) or "")
        parts = text.split(", ")
        if len(parts) > 1 and len(parts) == len(ids):
            return ", ".join(map(self._texts.unknown, parts))
        return self._texts.unknown(text)

    def _person_side(self, raw: Mapping[str, object], name: str, text: str) -> str:
        """One person, or a list of them; the name that is shown stands beside the reference."""
        people, ref = self._texts.people, _text(raw.get(name.removesuffix("String"))) or ""
        shown = name.endswith("String")
        if ref.startswith("[") or len(_ENTRY.findall(ref)) > 1:
            return _ENTRY.sub(lambda match: people.shown(match[0]) if shown else people.ref(match[0]), text)
        if not shown:
            return people.ref(text, _text(raw.get(f"{name}String")))
        if ref:
            people.ref(ref, text)
        return people.shown(text, ref or None)


def _kind(name: str, part: object, kind: str) -> str:
    """The kind of what a member holds; a text, or a list of them, has the kind of the object that it stands in."""
    if KINDS.get(name) == "error":
        return "error"
    if kind == "custom":
        return kind
    texts = isinstance(part, str) or (isinstance(part, list) and any(isinstance(one, str) for one in part))
    if kind == "fields" and FIELD.fullmatch(name) and not texts:
        return "custom"
    if texts or name in WRAPPERS or kind in ("error", "request") or (kind, name) == ("estimation", "field"):
        return kind
    if (kind, name) == ("link", "type"):
        return "linktype"
    return "names" if (kind, name) == ("issue", "names") else KINDS.get(name, "")


@lru_cache(10_000)
def _rule(key: str, kind: str) -> Keep | None:
    """What becomes of a text that is the member `key` of an object; None: nothing is known of it."""
    if kind == "error":
        return Keep.SENTENCE
    if kind == "names":
        return Keep.NAME
    if kind == "person" and key in ("name", "key"):
        return Keep.PERSON
    keep = MEMBERS.get(kind, {}).get(key) or ANYWHERE.get(key)
    return None if kind == "custom" and keep is Keep.NAME else keep


def _is_person(raw: Mapping[str, object], kind: str) -> bool:
    if kind == "person" or raw.keys() & {"emailAddress", "accountType", "accountId"}:
        return True
    return kind != "location" and "displayName" in raw and bool(raw.keys() & {"name", "key", "active", "avatarUrls"})


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
