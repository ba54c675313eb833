"""Our own comments on one issue: found by their mark, made once, rewritten only when their text differs.

Jira gives comments no identity of our choosing. On Cloud the mark is an entity property that nobody sees; on Data
Center, where a list of comments shows no properties, it is the comment's last line. A comment that somebody else wrote
is never ours, whatever it says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from okr_delivery.sync.errors import RetryLaterError, UnsureError
from okr_delivery.sync.writes import MARK, Edit, PutComment, RemoveComment
from okr_delivery_jira.problems import broken, unsure
from okr_delivery_jira.text import by_number, listed, members, string
from okr_delivery_jira.writer_calls import IssueCalls
from okr_delivery_jira.writer_text import digest, shown, wiki

PROPERTY = "okr-delivery"
FOR_STAFF = {"key": "sd.public.comment", "value": {"internal": True}}
SENDS = 3  # the first one, and two more after a look that did not find it
PAGE = 100
MOST_PAGES = 200
LOOKS = 5  # at a list that shrinks while it is read
_LIST = "comment/list?expand=properties"
_LIST_AT_ONCE = 1000
_MARK_LINE = re.compile(rf"^okr-delivery: ({MARK.pattern})$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Ours:
    """A comment that our account wrote. `edited` says that somebody else changed it since."""

    id: str
    mark: str | None
    digest: str | None
    body: str
    edited: bool

    @classmethod
    def of(cls, row: Mapping[str, Any], account: str) -> Self:
        body = str(row.get("body") or "")
        kept = next((p.get("value") for p in members(row.get("properties")) if p.get("key") == PROPERTY), None)
        value = kept if isinstance(kept, dict) else {}
        editor = row.get("updateAuthor")
        return cls(
            id=str(row["id"]),
            mark=string(value.get("mark")) or _last_mark(body),
            digest=string(value.get("text")),
            body=body,
            edited=isinstance(editor, dict) and not _is(editor, account),
        )

    def is_meant(self, edit: PutComment | RemoveComment) -> bool:
        """By its mark; one that has lost its mark, by the id under which it was made."""
        return self.mark == edit.mark or (self.mark is None and self.id == edit.known)

    def says(self, text: str, body: str) -> bool:
        """Whether it shows `text`, which we would send as `body`."""
        return shown(self.body) == shown(body) or (self.digest == digest(text) and not self.edited)


def _last_mark(body: str) -> str | None:
    found = _MARK_LINE.findall(body.replace("\r\n", "\n"))
    return str(found[-1][0]) if found else None


def _is(person: object, account: str) -> bool:
    """Cloud names people by account id, Data Center by key and name."""
    return isinstance(person, dict) and account in (person.get("accountId"), person.get("key"), person.get("name"))


class Comments:
    """`properties` says that comments can carry some (Cloud); `confirm` raises when the token has died.

    `ids` are those of the comments that were to be there, by mark.
    """

    def __init__(
        self, calls: IssueCalls, account: str, confirm: Callable[[], None], *, properties: bool, for_customers: bool
    ) -> None:
        self._calls = calls
        self._account = account
        self._confirm = confirm
        self._properties = properties
        self._for_customers = for_customers
        self.ids: dict[str, str] = {}

    def put(self, wanted: Mapping[str, PutComment | RemoveComment]) -> tuple[Edit, ...]:
        """Makes them so; answers what was not. Raises UnsureError when it can't be learnt whether one was made."""
        if not wanted:
            return ()
        ours = list(self._ours())
        return tuple(edit for edit in wanted.values() if self._settle([c for c in ours if c.is_meant(edit)], edit))

    def _settle(self, found: list[Ours], edit: PutComment | RemoveComment) -> bool:
        """Two of one mark come from a send that was taken for lost: the older one stays."""
        if isinstance(edit, RemoveComment):
            self._remove(found)
            return bool(found)
        if not found:
            self.ids[edit.mark] = self._make(edit)
            return True
        self.ids[edit.mark] = found[0].id
        self._remove(found[1:])
        if found[0].says(edit.text, self._body(edit)):
            return len(found) > 1
        self._calls.put(f"/comment/{found[0].id}", self._payload(edit), what="/comment/{id}")
        return True

    def _remove(self, comments: list[Ours]) -> None:
        for comment in comments:
            self._calls.remove(f"/comment/{comment.id}", what="/comment/{id}")

    def _make(self, edit: PutComment) -> str:
        """Sends, then looks: before it sends again, and because another run may have made one since the first look.

        Both runs see both comments then, and both keep the older one, whose id this is.
        """
        self._confirm()
        for _ in range(SENDS):
            made = self._sent(edit)
            found = [comment for comment in self._ours() if comment.mark == edit.mark]
            self._remove(found[1:])
            if found or made:
                return found[0].id if found else str(made)
        raise unsure("comment_unsure", self._calls.where)

    def _sent(self, edit: PutComment) -> str | None:
        """The id that the answer names; None where nothing says that it was made."""
        try:
            made = self._calls.create("/comment", self._payload(edit))
        except UnsureError:
            return None
        except RetryLaterError as error:
            if error.status is not None and 200 <= error.status < 300:  # made, and the answer was cut off
                return None
            raise
        return str(made.get("id")) if isinstance(made, dict) else None

    def _payload(self, edit: PutComment) -> dict[str, object]:
        properties: list[object] = []
        if self._properties:
            properties.append({"key": PROPERTY, "value": {"mark": edit.mark, "text": digest(edit.text)}})
        if self._for_customers:
            properties.append(FOR_STAFF)
        return {"body": self._body(edit)} | ({"properties": properties} if properties else {})

    def _body(self, edit: PutComment) -> str:
        text = wiki(edit.text)
        return text if self._properties else f"{text}\n\nokr-delivery: {edit.mark}"

    def _ours(self) -> Iterator[Ours]:
        """All comments of our account, oldest first."""
        rows = [row for row in self._rows() if _is(row.get("author"), self._account)]
        rows.sort(key=lambda row: by_number(str(row.get("id"))))
        for row in self._with_properties(rows) if self._properties else rows:
            yield Ours.of(row, self._account)

    def _rows(self) -> list[Mapping[str, object]]:
        """All comments. One that is deleted while pages come moves another one across a border: read once more."""
        for _ in range(LOOKS):
            before, after, rows = self._paged()
            if before is None or after is None or after >= before:
                break
        return rows

    def _paged(self) -> tuple[int | None, int | None, list[Mapping[str, object]]]:
        """The first total, the last one, and the rows. Pages advance by what came: a short page is not the last one."""
        found: list[object] = []
        totals: list[int | None] = []
        for _ in range(MOST_PAGES):
            asked = {"startAt": len(found), "maxResults": PAGE, "orderBy": "created", "expand": "properties"}
            page = self._calls.read("/comment", asked)
            if not isinstance(page, dict) or not isinstance(page.get("comments"), list):
                raise broken("shape", f"{self._calls.where} comment")
            rows, total = listed(page["comments"]), page.get("total")
            found += rows
            totals.append(total if isinstance(total, int) else None)
            if not rows and isinstance(total, int) and len(found) < total:
                raise broken("empty_page", f"{self._calls.where} comment")
            if not rows or (isinstance(total, int) and len(found) >= total):
                return totals[0], totals[-1], members(found)
        raise broken("endless", f"{self._calls.where} comment")

    def _with_properties(self, rows: list[Mapping[str, object]]) -> Iterator[Mapping[str, object]]:
        """The list of an issue's comments may leave properties out; the one by ids has them for sure."""
        bare = [row for row in rows if "properties" not in row]
        known: dict[str, Mapping[str, object]] = {}
        for start in range(0, len(bare), _LIST_AT_ONCE):
            ids = [int(str(row["id"])) for row in bare[start : start + _LIST_AT_ONCE]]
            page = self._calls.ask(_LIST, {"ids": ids})
            known |= {
                str(row.get("id")): row for row in members(page.get("values") if isinstance(page, dict) else None)
            }
        for row in rows:
            yield {**row, "properties": known.get(str(row["id"]), {}).get("properties", row.get("properties"))}
