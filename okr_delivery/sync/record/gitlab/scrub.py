"""Takes people, secrets and free text out of a GitLab's answers and leaves what the tool reads.

What a text is, is told by the object that it stands in (`tables`); one that nothing is known of is taken for private.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from okr_delivery.sync.record.gitlab.notes import Notes
from okr_delivery.sync.record.gitlab.tables import (
    ANYWHERE,
    COLOUR,
    ENDPOINTS,
    GID,
    KINDS,
    MEMBERS,
    NAMED,
    PEOPLE_IDS,
    SPAN,
    WIRE,
    WRAPPERS,
    Keep,
)
from okr_delivery.sync.record.gitlab.texts import GitLabTexts
from okr_delivery.sync.record.places import Pairs
from okr_delivery.sync.record.secret import Secrets
from okr_delivery.sync.record.tables import IDS, NUMBER, SAFE
from okr_delivery.sync.record.texts import NO_HINTS, Hints

GRAPHQL = "/api/graphql"
_PEOPLE = frozenset({"User", "UserCore"})


class GitLabScrubber:
    """One recording's scrubbing. Not to be shared between threads unguarded: what it met before decides."""

    def __init__(self, url: str, salt: bytes, secrets: Secrets, hints: Hints = NO_HINTS) -> None:
        self._secrets = secrets
        self._texts = GitLabTexts(url, salt, secrets, hints)
        self._claim_fields = {name.casefold() for name in hints.claim_fields}
        self._notes = Notes(self._texts, lambda name: name.casefold() in self._claim_fields)
        self._schema = False  # whether the query in hand asks for the server's own types
        texts = self._texts
        self._rules: Mapping[Keep, Callable[[str], str]] = {
            Keep.NAME: texts.name,
            Keep.WORD: texts.word,
            Keep.PROSE: texts.text,
            Keep.CLAIMS: texts.prose,
            Keep.CLAIM: texts.claims.field,
            Keep.LABEL: texts.label,
            Keep.PATH: texts.reference,
            Keep.PLACE: texts.mark,
            Keep.ADDRESS: texts.address,
            Keep.ENVIRONMENT: texts.environment,
            Keep.TAG: texts.tag,
            Keep.HASH: texts.hash,
            Keep.SENTENCE: texts.sentence,
        }

    # the parts of an exchange

    def path(self, url: str) -> str:
        return self._texts.segments(self._texts.places.path_of(url))

    def query(self, pairs: Pairs) -> Pairs:
        return self._texts.parameters(pairs)

    def asked(self, body: object) -> object:
        """The body of a request: a query is our own text, what is sent along with it may not be."""
        clean = self._secrets.value(body)
        if not isinstance(clean, Mapping) or not isinstance(clean.get("query"), str):
            return self._value(clean, "", "")
        query = str(clean["query"])
        self._schema = "__type(" in query or "__schema" in query
        rest = {str(name): self._variables(part) for name, part in clean.items() if name != "query"}
        return {"query": self._texts.asked(query), **rest}

    def answer(self, path: str, body: object, *, refused: bool = False) -> object:
        """The body of an answer to a request for `path`, which has no context path any more."""
        clean = self._secrets.value(body)
        if refused:
            return self._value(clean, "", "error")
        if path == GRAPHQL:
            return self._value(clean, "", "schema" if self._schema else "")
        kind = next((kind for pattern, kind in ENDPOINTS if pattern.fullmatch(path)), "")
        if kind == "space":
            self._texts.places.learn(_sites(clean))
        return self._value(clean, "", kind)

    def text(self, text: str, *, refused: bool = False) -> str:
        """A body that is no JSON: a login page, an answer that broke off, a refusal in a sentence."""
        clean = self._secrets.text(text)
        return self._texts.sentence(clean) if refused else self._texts.filler.text(clean)

    def account(self, text: str) -> str:
        """A header that names the caller."""
        return self._texts.people.ref(text)

    def address(self, url: str) -> str:
        return self._texts.address(self._secrets.text(url))

    def header(self, text: str) -> str:
        """A header that the server's machinery writes: a date, a number, the name of a limit."""
        return self._secrets.text(text)

    # values

    def _variables(self, raw: object) -> object:
        """Paths, numbers, cursors and names of operations that are sent along with a query."""
        if isinstance(raw, Mapping):
            return {name: self._variable(str(name), part) for name, part in raw.items()}
        return self._texts.word(raw) if isinstance(raw, str) else raw

    def _variable(self, name: str, raw: object) -> object:
        if isinstance(raw, list):
            return [self._variable(name, part) for part in raw]
        if isinstance(raw, Mapping):
            return self._variables(raw)
        if not isinstance(raw, str) or not raw:
            return raw
        if SAFE.fullmatch(raw) or NUMBER.fullmatch(raw):
            return raw
        return self._gid(raw) or self._texts.variable(name, raw)

    def _value(self, raw: object, key: str, kind: str) -> object:
        if isinstance(raw, Mapping):
            return self._object(raw, kind)
        if isinstance(raw, list):
            return [self._value(part, key, kind) for part in raw]
        if isinstance(raw, str):
            return self._string(raw, key, kind)
        person = key in PEOPLE_IDS and isinstance(raw, int) and not isinstance(raw, bool)
        return self._texts.person_id(str(raw)) if person else raw

    def _object(self, raw: Mapping[str, object], kind: str) -> object:
        if _is_person(raw, kind):
            return self._person(raw)
        if "customField" in raw:
            return self._custom(raw)
        if kind == "note" and isinstance(raw.get("body"), str):
            return self._note(raw)
        return self._members(raw, kind)

    def _members(self, raw: Mapping[str, object], kind: str) -> dict[str, object]:
        return {self._key(name): self._value(part, name, _kind(name, part, kind)) for name, part in raw.items()}

    def _key(self, name: str) -> str:
        return name if name in WIRE or self._texts.names(name) else f"key-{self._texts.filler.digest(name)}"

    def _string(self, text: str, key: str, kind: str) -> str:
        if not text:
            return text
        gid = self._gid(text)
        if gid is not None:
            return gid
        if kind == "schema" and key in ("name", "kind") and NAMED.fullmatch(text):
            return text
        keep = _rule(key, kind)
        if keep is not None:
            return self._rules[keep](text)
        if SAFE.fullmatch(text) or (key in IDS and NUMBER.fullmatch(text)):
            return text
        return text if COLOUR.fullmatch(text) or SPAN.fullmatch(text) else self._texts.unknown(text)

    def _gid(self, text: str) -> str | None:
        """A global id; that of a person holds what stands for its number."""
        found = GID.fullmatch(text)
        if found is None or found["type"] not in _PEOPLE:
            return text if found else None
        return f"gid://gitlab/{found['type']}/{self._texts.person_id(found['id'])}"

    # people, notes and custom fields

    def _person(self, raw: Mapping[str, object]) -> dict[str, object]:
        ref = str(raw.get("id") or "")
        number = ref.rpartition("/")[2] or None
        login, name = _text(raw.get("username")), _text(raw.get("name"))
        mail = _text(raw.get("email")) or _text(raw.get("public_email")) or _text(raw.get("publicEmail"))
        account, shown = self._texts.person(number, login, mail, name)
        made = {self._key(key): self._value(part, key, _kind(key, part, "person")) for key, part in raw.items()}
        told: dict[str, object] = {"username": account} if login else {}
        told |= {"name": shown} if name else {}
        told |= {key: f"{account}@example.com" for key in raw if "email" in key.casefold() and _text(raw[key])}
        if number and isinstance(raw.get("id"), int):
            told["id"] = self._texts.person_id(number)
        return made | told

    def _note(self, raw: Mapping[str, object]) -> dict[str, object]:
        """What the server wrote keeps its wording; what a person wrote keeps nothing."""
        body = str(raw["body"])
        made = self._members({name: part for name, part in raw.items() if name != "body"}, "note")
        shown = self._notes.scrub(body) if raw.get("system") is True else self._texts.claims.prose(body)
        return {name: shown if name == "body" else made[self._key(name)] for name in raw} if "body" in raw else made

    def _custom(self, raw: Mapping[str, object]) -> dict[str, object]:
        """The value of a custom field: a claim where the settings say that it holds one."""
        about = raw["customField"]
        named = about if isinstance(about, Mapping) else {}
        ref = str(named.get("id") or "")
        names = {str(named.get("name") or "").casefold(), ref.casefold(), ref.rpartition("/")[2]}
        kind = "claim" if names & self._claim_fields else "value"
        made = {self._key(name): self._value(part, name, kind) for name, part in raw.items() if name != "customField"}
        return {"customField": self._value(about, "customField", "custom_field"), **made}


