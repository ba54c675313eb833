"""Our own notes on one issue: found by their mark, made once, rewritten only when their text differs.

GitLab gives notes no identity of our choosing: the mark stands in their last line, as a comment of HTML that nobody
sees. A note that somebody else wrote is never ours, whatever it says. Links out of GitLab are notes too, one for each
identity: issues have no place of their own for them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from okr_delivery.sync.errors import RetryLaterError, UnsureError
from okr_delivery.sync.writes import Edit, PutLink, RemoveComment
from okr_delivery_gitlab.problems import unsure
from okr_delivery_gitlab.values import by_number, mapping, string
from okr_delivery_gitlab.writer_calls import IssueCalls
from okr_delivery_gitlab.writer_plan import Note
from okr_delivery_gitlab.writer_text import address, digest, markdown

SENDS = 3  # the first one, and two more after a look that did not find it
_MARK = re.compile(r"^<!-- okr-delivery: (.+) -->$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Ours:
    """A note that our account wrote, with its mark if it has one."""

    id: str
    mark: str | None
    body: str

    def is_meant(self, edit: Note) -> bool:
        """By its mark; one that has lost its mark, by the id under which it was made."""
        known = None if isinstance(edit, PutLink) else edit.known
        return self.mark == mark_of(edit) or (self.mark is None and self.id == known)


class Notes:
    """The notes of one issue that `account` wrote; `ids` are those of the comments that were to be there, by mark."""

    def __init__(self, calls: IssueCalls, account: str) -> None:
        self._calls = calls
        self._account = account
        self.ids: dict[str, str] = {}

    def put(self, wanted: Mapping[str, Note]) -> tuple[Edit, ...]:
        """Makes them so; answers what was not. Raises UnsureError when it can't be learnt whether one was made."""
        if not wanted:
            return ()
        ours = self._ours()
        return tuple(edit for edit in wanted.values() if self._settle([n for n in ours if n.is_meant(edit)], edit))

    def _settle(self, found: list[Ours], edit: Note) -> bool:
        """Two of one mark come from a send that was taken for lost: the older one stays."""
        if isinstance(edit, RemoveComment):
            self._remove(found)
            return bool(found)
        self.ids[mark_of(edit)] = found[0].id if found else self._make(edit)
        if not found:
            return True
        self._remove(found[1:])
        if found[0].body.strip() == body_of(edit):
            return len(found) > 1
        self._calls.put(f"/notes/{found[0].id}", {"body": body_of(edit)}, what="/notes/:id")
        return True

    def _remove(self, notes: list[Ours]) -> None:
        for note in notes:
            self._calls.remove(f"/notes/{note.id}", what="/notes/:id")

    def _make(self, edit: Note) -> str:
        """Sends, then looks: before it sends again, and because another run may have made one since the first look.

        Both runs see both notes then, and both keep the older one, whose id this is.
        """
        for _ in range(SENDS):
            made = self._sent(edit)
            found = [note for note in self._ours() if note.mark == mark_of(edit)]
            self._remove(found[1:])
            if found or made:
                return found[0].id if found else str(made)
        raise unsure("comment_unsure", self._calls.where)

    def _sent(self, edit: Note) -> str | None:
        """The id that the answer names; None where nothing says that it was made."""
        try:
            made = self._calls.create("/notes", {"body": body_of(edit)})
        except UnsureError:
            return None
        except RetryLaterError as error:
            if error.status is not None and 200 <= error.status < 300:  # made, and the answer was cut off
                return None
            raise
        return str(made.get("id")) if isinstance(made, dict) else None

    def _ours(self) -> list[Ours]:
        """Oldest first."""
        rows = [row for row in self._calls.notes() if string(mapping(row.get("author")).get("id")) == self._account]
        rows.sort(key=lambda row: by_number(str(row.get("id"))))
        bodies = [(str(row.get("id")), (string(row.get("body")) or "").replace("\r\n", "\n")) for row in rows]
        return [Ours(ref, next(reversed(_MARK.findall(body)), None), body) for ref, body in bodies]


def mark_of(edit: Note) -> str:
    """What stands in the last line. Identities of links may hold any sign, so that they are shortened."""
    return f"link {digest(edit.global_id)}" if isinstance(edit, PutLink) else edit.mark


def body_of(edit: Note) -> str:
    """A note as it is sent."""
    return f"{_text(edit)}\n\n<!-- okr-delivery: {mark_of(edit)} -->"


def _text(edit: Note) -> str:
    if isinstance(edit, PutLink):
        summary = f"  \n{markdown(edit.summary)}" if edit.summary.strip() else ""
        return f"[{markdown(edit.title)}]({address(edit.url)}){summary}"
    return "" if isinstance(edit, RemoveComment) else markdown(edit.text)
