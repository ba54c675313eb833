"""What may happen to a tracker, to the wire and to a sync, drawn by a seeded generator."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from random import Random
from typing import Any

from okr_delivery.sandbox.edits import BadValueError
from okr_delivery.sandbox.jira.server import RunningServer
from okr_delivery.sandbox.site import SiteIssue, Visibility
from okr_delivery.sandbox.tracker import statuses_of
from okr_delivery.store import Store
from okr_delivery.sync.workers import Workers

PROJECTS = ("PAY", "MOB", "WEB")  # the last one is outside of most scopes
ZONES = ("Pacific/Kiritimati", "Pacific/Pago_Pago", "America/St_Johns", "Asia/Shanghai")


def in_turn(_: Workers, job: Callable[[], Any]) -> Future[Any]:
    """In place of `Workers.submit`: one request after another, so that a seed tells the same story each time."""
    future: Future[Any] = Future()
    try:
        future.set_result(job())
    except Exception as error:  # noqa: BLE001  # whoever waits for the future raises it
        future.set_exception(error)
    return future


class Killed(BaseException):
    """The process would have died here."""


def die() -> None:
    raise Killed


@contextmanager
def interrupted(at: int, deed: Callable[[], None], *, committed: bool) -> Iterator[None]:
    """Does it around the transaction of that number, before or after its commit; with 0 never."""
    original, count = Store.page, 0

    @contextmanager
    def page(self: Store, source: str) -> Iterator[Any]:
        nonlocal count
        count += 1
        here = count == at
        with original(self, source) as tx:
            yield tx
            if here and not committed:
                deed()
        if here and committed:
            deed()

    Store.page = page  # type: ignore[method-assign]  # the only seam around a transaction
    try:
        yield
    finally:
        Store.page = original  # type: ignore[method-assign]


class People:
    """Those who work in the tracker. `seen_changing` are the issues that came into or went out of sight."""

    def __init__(self, server: RunningServer, dice: Random) -> None:
        self._site, self._tracker, self._dice = server.site, server.tracker, dice
        self.seen_changing: set[int] = set()

    def do(self) -> None:
        """One deed on one issue; what the tracker refuses does not happen."""
        visible = [i for _, i in sorted(self._site.issues.items()) if i.visibility is Visibility.VISIBLE]
        try:
            self._dice.choice(DEEDS)(self, self._dice.choice(visible))
        except BadValueError:
            return

    def edit(self, issue: SiteIssue) -> None:
        self._tracker.edit(issue.id, {"summary": f"Reworded {self._dice.random()} 😀"})

    def label(self, issue: SiteIssue) -> None:
        self._tracker.edit(issue.id, {"labels": self._dice.choice((["kr:GROW-KR1"], ["ops"], []))})

    def claim(self, issue: SiteIssue) -> None:
        self._tracker.edit(issue.id, {"description": f"Contributes-to: GROW-KR1 +{self._dice.randint(1, 9)}pp 60%"})

    def transition(self, issue: SiteIssue) -> None:
        found = self._dice.choice(statuses_of(self._site, issue.project))
        self._tracker.transition(issue.id, str(found["id"]))

    def move(self, issue: SiteIssue) -> None:
        self._tracker.move(issue.id, self._dice.choice(PROJECTS))

    def plan(self, issue: SiteIssue) -> None:
        chosen = self._dice.sample(sorted(self._site.sprints), self._dice.randint(0, 2))
        self._tracker.edit(issue.id, {str(self._site.ids.sprint): chosen})

    def release(self, issue: SiteIssue) -> None:
        known = self._site.versions.get(issue.project, [])
        chosen = self._dice.sample(known, min(len(known), self._dice.randint(0, 2)))
        self._tracker.edit(issue.id, {"fixVersions": [{"id": row["id"]} for row in chosen]})

    def create(self, _: SiteIssue) -> None:
        self._tracker.create(self._dice.choice(PROJECTS), f"New {self._dice.random()}")

    def comment(self, issue: SiteIssue) -> None:
        self._tracker.comment(issue.id, "Looks good")

    def link(self, issue: SiteIssue) -> None:
        self._tracker.link(issue.id, self._dice.choice(sorted(self._site.issues)), "10000")

    def remove(self, issue: SiteIssue) -> None:
        self.seen_changing.add(issue.id)
        self._dice.choice((self._tracker.delete, self._tracker.hide, self._tracker.archive))(issue.id)

    def restore(self, _: SiteIssue) -> None:
        away = sorted(i.id for i in self._site.issues.values() if i.visibility is not Visibility.VISIBLE)
        if away:
            self.seen_changing.add(found := self._dice.choice(away))
            self._tracker.restore(found)

    def bring_back(self) -> None:
        """All but one of those away: where too many are, a sync waits for a person, as it should."""
        away = sorted(i.id for i in self._site.issues.values() if i.visibility is not Visibility.VISIBLE)
        for ref in away[1:]:
            self.seen_changing.add(ref)
            self._tracker.restore(ref)

    def sprint(self, _: SiteIssue) -> None:
        """Starts, closes, renames or drops one."""
        number, sprint = self._dice.choice(sorted(self._site.sprints.items()))
        used = {ref for issue in self._site.issues.values() for ref in issue.sprints}
        if sprint.state == "active":
            self._tracker.close_sprint(number, max(self._site.sprints))
        elif sprint.state == "future" and number in used:
            self._tracker.start_sprint(number)
        elif sprint.state == "future":
            del self._site.sprints[number]
        else:
            self._tracker.rename_sprint(number, f"Sprint, {self._dice.random()}]")

    def field(self, _: SiteIssue) -> None:
        """Another field takes the place of the one that names key results; no issue is touched."""
        old = next(row for row in self._site.fields if row["name"] == "Key Result")
        new = copy.deepcopy(old) | {"id": (ref := f"customfield_{self._dice.randint(20_000, 29_999)}"), "key": ref}
        old["name"] = f"Key Result until {ref}"
        self._site.fields.append(new)
        for issue in self._site.issues.values():
            issue.custom[ref] = issue.custom.get(str(old["id"])) or "GROW-KR1"
        self._site.revision += 1


OFTEN: tuple[Callable[[People, SiteIssue], None], ...] = (
    People.edit, People.label, People.claim, People.transition, People.move, People.plan, People.release,
    People.create, People.comment, People.link, People.remove, People.restore, People.sprint,
)  # fmt: skip
DEEDS = (*OFTEN, *OFTEN, *OFTEN, People.field)


def trouble(kind: str, people: People, server: RunningServer, dice: Random) -> Mapping[str, Any]:
    """Faults for one sync: some of the wire, some of the server, and what somebody does while it runs."""
    found: dict[str, Any] = {
        "failures": [_failure(dice) for _ in range(dice.choice((0, 0, 1, 2)))],
        "events": [_event(people, server, dice) for _ in range(dice.choice((0, 1, 2)))],
    }
    shared: tuple[dict[str, Any], ...] = (
        {"index_lag": dice.choice((30, 1800))},
        {"account_zone": dice.choice(ZONES)},
        {"shown_zone": dice.choice(("", *ZONES))},
        {"revoke_after": dice.randint(0, 25), "dead_login": "seraph", "anonymous_projects": ["PAY"]},
        {"clock_skew": 600},
        {"burst": 3},
    )
    own: dict[str, tuple[dict[str, Any], ...]] = {
        "cloud": ({"id_cap": 5}, {"history_cap": 3}, {"end_early": True}, {"expire_from_page": 2}, {"id_cap": 7}),
        "datacenter": ({"search_cap": 3}, {"search_history_cap": 2, "issue_history_cap": 2}, {"empty_pages": [1]}),
    }
    for fault in (*shared, *own[kind]):
        found |= fault if dice.random() < 0.15 else {}
    return found


def _failure(dice: Random) -> dict[str, Any]:
    kind = dice.choice(("status", "status", "truncated_json", "drop_before", "drop_after", "html_login"))
    found: dict[str, Any] = {"at": dice.randint(1, 25), "times": dice.choice((1, 2, 6)), "kind": kind}
    if kind == "status":
        reason = dice.choice((None, "jira-burst-based", "jira-quota-tenant-based"))
        found |= {"status": dice.choice((429, 500, 503)), "retry_after": dice.choice((None, 3, 1800)), "reason": reason}
    return found


def _event(people: People, server: RunningServer, dice: Random) -> dict[str, Any]:
    site = server.site
    issue = dice.choice([i for _, i in sorted(site.issues.items()) if i.visibility is Visibility.VISIBLE])
    found = {"at": dice.randint(1, 25), "issue": str(issue.id)}
    if dice.random() < 0.2:
        people.seen_changing.add(issue.id)
        return {**found, "do": "hide"}
    if dice.random() < 0.3:
        return {**found, "do": "move", "project": dice.choice(PROJECTS)}
    return {**found, "do": "edit", "fields": {"summary": f"Reworded on the way {dice.random()}"}}