def _kind(name: str, part: object, kind: str) -> str:
    """The kind of what a member holds; a text, or a list of them, has the kind of the object that it stands in."""
    if kind in ("error", "schema", "claim", "value") or name in WRAPPERS:
        return kind
    texts = isinstance(part, str) or (isinstance(part, list) and any(isinstance(one, str) for one in part))
    return kind if texts and name != "errors" else KINDS.get(name, "")


@lru_cache(10_000)
def _rule(key: str, kind: str) -> Keep | None:
    """What becomes of a text that is the member `key` of an object; None: nothing is known of it."""
    if kind in _WHOLE:
        return _WHOLE[kind]
    if kind == "person" and key in ("status", "name"):
        return None
    return MEMBERS.get(kind, {}).get(key) or ANYWHERE.get(key)


_WHOLE = {"error": Keep.SENTENCE, "claim": Keep.CLAIM, "link": Keep.ADDRESS, "value": None}
"""Kinds of objects whose texts are all of one sort."""


def _sites(rows: object) -> list[str]:
    """Where a server says that it is: what stands before the path in the addresses of its projects."""
    listed = rows if isinstance(rows, list) else [rows]
    found = (
        (_text(row.get("web_url")), _text(row.get("path_with_namespace"))) for row in listed if isinstance(row, Mapping)
    )
    return sorted({url.removesuffix(f"/{path}") for url, path in found if url and path and url.endswith(f"/{path}")})


def _is_person(raw: Mapping[str, object], kind: str) -> bool:
    if "username" in raw or kind == "person":
        return True
    found = GID.fullmatch(str(raw.get("id") or ""))
    return found is not None and found["type"] in _PEOPLE


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
