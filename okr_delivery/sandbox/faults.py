"""The ways in which a served tracker is made difficult: one switch for each trap, all off or at the real default.

A faults file is YAML with the names below as keys. The defaults are what the real tracker does on a good day, traps
that are its normal behaviour included (no fields unless asked, at most 100 rows with fields, an account zone that is
not UTC, histories interleaved over issues).
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from okr_delivery.model.errors import Problem, UserError, user_error
from okr_delivery.model.message import msg

KINDS = ("status", "html_login", "truncated_json", "drop_before", "drop_after")


@dataclass(frozen=True, slots=True)
class Failure:
    """Requests of one endpoint that go wrong: those numbered `at` up to `at + times - 1` of it, counted from 1.

    `kind`: status (answers `status`), html_login (200 with a login page), truncated_json (half of the right answer),
    drop_before (connection closed, nothing done), drop_after (done, then the connection is closed). `endpoint` "*"
    counts every request. `retry_after`: a number of seconds, "date" for an HTTP date, None for no header.
    """

    endpoint: str = "*"
    at: int = 1
    times: int = 1
    kind: str = "status"
    status: int = 503
    retry_after: int | str | None = None
    reason: str | None = None  # the RateLimit-Reason of a 429


@dataclass(frozen=True, slots=True)
class Faults:
    """Every switch with its default. Counts of pages and requests start at 1; durations are seconds."""

    # W02, the end of a list of search pages
    last_page: str = "absent"  # absent | null | empty: how the last page spells "no token"
    is_last: bool = True  # whether `isLast` is sent at all
    loop_from_page: int | None = None  # from this page on the same token is handed out again
    expire_from_page: int | None = None  # the token that this page hands out is refused
    token_life: int = 604_800
    # W03, page sizes
    page_cap: int = 100  # rows of a search page with fields
    id_cap: int = 5000  # rows of a search page with ids only
    search_cap: int = 1000  # Data Center: rows of a search page
    short_pages: Sequence[int] = ()  # numbers of pages that carry only `short_rows` rows
    short_rows: int = 7
    empty_pages: Sequence[int] = ()  # numbers of pages without rows, followed by more
    end_early: bool = False  # U04: the chain of pages ends at two thirds
    # W04
    bulk_created: str = "ms"  # ms | iso
    # W05
    history_cap: int = 10_000  # entries of a history page, whatever was asked for
    # W06
    inline_history_cap: int = 40  # Cloud: entries of a history inside an issue
    search_history_cap: int | None = None  # Data Center: the same in a search, None = all; the total stays true
    issue_history_cap: int | None = None  # Data Center: the same in an issue asked for alone
    # W07
    account_zone: str | None = None  # the zone that queries are read in, None = the site's own
    shown_zone: str | None = None  # what `myself` says, None = the truth, "" = empty
    zone_after: Mapping[int, str] = field(default_factory=dict)  # request number -> zone from then on
    epoch_literals: bool = True  # U07: whether epoch milliseconds are understood in queries
    # W08
    index_lag: float = 0.0
    # W10
    anonymous_projects: Sequence[str] = ()  # keys of projects that are visible without a login
    dead_login: str = "401"  # 401 | anonymous: how a wrong or revoked login is met
    revoke_after: int | None = None  # the token is dead after this many requests
    # the wire
    latency: float = 0.0
    rate_limit: int = 100  # of X-RateLimit-Limit
    failures: Sequence[Failure] = ()


CHOICES = {"last_page": ("absent", "null", "empty"), "bulk_created": ("ms", "iso"), "dead_login": ("401", "anonymous")}


Source = Faults | Mapping[str, Any] | Path | None


def load(source: Source) -> Faults:
    """Faults from a mapping or a YAML file. Raises UserError naming every unknown switch with its nearest."""
    if source is None:
        return Faults()
    if isinstance(source, Faults):
        return source
    if isinstance(source, Path):
        return _checked(_read(source), str(source))
    return _checked(source, None)


def _read(path: Path) -> Mapping[str, Any]:
    try:
        data = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise user_error(msg("sandbox.faults.unreadable", reason=error.strerror or ""), where=str(path)) from error
    except (YAMLError, UnicodeDecodeError) as error:
        raise user_error(msg("sandbox.faults.not_yaml"), where=str(path)) from error
    if not isinstance(data, Mapping | None):
        raise user_error(msg("sandbox.faults.not_mapping"), where=str(path))
    return data or {}


def _checked(data: Mapping[str, Any], where: str | None) -> Faults:
    problems = _unknown(data, Faults, where) + _wrong(data, where)
    values = {name: value for name, value in data.items() if name != "failures"}
    failures: list[Failure] = []
    for number, row in enumerate(data.get("failures") or (), start=1):
        place = f"{where or 'failures'}: failures[{number}]"
        found = _unknown(row, Failure, place) if isinstance(row, Mapping) else [_type_problem("failures", place)]
        if not found and row.get("kind", "status") not in KINDS:
            found = [Problem(msg("sandbox.faults.choice", name="kind", choices=", ".join(KINDS)), place)]
        problems += found
        failures += [] if found else [Failure(**row)]
    if problems:
        raise UserError(problems)
    return Faults(**values, failures=tuple(failures))


def _unknown(data: Mapping[str, Any], shape: type[Faults | Failure], where: str | None) -> list[Problem]:
    known = [f.name for f in fields(shape)]
    return [_unknown_problem(str(name), known, where) for name in data if name not in known]


def _unknown_problem(name: str, known: list[str], where: str | None) -> Problem:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
    return Problem(msg("sandbox.faults.unknown", name=name), where, msg("sandbox.faults.nearest", nearest=near))


def _wrong(data: Mapping[str, Any], where: str | None) -> list[Problem]:
    found = []
    for spec in fields(Faults):
        value = data.get(spec.name)
        if value is None or spec.name == "failures":
            continue
        if spec.name in CHOICES:
            if str(value) not in CHOICES[spec.name]:
                choices = ", ".join(CHOICES[spec.name])
                found.append(Problem(msg("sandbox.faults.choice", name=spec.name, choices=choices), where))
        elif not isinstance(value, _types(spec.default, spec.name)):
            found.append(_type_problem(spec.name, where))
    return found


def _types(default: object, name: str) -> tuple[type, ...]:
    if default is MISSING:
        return (Mapping,)
    if isinstance(default, bool):
        return (bool,)
    if isinstance(default, float):
        return (int, float)
    if isinstance(default, tuple):
        return (list, tuple)
    return (str,) if name.endswith("_zone") else (int,)


def _type_problem(name: str, where: str | None) -> Problem:
    return Problem(msg("sandbox.faults.type", name=name), where)
