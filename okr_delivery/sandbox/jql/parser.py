"""Text to syntax tree. Errors carry the sentences that the tracker itself would answer."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_ORDER_FIELDS = 7

TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
      | (?P<sign><=|>=|!=|!~|=|~|<|>|\(|\)|,|&&|\|\||!)
      | (?P<word>[^\s"'=!~<>(),&|]+)
    )""",
    re.VERBOSE,
)
WORD_SIGNS = {"&&": "and", "||": "or", "!": "not"}
RESERVED = frozenset({"and", "or", "not", "in", "is", "order", "by", "empty", "null", "was", "changed", "asc", "desc"})
COMPARISONS = frozenset({"=", "!=", "~", "!~", "<", "<=", ">", ">="})


class JqlError(Exception):
    """What the tracker would put into `errorMessages`. `syntax`: the text itself is wrong, not what it names."""

    def __init__(self, *messages: str, syntax: bool = False) -> None:
        self.messages, self.syntax = messages, syntax
        super().__init__("; ".join(messages))


@dataclass(frozen=True, slots=True)
class Call:
    """A function as operand: `openSprints()`."""

    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Empty:
    """`EMPTY` or `NULL`."""


Operand = str | Call | Empty


@dataclass(frozen=True, slots=True)
class Clause:
    """`field operator operands`; one operand unless the operator is `in` or `not in`."""

    field: str
    operator: str  # = != ~ !~ < <= > >= in "not in" is "is not"
    operands: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Not:
    inner: Node


@dataclass(frozen=True, slots=True)
class Both:
    """Conjunction (`every`) or disjunction of two or more parts."""

    every: bool
    parts: tuple[Node, ...]


Node = Clause | Not | Both


@dataclass(frozen=True, slots=True)
class Query:
    where: Node | None
    order: tuple[tuple[str, bool], ...]  # field, descending


@dataclass(frozen=True, slots=True)
class Token:
    kind: str  # text | sign | word | end
    value: str
    at: int

    @property
    def key(self) -> str:
        """The keyword or sign this token may stand for, lower case; quoted text never is one."""
        return "" if self.kind == "text" else WORD_SIGNS.get(self.value, self.value.lower())


def parse(jql: str) -> Query:
    """Raises JqlError; the message names the character, as the tracker does."""
    return _Parser(_tokens(jql)).query()


def _tokens(jql: str) -> list[Token]:
    found, at = [], 0
    end = len(jql.rstrip())
    while at < end:
        match = TOKEN.match(jql, at)
        if match is None:
            raise JqlError(_trouble(jql[at:].strip()[:1], at), syntax=True)
        kind = str(match.lastgroup)
        value = match[kind]
        found.append(Token(kind, _unquote(value) if kind == "text" else value, match.start(kind)))
        at = match.end()
    return [*found, Token("end", "", end)]


def _unquote(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def _trouble(what: str, at: int) -> str:
    if not what:
        return "Error in the JQL Query: The query ended unexpectedly."
    return f"Error in the JQL Query: Expecting something else but got '{what}'. (line 1, character {at + 1})"


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens, self.at = tokens, 0

    def query(self) -> Query:
        where = None if self.peek.key == "order" or self.peek.kind == "end" else self.either()
        order = self.order() if self.take("order") else ()
        if self.peek.kind != "end":
            raise self.error()
        return Query(where, order)

    @property
    def peek(self) -> Token:
        return self.tokens[self.at]

    def next(self) -> Token:
        token = self.peek
        self.at += token.kind != "end"
        return token

    def take(self, key: str) -> bool:
        if self.peek.key == key and self.peek.kind != "end":
            self.at += 1
            return True
        return False

    def need(self, key: str) -> None:
        if not self.take(key):
            raise self.error()

    def error(self) -> JqlError:
        return JqlError(_trouble(self.peek.value, self.peek.at), syntax=True)

    def either(self) -> Node:
        parts = [self.every()]
        while self.take("or"):
            parts.append(self.every())
        return parts[0] if len(parts) == 1 else Both(False, tuple(parts))

    def every(self) -> Node:
        parts = [self.unary()]
        while self.take("and"):
            parts.append(self.unary())
        return parts[0] if len(parts) == 1 else Both(True, tuple(parts))

    def unary(self) -> Node:
        if self.take("not"):
            return Not(self.unary())
        if self.take("("):
            inner = self.either()
            self.need(")")
            return inner
        return self.clause()

    def clause(self) -> Clause:
        field = self.name()
        operator = self.operator()
        if operator in ("in", "not in"):
            return Clause(field, operator, self.operands())
        if operator in ("is", "is not") and self.peek.key not in ("empty", "null"):
            raise self.error()
        return Clause(field, operator, (self.operand(),))

    def name(self) -> str:
        token = self.peek
        if token.kind not in ("word", "text") or token.key in RESERVED:
            raise self.error()
        return self.next().value

    def operator(self) -> str:
        token = self.next()
        if token.key in COMPARISONS:
            return token.key
        if token.key == "not" and self.take("in"):
            return "not in"
        if token.key == "is":
            return "is not" if self.take("not") else "is"
        if token.key == "in":
            return "in"
        self.at -= token.kind != "end"
        raise self.error()

    def operands(self) -> tuple[Operand, ...]:
        if self.peek.kind == "word":  # a function that answers a list
            return (self.operand(),)
        self.need("(")
        found = [self.operand()]
        while self.take(","):
            found.append(self.operand())
        self.need(")")
        return tuple(found)

    def operand(self) -> Operand:
        token = self.next()
        if token.kind == "text":
            return token.value
        if token.kind != "word":
            self.at -= token.kind != "end"
            raise self.error()
        if token.key in ("empty", "null"):
            return Empty()
        if token.key in RESERVED:
            self.at -= 1
            raise self.error()
        return Call(token.value, self.arguments()) if self.take("(") else token.value

    def arguments(self) -> tuple[str, ...]:
        found = []
        while not self.take(")"):
            if self.peek.kind not in ("word", "text"):
                raise self.error()
            found.append(self.next().value)
            self.take(",")
        return tuple(found)

    def order(self) -> tuple[tuple[str, bool], ...]:
        self.need("by")
        found = [self.order_field()]
        while self.take(","):
            found.append(self.order_field())
        if len(found) > MAX_ORDER_FIELDS:
            raise JqlError(f"The maximum number of fields in an ORDER BY clause is {MAX_ORDER_FIELDS}.")
        return tuple(found)

    def order_field(self) -> tuple[str, bool]:
        field = self.name()
        if self.take("desc"):
            return field, True
        self.take("asc")
        return field, False
