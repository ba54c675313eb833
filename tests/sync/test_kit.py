"""The conformance kit accepts a connector that keeps the contract and names what one breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from okr_delivery.model.errors import Problem
from okr_delivery.model.message import Message, msg
from okr_delivery.model.work import Field, Issue, Iteration, Status, Value
from okr_delivery.sync.connector import Ahead, Fetched, Held, Identity, Metadata, Page
from okr_delivery.sync.errors import ConfigError
from okr_delivery.sync.kit import ConnectorKit, ContractError
from okr_delivery.sync.transport import NetworkSpec, Transport
from tests.sync.fake import NAME, FakeConnector, FakeTracker, Fetching, issue, moved

TOKEN = "good-token"


def kit(kind: type[FakeConnector], refused: type[FakeConnector] | None = None) -> ConnectorKit:
    def connect(of: type[FakeConnector]) -> Callable[[], tuple[FakeConnector, Transport]]:
        return lambda: (of(FakeTracker.of(7, old=4)), Transport(NetworkSpec(), origin="http://127.0.0.1:1"))

    return ConnectorKit(connect(kind), source=NAME, token=TOKEN, refused=connect(refused or Refused))


class Refused(FakeConnector):
    def identity(self) -> Identity:
        raise ConfigError([Problem(msg("sync.unauthorized", status=401), "GET x", msg("sync.unauthorized_help"))])


def test_a_connector_that_keeps_the_contract_passes() -> None:
    kit(FakeConnector).check()
    kit(Fetching).check()


class OtherVersion(FakeConnector):
    api = 2


class Milliseconds(FakeConnector):
    def identity(self) -> Identity:
        return replace(super().identity(), server_time=self.tracker.now * 1000)


class Unlisted(FakeConnector):
    def metadata(self) -> Metadata:
        return replace(super().metadata(), statuses=())


class Forgetful(FakeConnector):
    """Reads less after `use`."""

    def page(self, issues: Sequence[Issue]) -> Page:
        found = super().page(issues)
        return replace(found, changes=()) if self.used else found


class Foreign(FakeConnector):
    def iterations(self, known: Mapping[str, Iteration]) -> Iterable[Iteration]:
        return [replace(i, source="other") for i in super().iterations(known)]


class NewWhenKnown(FakeConnector):
    def iterations(self, known: Mapping[str, Iteration]) -> Iterable[Iteration]:
        return [replace(self.tracker.iterations[0], id="71")] if known else self.tracker.iterations


class Torn(FakeConnector):
    """Sends changes of issues on other pages."""

    def page(self, issues: Sequence[Issue]) -> Page:
        return replace(super().page(issues), changes=(moved(issue(99), at=1, history=1),))


class Repeating(FakeConnector):
    def page(self, issues: Sequence[Issue]) -> Page:
        return super().page([self.tracker.scope[0], *issues])


class Undated(FakeConnector):
    def page(self, issues: Sequence[Issue]) -> Page:
        return super().page([replace(i, updated=i.updated * 1000) for i in issues])


class Unannounced(FakeConnector):
    def page(self, issues: Sequence[Issue]) -> Page:
        return super().page([replace(i, current={Field.STATUS: Value("99", "Lost")}) for i in issues])


class Restarting(FakeConnector):
    """Takes no notice of `resume`."""

    def pages(self, since: int | None, resume: str | None, held: Held, **more: Any) -> Iterator[Page]:
        return super().pages(since, None, held, **more)


class Wasteful(FakeConnector):
    def pages(self, since: int | None, resume: str | None, held: Held, **more: Any) -> Iterator[Page]:
        return super().pages(since, resume, lambda _ids: {}, **more)


class Lazy(FakeConnector):
    """Believes the store about everything."""

    def pages(self, since: int | None, resume: str | None, held: Held, **more: Any) -> Iterator[Page]:
        def trusting(ids: Sequence[str]) -> dict[str, int]:
            return {ref: self.tracker.issues[ref].updated for ref in held(ids)}

        return super().pages(since, resume, trusting, **more)


class Parted(FakeConnector):
    """Changes what is asked for in a first sync."""

    change: ClassVar[dict[str, Any]] = {}

    def pages(self, since: int | None, resume: str | None, held: Held, **more: Any) -> Iterator[Page]:
        return super().pages(since, resume, held, **more | {k: v for k, v in self.change.items() if more.get(k)})


class OnlyRecent(Parted):
    """Takes open issues for finished ones."""

    def _lively(self, issue: Issue, since: int) -> bool:
        return issue.updated >= since and issue.id != "10001"


class Everything(Parted):
    change: ClassVar = {"lively": None}


class Twice(Parted):
    change: ClassVar = {"skip": ()}


class Losing(Parted):
    change: ClassVar = {"skip": frozenset(str(10_000 + n) for n in range(20))}


class Guessing(FakeConnector):
    def ahead(self, since: int | None) -> Ahead:
        return Ahead(99, 1)


class Idle(FakeConnector):
    def ahead(self, since: int | None) -> Ahead:
        return Ahead(11, 0)


class Chatty(FakeConnector):
    def inspect(self) -> Iterable[Message]:
        return [msg("sync.later", hint=TOKEN)]


class Prose(FakeConnector):
    def inspect(self) -> Iterable[Any]:
        return ["a sentence"]


class Partial(FakeConnector):
    def census(self) -> Iterator[str]:
        return iter(list(super().census())[1:])


class Believing(FakeConnector):
    def visible(self, ids: Sequence[str]) -> frozenset[str]:
        return frozenset(ids)


class Talkative(FakeConnector):
    def __repr__(self) -> str:
        return f"Talkative({TOKEN})"


class Deaf(Fetching):
    def fetch(self, keys: Sequence[str], known: Mapping[str, Iteration]) -> Fetched:
        return super().fetch((), known)


class Generous(Fetching):
    def fetch(self, keys: Sequence[str], known: Mapping[str, Iteration]) -> Fetched:
        return super().fetch([*keys, "PAY-1"], known)


class Shortened(Fetching):
    """Leaves the history of single issues out."""

    def fetch(self, keys: Sequence[str], known: Mapping[str, Iteration]) -> Fetched:
        found = super().fetch(keys, known)
        return replace(found, page=replace(found.page, changes=()))


class Unhurried(Fetching):
    def fetch(self, keys: Sequence[str], known: Mapping[str, Iteration]) -> Fetched:
        return replace(super().fetch(keys, known), server_time=self.tracker.now * 1000)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Deaf, "does not bring"),
        (Generous, "nobody asked for"),
        (Shortened, "otherwise than pages"),
        (Unhurried, "server_time"),
        (OtherVersion, "api is 2"),
        (Milliseconds, "server_time"),
        (Unlisted, "lists no status"),
        (Forgetful, "stored metadata reads other issues"),
        (Foreign, "an iteration of a foreign source"),
        (NewWhenKnown, "only when others were known"),
        (Torn, "not on its page"),
        (Repeating, "came twice"),
        (Undated, "no epoch seconds"),
        (Unannounced, "statuses nobody announced"),
        (Restarting, "resumed behind page 1"),
        (Wasteful, "held came again"),
        (Lazy, "changed since it was stored"),
        (OnlyRecent, "open or recent, but not in the first part"),
        (Everything, "over and old, but in the first part"),
        (Twice, "was to be left out came"),
        (Losing, "both parts together"),
        (Guessing, "99 for 11 issues"),
        (Idle, "without requests"),
        (Chatty, r"inspect\(\) shows the token"),
        (Prose, "something else than messages"),
        (Partial, "census"),
        (Believing, "visible"),
        (Talkative, "the token is shown"),
    ],
)
def test_what_is_broken_is_named(kind: type[FakeConnector], said: str) -> None:
    with pytest.raises(ContractError, match=said):
        kit(kind).check()


def test_a_writer_is_put_through_what_the_kit_was_given() -> None:
    asked: list[str] = []

    class Writing(FakeConnector):
        def writer(self) -> None:
            asked.append("writer")

    def writes(connector: Any) -> None:
        connector.writer()

    def connect(kind: type[FakeConnector]) -> Callable[[], tuple[FakeConnector, Transport]]:
        return lambda: (kind(FakeTracker.of(7)), Transport(NetworkSpec(), origin="http://127.0.0.1:1"))

    ConnectorKit(connect(Writing), source=NAME, token=TOKEN, writes=writes).check_writer()
    assert asked == ["writer"]
    with pytest.raises(ContractError, match="writer"):
        ConnectorKit(connect(FakeConnector), source=NAME, token=TOKEN, writes=writes).check_writer()


def test_a_wrong_token_must_be_refused() -> None:
    with pytest.raises(ContractError, match="a wrong token is accepted"):
        kit(FakeConnector, refused=FakeConnector).check()


def test_a_served_source_of_one_page_proves_nothing() -> None:
    class OnePage(FakeConnector):
        def __init__(self, tracker: FakeTracker) -> None:
            super().__init__(tracker, page_size=100)

    with pytest.raises(ContractError, match="two pages"):
        kit(OnePage).check()


def test_pages_must_be_bounded() -> None:
    tracker = FakeTracker.of(600)

    class Huge(FakeConnector):
        def __init__(self, _tracker: FakeTracker) -> None:
            super().__init__(tracker, page_size=300)

    with pytest.raises(ContractError, match="a page of 300 issues"):
        kit(Huge).check_pages()


def test_statuses_announced_by_a_page_are_announced() -> None:
    class Announcing(Unannounced):
        def page(self, issues: Sequence[Issue]) -> Page:
            lost = replace(self.tracker.statuses[0], id="99", name="Lost")
            return replace(super().page(issues), statuses=(lost,))

    kit(Announcing).check_pages()
    assert isinstance(FakeTracker().statuses[0], Status)
