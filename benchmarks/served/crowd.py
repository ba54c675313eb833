"""A planned sprint in a store of its own, and the same store filled up with the past of a whole company."""

from __future__ import annotations

import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from okr_delivery.config import load
from okr_delivery.delivery.derive import deriver
from okr_delivery.model.work import (
    Board,
    Category,
    Change,
    Field,
    FoundField,
    Issue,
    Iteration,
    IterationState,
    Status,
    Value,
)
from okr_delivery.store import open_store
from okr_delivery.store.codes import digest
from okr_delivery.sync.claims import claim_texts

DAY = 86_400
SPRINT = 14 * DAY
NOW = int(time.time())
TEAMS, SPRINTS = 10, 104  # that many sprints of each team are over
PLANNED, EPICS = 300, 15
LAST, CURRENT, COMING = SPRINTS - 1, SPRINTS, SPRINTS + 1  # the sprint before this one, this one, the next
STORIES, BUGS, TASKS = 20, 12, 25  # of a team that one copy of a past sprint holds
RUNNING, WAITING = 60, 30  # that a team works on, or may some day, in one copy
RUNNING_COPIES, WAITING_SHARE = 15, 0.04
STRIDE = 10_000  # between the numbers of one copy of an issue and the next
PARENTS = 1_000_000_000  # from here on values that stand for parents
NEXT = f"T0 S{COMING}"
ASKED_KEY = "P0-7"

TEAM = """\
  - id: team{n}
    select: [{{source: jira, projects: [P{n}]}}]
    iterations: {{from: sprints, boards: ['{board}']}}
    objectives: [O{n}]
    capacity: {{per_iteration: 1000}}
    gate: {{adopt: pitch}}
"""
CONFIG = f"""\
version: 1
calendar: {{timezone: UTC}}
sources:
  - name: jira
    type: jira
    url: https://acme.atlassian.net
    projects: [{", ".join(f"P{n}" for n in range(TEAMS))}]
    non_okr: {{types: {{defect: [Bug]}}, budget: 0.3}}
    statuses: {{order: [To Do, Ready, In Development, Review, Testing, Done], commitment: Ready, start: In Development,
      wait: [Review], done: [Done]}}
teams:
{"".join(TEAM.format(n=n, board=n + 1) for n in range(TEAMS))}"""

STATUSES = ("To Do", "Ready", "In Development", "Review", "Testing", "Done")
CATEGORIES = (Category.NEW, Category.NEW, *[Category.INDETERMINATE] * 3, Category.DONE)
WAY = (0, 1, 2, 3, 2, 3, 4, 5)  # how a finished issue went through them, with one review that sent it back


