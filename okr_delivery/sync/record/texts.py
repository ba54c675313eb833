"""What becomes of one text in a recording: kept, numbered, or filler."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from okr_delivery.sync.record import jql
from okr_delivery.sync.record.claims import Claims
from okr_delivery.sync.record.filler import EMAIL, Filler
from okr_delivery.sync.record.people import People
from okr_delivery.sync.record.places import Pairs, Places
from okr_delivery.sync.record.secret import Secrets, is_secret
from okr_delivery.sync.record.tables import HARMLESS, SAFE, SENTENCE_WORDS, Keep

_SPRINT = re.compile(r"(?P<head>com\.atlassian\.greenhopper\.[\w.$]+@[0-9a-f]+)\[(?P<body>.*)\]", re.DOTALL)
_SPRINT_KEYS = (
    "id|rapidViewId|state|name|goal|startDate|endDate|completeDate|activatedDate|sequence|synced|autoStartStop|"
    "incompleteIssuesDestinationId"
)
_SPRINT_MEMBER = re.compile(rf"(?:^|,)(?P<key>{_SPRINT_KEYS})=(?P<value>.*?)(?=,(?:{_SPRINT_KEYS})=|\Z)", re.DOTALL)
_SPRINT_WORDS = frozenset({"", "<null>", "true", "false", "active", "closed", "future"})
_EMAIL = re.compile(EMAIL)
_URL = re.compile(r"(?:https?|ftp|file)://\S+", re.IGNORECASE)
_SPOKEN = re.compile(r"[^\W\d_]+|\d+")
_FULL_NAME = re.compile(r"\s|@|^\w{20,}$|^\d{5,}:")
_MARKS = frozenset({"nextPageToken", "cursor", "page_token", "pageToken"})
_ASKED = frozenset({"fields", "expand", "state", "type", "properties", "orderBy", "projectKeyOrId", "permissions"})
_AMOUNTS = frozenset({"startAt", "maxResults", "id", "projectId", "boardId", "page", "per_page", "limit"})
_LOGINS = frozenset({"accountId", "username", "key", "name", "ownerId"})


@dataclass(frozen=True, slots=True)
class Hints:
    """What a scrubber can't know from the wire.

    `words` are ids that the tool looks for in free text, `labels` and `components` those that the configuration
    names, `prefixes` those of labels that name key results, `claim_fields` the ids or names (any case) of the custom
    fields that hold claims, `people` known logins. `scopes` are those of scoped labels that mean something, `paths`
    those of projects and, with a slash at the end, groups, and `environments` names of what is deployed to.
    """

    words: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()
    components: frozenset[str] = frozenset()
    claim_fields: frozenset[str] = frozenset()
    people: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    environments: frozenset[str] = frozenset()


NO_HINTS = Hints()


class Numbered:
    """Names that become `label-07`."""

    def __init__(self, stem: str, kept: frozenset[str] = frozenset()) -> None:
        self._stem = stem
        self._kept = kept
        self._known: dict[str, str] = {}

    def __contains__(self, text: object) -> bool:
        return text in self._known

    def of(self, text: str) -> str:
        return text if text in self._kept else self._known.setdefault(text, f"{self._stem}-{len(self._known) + 1:02d}")


class Texts:
    """Scrubs single texts. What was met before decides which number a name gets."""

    def __init__(self, url: str, salt: bytes, secrets: Secrets, hints: Hints) -> None:
        self.secrets = secrets
        self.people = People()
        self.filler = Filler(
            salt, keep=hints.words, person=self.people.ref, email=self.people.ref, address=self._address
        )
        self.places = Places(url, self.filler.digest)
        self.address = lru_cache(10_000)(self._address)
        self.claims = Claims(self.filler)
        self._labels = Numbered("label", frozenset(label.casefold() for label in hints.labels))
        self._components = Numbered("component", frozenset(name.casefold() for name in hints.components))
        self._boards, self._marks = Numbered("board"), Numbered("page")
        self._prefixes = tuple(prefix.casefold() for prefix in hints.prefixes)
        self._rules: Mapping[Keep, Callable[[str], str]] = {
            Keep.NAME: self.name,
            Keep.LABEL: self.labels,
            Keep.COMPONENT: self.component,
            Keep.BOARD: self._boards.of,
            Keep.PERSON: self.people.ref,
            Keep.SHOWN: self.people.shown,
            Keep.CLAIMS: self.claims.prose,
            Keep.ADDRESS: self.address,
            Keep.QUERY: self.query,
            Keep.PLACE: self._marks.of,
            Keep.FILE: self.file,
            Keep.SENTENCE: self.sentence,
            Keep.PROSE: self.filler.text,
        }
        for login in hints.people:
            self.people.meet([login])

    def keep(self, text: str, how: Keep) -> str:
        return self._rules[how](text)

    def unknown(self, text: str) -> str:
        """A text of which nothing is known."""
        sprint = _SPRINT.fullmatch(text)
        if sprint:
            return f"{sprint['head']}[{self._sprint(sprint['body'])}]"
        if text.casefold() in HARMLESS:
            return text
        return self.address(text) if _URL.fullmatch(text) else self.filler.text(text)

    def name(self, text: str) -> str:
        """A name that stays, without addresses and without people whom this recording knows.

        A single word may be somebody's login as well as a status or a project: there it stays.
        """
        known = self.people.form(text) if _FULL_NAME.search(text) else None
        if known is not None:
            return known
        text = _URL.sub(lambda match: self.address(match[0]), text)
        return _EMAIL.sub(lambda match: self.people.ref(match[0]), text) if "@" in text else text

    def labels(self, text: str) -> str:
        """One label, or several with blanks between them as histories write them."""
        return " ".join(self._label(part) for part in text.split(" "))

    def _label(self, label: str) -> str:
        folded = label.casefold()
        if not label or (self._prefixes and folded.startswith(self._prefixes)):
            return label
        made = self._labels.of(folded)
        return label if made == folded else made

    def component(self, name: str) -> str:
        made = self._components.of(name.casefold())
        return name if made == name.casefold() else made

    def file(self, name: str) -> str:
        return f"file-{self.filler.digest(name)}"

    def sentence(self, text: str) -> str:
        """A message of the server: its own vocabulary stays, what it quotes does not."""
        if SAFE.fullmatch(text):
            return text

        def one(match: re.Match[str]) -> str:
            return match[0] if match[0].casefold() in SENTENCE_WORDS else self.filler.text(match[0])

        return _SPOKEN.sub(one, _URL.sub(lambda match: self.address(match[0]), text))

    def query(self, text: str) -> str:
        return jql.scrub(text, self._operand)

    def _address(self, url: str) -> str:
        return self.places.clean(url, self._told)

    def _told(self, pairs: Pairs) -> Pairs:
        """Of an address that the tracker or somebody wrote: names that are not ours stay no more than values."""
        known = _ASKED | _MARKS | _LOGINS | _AMOUNTS | {"jql", "query"}
        kept = [
            (name if name in known else self.filler.digest(name), value) for name, value in pairs if not is_secret(name)
        ]
        return [(name, self.filler.text(value) if name in _ASKED else value) for name, value in self.parameters(kept)]

    def parameters(self, pairs: Pairs) -> Pairs:
        """Of an address; secret ones are left out."""
        clean = [(name, self.secrets.text(value)) for name, value in pairs if not is_secret(name)]
        return [(name, self._parameter(name, value)) for name, value in clean]

    def _parameter(self, name: str, value: str) -> str:
        if not value or name in _ASKED or SAFE.fullmatch(value):
            return value
        if name in ("jql", "query"):
            return self.query(value)
        if name in _MARKS:
            return self._marks.of(value)
        return self.people.ref(value) if name in _LOGINS else self.filler.text(value)

    def _operand(self, part: jql.Part, text: str) -> str:
        match part:
            case jql.Part.PERSON:
                return self.people.ref(text)
            case jql.Part.LABEL:
                return self._label(text)
            case jql.Part.COMPONENT:
                return self.component(text)
            case jql.Part.TEXT:
                return self.filler.text(text)

    def _sprint(self, body: str) -> str:
        """The members of a sprint as Data Center prints them; the name stays, the goal does not.

        What looks like a member may be a part of the goal: the second name is none.
        """
        made: list[str] = []
        for member in _SPRINT_MEMBER.finditer(body):
            key, value = member["key"], member["value"]
            named = key == "name" and not any(part.startswith("name=") for part in made)
            if named:
                value = self.name(value)
            elif value.casefold() not in _SPRINT_WORDS and not SAFE.fullmatch(value):
                value = self.filler.text(value)
            made.append(f"{key}={value}")
        return ",".join(made)
