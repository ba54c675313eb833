"""REST bodies and their details -> issues. Nothing behind this module sees a payload."""

from __future__ import annotations

from urllib.parse import urlsplit

from okr_delivery.model.claims import claim_lines
from okr_delivery.model.work import Field, Issue, Value
from okr_delivery_gitlab.changes import Timeline
from okr_delivery_gitlab.history import Detail
from okr_delivery_gitlab.known import Known
from okr_delivery_gitlab.settings import Settings
from okr_delivery_gitlab.today import Today, UnreadableError, read_today
from okr_delivery_gitlab.values import Row, mapping, string

__all__ = ["IssueReader", "UnreadableError"]


class IssueReader:
    """Reads the bodies of one source. `base_url` is where people open GitLab, `now` its clock (epoch seconds)."""

    def __init__(self, source: str, settings: Settings, base_url: str, now: int) -> None:
        self._source = source
        self._known = Known(settings)
        self._base_url = base_url.rstrip("/")
        self._now = now

    def read(self, row: Row, detail: Detail) -> Issue:
        """The slim issue. Raises UnreadableError when id, key, state or a date are missing or make no sense."""
        today = read_today(row, detail, self._known, self._now)
        return Issue(
            source=self._source,
            id=today.id,
            key=today.key,
            project_id=today.project_id,
            project=today.path,
            type_id=today.type.id or "",
            type=today.type.name or "",
            subtask=today.type.id == "task",
            title=today.title,
            created=today.created,
            updated=today.updated,
            resolved=today.closed_at,
            url=self._url(row, today),
            creator=string(mapping(row.get("author")).get("name")),
            parent_id=today.parent.id,
            parent_key=today.parent.name,
            links=detail.links,
            confidential=row.get("confidential") is True,
            history_complete=detail.complete,
            current=self._current(row, detail, today),
            moved_to=today.moved_to,
        )

    def _current(self, row: Row, detail: Detail, today: Today) -> dict[Field, Value]:
        """The present value of every kept field, in the form that the history's sides have; EMPTY ones left out."""
        values = {
            **Timeline(today, detail, self._known).current,
            Field.PROJECT: Value(today.project_id or None, today.path),
            Field.KEY: Value(None, today.key),
            Field.CLAIM_LINES: Value(None, claim_lines(string(row.get("description")) or "") or None),
        }
        return {kept: value for kept, value in values.items() if not value.empty}

    def _url(self, row: Row, today: Today) -> str:
        """The address that GitLab gives, if it is one of its own host; a body may say anything."""
        given = string(row.get("web_url"))
        own, base = urlsplit(given or ""), urlsplit(self._base_url)
        if given and (own.scheme, own.netloc) == (base.scheme, base.netloc):
            return given
        place = f"groups/{today.path}/-/epics" if "#" not in today.key else f"{today.path}/-/issues"
        return f"{self._base_url}/{place}/{today.key.rpartition('#')[2].rpartition('&')[2]}"