@dataclass(frozen=True)
class Ticket:
    """`done` None: open; `step` is how far along `WAY` it is then."""

    number: int
    team: int
    kind: str
    created: int
    sprint: int | None
    done: int | None = None
    step: int = 0
    claim: str | None = None
    parent: int | None = None

    @property
    def ref(self) -> str:
        return str(10_000 + self.number)

    @property
    def key(self) -> str:
        return f"P{self.team}-{self.number}"

    def build(self) -> tuple[Issue, list[Change]]:
        """With a history as people make it: moved along, estimated, planned, retitled, labelled."""
        steps = list(self._steps())
        current: dict[Field, Value] = {}
        changes = []
        for n, (at, field, value) in enumerate(steps):
            before = current.get(field, Value())
            if at > self.created:
                changes.append(Change(self.ref, self.number * 100 + n, 0, at, field, before, value, f"user{n % 9}"))
            current[field] = value
        return self._issue(current, max(at for at, _, _ in steps)), changes

    def _steps(self) -> Iterator[tuple[int, Field, Value]]:
        yield self.created, Field.STATUS, self._status(0)
        yield self.created, Field.PRIORITY, Value("3", "Medium")
        yield self.created + 3_600, Field.PRIORITY, Value("2", "High")
        yield self.created + 7_200, Field.ESTIMATE, Value(None, str(1 + self.number % 8))
        yield self.created + 9_000, Field.LABELS, Value(None, ("web", "app", "api")[self.number % 3])
        if self.claim is not None:
            yield self.created + 10_000, Field.CLAIM_LINES, Value(None, self.claim)
        if self.parent is not None:
            yield self.created, Field.PARENT, Value(str(10_000 + self.parent), f"P{self.team}-{self.parent}")
        if self.sprint is not None:
            yield self.created + 12_000, Field.ITERATION, _held(self.team, self.sprint)
        last = len(WAY) - 1 if self.done is not None else self.step
        begun = self.created + 20_000
        until = NOW - 3_600 if self.done is None else self.done
        for n in range(1, last + 1):
            yield begun + (until - begun) * n // last, Field.STATUS, self._status(WAY[n])

    def _status(self, step: int) -> Value:
        return Value(str(step + 1), STATUSES[step])

    def _issue(self, current: dict[Field, Value], updated: int) -> Issue:
        return Issue(
            source="jira",
            id=self.ref,
            key=self.key,
            project_id=str(500 + self.team),
            project=f"P{self.team}",
            type_id=str(len(self.kind)),
            type=self.kind,
            subtask=self.kind == "Sub-task",
            title=f"{self.kind} {self.number}: merchants see what their orders cost before they pay",
            created=self.created,
            updated=max(updated, self.created),
            resolved=self.done,
            url=f"https://acme.atlassian.net/browse/{self.key}",
            creator=f"user{self.number % 9}",
            parent_id=None if self.parent is None else str(10_000 + self.parent),
            parent_key=None if self.parent is None else f"P{self.team}-{self.parent}",
            components=("checkout",) if self.number % 2 else (),
            current=current,
        )


def _sprint_id(team: int, sprint: int) -> str:
    return str(1_000 * (team + 1) + sprint)


def _held(team: int, sprint: int) -> Value:
    return Value(_sprint_id(team, sprint), f"T{team} S{sprint}")


def _begins(sprint: int) -> int:
    return NOW - 5 * DAY + (sprint - CURRENT) * SPRINT


def _iteration(team: int, sprint: int) -> Iteration:
    state = IterationState.CLOSED if sprint < CURRENT else IterationState.ACTIVE
    begin, end = _begins(sprint), _begins(sprint + 1)
    return Iteration(
        "jira",
        _sprint_id(team, sprint),
        f"T{team} S{sprint}",
        state if sprint <= CURRENT else IterationState.FUTURE,
        goal=f"O{team}: three-step checkout",
        start=begin,
        end=end,
        activated_at=begin if sprint <= CURRENT else None,
        closed_at=end if sprint < CURRENT else None,
        board_id=str(team + 1),
        order=sprint,
    )


# -- the planned sprint ------------------------------------------------------------------------------------------------


def planned(folder: Path) -> None:
    """A folder with configuration, OKR files and a store that holds nothing but the next sprint of one team."""
    (folder / "okrs").mkdir(parents=True)
    (folder / "okr-delivery.yaml").write_text(CONFIG, "utf-8")
    (folder / "okrs" / "now.yaml").write_text(_okrs(), "utf-8")
    _store(folder, list(_next()), [_iteration(0, CURRENT), _iteration(0, COMING)])


def _okrs() -> str:
    begin, end = (time.strftime("%Y-%m-%d", time.gmtime(NOW + days * DAY)) for days in (-40, 60))
    lines = [f"cycle: {{id: now, start: {begin}, end: {end}, state: active}}", "objectives:"]
    for team in range(TEAMS):
        lines += [
            f"  - id: O{team}",
            f"    title: Merchants of line {team} stay because checkout just works",
            "    owner: lin",
            "    source: self_driven",
            "    key_results:",
            *(
                f"      - {{id: O{team}-KR{n}, title: Retention {n}, owner: lin,"
                ' metric: {unit: "%", direction: increase, baseline: 38, target: 50}}'
                for n in range(1, 4)
            ),
        ]
    return "\n".join(lines) + "\n"


