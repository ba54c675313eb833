"""A parsed query over the issues of a site."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cmp_to_key

from okr_delivery.sandbox.jql.fields import FieldRule, Sort, rule
from okr_delivery.sandbox.jql.parser import Both, Clause, Empty, JqlError, Node, Not, Operand, Query, parse
from okr_delivery.sandbox.site import Site, SiteIssue

Test = Callable[[SiteIssue], bool]

SAVED = frozenset({"filter", "request", "savedfilter", "searchrequest"})  # one field, four names
UNBOUNDED = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."


@dataclass(frozen=True, slots=True)
class Scope:
    """What a query is evaluated against besides the issues: the caller's zone, the server's clock (epoch seconds)."""

    site: Site
    zone: str
    now: int
    epoch_allowed: bool = True
    projects: frozenset[str] | None = None  # ids the caller may see, None = all
    gone: frozenset[str] = frozenset()  # ids of projects that can't even be named
    person: Callable[[str], str | None] = str  # the site's own id of the user that a query names, None = nobody


def search(query: Query, issues: Iterable[SiteIssue], scope: Scope) -> list[SiteIssue]:
    """Matching issues in the query's order, by id where it says nothing. Raises JqlError for what does not exist."""
    if query.where is None:
        raise JqlError(UNBOUNDED)
    test = compile_node(query.where, scope)
    sorts = [(_sort(field, scope), descending) for field, descending in query.order]
    found = sorted((issue for issue in issues if test(issue)), key=lambda issue: issue.id)
    if not sorts:
        return found
    return sorted(found, key=cmp_to_key(_order(sorts)))


def _sort(field: str, scope: Scope) -> Sort:
    found = rule(field, scope).sort
    if found is None:
        raise JqlError(f"Field '{field}' cannot be used for sorting.")
    return found


def _order(sorts: list[tuple[Sort, bool]]) -> Callable[[SiteIssue, SiteIssue], int]:
    def compare(a: SiteIssue, b: SiteIssue) -> int:
        for sort, descending in sorts:
            left, right = sort(a), sort(b)
            if left != right:
                return (1 if left > right else -1) * (-1 if descending else 1)
        return 0

    return compare


def compile_node(node: Node, scope: Scope) -> Test:
    """A test of one issue; every name in the query is looked up here, once."""
    if isinstance(node, Not):
        inner = compile_node(node.inner, scope)
        return lambda issue: not inner(issue)
    if isinstance(node, Both):
        tests = [compile_node(part, scope) for part in node.parts]
        if node.every:
            return lambda issue: all(test(issue) for test in tests)
        return lambda issue: any(test(issue) for test in tests)
    return _clause(node, scope)


def _clause(clause: Clause, scope: Scope) -> Test:
    if clause.field.casefold() in SAVED:
        return _saved(clause, scope)
    found = rule(clause.field, scope)
    if clause.operator not in found.operators:
        raise JqlError(f"The operator '{clause.operator}' is not supported by the '{clause.field}' field.")
    clause = replace(clause, operands=tuple(_unresolved(clause.field, operand) for operand in clause.operands))
    if clause.operator in ("is", "is not") or (clause.operator in ("=", "!=") and clause.operands == (Empty(),)):
        return _emptiness(found, clause.operator in ("is", "="))
    return _comparison(found, clause, scope)


def _saved(clause: Clause, scope: Scope) -> Test:
    """Membership in saved queries, by id; their sorting does not matter."""
    if clause.operator not in ("=", "!=", "in", "not in"):
        raise JqlError(f"The operator '{clause.operator}' is not supported by the '{clause.field}' field.")
    tests = [_saved_query(operand, clause.field, scope) for operand in clause.operands]
    wanted = clause.operator in ("=", "in")
    return lambda issue: any(test(issue) for test in tests) is wanted


def _saved_query(operand: Operand, field: str, scope: Scope) -> Test:
    text = operand if isinstance(operand, str) else ""
    if text not in scope.site.filters:
        raise JqlError(f"The value '{text}' does not exist for the field '{field}'.")
    where = parse(scope.site.filters[text]).where
    scope = replace(scope, gone=frozenset())  # a saved query that names a project out of sight finds nothing of it
    return compile_node(where, scope) if where is not None else lambda _: True


def _unresolved(field: str, operand: Operand) -> Operand:
    """`Unresolved` is a word for no resolution."""
    named = field.casefold() == "resolution" and isinstance(operand, str) and operand.casefold() == "unresolved"
    return Empty() if named else operand


def _emptiness(found: FieldRule, wanted: bool) -> Test:
    return lambda issue: (not found.values(issue)) is wanted


def _comparison(found: FieldRule, clause: Clause, scope: Scope) -> Test:
    operands = [found.operand(o, clause.field, scope) for o in clause.operands if not isinstance(o, Empty)]
    with_empty = any(isinstance(o, Empty) for o in clause.operands)
    wanted = frozenset().union(*operands) if operands else frozenset()
    if clause.operator in ("=", "in"):
        return lambda issue: bool(wanted.intersection(v := found.values(issue))) or (with_empty and not v)
    if clause.operator in ("!=", "not in"):
        return lambda issue: bool(v := found.values(issue)) and not wanted.intersection(v)
    if with_empty:
        raise JqlError(f"The operator '{clause.operator}' on the '{clause.field}' field does not support EMPTY.")
    if clause.operator in ("~", "!~"):
        return _contains(found, next(iter(wanted)), clause.operator == "~")
    return _ordered(found, clause.operator, next(iter(wanted)))


def _contains(found: FieldRule, needle: object, positive: bool) -> Test:
    words = str(needle).casefold().split()

    def test(issue: SiteIssue) -> bool:
        text = " ".join(str(value) for value in found.values(issue)).casefold()
        return all(word.rstrip("*") in text for word in words) is positive

    return test


def _ordered(found: FieldRule, operator: str, bound: object) -> Test:
    limit = float(str(bound))

    def test(issue: SiteIssue) -> bool:
        numbers = [float(str(value)) for value in found.values(issue)]
        return any(_holds(number, operator, limit) for number in numbers)

    return test


def _holds(number: float, operator: str, limit: float) -> bool:
    if operator.startswith(">"):
        return number > limit or (operator == ">=" and number == limit)
    return number < limit or (operator == "<=" and number == limit)
