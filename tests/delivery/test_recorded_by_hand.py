"""Recorded issues of real sites, their timelines and sprints worked out by hand from the raw histories.

Expected instants are UTC literals with fractions of a second cut. Kinds follow the default rules: by category, so the
first `indeterminate` status is both commitment and start.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from okr_delivery.config.sources import StatusSettings
from okr_delivery.delivery import membership
from okr_delivery.delivery.membership import Subject, replay
from okr_delivery.delivery.results import CarryTo, IterationSets, Removal
from okr_delivery.delivery.statusmap import StatusMap, compile_map
from okr_delivery.delivery.timeline import fold
from okr_delivery.model.work import Category, Change, Issue, ItemFact, Iteration, Kind, Membership, Status
from okr_delivery_jira.changes import ChangeReader
from okr_delivery_jira.fields import EVERYWHERE, Role
from okr_delivery_jira.records import IssueReader, read_sprint
from okr_delivery_jira.settings import Settings

PAYLOADS = Path(__file__).parents[3] / "shared" / "payloads"
NOW = 1_790_000_000
FLAGGED = {"cloud-d": "customfield_10021"}

pytestmark = pytest.mark.skipif(not PAYLOADS.is_dir(), reason="the recorded payloads are not beside this repository")

NEW, WORK, DONE = Category.NEW, Category.INDETERMINATE, Category.DONE
STATUSES = {
    "cloud-b": [("10003", "To Do", NEW), ("3", "Development", WORK), ("10004", "Done", DONE)],
    "cloud-c": [("10009", "To Do", NEW), ("3", "In Progress", WORK), ("10002", "Done", DONE)],
    "cloud-d": [
        ("10000", "Backlog", NEW),
        ("10001", "Selected for Development", WORK),
        ("3", "In Progress", WORK),
        ("10011", "Review", WORK),
        ("10002", "Done", DONE),
    ],
}


def z(text: str) -> int:
    """`2021-09-16 22:42:13`, in UTC, as epoch seconds."""
    return int(datetime.fromisoformat(f"{text}+00:00").timestamp())


@cache
def rules(site: str) -> StatusMap:
    statuses = [Status(site, ref, name, category, n) for n, (ref, name, category) in enumerate(STATUSES[site])]
    return compile_map(StatusSettings(), statuses, site)


@cache
def recorded(site: str) -> Mapping[str, tuple[Issue, tuple[Change, ...]]]:
    """By key; an issue that was recorded twice counts as it was the time its history was longer."""
    roles = {"iteration": Role({EVERYWHERE: "customfield_10020"})}
    if site in FLAGGED:
        roles["flagged"] = Role({EVERYWHERE: FLAGGED[site]}, "options")
    issues = IssueReader(site, Settings(roles=roles), "https://x.example.com", NOW)
    changes = ChangeReader(Settings(roles=roles), NOW)
    found: dict[str, tuple[Issue, tuple[Change, ...]]] = {}
    for payload in _lines("jira-cloud-issues.jsonl", site):
        issue = issues.read(payload)
        history = changes.read(issue.id, issue.project_id, issue.current, payload["changelog"]["histories"])
        if issue.key not in found or len(history) > len(found[issue.key][1]):
            found[issue.key] = issue, history
    return found


def _lines(name: str, site: str) -> Iterable[dict[str, Any]]:
    with (PAYLOADS / name).open(encoding="utf-8") as file:
        for line in map(json.loads, file):
            if line["site"] == site:
                yield line["payload"]


@dataclass(frozen=True)
class Known:
    """What the raw JSON says, read by a person. `stays` are (status id, kind, entered); moments not named are None."""

    site: str
    key: str
    as_of: str
    stays: tuple[tuple[str, Kind, str], ...]
    kind: Kind
    moments: Mapping[str, str] = field(default_factory=dict)
    seconds: Mapping[str, int] = field(default_factory=dict)
    reopened: int = 0


Q, A, D = Kind.QUEUE, Kind.ACTIVE, Kind.DONE

TIMELINES = [
    # Status 3 is entered twice, 10:17 pm and 19 s later, "Development -> Development": two stays, one start.
    Known(
        "cloud-b", "STORE-12", "2024-10-01 00:00:00",
        (
            ("10003", Q, "2023-05-07 17:18:46"), ("3", A, "2023-05-09 21:16:56"),
            ("3", A, "2023-05-09 21:17:15"), ("10004", D, "2023-05-09 21:18:01"),
        ),
        D,
        {
            "committed": "2023-05-09 21:16:56", "started": "2023-05-09 21:16:56",
            "first_finished": "2023-05-09 21:18:01", "finished": "2023-05-09 21:18:01",
        },
        {"lead": 187_155, "cycle": 65, "active": 65},
    ),
    # Done, re-opened to To Do a year later, done again a day after: never in an active status, so never started.
    Known(
        "cloud-b", "ORDER-8", "2024-10-01 00:00:00",
        (
            ("10003", Q, "2023-05-07 16:30:17"), ("10004", D, "2023-05-08 14:26:19"),
            ("10003", Q, "2024-04-26 21:57:25"), ("10004", D, "2024-04-28 02:12:36"),
        ),
        D,
        {
            "committed": "2023-05-08 14:26:19",
            "first_finished": "2023-05-08 14:26:19", "finished": "2024-04-28 02:12:36",
        },
        {"lead": 30_793_339},
        reopened=1,
    ),
    # The day between: open again, and nothing is finished.
    Known(
        "cloud-b", "ORDER-8", "2024-04-27 00:00:00",
        (
            ("10003", Q, "2023-05-07 16:30:17"), ("10004", D, "2023-05-08 14:26:19"),
            ("10003", Q, "2024-04-26 21:57:25"),
        ),
        Q,
        {"committed": "2023-05-08 14:26:19", "first_finished": "2023-05-08 14:26:19"},
        reopened=1,
    ),
    # Re-opened twice. Started only with the first re-opening; 2:41:25 active, 29:08 done, then back in the queue.
    Known(
        "cloud-b", "IMP-40", "2024-10-01 00:00:00",
        (
            ("10003", Q, "2023-05-07 16:31:19"), ("10004", D, "2023-05-08 14:26:30"),
            ("3", A, "2024-04-26 18:02:46"), ("10004", D, "2024-04-26 20:44:11"),
            ("10003", Q, "2024-04-26 21:13:19"),
        ),
        Q,
        {
            "committed": "2023-05-08 14:26:30", "started": "2024-04-26 18:02:46",
            "first_finished": "2023-05-08 14:26:30",
        },
        {"active": 9_685, "parked": 1_748, "wait": 13_574_801},
        reopened=2,
    ),
    # In the 86 seconds of its second stay in done: finished, and more than a slip of the mouse.
    Known(
        "cloud-b", "IMP-39", "2024-04-26 20:45:00",
        (
            ("10003", Q, "2023-05-07 16:31:18"), ("3", A, "2023-05-08 14:26:54"),
            ("10003", Q, "2024-04-25 15:30:03"), ("3", A, "2024-04-25 15:48:28"),
            ("10003", Q, "2024-04-25 16:19:18"), ("10004", D, "2024-04-25 20:54:45"),
            ("3", A, "2024-04-26 18:02:48"), ("10004", D, "2024-04-26 20:44:10"),
        ),
        D,
        {
            "committed": "2023-05-08 14:26:54", "started": "2023-05-08 14:26:54",
            "first_finished": "2024-04-25 20:54:45", "finished": "2024-04-26 20:44:10",
        },
        {"lead": 30_687_172, "cycle": 30_608_236, "active": 30_514_521, "wait": 17_632, "parked": 76_083},
        reopened=1,
    ),
    # Moved from one project to another on the way (IMP-7 became ORDER-15); one issue, one timeline.
    Known(
        "cloud-b", "ORDER-15", "2024-10-01 00:00:00",
        (
            ("10003", Q, "2023-02-03 16:58:38"), ("3", A, "2023-05-07 16:31:57"), ("10004", D, "2023-05-10 02:47:08"),
        ),
        D,
        {
            "committed": "2023-05-07 16:31:57", "started": "2023-05-07 16:31:57",
            "first_finished": "2023-05-10 02:47:08", "finished": "2023-05-10 02:47:08",
        },
        {"lead": 8_243_310, "cycle": 209_711, "active": 209_711},
    ),
    Known(
        "cloud-c", "PLAYG-1", "2021-11-01 00:00:00",
        (("10009", Q, "2021-09-16 22:42:13"), ("3", A, "2021-09-16 22:43:43")),
        A,
        {"committed": "2021-09-16 22:43:43", "started": "2021-09-16 22:43:43"},
        {"active": 3_892_577},
    ),
    # From To Do straight to Done.
    Known(
        "cloud-c", "PLAYG-3", "2021-11-01 00:00:00",
        (("10009", Q, "2021-09-17 06:32:51"), ("10002", D, "2021-10-06 00:49:19")),
        D,
        {
            "committed": "2021-10-06 00:49:19",
            "first_finished": "2021-10-06 00:49:19", "finished": "2021-10-06 00:49:19",
        },
        {"lead": 1_620_988},
    ),
    Known(
        "cloud-c", "PLAYG-5", "2021-11-01 00:00:00",
        (("10009", Q, "2021-09-17 06:57:12"), ("3", A, "2021-09-17 06:58:25"), ("10002", D, "2021-10-06 00:35:41")),
        D,
        {
            "committed": "2021-09-17 06:58:25", "started": "2021-09-17 06:58:25",
            "first_finished": "2021-10-06 00:35:41", "finished": "2021-10-06 00:35:41",
        },
        {"lead": 1_618_709, "cycle": 1_618_636, "active": 1_618_636},
    ),
    # Flagged on 29 August and never cleared: all active time from then on, the new status included, is waiting.
    Known(
        "cloud-d", "SP-1", "2022-05-01 00:00:00",
        (
            ("10000", Q, "2021-06-18 18:41:29"), ("10001", A, "2021-06-18 18:43:34"),
            ("3", A, "2021-06-18 18:44:21"), ("10011", A, "2021-12-14 00:30:15"),
        ),
        A,
        {"committed": "2021-06-18 18:43:34", "started": "2021-06-18 18:43:34"},
        {"active": 6_218_465, "wait": 21_102_921},
    ),
    # Flagged since 29 August, done on 6 September, re-opened on 11 October for 25 (blocked) seconds.
    Known(
        "cloud-d", "SP-5", "2022-05-01 00:00:00",
        (
            ("10000", Q, "2021-06-18 18:41:58"), ("10001", A, "2021-06-23 12:44:38"), ("3", A, "2021-08-29 18:04:49"),
            ("10011", A, "2021-09-06 04:34:11"), ("10002", D, "2021-09-06 04:34:14"),
            ("10001", A, "2021-10-11 12:48:42"), ("3", A, "2021-10-11 12:49:04"), ("10002", D, "2021-10-11 12:49:07"),
        ),
        D,
        {
            "committed": "2021-06-23 12:44:38", "started": "2021-06-23 12:44:38",
            "first_finished": "2021-09-06 04:34:14", "finished": "2021-10-11 12:49:07",
        },
        {"lead": 9_914_829, "cycle": 9_504_269, "active": 5_808_021, "wait": 642_580, "parked": 3_053_668},
        reopened=1,
    ),
    # Back from In Progress to Selected, blocked there for 25 seconds, then on to Done.
    Known(
        "cloud-d", "SP-10", "2022-05-01 00:00:00",
        (
            ("10000", Q, "2021-06-18 18:42:52"), ("10001", A, "2021-08-29 18:06:28"), ("3", A, "2021-08-29 18:06:55"),
            ("10001", A, "2021-09-06 04:33:11"), ("3", A, "2021-09-06 04:34:02"), ("10011", A, "2021-09-06 04:34:21"),
            ("10002", D, "2021-09-06 04:34:26"),
        ),
        D,
        {
            "committed": "2021-08-29 18:06:28", "started": "2021-08-29 18:06:28",
            "first_finished": "2021-09-06 04:34:26", "finished": "2021-09-06 04:34:26",
        },
        {"lead": 6_861_094, "cycle": 642_478, "active": 642_453, "wait": 25},
    ),
    Known(
        "cloud-d", "SP-13", "2022-05-01 00:00:00",
        (("10000", Q, "2021-06-18 18:43:15"), ("10001", A, "2022-04-19 01:31:30"), ("10002", D, "2022-04-19 01:53:42")),
        D,
        {
            "committed": "2022-04-19 01:31:30", "started": "2022-04-19 01:31:30",
            "first_finished": "2022-04-19 01:53:42", "finished": "2022-04-19 01:53:42",
        },
        {"lead": 26_291_427, "cycle": 1_332, "active": 1_332},
    ),
]  # fmt: skip

MOMENTS = ("committed", "started", "first_finished", "finished", "cancelled", "gone")
SPANS = ("lead", "cycle", "active", "wait", "parked", "unmapped")


def name(known: Known) -> str:
    return f"{known.key} as of {known.as_of[:10]}"


@pytest.mark.parametrize("known", TIMELINES, ids=name)
def test_stays(known: Known) -> None:
    timeline = fold(*recorded(known.site)[known.key], rules(known.site), z(known.as_of))
    found = [(i.status_id, i.kind, i.entered_at) for i in timeline.intervals]
    assert found == [(status, kind, z(entered)) for status, kind, entered in known.stays]
    ends = [z(entered) for _, _, entered in known.stays[1:]]
    assert [i.left_at for i in timeline.intervals] == [*ends, None]


@pytest.mark.parametrize("known", TIMELINES, ids=name)
def test_moments_and_durations(known: Known) -> None:
    fact = fold(*recorded(known.site)[known.key], rules(known.site), z(known.as_of)).fact
    assert {m: ts for m in MOMENTS if (ts := getattr(fact, f"{m}_at")) is not None} == {
        moment: z(text) for moment, text in known.moments.items()
    }
    assert {s: n for s in SPANS if (n := getattr(fact, f"{s}_seconds"))} == known.seconds
    assert (fact.kind, fact.reopened) == (known.kind, known.reopened)


# (sprint, entered, left); the day is 16 September 2021 unless another one is written.
MEMBERSHIPS: Mapping[str, tuple[tuple[str, str, str | None], ...]] = {
    # Nothing before 15:42:42 local. Sprint 15 stays in the field to the end, 16 from its second entry on; 17 and 18 are
    # swapped back and forth before 17 starts; 21 was deleted later and is in no list of the board.
    "PLAYG-1": (
        ("15", "22:42:42", None),
        ("17", "22:45:30", "22:46:15"),
        ("16", "22:46:15", "22:46:40"),
        ("17", "22:46:40", "22:47:11"),
        ("16", "22:47:11", None),
        ("17", "22:47:23", "22:49:08"),
        ("17", "22:49:37", "22:51:43"),
        ("18", "22:51:43", "17 06:36:26"),
        ("17", "17 06:36:26", "17 06:37:15"),
        ("18", "17 06:37:15", "17 07:10:10"),
        ("20", "17 07:10:10", None),
        ("18", "17 07:12:32", None),
        ("19", "22 16:57:44", None),
        ("21", "22 20:38:03", "31 22:16:08"),
        ("23", "31 22:16:08", None),
    ),
    # Created inside sprint 18: its first change says `from 18`, so 18 holds from the creation on, for nine seconds.
    "PLAYG-5": (
        ("18", "17 06:57:12", "17 06:57:21"),
        ("17", "17 06:57:21", None),
        ("20", "17 07:01:48", None),
        ("18", "17 07:12:32", None),
        ("19", "22 16:57:44", None),
        ("21", "22 20:38:03", "31 22:16:08"),
        ("23", "31 22:16:08", "35 17:34:52"),
        ("27", "35 17:34:52", "36 00:37:07"),
        ("23", "36 00:37:07", "36 00:49:00"),
    ),
    "PLAYG-3": (
        ("19", "17 06:37:06", "17 06:49:17"),
        ("20", "17 06:49:17", None),
        ("18", "17 07:12:32", None),
        ("19", "22 16:57:43", "22 20:17:38"),
        ("22", "22 20:17:38", "22 20:46:23"),
        ("23", "22 20:46:23", "22 20:46:26"),
        ("22", "22 20:46:26", "22 20:53:42"),
        ("23", "22 20:53:42", "23 14:00:10"),
        ("24", "23 14:00:10", "36 00:49:27"),
        ("22", "36 00:49:27", "36 00:49:35"),
        ("24", "36 00:49:35", "36 00:49:42"),
        ("27", "36 00:49:42", None),
    ),
    "SP-13": (("3", "2022-04-15 00:52:08", None),),
}


def day(text: str | None) -> int | None:
    """`22:42:42` on 16 September 2021, `17 06:57:12` on another day of it; 31 is 1 October, 36 is 6 October."""
    if text is None:
        return None
    if len(text) > len("17 06:57:12"):
        return z(text)
    date, _, clock = text.rpartition(" ")
    number = int(date or 16)
    return z(f"2021-{'09' if number < 31 else '10'}-{number if number < 31 else number - 30:02} {clock}")


@pytest.mark.parametrize("key", MEMBERSHIPS)
def test_memberships(key: str) -> None:
    expected = [Membership(ref, day(a) or 0, day(b)) for ref, a, b in MEMBERSHIPS[key]]
    found = replay(*recorded("cloud-d" if key.startswith("SP") else "cloud-c")[key])
    assert sorted(found, key=_order) == sorted(expected, key=_order)


def _order(stay: Membership) -> tuple[int, str]:
    return stay.entered_at, stay.iteration_id


@cache
def sprints() -> Mapping[str, Iteration]:
    found = (read_sprint("cloud-c", payload, n) for n, payload in enumerate(_lines("jira-sprints.jsonl", "cloud-c")))
    return {one.id: one for one in found}


def held(ref: str, as_of: str = "2021-11-01 00:00:00") -> IterationSets:
    window = membership.window(sprints()[ref], z(as_of))
    subjects = [_subject(key, window.end, z(as_of)) for key in ("PLAYG-1", "PLAYG-3", "PLAYG-5")]
    return membership.sets(
        sprints()[ref], window, subjects, as_of=z(as_of), others=sprints(), rule_hash=rules("cloud-c").fingerprint
    )


def _subject(key: str, end: int, as_of: int) -> Subject:
    issue, changes = recorded("cloud-c")[key]
    intervals = fold(issue, changes, rules("cloud-c"), as_of).intervals
    fact: ItemFact = fold(issue, changes, rules("cloud-c"), end).fact
    return Subject(key, issue.id, "cloud-c", intervals, replay(issue, changes), fact, None, lambda _: None)


@dataclass(frozen=True)
class Sets:
    committed: str = ""
    added: str = ""
    delivered: str = ""
    carried_over: str = ""
    removed: str = ""
    done_before_added: str = ""


@pytest.mark.parametrize(
    ("ref", "expected"),
    [
        # 22:42:19 to 22:45:30; PLAYG-1 came in 23 seconds after the start.
        ("15", Sets(added="PLAYG-1", carried_over="PLAYG-1")),
        # Four seconds long: PLAYG-1 was in it before and after.
        ("16", Sets(committed="PLAYG-1", carried_over="PLAYG-1")),
        # 16th 22:51:30 to 17th 07:01:48. PLAYG-1 was in it until 13 s after the start and for 49 s in the morning;
        # PLAYG-5 came in at 06:57:21 and was open at the close.
        ("17", Sets(committed="PLAYG-1", added="PLAYG-5", carried_over="PLAYG-5", removed="PLAYG-1")),
        # 17th 07:09:49 to 07:12:32. PLAYG-1 came in after 21 seconds.
        ("20", Sets(committed="PLAYG-3 PLAYG-5", added="PLAYG-1", carried_over="PLAYG-1 PLAYG-3 PLAYG-5")),
        # Active since 6 October 00:35:50. PLAYG-5 was finished nine seconds before that, and put in again after it.
        ("23", Sets(committed="PLAYG-1", carried_over="PLAYG-1", done_before_added="PLAYG-5")),
    ],
)
def test_sets(ref: str, expected: Sets) -> None:
    found = held(ref)
    names = ("committed", "added", "delivered", "carried_over", "removed")
    shown = {name: " ".join(m.key for m in getattr(found, name)) for name in names}
    assert Sets(**shown, done_before_added=" ".join(found.done_before_added)) == expected


def test_where_they_went() -> None:
    (gone,) = held("17").removed
    assert (gone.removal, gone.flips) == (Removal.LEFT, 2)
    assert [m.carry_to for m in held("20").carried_over] == [CarryTo.NEXT] * 3
    assert [m.carry_to for m in held("23").carried_over] == [CarryTo.UNKNOWN]
    assert held("23").window.provisional
