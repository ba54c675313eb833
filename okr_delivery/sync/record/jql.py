"""Queries in a recording: the structure stays, what people typed into them does not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

_TOKEN = re.compile(
    r"""(?P<blank>\s+)|(?P<text>"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?)|(?P<sign>!=|!~|>=|<=|[=~<>(),])|(?P<word>[^\s"'()=~<>!,]+|!)"""
)
_OPERATORS = frozenset({"=", "!=", "~", "!~", ">", "<", ">=", "<=", "in", "is", "was", "changed", "not"})
_GRAMMAR = "and or not in is was changed empty null none order by asc desc from to during after before on"
_WORDS = frozenset(_GRAMMAR.split())
_MOMENTS = frozenset({"during", "after", "before", "on"})
_MOMENT = re.compile(r"[+-]?\d+[yMwdhm]?|\d{4}[-/]\d{1,2}[-/]\d{1,2}(?:\s+\d{1,2}:\d{2})?")
_KEY = re.compile(r"[A-Z][A-Z0-9_]+-\d+")
_KEPT = """
    project id issue issuekey key parent epic link status statuscategory issuetype type priority resolution
    sprint fixversion affectedversion created updated resolved resolutiondate due duedate lastviewed"""
KEPT = frozenset({*_KEPT.split(), "epic link"})
PEOPLE = frozenset({"assignee", "reporter", "creator", "watcher", "voter", "worklogauthor"})
LABELS = frozenset({"labels", "label"})
COMPONENTS = frozenset({"component", "components"})


class Part(Enum):
    """What an operand speaks of."""

    PERSON = "person"
    LABEL = "label"
    COMPONENT = "component"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a query. `field` is the lower-case field whose operand it is, "" where that can't be told, None for
    what is no operand."""

    kind: str  # blank | text | sign | word
    text: str
    field: str | None = None

    @property
    def bare(self) -> str:
        """Without quotes."""
        return re.sub(r"\\(.)", r"\1", self.text[1:].removesuffix(self.text[0])) if self.kind == "text" else self.text


def scrub(jql: str, replace: Callable[[Part, str], str]) -> str:
    """The query with every operand replaced that may name somebody or something private."""
    return "".join(_clean(token, replace) for token in tokens(jql))


def tokens(jql: str) -> Iterator[Token]:
    """The pieces of a query, blanks included; together they are the query."""
    pieces = [Token(str(m.lastgroup), m[0]) for m in _TOKEN.finditer(jql)]
    field: str | None = None
    before = ""
    for place, token in enumerate(pieces):
        solid = [piece.text.casefold() for piece in pieces[place + 1 : place + 4] if piece.kind != "blank"]
        following = solid[0] if solid else ""
        word = token.text.casefold()
        if token.kind in ("text", "word") and following in _OPERATORS and word not in _WORDS:
            field = token.bare.casefold()
            yield token
        elif token.kind == "word" and (word in _WORDS or following == "("):
            field = _spoken_of(word, before, field)
            yield token
        else:
            yield Token(token.kind, token.text, field or "") if token.kind in ("text", "word") else token
        before = before if token.kind == "blank" else word


def _spoken_of(word: str, before: str, field: str | None) -> str | None:
    """The field of what follows a word of the language or the name of a function."""
    if word in ("and", "or", "order"):
        return None
    if word == "by" and before != "order":  # `status changed by lin`
        return "assignee"
    if word in _MOMENTS:  # `status changed by lin after -1w`
        return "updated"
    return field if word in _WORDS or field in PEOPLE | LABELS | COMPONENTS else ""  # a function's own operands


def _clean(token: Token, replace: Callable[[Part, str], str]) -> str:
    if not is_private(token):
        return token.text
    part = _part(str(token.field))
    new = replace(part, token.bare)
    if token.kind == "text":
        quote = token.text[0]
        return quote + new.replace("\\", "\\\\").replace(quote, "\\" + quote) + quote
    return new


def is_private(token: Token) -> bool:
    """Whether a piece is an operand that is no number, instant or key, of a field whose values are not kept."""
    if token.field is None or token.kind not in ("text", "word"):
        return False
    bare = token.bare
    if token.field in PEOPLE:
        return bool(bare.strip())
    told = token.field or bare.casefold()  # behind `order by` stand fields
    if token.field == "project" and " " in bare:
        return True  # a title; keys and ids stay
    return not (told in KEPT or _MOMENT.fullmatch(bare) or _KEY.fullmatch(bare) or not bare.strip())


def _part(field: str) -> Part:
    if field in PEOPLE:
        return Part.PERSON
    if field in LABELS:
        return Part.LABEL
    return Part.COMPONENT if field in COMPONENTS else Part.TEXT


def shape(jql: str) -> str:
    """The query with instants and private operands blanked: what two runs of one configuration have in common."""
    parts = []
    for token in tokens(jql):
        blanked = is_private(token) or (_is_time(token) and _MOMENT.fullmatch(token.bare))
        parts.append("?" if blanked else token.text.casefold() if token.kind == "word" else token.text)
    return " ".join("".join(parts).split())


def _is_time(token: Token) -> bool:
    return token.field in ("created", "updated", "resolved", "resolutiondate", "due", "duedate")
