"""The conformance test for a connector's writer, called by the connector's own tests against a source they serve.

    def test_writes_as_the_contract_says(server):
        def connect():
            transport = Transport(NetworkSpec(), origin=server.url)
            return LinearConnector.open(spec(server), transport).writer(), transport

        WriterKit(connect, "10001", lambda: seen(server, "10001"), token="good", losing=server.losing).check()

Unlike `okr_delivery.sync.kit` it writes: to the one issue it is given. `seen` reads what stands on that issue past the
connector, from the served source itself. Every check can be called on its own; each raises `ContractError`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from okr_delivery.sync.errors import ConfigError, RetryLaterError
from okr_delivery.sync.kit import NOBODY, ContractError
from okr_delivery.sync.transport import Transport
from okr_delivery.sync.writes import (
    AddLabel,
    Edit,
    Outcome,
    PutComment,
    PutLink,
    PutProperty,
    RemoveComment,
    RemoveLabel,
    Writer,
    Written,
    code,
    link,
)

MARK = "kit.check"
LABEL = "kit-check"


@dataclass(frozen=True, slots=True)
class Seen:
    """What stands on the issue. `comments` are texts as a reader sees them, `links` titles by global id."""

    labels: frozenset[str] = frozenset()
    comments: tuple[str, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, object] = field(default_factory=dict)


Losing = Callable[[str], AbstractContextManager[object]]
"""While it is entered, the source cuts the connection once at the next comment that is made: "before" or "after"."""


class WriterKit:
    """`connect` builds a writer with its transport; `bad_label` is one that the tracker would not take.

    `token` may not show up in anything that is printed. Without `losing` lost connections are not checked. A tracker
    that keeps no machine state on issues has no `properties`: they must be refused before anything is sent.
    """

    def __init__(
        self,
        connect: Callable[[], tuple[Writer, Transport]],
        issue_id: str,
        seen: Callable[[], Seen],
        *,
        token: str,
        bad_label: str = "two words",
        losing: Losing | None = None,
        properties: bool = True,
    ) -> None:
        self._connect = connect
        self._issue_id = issue_id
        self._seen = seen
        self._token = token
        self._bad_label = bad_label
        self._losing = losing
        self._properties = properties

    def check(self) -> None:
        """All checks."""
        for one in (
            self.check_nothing,
            self.check_labels,
            self.check_bad_label,
            self.check_comment,
            self.check_comment_text,
            self.check_doubt,
            self.check_link,
            self.check_property,
            self.check_gone,
            self.check_secrets,
        ):
            one()

    def check_nothing(self) -> None:
        """No edits are no write, and the answer names the issue."""
        written = self._write()
        _must(written == Written(self._issue_id, Outcome.UNCHANGED, written.requests), "no edits changed something")

    def check_labels(self) -> None:
        """Deltas: what others put there stays."""
        before = self._seen().labels
        self._twice(AddLabel(LABEL))
        _must(self._seen().labels == before | {LABEL}, "adding a label did something else")
        self._twice(RemoveLabel(LABEL))
        _must(self._seen().labels == before, "removing a label did something else")

    def check_bad_label(self) -> None:
        """Refused before anything is sent, the good edits beside it too."""
        self._refused(AddLabel(self._bad_label), f"the label {self._bad_label!r}")

    def _refused(self, edit: Edit, name: str) -> None:
        writer, transport = self._connect()
        writer.write(self._issue_id, [])
        before = transport.total
        try:
            writer.write(self._issue_id, [AddLabel(LABEL), edit])
        except ConfigError as error:
            _must(all(p.next_step is not None for p in error.problems), "a refusal does not say what to do")
            _must(transport.total == before, "something was sent before an edit was refused")
            return
        raise ContractError(f"{name} is accepted")

    def check_comment(self) -> None:
        """One for each mark: made, found again by another writer, rewritten in place, removed."""
        before = len(self._seen().comments)
        self._twice(PutComment(MARK, "one"))
        self._twice(PutComment(MARK, "two"))
        self._twice(PutComment(f"{MARK}.2", "three"))
        _must(len(self._seen().comments) == before + 2, "there is not one comment for each mark")
        _must(not any("one" in text for text in self._seen().comments), "a comment was not rewritten")
        self._twice(RemoveComment(MARK))
        self._twice(RemoveComment(f"{MARK}.2"))
        _must(len(self._seen().comments) == before, "a comment was not removed")

    def check_comment_text(self) -> None:
        """Whatever a text holds, it is the same text the next time."""
        coded = f"{code('/close @all {code} `x`')} and {link('https://okr.example/run?a=1')}"
        for text in ("[~all] @all {code} *b*", "/close @all", "# a\n- b", "目标 \\ 50 %", "x" * 300, coded):
            self._twice(PutComment(MARK, text))
        self._twice(RemoveComment(MARK))

    def check_doubt(self) -> None:
        """A connection that is lost around the making of a comment leaves exactly one."""
        if self._losing is None:
            return
        before = len(self._seen().comments)
        for when in ("before", "after"):
            with self._losing(when):
                self._until_answered(PutComment(MARK, f"lost {when}"))
            _must(len(self._seen().comments) == before + 1, f"a connection lost {when} a comment: not exactly one")
            self._twice(RemoveComment(MARK))

    def _until_answered(self, edit: Edit) -> None:
        for _ in range(3):
            try:
                self._write(edit)
            except RetryLaterError:
                continue
            return
        raise ContractError("a write that was repeated three times still fails")

    def check_link(self) -> None:
        """One for each global id, replaced as a whole."""
        before = self._seen().links
        for title in ("one", "two"):
            self._twice(PutLink("kit:1", "https://okr.example/1", title))
            _must(self._seen().links == {**before, "kit:1": title}, "a link is not there once with its title")

    def check_property(self) -> None:
        """Set, replaced, and the same when it is; refused where the tracker has none."""
        if not self._properties:
            self._refused(PutProperty("kit.check", {"n": 1}), "a property")
            return
        for value in ({"n": 1}, {"n": 2, "names": ["a"]}):
            self._twice(PutProperty("kit.check", value))
            _must(self._seen().properties.get("kit.check") == value, "a property does not hold what was put")

    def check_gone(self) -> None:
        """An issue that is not there is refused with what to do."""
        try:
            self._connect()[0].write(NOBODY, [AddLabel(LABEL)])
        except ConfigError as error:
            _must(all(p.next_step is not None for p in error.problems), "a refusal does not say what to do")
            return
        raise ContractError("an issue that is not there was written")

    def check_secrets(self) -> None:
        """The token shows up in no representation and in no count."""
        writer, transport = self._connect()
        writer.write(self._issue_id, [])
        shown = [repr(writer), str(writer), repr(getattr(writer, "__dict__", "")), str(transport.requests)]
        _must(not any(self._token in text for text in shown), "the token is shown")

    def _twice(self, edit: Edit) -> None:
        """Written, named as changed, and nothing to do for another writer that comes behind."""
        written = self._write(edit)
        _must(written.outcome is Outcome.WRITTEN, f"{edit} was not written")
        _must(written.changed == (edit,), f"{edit} is not what the answer names as changed")
        again = self._write(edit)
        _must(again.outcome is Outcome.UNCHANGED and not again.changed, f"{edit} was written twice")

    def _write(self, *edits: Edit) -> Written:
        return self._connect()[0].write(self._issue_id, edits)


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ContractError(otherwise)
