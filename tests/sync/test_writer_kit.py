"""The kit for writers accepts one that keeps the contract and names what one breaks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from okr_delivery.model.errors import Problem
from okr_delivery.model.message import msg
from okr_delivery.sync.errors import ConfigError, UnsureError
from okr_delivery.sync.kit import NOBODY, ContractError
from okr_delivery.sync.transport import NetworkSpec, Transport
from okr_delivery.sync.writer_kit import Seen, WriterKit
from okr_delivery.sync.writes import (
    AddLabel,
    Edit,
    Outcome,
    PutComment,
    PutLink,
    PutProperty,
    RemoveComment,
    RemoveLabel,
    SetField,
    Written,
)

ISSUE, TOKEN = "1", "good-token"


@dataclass
class Tracker:
    """One issue, kept in memory."""

    labels: set[str] = field(default_factory=lambda: {"by-hand"})
    comments: list[tuple[str, str]] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    properties: dict[str, object] = field(default_factory=dict)
    lose: str | None = None

    def seen(self) -> Seen:
        texts = tuple(text for _, text in self.comments)
        return Seen(frozenset(self.labels), texts, dict(self.links), dict(self.properties))

    @contextmanager
    def losing(self, when: str) -> Iterator[None]:
        self.lose = when
        yield
        self.lose = None


class FakeWriter:
    """Writes to the tracker in memory."""

    def __init__(self, tracker: Tracker, transport: Transport) -> None:
        self.tracker, self.transport = tracker, transport

    def write(self, issue_id: str, edits: Sequence[Edit]) -> Written:
        if issue_id == NOBODY or any(isinstance(edit, AddLabel) and " " in edit.label for edit in edits):
            raise ConfigError([Problem(msg("sync.not_found", status=404), issue_id, msg("sync.not_found_help"))])
        changed = tuple(edit for edit in edits if self.apply(edit))
        return Written(issue_id, Outcome.WRITTEN if changed else Outcome.UNCHANGED, len(edits), changed)

    def apply(self, edit: Edit) -> bool:
        before = self.tracker.seen()
        self.change(edit)
        return self.tracker.seen() != before

    def change(self, edit: Edit) -> None:
        match edit:
            case AddLabel(label):
                self.tracker.labels.add(label)
            case RemoveLabel(label):
                self.tracker.labels.discard(label)
            case PutComment(mark, text):
                if (mark, text) not in self.tracker.comments:
                    self.comment(mark, text)
            case RemoveComment(mark):
                self.tracker.comments[:] = [row for row in self.tracker.comments if row[0] != mark]
            case PutLink(global_id, _, title):
                self.tracker.links[global_id] = title
            case PutProperty(key, value):
                self.tracker.properties[key] = dict(value)
            case SetField():
                raise NotImplementedError("the kit sets no fields: their ids are the tracker's")

    def comment(self, mark: str, text: str) -> None:
        self.change(RemoveComment(mark))
        self.tracker.comments.append((mark, text))


def kit(kind: type[FakeWriter] = FakeWriter) -> WriterKit:
    tracker = Tracker()

    def connect() -> tuple[FakeWriter, Transport]:
        transport = Transport(NetworkSpec(), origin="http://127.0.0.1:1")
        return kind(tracker, transport), transport

    return WriterKit(connect, ISSUE, tracker.seen, token=TOKEN, losing=tracker.losing)


def test_a_writer_that_keeps_the_contract_passes() -> None:
    kit().check()


class Forgetful(FakeWriter):
    """Says that it wrote whatever it is told."""

    def apply(self, edit: Edit) -> bool:
        super().apply(edit)
        return True


class Replacing(FakeWriter):
    """Sends the whole list of labels."""

    def change(self, edit: Edit) -> None:
        if isinstance(edit, AddLabel):
            self.tracker.labels = {edit.label}
        else:
            super().change(edit)


class Credulous(FakeWriter):
    """Sends any label."""

    def write(self, issue_id: str, edits: Sequence[Edit]) -> Written:
        return super().write(issue_id, [edit for edit in edits if edit != AddLabel("two words")])


class Piling(FakeWriter):
    """Never takes a comment away."""

    def comment(self, mark: str, text: str) -> None:
        self.tracker.comments.append((mark, text))


class Doubling(FakeWriter):
    """Sends a comment again without a look."""

    def comment(self, mark: str, text: str) -> None:
        super().comment(mark, text)
        if self.tracker.lose == "after":
            self.tracker.comments.append((mark, text))


class Silent(FakeWriter):
    """Takes a write to nowhere for one."""

    def write(self, issue_id: str, edits: Sequence[Edit]) -> Written:
        return Written(issue_id, Outcome.WRITTEN, 0) if issue_id == NOBODY else super().write(issue_id, edits)


class Half(FakeWriter):
    """Leaves the old title of a link."""

    def change(self, edit: Edit) -> None:
        if not isinstance(edit, PutLink) or edit.global_id not in self.tracker.links:
            super().change(edit)


class Merging(FakeWriter):
    """Keeps old members of a property."""

    def change(self, edit: Edit) -> None:
        if isinstance(edit, PutProperty):
            self.tracker.properties[edit.key] = {"old": True, **edit.value}
        else:
            super().change(edit)


class Talkative(FakeWriter):
    """Shows its token."""

    def __repr__(self) -> str:
        return f"Talkative({TOKEN})"


class Giving(FakeWriter):
    """Gives up on every lost connection, for ever."""

    def comment(self, mark: str, text: str) -> None:
        if self.tracker.lose:
            raise UnsureError([Problem(msg("sync.unsure"), ISSUE, msg("sync.unsure_help"))])
        super().comment(mark, text)


BROKEN: list[tuple[type[FakeWriter], str]] = [
    (Forgetful, "written twice"),
    (Replacing, "adding a label"),
    (Credulous, "'two words' is accepted"),
    (Piling, "one comment for each mark"),
    (Doubling, "lost after a comment"),
    (Silent, "was written"),
    (Half, "was not written"),
    (Merging, "does not hold"),
    (Talkative, "the token is shown"),
    (Giving, "still fails"),
]


@pytest.mark.parametrize(("kind", "said"), BROKEN, ids=lambda x: getattr(x, "__name__", ""))
def test_what_breaks_the_contract_is_named(kind: type[FakeWriter], said: str) -> None:
    with pytest.raises(ContractError, match=said):
        kit(kind).check()
