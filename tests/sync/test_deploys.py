"""Deployments behind the last page: what is asked for, what stays when it breaks, and what is forgotten."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

import pytest

from okr_delivery.model.errors import Problem, UserError
from okr_delivery.model.message import msg
from okr_delivery.model.work import Deployment
from okr_delivery.store import DeploymentMark, Store
from okr_delivery.sync.errors import ConfigError, RetryLaterError
from okr_delivery.sync.kit import ContractError
from tests.sync.conftest import Sync
from tests.sync.fake import DAY, NAME, NOW, FakeConnector, FakeTracker, source
from tests.sync.test_kit import kit

HOUR = 3600
PRODUCTION = {"deployments": {"environments": ["production"]}}


def deployment(number: int, *, at: int = NOW - DAY, **more: object) -> Deployment:
    given: dict[str, object] = {"environment": "production", "succeeded": True, "sha": f"{number:040x}", **more}
    return Deployment(NAME, str(number), "1", finished_at=at, **given)  # type: ignore[arg-type]  # its own fields


class Deploying(FakeConnector):
    """A tracker that tells of deployments; `breaks` is raised behind so many of them."""

    def __init__(self, tracker: FakeTracker, told: Sequence[Deployment], breaks: int | None = None) -> None:
        super().__init__(tracker)
        self._told, self._breaks = told, breaks
        self.wanted: list[int | None] = []
        self.sent: list[str] = []

    def deployments(self, since: int | None, held: Container[str] = ()) -> Iterator[Deployment]:
        self.wanted.append(since)
        for number, one in enumerate(self._told):
            if number == self._breaks:
                raise RetryLaterError([Problem(msg("sync.unread"), "GET deployments")])
            if one.id not in held:
                self.sent.append(one.id)
                yield one


def told(*numbers: int) -> list[Deployment]:
    return [deployment(number, at=NOW - DAY + number) for number in numbers]


def test_the_first_run_reads_all_and_the_next_what_changed(store: Store, sync: Sync) -> None:
    tracker, found = FakeTracker.of(3), told(7, 8)
    assert sync(tracker, Deploying(tracker, found), settings=PRODUCTION).complete
    assert store.deployments(NAME) == tuple(found)
    tracker.now += 600
    again = Deploying(tracker, [*found, deployment(9, at=NOW + 60)])
    sync(tracker, again, settings=PRODUCTION)
    assert (again.wanted, again.sent) == ([NOW - 2 * HOUR], ["9"])
    assert [d.id for d in store.deployments(NAME)] == ["7", "8", "9"]
    mark = store.deployment_mark(NAME)
    assert mark is not None
    assert (mark.complete, mark.read_at) == (True, NOW + 600)


def test_every_member_comes_back(store: Store, sync: Sync) -> None:
    tracker = FakeTracker.of(1)
    whole = deployment(
        5, succeeded=False, ref="v1.2", url="https://git.example.com/-/5", issues=("10001", "9"), commits=(NOW - 9, NOW)
    )
    sync(tracker, Deploying(tracker, [whole]), settings=PRODUCTION)
    assert store.deployments(NAME) == (whole,)


def test_one_that_ended_a_moment_before_is_asked_again(store: Store, sync: Sync) -> None:
    """What a deployment brought may be known to the tracker only a little after its end."""
    tracker, late = FakeTracker.of(1), deployment(5, at=NOW - 60)
    sync(tracker, Deploying(tracker, [late]), settings=PRODUCTION)
    tracker.now += DAY
    linked = deployment(5, at=NOW - 60, issues=("10001",))
    again = Deploying(tracker, [linked])
    sync(tracker, again, settings=PRODUCTION)
    assert again.sent == ["5"]
    assert store.deployments(NAME) == (linked,)


def test_what_breaks_leaves_the_issues_whole_and_the_deployments_not(store: Store, sync: Sync) -> None:
    tracker, found = FakeTracker.of(3), told(*range(1, 61))
    with pytest.raises(RetryLaterError) as caught:
        sync(tracker, Deploying(tracker, found, breaks=55), settings=PRODUCTION)
    assert caught.value.done is not None
    assert caught.value.done.complete
    state, mark = store.source(NAME), store.deployment_mark(NAME)
    assert state is not None and mark is not None
    assert (state.complete, mark.complete, mark.read_at) == (True, False, None)
    assert len(store.deployments(NAME)) == 50  # the batch that was committed


def test_the_next_run_goes_on_from_there(store: Store, sync: Sync) -> None:
    tracker, found = FakeTracker.of(3), told(*range(1, 61))
    with pytest.raises(RetryLaterError):
        sync(tracker, Deploying(tracker, found, breaks=55), settings=PRODUCTION)
    tracker.now += HOUR
    again = Deploying(tracker, found)
    sync(tracker, again, settings=PRODUCTION)
    assert (again.wanted, again.sent) == ([None], [str(n) for n in range(51, 61)])
    assert store.deployments(NAME) == tuple(found)


def test_a_run_that_broke_later_keeps_the_watermark_of_the_whole_one(store: Store, sync: Sync) -> None:
    tracker = FakeTracker.of(1)
    sync(tracker, Deploying(tracker, told(1)), settings=PRODUCTION)
    tracker.now += DAY
    with pytest.raises(RetryLaterError):
        sync(tracker, Deploying(tracker, told(2), breaks=0), settings=PRODUCTION)
    tracker.now += DAY
    again = Deploying(tracker, told(2))
    sync(tracker, again, settings=PRODUCTION)
    assert again.wanted == [NOW - 2 * HOUR]


def test_other_environments_begin_anew_and_no_issue_is_read_again(store: Store, sync: Sync) -> None:
    tracker = FakeTracker.of(3)
    sync(tracker, Deploying(tracker, told(1, 2)), settings=PRODUCTION)
    other = Deploying(tracker, [deployment(3, environment="live")])
    result = sync(tracker, other, settings={"deployments": {"environments": ["live"]}})
    assert (other.wanted, result.fetched) == ([None], 0)
    assert [d.id for d in store.deployments(NAME)] == ["3"]


def test_a_full_sync_holds_nothing_back(store: Store, sync: Sync) -> None:
    tracker = FakeTracker.of(1)
    sync(tracker, Deploying(tracker, told(1, 2)), settings=PRODUCTION)
    tracker.now += DAY
    again = Deploying(tracker, told(1, 2))
    sync(tracker, again, settings=PRODUCTION, full=True)
    assert (again.wanted, again.sent) == ([None], ["1", "2"])


def test_without_the_setting_nothing_is_asked_and_what_was_read_is_forgotten(store: Store, sync: Sync) -> None:
    tracker = FakeTracker.of(1)
    sync(tracker, Deploying(tracker, told(1)), settings=PRODUCTION)
    silent = Deploying(tracker, told(1))
    sync(tracker, silent)
    assert silent.wanted == []
    assert (store.deployments(NAME), store.deployment_mark(NAME)) == ((), None)


def test_a_tracker_that_tells_of_none_is_refused(store: Store, sync: Sync) -> None:
    with pytest.raises(ConfigError, match=r"sync\.no_deployments"):
        sync(FakeTracker.of(1), settings=PRODUCTION)
    state = store.source(NAME)
    assert state is not None and state.complete


def test_the_mark_settles_by_the_last_whole_reading() -> None:
    assert DeploymentMark("x", False, begun_at=5, read_at=3).settled_by == 3
    assert DeploymentMark("x", False, begun_at=5).settled_by == 5


def test_jira_has_none_to_connect() -> None:
    with pytest.raises(ValueError, match=r"config\.key_of_other_type"):
        source(type="jira", deployments={"environments": ["production"]})


def test_an_empty_list_is_no_answer() -> None:
    with pytest.raises((ValueError, UserError), match=r"config\.type\.empty_list"):
        source(deployments={"environments": []})


class Telling(FakeConnector):
    """Keeps the contract: two deployments, by their ends."""

    found: ClassVar[list[Deployment]] = [deployment(7, at=NOW - 9), deployment(8)]

    def deployments(self, since: int | None, held: Container[str] = ()) -> Iterator[Deployment]:
        return iter([one for one in sorted(self.found, key=lambda one: one.finished_at) if one.id not in held])


class Twice(Telling):
    found: ClassVar[list[Deployment]] = [deployment(7), deployment(7)]


class Foreign(Telling):
    found: ClassVar[list[Deployment]] = [replace(deployment(7), source="other")]


class Backwards(Telling):
    def deployments(self, since: int | None, held: Container[str] = ()) -> Iterator[Deployment]:
        return reversed(list(super().deployments(since, held)))


class Unheeding(Telling):
    def deployments(self, since: int | None, held: Container[str] = ()) -> Iterator[Deployment]:
        return super().deployments(since)


def test_the_kit_accepts_who_keeps_the_contract() -> None:
    kit(Telling).check_deployments()


@pytest.mark.parametrize(
    ("kind", "said"),
    [(Twice, "twice"), (Foreign, "foreign"), (Backwards, "order"), (Unheeding, "held")],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_kit_names_what_a_connector_breaks(kind: type[Telling], said: str) -> None:
    with pytest.raises(ContractError, match=said):
        kit(kind).check_deployments()
