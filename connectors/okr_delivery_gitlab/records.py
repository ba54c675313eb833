"""REST bodies and their details -> issues. Nothing behind this module sees a payload."""

from __future__ import annotations

from urllib.parse import urlsplit

from okr_delivery.model.claims import claim_lines
from okr_delivery.model.work import Field, Issue, Value
from okr_delivery_gitlab.changes import Timeline
from okr_delivery_gitlab.events import actor_of
from okr_delivery_gitlab.history import Detail
from okr_delivery_gitlab.today import Today
from okr_delivery_gitlab.values import Row, mapping, string


class IssueReader:
    """Reads the bodies of one source. `base_url` is where people open GitLab."""

    def __init__(self, source: str, base_url: str) -> None:
        self._source = source
        self._base_url = base_url.rstrip("/")
        base = urlsplit(self._base_url)
        self._origin = (base.scheme, base.netloc)
        self._here = f"{base.scheme}://{base.netloc}/"

    def read(self, row: Row, detail: Detail, told: Timeline) -> Issue:
        """The slim issue; `told` is its timeline, from the same row and detail."""
        today = told.today
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
            creator_marks=actor_of(row.get("author")),
            parent_id=today.parent.id,
            parent_key=today.parent.name,
            links=detail.links,
            confidential=row.get("confidential") is True,
            history_complete=detail.complete,
            current=_current(row, told),
            moved_to=today.moved_to,
        )

    def _url(self, row: Row, today: Today) -> str:
        """The address that GitLab gives, if it is one of its own host; a body may say anything."""
        given = string(row.get("web_url"))
        if given and given.startswith(self._here):  # nearly always
            return given
        own = urlsplit(given or "")
        if given and (own.scheme, own.netloc) == self._origin:
            return given
        place = f"groups/{today.path}/-/epics" if "#" not in today.key else f"{today.path}/-/issues"
        return f"{self._base_url}/{place}/{today.key.rpartition('#')[2].rpartition('&')[2]}"


def _current(row: Row, told: Timeline) -> dict[Field, Value]:
    """The present value of every kept field, in the form that the history's sides have; EMPTY ones left out."""
    today = told.today
    values = {
        **told.current,
        Field.PROJECT: Value(today.project_id or None, today.path),
        Field.KEY: Value(None, today.key),
        Field.CLAIM_LINES: Value(None, claim_lines(string(row.get("description")) or "") or None),
    }
    return {kept: value for kept, value in values.items() if not value.empty}
