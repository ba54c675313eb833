"""Custom fields of one issue, by GraphQL: REST knows none."""

from __future__ import annotations

from collections.abc import Mapping

from okr_delivery.sync.writes import Edit, SetField
from okr_delivery_gitlab.client import AnswerError, GitLabClient, GraphQLErrors
from okr_delivery_gitlab.problems import refused
from okr_delivery_gitlab.values import Row, listed, mapping, members, number_of, string
from okr_delivery_gitlab.writer_calls import IssueCalls, said
from okr_delivery_gitlab.writer_text import plain

_VALUES = """query custom($id: WorkItemID!) {
  workItem(id: $id) {
    widgets {
      ... on WorkItemWidgetCustomFields {
        customFieldValues {
          customField { id name fieldType selectOptions { id value } }
          ... on WorkItemTextFieldValue { text: value }
          ... on WorkItemNumberFieldValue { number: value }
          ... on WorkItemSelectFieldValue { selectedOptions { id value } }
        }
      }
    }
  }
}"""
_UPDATE = """mutation custom($input: WorkItemUpdateInput!) {
  workItemUpdate(input: $input) { errors }
}"""


class CustomFields:
    """The custom fields of the issue that `calls` is about."""

    def __init__(self, client: GitLabClient, calls: IssueCalls) -> None:
        self._client = client
        self._calls = calls

    def put(self, wanted: Mapping[str, SetField]) -> tuple[Edit, ...]:
        """Makes them so; answers what was not. Raises ConfigError for a field that the issue does not have."""
        if not wanted:
            return ()
        here = self._read()
        due = tuple(edit for edit in wanted.values() if self._differs(here, edit))
        if due:
            self._update([self._input(here[edit.field_id], edit) for edit in due])
            here = self._read()
            left = [edit.field_id for edit in due if self._differs(here, edit)]
            if left:
                raise refused("not_kept", self._calls.where, what=", ".join(left))
        return due

    @property
    def _gid(self) -> str:
        return f"gid://gitlab/WorkItem/{self._calls.issue_id}"

    def _read(self) -> dict[str, Row]:
        """What each field holds, by its number; nothing on a tier without custom fields."""
        self._calls.count += 1
        try:
            data = self._client.graphql(_VALUES, {"id": self._gid}, what="graphql custom fields")
        except GraphQLErrors:
            return {}
        widgets = members(mapping(data.get("workItem")).get("widgets"))
        rows = [row for widget in widgets for row in members(widget.get("customFieldValues"))]
        known = ((number_of(mapping(row.get("customField")).get("id")), row) for row in rows)
        return {ref: row for ref, row in known if ref is not None}

    def _differs(self, known: Mapping[str, Row], edit: SetField) -> bool:
        row = known.get(edit.field_id)
        if row is None:
            raise refused("no_field", self._calls.where, field=edit.field_id)
        here, wanted = shown(row), _plain(edit.value)
        if "selectedOptions" in row:  # options go by name in any case
            here, wanted = (here or "").casefold(), (wanted or "").casefold()
        return here != wanted

    def _update(self, fields: list[dict[str, object]]) -> None:
        self._calls.count += 1
        given = {"input": {"id": self._gid, "customFieldsWidget": fields}}
        try:
            data = self._client.mutate(_UPDATE, given, what="graphql custom fields", issue=self._calls.issue_id)
        except AnswerError as refusal:
            raise said(refusal.response, self._calls.where) from None
        except GraphQLErrors as error:
            raise self._refusal(error.messages) from None
        errors = listed(mapping(data.get("workItemUpdate")).get("errors"))
        if errors:
            raise self._refusal(tuple(map(str, errors)))

    def _refusal(self, messages: tuple[str, ...]) -> Exception:
        return refused("write_refused", self._calls.where, status=200, said=plain("; ".join(messages))[:300])

    def _input(self, row: Row, edit: SetField) -> dict[str, object]:
        """A value in the member that the field's kind has. Raises ConfigError for an option that is none."""
        field = mapping(row.get("customField"))
        kind = (string(field.get("fieldType")) or "").upper()
        given: dict[str, object] = {"customFieldId": field.get("id")}
        empty = edit.value is None or edit.value == ""
        if kind.endswith("SELECT"):
            return given | {"selectedOptionIds": [] if empty else [self._option(field, edit)]}
        if kind == "NUMBER":
            return given | {"numberValue": None if empty else self._number(edit)}
        return given | {"textValue": None if empty else _plain(edit.value)}

    def _option(self, field: Row, edit: SetField) -> object:
        for option in members(field.get("selectOptions")):
            if str(option.get("value")).casefold() == str(edit.value).casefold():
                return option.get("id")
        raise self._bad(edit)

    def _number(self, edit: SetField) -> float:
        try:
            return float(str(edit.value))
        except ValueError:
            raise self._bad(edit) from None

    def _bad(self, edit: SetField) -> Exception:
        return refused("field_value", self._calls.where, field=edit.field_id, value=plain(str(edit.value))[:60])


def shown(row: Row) -> str | None:
    """What a field holds, as text."""
    options = members(row.get("selectedOptions"))
    if options:
        return "; ".join(str(option.get("value")) for option in options)
    value = row.get("number", row.get("text"))
    return _plain(value)


def _plain(value: object) -> str | None:
    """A text or number on one line; `3.0` and `3` are one."""
    if value is None or value == "":
        return None
    if isinstance(value, float) and value == int(value):
        value = int(value)
    return plain(str(value))
