"""One switch for each trap, all off or at the real default.

A faults file is YAML with the names below as keys. The defaults are what the real tracker does on a good day, traps
that are its normal behaviour included (no fields unless asked, at most 100 rows with fields, an account zone that is
not UTC, histories interleaved over issues, sprints as text on Data Center).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

HeaderForm = Literal["seconds", "date", "reset", "structured", "missing"]
"""How a 429 says how long to wait: `Retry-After` as a number or an HTTP date, `X-RateLimit-Reset` alone, the
structured `RateLimit` header alone, or nothing at all."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Requests of one endpoint that go wrong: those numbered `at` up to `at + times - 1` of it, counted from 1.

    `kind`: status (answers `status`), html_login (200 with a login page), truncated_json (half of the right answer),
    drop_before (connection closed, nothing done), drop_after (done, then the connection is closed), redirect (302 to
    `to`), graphql_errors (200 with nothing but errors; GitLab). `endpoint` is the label that requests are counted
    under, "*" counts every request; with a `method` only requests of that method count. `retry_after`: a number of
    seconds, "date" for an HTTP date a second from now, None for no header; `form` says in which header a number of
    seconds goes.
    """

    endpoint: str = "*"
    at: int = 1
    times: int = 1
    kind: Literal[
        "status", "html_login", "truncated_json", "drop_before", "drop_after", "redirect", "graphql_errors"
    ] = "status"
    status: int = 503
    retry_after: int | str | None = None
    reason: str | None = None  # the RateLimit-Reason of a 429
    method: str | None = None
    form: HeaderForm | None = None
    to: str = "https://elsewhere.invalid/"


@dataclass(frozen=True, slots=True)
class Event:
    """What somebody else does to the tracker right before request number `at` of an endpoint ("*": of all) is answered.

    `do`: delete, hide, archive, restore or move (to the `project`) an `issue`; edit sets its `fields`; transition moves
    it to a `status`; hide_project takes a whole `project` from this token's sight; start_sprint, close_sprint (open
    work goes to the sprint `to`) and rename_sprint (to `name`) are about a `sprint`.

    On GitLab an `issue` is its full reference and a `project` its path or id; delete, hide, restore, move, edit and
    hide_project mean the same there, and more happens: label and unlabel (`name`), close and reopen an `issue`, rename
    a `project` (its path becomes `name`), delete_label and delete_milestone (`name`, of a `project` or its group),
    touch an `issue` (its `updated_at` moves and nothing else).
    """

    do: Literal[
        "delete",
        "hide",
        "archive",
        "restore",
        "move",
        "edit",
        "transition",
        "hide_project",
        "start_sprint",
        "close_sprint",
        "rename_sprint",
        "label",
        "unlabel",
        "close",
        "reopen",
        "touch",
        "rename_project",
        "delete_label",
        "delete_milestone",
    ]
    endpoint: str = "*"
    at: int = 1
    issue: str = ""
    project: str = ""
    fields: Mapping[str, object] = field(default_factory=dict)
    status: str = ""
    sprint: int = 0
    to: int | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Faults:
    """Every switch with its default. Counts of pages and requests start at 1; durations are seconds."""

    # W02, the end of a list of search pages (Cloud)
    last_page: Literal["absent", "null", "empty"] = "absent"  # how the last page spells "no token"
    is_last: bool = True  # whether `isLast` is sent at all
    loop_from_page: int | None = None  # from this page on the same token is handed out again
    expire_from_page: int | None = None  # the token that this page hands out is refused
    token_life: int = 604_800
    # W03, page sizes; on Data Center a short or empty page has invisible rows among its positions
    page_cap: int = 100  # Cloud: rows of a search page with fields
    id_cap: int = 5000  # Cloud: rows of a search page with ids only
    search_cap: int = 1000  # Data Center: rows of a search page, which is what its echo says
    short_pages: Sequence[int] = ()  # numbers of pages that carry only `short_rows` rows
    short_rows: int = 7
    empty_pages: Sequence[int] = ()  # numbers of pages without rows, followed by more
    end_early: bool = False  # U04, Cloud: the chain of pages ends at two thirds
    # W04
    bulk_created: Literal["ms", "iso"] = "ms"  # Cloud: instants of the bulk history
    # W05
    history_cap: int = 10_000  # Cloud: entries of a history page, whatever was asked for
    # W06, histories inside issues; `total` stays true
    inline_history_cap: int = 40  # Cloud: entries, newest first
    search_history_cap: int | None = None  # Data Center: entries in a search, None = all
    issue_history_cap: int | None = None  # Data Center: entries in an issue asked for alone, None = all
    # W07
    account_zone: str | None = None  # the zone that queries are read in, None = the site's own
    shown_zone: str | None = None  # what `myself` says, None = the truth, "" = empty
    zone_after: Mapping[int, str] = field(default_factory=dict)  # request number -> zone from then on
    epoch_literals: bool = True  # U07: whether epoch milliseconds are understood in queries
    # W08
    index_lag: float = 0.0  # how long the search trails a write
    # W09, W10 and whatever else people do in mid-run
    events: Sequence[Event] = ()
    anonymous_projects: Sequence[str] = ()  # keys of projects that are visible without a login
    hidden_projects: Sequence[str] = ()  # keys of projects that the login can't see, as if they were removed
    dead_login: Literal["401", "anonymous", "captcha", "seraph", "sso"] = "401"  # how a wrong or dead login is met
    revoke_after: int | None = None  # the token is dead after this many requests
    # W11; limits run on the server's clock
    rate_limit: int = 100  # what X-RateLimit-Limit says where no limit is enforced
    burst: int | None = None  # Cloud: requests a second of one endpoint and method; Data Center: the caller's bucket
    points_per_hour: int | None = None  # Cloud, `login_kind: oauth` only: the quota, reset on the hour
    points_of: Literal["global", "tenant"] = "global"  # whose quota that is
    limit_form: HeaderForm = "seconds"  # how an enforced limit says how long to wait
    structured: Literal["beta", "plain", "off"] = (
        "beta"  # Cloud: `Beta-RateLimit`, the same without its prefix, or none
    )
    # W12; the real limits, on Cloud only: pairs of a count and seconds
    issue_writes: Sequence[Sequence[int]] = ((20, 2), (100, 30))
    # W14, W25
    comment_limit: int | None = None  # comments an issue takes before it answers 413
    listed_properties: bool = False  # whether a list of comments shows their entity properties when asked to
    conflict_window: float = 0.0  # a second edit of an issue within this time is a 409
    # W15
    sprint_names: Literal["plain", "hostile"] = "plain"  # hostile: with `,`, `=`, `]` and Unicode
    # W16
    empty_sides: Literal["as_is", "null", "empty", "absent"] = "as_is"  # how a history item spells an empty side
    bare_items: Sequence[str] = ()  # Cloud: ids of fields whose history items carry no `fieldId`
    interface_language: Literal["en", "zh", "de"] = "en"  # of names in metadata and, on Cloud, in histories
    # W18, Cloud
    login_kind: Literal["classic", "scoped", "oauth"] = "classic"  # scoped and oauth: behind the gateway only
    cloud_id: str = "0a1b2c3d-0000-4000-8000-000000000001"
    site_url: str | None = None  # where the site says it is, None = here (behind the gateway: at `localhost`)
    self_urls: Literal["gateway", "site"] = "gateway"  # which host `self` names behind the gateway
    scopes: Sequence[str] | None = None  # of the token, None = all
    foreign_link: str | None = None  # a host that `Link` and `nextPage` of paged answers lead to
    # GitLab, from here down to the wire. W20: lists
    keyset: Literal["version", "on", "off", "405"] = "version"  # version: on from 18.3, 405 before; off: not looked at
    count_bound: int = 10_000  # rows above which totals are left out
    offset_limit: int = 50_000  # positions that offset pages reach on lists with keyset, 0 = no limit
    # W21
    page_most: int = 100  # rows of a page, REST and GraphQL, nested ones too
    note_references: Literal["id", "name"] = "id"  # how activity names labels: by number, or by name in older texts
    # W22
    complexity_limit: int = 250
    query_limit: int = 10_000  # characters of a query
    depth_limit: int = 20
    without: Sequence[str] = ()  # `Type` or `Type.field` that this server's GraphQL has not got
    edition: Literal["ee", "ce"] = "ee"  # ce: what is paid does not even exist (404, unknown types)
    # W23
    notes_per_minute: int = 300  # not in the headers; gitlab.com has 60
    requests_per_minute: int = 2000
    limit_body: Literal["text", "json"] = "text"  # how a limit of one endpoint is worded
    rate_headers: Literal["all", "none"] = "all"  # U22: whether answers carry `RateLimit-*` and 429s `Retry-After`
    # W24
    okr_types: bool = False  # whether objectives and key results exist
    okr_types_gone_after: int | None = None  # after this many requests they don't
    # logins
    login_of: Literal["person", "project", "group", "job"] = "person"  # whose token it is: a bot's, or a CI job's
    administrator: bool = False  # whether the token is one: a few endpoints are for nobody else
    confidential: bool = True  # whether the token sees confidential issues
    redirect_to: str | None = None  # W18: the host a renamed project's 301 leads to, None = this one
    # W25
    repeated_status: Literal["400", "201"] = "400"  # how a commit status is met that says what is so already
    # the wire
    latency: float = 0.0
    clock_skew: float = 0.0  # how far the server's clock is ahead
    failures: Sequence[Failure] = ()
