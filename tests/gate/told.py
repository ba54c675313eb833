"""A tracker that can be written to, in memory: what stands on each issue, who refuses, and what dies half-way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from okr_delivery.model.errors import Problem
from okr_delivery.model.message import msg
from okr_delivery.sync.connector import SourceSpec
from okr_delivery.sync.errors import ConfigError, SyncError
from okr_delivery.sync.transport import Transport
from okr_delivery.sync.writes import AddLabel, Edit, Outcome, PutComment, RemoveComment, RemoveLabel, Written


def refused(what: str, where: str | None = None, kind: type[SyncError] = ConfigError) -> SyncError:
    return kind([Problem(msg("sync.skipped", where="pad", what=what), where)])


class KilledError(BaseException):
    """The process is gone."""


@dataclass
class Pad:
    """`labels` and `comments` by issue id; `known` are the ids by which comments were named. `refuses` are errors by
    issue id; `dies` is the edit behind which the process ends."""

    labels: dict[str, set[str]] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    refuses: dict[str, SyncError] = field(default_factory=dict)
    refuses_all: SyncError | None = None
    dies: type[Edit] | None = None
    asked: list[str] = field(default_factory=list)
    known: list[str | None] = field(default_factory=list)
    opened: int = 0
    closed: int = 0

    def write(self, issue_id: str, edits: Sequence[Edit]) -> Written:
        self.asked.append(issue_id)
        error = self.refuses.get(issue_id, self.refuses_all)
        if error is not None:
            raise error
        changed = []
        for edit in edits:
            if self._do(issue_id, edit):
                changed.append(edit)
            if self.dies is not None and isinstance(edit, self.dies):
                raise KilledError
        put = {edit.mark: f"c{issue_id}" for edit in edits if isinstance(edit, PutComment)}
        self.known += [edit.known for edit in edits if isinstance(edit, PutComment | RemoveComment)]
        return Written(issue_id, Outcome.WRITTEN if changed else Outcome.UNCHANGED, 2, tuple(changed), put)

    def _do(self, ref: str, edit: Edit) -> bool:
        here = self.labels.setdefault(ref, set())
        match edit:
            case AddLabel(label) if label not in here:
                here.add(label)
            case RemoveLabel(label) if label in here:
                here.remove(label)
            case PutComment(text=text) if self.comments.get(ref) != text:
                self.comments[ref] = text
            case RemoveComment() if ref in self.comments:
                del self.comments[ref]
            case _:
                return False
        return True

    def connector(self) -> type[Any]:
        pad = self

        class Connector:
            api: ClassVar[int] = 1
            type: ClassVar[str] = "jira"

            @classmethod
            def open(cls, spec: SourceSpec, transport: Transport) -> Self:
                pad.opened += 1
                return cls()

            def writer(self) -> Pad:
                return pad

            def close(self) -> None:
                pad.closed += 1

        return Connector