def _claim(team: int, number: int) -> str:
    return f"Contributes-to: O{team}-KR{1 + number % 3} +0.{1 + number % 9}pp {50 + number % 40}%"


def _next() -> Iterator[Ticket]:
    """Most are ready, some inherit from an epic, one of twenty says nothing."""
    for n in range(EPICS):
        yield Ticket(1_000 + n, 0, "Epic", NOW - (90 + n) * DAY, None, claim=_claim(0, n))
    for n in range(PLANNED):
        inherits, silent = n % 7 == 3, n % 20 == 5
        claim = None if inherits or silent else _claim(0, n)
        parent = 1_000 + n % EPICS if inherits else None
        created = NOW - (10 + n % 80) * DAY
        yield Ticket(n + 1, 0, "Story", created, COMING, step=1, claim=claim, parent=parent)


def _store(folder: Path, tickets: Sequence[Ticket], iterations: Sequence[Iteration]) -> None:
    """Adds issues as pages of a sync do, which has just ended."""
    config = load(folder / "okr-delivery.yaml", cwd=folder, env={})
    source = config.source("jira")
    built = [ticket.build() for ticket in tickets]
    issues, ids = [issue for issue, _ in built], [issue.id for issue, _ in built]
    with open_store(config.store_url, ledger=folder / "ledger") as store, store.page("jira") as tx:
        rows = enumerate(zip(STATUSES, CATEGORIES, strict=True))
        tx.put_statuses([Status("jira", str(n + 1), name, category, n) for n, (name, category) in rows])
        tx.put_boards([Board("jira", str(n + 1), f"Board {n}", "scrum", f"P{n}") for n in range(TEAMS)])
        tx.put_fields([FoundField("estimate", "customfield_1", "Story points", "name")])
        tx.put_iterations(iterations)
        tx.put_issues(issues)
        tx.put_changes(ids, [change for _, changes in built for change in changes])
        tx.see_claims({i.id: (i.key, "team", claim_texts(i, source.links.labels)) for i in issues}, NOW - 60)
        deriver(config)(tx, "jira", ids)
        state = {"fetched_at": NOW, "first_synced_at": NOW - 30 * DAY, "watermark": NOW}
        tx.set_state(complete=1, reason=None, **state)


# -- everybody else ----------------------------------------------------------------------------------------------------


def crowded(folder: Path, wanted: int) -> tuple[int, int]:
    """Fills the store up to about that many issues; answers how many issues and changes it holds then."""
    tickets = [*_siblings(), *(t for team in range(TEAMS) for t in (*_past(team), *_running(team), *_waiting(team)))]
    every = [_iteration(team, sprint) for team in range(TEAMS) for sprint in range(COMING + 1)]
    _store(folder, tickets, every)
    with closing(sqlite3.connect(folder / ".okr-delivery" / "store.db", isolation_level=None)) as connection:
        return _multiplied(connection, wanted)


def _siblings() -> Iterator[Ticket]:
    """What the epics of the planned sprint brought before."""
    for n in range(5 * EPICS):
        done = _begins(CURRENT) - (1 + n % 30) * DAY
        yield Ticket(2_000 + n, 0, "Story", done - 20 * DAY, LAST - n % 3, done, parent=1_000 + n % EPICS)


def _past(team: int) -> Iterator[Ticket]:
    """What a team finished in the sprint before this one."""
    first, begin = 10_000 + 200 * team, _begins(LAST)
    for n in range(STORIES + BUGS + TASKS):
        kind = "Story" if n < STORIES else "Bug" if n < STORIES + BUGS else "Sub-task"
        parent = first + n % STORIES if kind == "Sub-task" else None
        claim = _claim(team, n) if kind == "Story" and n % 3 else None
        done = begin + (1 + n % 13) * DAY
        yield Ticket(first + n, team, kind, begin - (2 + n) * DAY, LAST, done, claim=claim, parent=parent)


