"""GraphQL schemas to hold queries against: GitLab's of August 2023, where it lies beside this repository, and newer.

What newer GitLabs have is added in our own words, each with the version that it came with. A type that changed is taken
out of the text first, because an extension can't do that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from graphql import DocumentNode, GraphQLSchema, build_schema, graphql_sync, parse, validate

SPEC = Path(__file__).parents[3] / "shared" / "specs" / "gitlab-graphql-2023-08.graphql"

STATUS = """
type WorkItemStatus { id: ID name: String iconName: String color: String category: String }
type WorkItemLifecycle { id: ID! name: String statuses: [WorkItemStatus!]! }
"""
"""18.2 and 18.4: custom statuses are objects."""

NEWER = """
enum CustomFieldType { TEXT NUMBER SINGLE_SELECT MULTI_SELECT DATE }
type CustomFieldSelectOption { id: ID! value: String! }
type CustomField { id: ID! name: String! fieldType: CustomFieldType! }
interface WorkItemCustomFieldValue { customField: CustomField! }
type WorkItemTextFieldValue implements WorkItemCustomFieldValue { customField: CustomField! value: String }
type WorkItemNumberFieldValue implements WorkItemCustomFieldValue { customField: CustomField! value: Float }
type WorkItemDateFieldValue implements WorkItemCustomFieldValue { customField: CustomField! value: String }
type WorkItemSelectFieldValue implements WorkItemCustomFieldValue {
  customField: CustomField!
  selectedOptions: [CustomFieldSelectOption!]
}
"17.11"
type WorkItemWidgetCustomFields implements WorkItemWidget {
  type: WorkItemWidgetType
  customFieldValues: [WorkItemCustomFieldValue!]
}
type LinkedWorkItemType { linkType: String! workItem: WorkItem }
type LinkedWorkItemTypeConnection { nodes: [LinkedWorkItemType] pageInfo: PageInfo! }
"16.5"
type WorkItemWidgetLinkedItems implements WorkItemWidget {
  type: WorkItemWidgetType
  linkedItems(first: Int, after: String, filter: String): LinkedWorkItemTypeConnection
}
extend type Namespace {
  "17.2"
  workItems(first: Int, after: String, iids: [String!]): WorkItemConnection
}
extend type Query {
  "16.7"
  workItemsByReference(
    contextNamespacePath: ID, refs: [String!]!, first: Int, after: String, last: Int, before: String
  ): WorkItemConnection
}
"18.6: beside the widgets"
type WorkItemFeatures {
  notes: WorkItemWidgetNotes
  hierarchy: WorkItemWidgetHierarchy
  linkedItems: WorkItemWidgetLinkedItems
  status: WorkItemWidgetStatus
  customFields: WorkItemWidgetCustomFields
}
extend type WorkItem { features: WorkItemFeatures }
"""

OWN = """
directive @gone on FIELD_DEFINITION
scalar Time
scalar WorkItemID
type Query {
  queryComplexity: QueryComplexity
  project(fullPath: ID!): Project
  namespace(fullPath: ID!): Namespace
  metadata: String
}
type QueryComplexity { score: Int limit: Int }
type PageInfo { hasNextPage: Boolean! endCursor: String }
type Project { id: ID! fullPath: ID! workItems(iids: [String!], first: Int, after: String): WorkItemConnection }
type Namespace { id: ID! fullPath: ID! }
type WorkItemConnection { nodes: [WorkItem] pageInfo: PageInfo! }
type WorkItemType { id: ID! name: String! }
type WorkItem {
  id: WorkItemID! iid: ID! title: String! reference(full: Boolean = false): String! workItemType: WorkItemType!
  widgets: [WorkItemWidget!]
}
enum WorkItemWidgetType { NOTES HIERARCHY }
enum NotesFilterType { ALL_NOTES ONLY_ACTIVITY ONLY_COMMENTS }
interface WorkItemWidget { type: WorkItemWidgetType }
type WorkItemWidgetNotes implements WorkItemWidget {
  type: WorkItemWidgetType
  discussions(filter: NotesFilterType = ALL_NOTES, first: Int, after: String): DiscussionConnection
}
type WorkItemWidgetHierarchy implements WorkItemWidget { type: WorkItemWidgetType parent: WorkItem }
type DiscussionConnection { nodes: [Discussion] pageInfo: PageInfo! }
type Discussion { id: ID! notes: NoteConnection! }
type NoteConnection { nodes: [Note] pageInfo: PageInfo! }
type UserCore { id: ID! name: String! }
type SystemNoteMetadata { id: ID! action: String }
type Note {
  id: ID! body: String! createdAt: Time! system: Boolean! author: UserCore systemNoteMetadata: SystemNoteMetadata
}
"""
"""A server with activity and nothing else, as small as it may be."""

WIDGET_STATUS = (
    "type WorkItemWidgetStatus implements WorkItemWidget { type: WorkItemWidgetType status: WorkItemStatus }"
)


@cache
def own(*, newer: bool = False, widgets: bool = True) -> GraphQLSchema:
    """Our own schema: without anything else, or with all that newer servers have, by widgets or by features alone."""
    return small(newer=newer, widgets=widgets)


def small(*, newer: bool = False, widgets: bool = True) -> GraphQLSchema:
    """The same, made anew: for who takes something out of it."""
    text = OWN if widgets else OWN.replace("  widgets: [WorkItemWidget!]\n", "")
    return build_schema(text + NEWER + STATUS + WIDGET_STATUS if newer else text)


@cache
def spec(*, newer: bool = False) -> GraphQLSchema:
    """GitLab's own schema of August 2023, or with what came since."""
    text = SPEC.read_text(encoding="utf-8")
    if newer:
        old = r"(?ms)^type WorkItemWidgetStatus implements WorkItemWidget \{.*?^\}"
        text, replaced = re.subn(old, WIDGET_STATUS, text)
        assert replaced == 1
        text += STATUS + NEWER
    return build_schema(text, assume_valid=True, no_location=True)


class Server:
    """Answers introspection by a schema, and says of other queries only whether they are valid."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema

    def graphql(self, query: str, variables: Mapping[str, object] | None = None, *, what: str) -> Mapping[str, object]:
        found = graphql_sync(self._schema, query, variable_values=dict(variables or {}))
        assert not found.errors, (what, found.errors)
        return dict(found.data or {})

    def pages(self, path: str, params: Mapping[str, object] | None = None, *, what: str, **_: Any) -> Any:
        raise AssertionError(path)


def faults(schema: GraphQLSchema, query: str) -> list[str]:
    """What is wrong with a query."""
    document: DocumentNode = parse(query)
    return [error.message for error in validate(schema, document)]
