"""What every GitLab since 16.3 has, of any edition, for a server that has introspection switched off.

One query that asks for all of it decides whether that is so: else histories would have to be read issue by issue.
"""

from __future__ import annotations

_MEMBERS = {
    "Query": "queryComplexity project(fullPath) group(fullPath) workItem(id)",
    "QueryComplexity": "score limit",
    "Project": "workItems(iids,first) milestones(state,includeAncestors)",
    "Group": "milestones(state,includeAncestors,includeDescendants)",
    "WorkItem": "id iid title state reference workItemType widgets",
    "WorkItemType": "name",
    "WorkItemWidgetNotes": "discussions(filter,first,after)",
    "WorkItemWidgetHierarchy": "parent",
    "Discussion": "notes",
    "Note": "body createdAt system author systemNoteMetadata",
    "SystemNoteMetadata": "action",
    "UserCore": "id username",
}

PROBE = """query probe {
  queryComplexity { score limit }
  project(fullPath: "-/-") {
    milestones(includeAncestors: true, state: active, first: 1) { nodes { id } }
    workItems(iids: ["0"], first: 1) {
      nodes {
        id iid title state reference(full: true) workItemType { name }
        widgets {
          ... on WorkItemWidgetHierarchy { parent { id } }
          ... on WorkItemWidgetNotes {
            discussions(filter: ONLY_ACTIVITY, first: 1, after: null) {
              nodes { notes { nodes { body createdAt system author { id username } systemNoteMetadata { action } } } }
            }
          }
        }
      }
    }
  }
  group(fullPath: "-") {
    milestones(includeAncestors: true, includeDescendants: true, state: active, first: 1) { nodes { id } }
  }
}"""
"""Names what no server has, so that nothing is looked up."""


def assumed() -> dict[str, object]:
    """The JSON of `Capabilities` for such a server."""
    return {
        "types": {
            owner: {name: ["", *args] for name, args in map(_member, text.split())} for owner, text in _MEMBERS.items()
        },
        "filters": ["ONLY_ACTIVITY"],
        "widgets": ["WorkItemWidgetNotes", "WorkItemWidgetHierarchy"],
    }


def _member(text: str) -> tuple[str, list[str]]:
    name, _, args = text.rstrip(")").partition("(")
    return name, args.split(",") if args else []
