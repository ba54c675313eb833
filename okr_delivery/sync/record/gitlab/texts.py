"""What becomes of one text of a GitLab in a recording: labels keep their scope's place, paths those of the settings."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from okr_delivery.sync.record.gitlab.tables import (
    BRANCHES,
    ENVIRONMENTS,
    GID,
    HASH,
    MOMENTS_ASKED,
    NAMED,
    NUMBERS_ASKED,
    SEGMENTS,
    SENTENCE_WORDS,
    TAG,
    VALUES,
    WORD,
    WORDS_ASKED,
)
from okr_delivery.sync.record.people import account
from okr_delivery.sync.record.places import OWN, Pairs, written
from okr_delivery.sync.record.secret import Secrets, is_secret
from okr_delivery.sync.record.tables import NUMBER, SAFE
from okr_delivery.sync.record.tables import SENTENCE_WORDS as COMMON_WORDS
from okr_delivery.sync.record.texts import Hints, Numbered, Texts

Digest = Callable[[str], str]
SCOPE = "::"
FIRST_PERSON = 1_000_000
_REFERENCE = re.compile(r"(?P<path>[^\s#&!~%]*)(?P<rest>[#&!]\d{1,19})?")
_PAGE = re.compile(r"(?P<group>/groups)?/(?P<path>[^-].*?)(?P<rest>/-/(?:issues|work_items|merge_requests|milestones|"
                   r"epics|iterations)/\d{1,19})?/?")  # fmt: skip
_LINK = r"https?://[^\s<>()\"']{1,500}?/(?:issues|work_items)/[0-9]{1,19}"
_ISSUE = rf"(?:{_LINK}|(?:[\w.-]{{1,200}}(?:/[\w.-]{{1,200}}){{0,20}})?#[0-9]{{1,19}})"
_CLOSES = re.compile(
    r"(\b(?:[Cc]los(?:e[sd]?|ing)|[Ff]ix(?:e[sd]|ing)?|[Rr]esolv(?:e[sd]?|ing)|[Ii]mplement(?:s|ed|ing)?):? {1,9}"
    rf"(?:(?:issues? {{1,9}})?{_ISSUE}(?: {{0,9}},? {{1,9}}and {{1,9}}| {{0,9}},? {{0,9}})?)+)"
)
_LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"')
_SPOKEN = re.compile(r"[^\W\d_]+|\d+")
_URL = re.compile(r"(?:https?|ftp|file)://\S+", re.IGNORECASE)


class Paths:
    """Paths of projects and groups: those that the settings name and what lies above them stay.

    A known path that ends in a slash is a group's: what lies in it stays too.
    """

    def __init__(self, known: tuple[str, ...], digest: Digest) -> None:
        named = [path.casefold() for path in known if not path.isdecimal()]
        self._known = tuple(path.strip("/") for path in named)
        self._groups = tuple(path for path in named if path.endswith("/"))
        self._parts = {part for path in self._known for part in path.split("/")}
        self._digest = digest

    def keeps(self, path: str) -> bool:
        folded = path.casefold().strip("/")
        if folded.startswith(self._groups) and "-" not in folded.split("/"):
            return True
        return bool(folded) and any(folded == known or known.startswith(f"{folded}/") for known in self._known)

    def of(self, path: str) -> str:
        """The path, or one of as many parts that stand for it."""
        if not path.strip("/"):
            return path
        if self.keeps(path):
            self._parts.update(path.casefold().split("/"))  # beside it, people name it by its last part
            return path
        return "/".join(self._part(part) for part in path.split("/"))

    def _part(self, part: str) -> str:
        return part if not part or part.casefold() in self._parts else f"path-{self._digest(part.casefold())}"


class GitLabTexts(Texts):
    """Scrubs single texts of one recording of a GitLab."""

    def __init__(self, url: str, salt: bytes, secrets: Secrets, hints: Hints) -> None:
        super().__init__(url, salt, secrets, hints)
        self.paths = Paths(hints.paths, self.filler.digest)
        self._scopes = Numbered("scope")
        self._kept_scopes = tuple(f"{scope.casefold()}{SCOPE}" for scope in hints.scopes)
        self._environments = Numbered("environment", ENVIRONMENTS | {name.casefold() for name in hints.environments})
        self._context = urlsplit(url).path.rstrip("/")
        self.places.learn([OWN])
        self._ours: set[str] = set()  # words of queries
        self._members: set[str] = set()

    # names

    def label(self, name: str) -> str:
        """A label; one of a scope stays one of a scope. Those that the settings mean stay as they are."""
        if name.casefold().startswith(self._kept_scopes):
            return name
        made = self._label(name)
        scope, sign, _ = name.rpartition(SCOPE)
        return f"{self._scopes.of(scope.casefold())}{SCOPE}{made}" if sign and made != name else made

    def environment(self, name: str) -> str:
        made = self._environments.of(name.casefold())
        return name if made == name.casefold() else made

    def tag(self, text: str) -> str:
        """The name of a version, or of a branch, that tells nothing but numbers; else filler."""
        return text if TAG.fullmatch(text) or text in BRANCHES else self.filler.text(text)

    def hash(self, text: str) -> str:
        return text if HASH.fullmatch(text) else self.filler.text(text)

    def word(self, text: str) -> str:
        return text if WORD.fullmatch(text) or SAFE.fullmatch(text) else self.filler.text(text)

    def reference(self, text: str) -> str:
        """`group/project#12`, `#12` or a path."""
        if text.startswith(("http://", "https://")):
            return self.address(text)
        found = _REFERENCE.fullmatch(text)
        return self.filler.text(text) if found is None else self.paths.of(found["path"]) + (found["rest"] or "")

    def mark(self, text: str) -> str:
        """An opaque place in a list."""
        return self._marks.of(text)

    def variable(self, name: str, text: str) -> str:
        """What is sent along with a query: a place in a list that was met before, a word of the API, or a path."""
        if text in self._marks or "after" in name.casefold() or "cursor" in name.casefold():
            return self.mark(text)
        return text if text.casefold() in VALUES else self.reference(text)

    # prose

    def text(self, text: str) -> str:
        """Filler, except for what a merge request closes by it."""
        return self._with_closing(text, self.filler.text)

    def prose(self, text: str) -> str:
        """The same where contribution lines are read."""
        return self._with_closing(text, self.claims.prose)

    def _with_closing(self, text: str, rest: Callable[[str], str]) -> str:
        parts = _CLOSES.split(text)
        return "".join(
            re.sub(_ISSUE, lambda found: self.reference(found[0]), part) if place % 2 else rest(part)
            for place, part in enumerate(parts)
        )

    # people

    def person_id(self, number: str) -> int:
        """What stands for the number of a person."""
        return FIRST_PERSON + self.people.meet([_key(number)])

    def person(self, number: str | None, login: str | None, mail: str | None, name: str | None) -> tuple[str, str]:
        """What stands for a login and for a display name."""
        met = self.people.meet([_key(number) if number else None, login, mail], name)
        return account(met), self.people.shown(name or "", login or (_key(number) if number else None))

    # queries and sentences

    def asked(self, query: str) -> str:
        """A query of ours, whose words refusals may quote; what somebody named in it is told as everywhere."""
        plain = _LITERAL.sub("", query)
        self._members.update(re.findall(r"\w+", plain))
        self._ours.update(word.casefold() for word in re.findall(r"[A-Za-z]+", plain))
        return _LITERAL.sub(lambda found: f'"{self._literal(found[0][1:-1])}"', query)

    def names(self, member: str) -> bool:
        """Whether a query of ours named a member."""
        return member in self._members

    def _literal(self, text: str) -> str:
        return text if NAMED.fullmatch(text) or GID.fullmatch(text) else self.reference(text)

    def sentence(self, text: str) -> str:
        """A message of the server: its own vocabulary, what our query said and small numbers stay."""

        def one(match: re.Match[str]) -> str:
            folded = match[0].casefold()
            known = folded in SENTENCE_WORDS or folded in COMMON_WORDS or folded in self._ours
            small = folded.isdecimal() and len(folded) < 7
            return match[0] if known or small else self.filler.text(match[0])

        return _SPOKEN.sub(one, _URL.sub(lambda match: self.address(match[0]), text))

    # addresses

    def _address(self, url: str) -> str:
        if url.startswith("/") and not url.startswith("//"):
            return self._address(OWN + url.removeprefix(self._context)).removeprefix(OWN)
        behind = self.places.behind(url)
        if behind is None:
            return super()._address(url)
        parts = urlsplit(OWN + behind)
        if parts.path.startswith("/api/"):
            return OWN + self.segments(parts.path) + written(self._told(parse_qsl(parts.query, keep_blank_values=True)))
        found = _PAGE.fullmatch(unquote(parts.path))
        if found is None or not (found["rest"] or self.paths.keeps(found["path"])):
            return f"{OWN}/link/{self.filler.digest(url)}" if parts.path.strip("/") else OWN
        return f"{OWN}{found['group'] or ''}/{quote(self.paths.of(found['path']))}{found['rest'] or ''}"

    def segments(self, path: str) -> str:
        """A path of the API with those of projects and groups in it as `paths` has them."""
        made: list[str] = []
        for part in path.split("/"):
            stays = not part or part in SEGMENTS or NUMBER.fullmatch(part)
            made.append(part if stays else quote(self._segment(unquote(part), made), safe=""))
        return "/".join(made)

    def _segment(self, part: str, before: list[str]) -> str:
        if before[-1] in ("projects", "groups", "namespaces") or "/" in part:
            return self.paths.of(part)
        return self.tag(part) if before[-1] == "releases" else self.filler.digest(part)

    def _told(self, pairs: Pairs) -> Pairs:
        """Of an address that the server wrote: parameters that are not the API's stay no more than values."""
        known = WORDS_ASKED | NUMBERS_ASKED | MOMENTS_ASKED | {"environment", "labels", "milestone"}
        kept = [
            (name if name in known else self.filler.digest(name), value) for name, value in pairs if not is_secret(name)
        ]
        return self.parameters(kept)

    def _parameter(self, name: str, value: str) -> str:
        if name == "cursor":
            return self._marks.of(value) if value else value
        if not value or SAFE.fullmatch(value) or (name in NUMBERS_ASKED and NUMBER.fullmatch(value)):
            return value
        if name == "id":
            return self.paths.of(value)
        if value.casefold() in VALUES:
            return value
        if name == "labels":
            return ",".join(map(self.label, value.split(",")))
        return self.environment(value) if name == "environment" else self.filler.text(value)


def _key(number: str) -> str:
    """How a person's number is told from a login that looks like one."""
    return f"#{number}"