def _running(team: int) -> Iterator[Ticket]:
    first = 20_000 + 200 * team
    for n in range(RUNNING):
        claim = _claim(team, n) if n % 3 == 0 else None
        kind = ("Story", "Bug", "Sub-task")[n % 3]
        parent = first + n - 2 if kind == "Sub-task" else None
        yield Ticket(first + n, team, kind, NOW - (20 + n) * DAY, CURRENT, step=2 + n % 4, claim=claim, parent=parent)


def _waiting(team: int) -> Iterator[Ticket]:
    for n in range(WAITING):
        yield Ticket(30_000 + 200 * team + n, team, "Story", NOW - (40 + n) * DAY, None, claim=_claim(team, n))


def _multiplied(connection: sqlite3.Connection, wanted: int) -> tuple[int, int]:
    run = connection.execute
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "temp_store=MEMORY", "cache_size=-400000"):
        run(f"PRAGMA {pragma}").fetchall()
    run("BEGIN")
    _templates(connection)
    _copies(connection, wanted)
    _sprint_values(connection)
    for statement in COPYING:
        run(statement)
    run("COMMIT")
    run("PRAGMA journal_mode=WAL").fetchall()
    counts = (run(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ("issue", "change"))
    return next(counts), next(counts)


def _templates(connection: sqlite3.Connection) -> None:
    """Which issues are copied, in which group, and below which other one."""
    connection.execute("CREATE TEMP TABLE template (id INTEGER PRIMARY KEY, part TEXT, above INTEGER, below INTEGER)")
    parts = {"past": (10_000, 20_000), "running": (20_000, 30_000), "waiting": (30_000, 40_000)}
    for part, (first, last) in parts.items():
        connection.execute(
            "INSERT INTO template SELECT i.id, ?, coalesce(p.id, 0), 0 FROM issue i"
            " LEFT JOIN value v ON v.id = i.parent AND i.parent <> 0"
            " LEFT JOIN issue p ON p.ref = v.ref AND p.source = 1"
            " WHERE CAST(i.ref AS INTEGER) BETWEEN ? AND ?",
            (part, 10_000 + first, 10_000 + last - 1),
        )
    connection.execute("UPDATE template SET below = id IN (SELECT above FROM template)")


def _copies(connection: sqlite3.Connection, wanted: int) -> None:
    """One row for each copy of a group: how many sprints back it is, and what is added to its numbers."""
    waiting = int(wanted * WAITING_SHARE / (WAITING * TEAMS))
    size = (STORIES + BUGS + TASKS) * TEAMS
    past = (wanted - RUNNING_COPIES * RUNNING * TEAMS - waiting * WAITING * TEAMS) // size
    rows = [("past", 1 + n % (SPRINTS - 1)) for n in range(past)]
    rows += [("running", 0)] * RUNNING_COPIES + [("waiting", n % 20) for n in range(waiting)]
    connection.execute("CREATE TEMP TABLE copy (part TEXT, back INTEGER, added INTEGER, PRIMARY KEY (part, added))")
    numbered = ((part, back, STRIDE * n) for n, (part, back) in enumerate(rows, 1))
    connection.executemany("INSERT INTO copy VALUES (?, ?, ?)", numbered)


def _sprint_values(connection: sqlite3.Connection) -> None:
    """What stands for a sprint, by how many sprints it is before the last one."""
    connection.execute("CREATE TEMP TABLE other (was INTEGER, back INTEGER, now INTEGER, PRIMARY KEY (back, was))")
    for team in range(TEAMS):
        for named in ("", "T"):
            numbers = []
            for sprint in range(LAST + 1):
                pair = (_sprint_id(team, sprint), f"T{team} S{sprint}" if named else "")
                row = (1, digest(*pair), *pair)
                connection.execute("INSERT OR IGNORE INTO value (source, digest, ref, name) VALUES (?, ?, ?, ?)", row)
                found = connection.execute("SELECT id FROM value WHERE source = 1 AND digest = ?", (row[1],))
                numbers.append(found.fetchone()[0])
            rows = [(numbers[LAST], back, numbers[LAST - back]) for back in range(LAST + 1)]
            connection.executemany("INSERT INTO other VALUES (?, ?, ?)", rows)


BACK = f"c.back * {SPRINT}"
EACH = "FROM copy c JOIN template t ON t.part = c.part JOIN"
SHOWN = "i.id + c.added + 1000000"


def _other(column: str) -> str:
    return f"coalesce((SELECT now FROM other o WHERE o.back = c.back AND o.was = {column}), {column})"


COPYING = (
    f"""INSERT INTO value (id, source, digest, ref, name)
      SELECT {PARENTS} + i.id + c.added, 1, randomblob(16), {SHOWN}, substr(i.key, 1, 3) || ({SHOWN})
      {EACH} issue i ON i.id = t.id WHERE t.below ORDER BY c.added, i.id""",
    f"""INSERT INTO issue (id, source, ref, key, project, type, creator, parent, subtask, confidential,
        history_complete, created, updated, resolved, title, url, rank, components, links, body_hash, history_hash)
      SELECT i.id + c.added, 1, {SHOWN}, substr(i.key, 1, 3) || ({SHOWN}), project, type, creator,
        CASE WHEN t.above THEN {PARENTS} + t.above + c.added ELSE i.parent END, subtask, confidential, history_complete,
        created - {BACK}, updated - {BACK}, resolved - {BACK}, title || c.added, url, rank, components, links,
        body_hash, history_hash
      {EACH} issue i ON i.id = t.id ORDER BY c.added, i.id""",
    f"""INSERT INTO current SELECT i.issue + c.added, i.field, CASE WHEN i.field = {int(Field.PARENT)}
        THEN {PARENTS} + t.above + c.added ELSE {_other("i.value")} END
      {EACH} current i ON i.issue = t.id ORDER BY c.added, i.issue, i.field""",
    f"""INSERT INTO change SELECT i.issue + c.added, seq, ts - {BACK}, field, {_other("i.old")}, {_other("i.new")},
        history_id, item, actor
      {EACH} change i ON i.issue = t.id ORDER BY c.added, i.issue, i.seq""",
    f"""INSERT INTO interval SELECT i.issue + c.added, seq, status, kind, stage, entered_at - {BACK},
        left_at - {BACK}
      {EACH} interval i ON i.issue = t.id ORDER BY c.added, i.issue, i.seq""",
    f"""INSERT INTO membership SELECT i.issue + c.added, seq, {_other("i.iteration")}, entered_at - {BACK},
        left_at - {BACK}
      {EACH} membership i ON i.issue = t.id ORDER BY c.added, i.issue, i.seq""",
    f"""INSERT INTO item_fact SELECT i.issue + c.added, rule, digest, committed_at - {BACK}, started_at - {BACK},
        first_finished_at - {BACK}, finished_at - {BACK}, cancelled_at, gone_at, lead_seconds, cycle_seconds,
        active_seconds, wait_seconds, parked_seconds, unmapped_seconds, reopened, i.kind, kind_since - {BACK},
        last_change - {BACK}, notes
      {EACH} item_fact i ON i.issue = t.id ORDER BY c.added, i.issue""",
    f"""INSERT INTO ledger_fact (kind, source, entity, iteration, at, team, issue, body)
      SELECT f.kind, f.source, ({SHOWN}) || '/claim_lines/1', '', at, team, {SHOWN}, body
      {EACH} issue i ON i.id = t.id JOIN ledger_fact f ON f.source = 'jira' AND f.issue = i.ref AND f.kind = 'claim'
      AND f.entity LIKE '%claim_lines%'""",
)
"""Each table's rows of the templates once for every copy, in the order of its key."""


if __name__ == "__main__":  # a process of its own: what it takes to make a store is no memory of what reads one
    target = Path(sys.argv[1])
    planned(target / "small")
    shutil.copytree(target / "small", target / "large")
    print(*crowded(target / "large", int(sys.argv[2])))
