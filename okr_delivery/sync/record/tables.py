"""What a recording keeps of a tracker's answers, by the kind of object; whatever is not listed is taken for private."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum


class Keep(Enum):
    """What becomes of a text."""

    NAME = "name"  # stays, but for people and addresses in it
    PROSE = "prose"
    CLAIMS = "claims"  # prose in which contribution lines are read
    LABEL = "label"
    COMPONENT = "component"
    BOARD = "board"
    PERSON = "person"  # an account id, login name or key
    SHOWN = "shown"  # a display name
    ADDRESS = "address"
    QUERY = "query"  # JQL
    PLACE = "place"  # an opaque place in a list
    SENTENCE = "sentence"  # of the server's own
    FILE = "file"


ENDPOINTS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(rf"/rest/(?:api|agile)/[\w.]+/(?:{pattern})"), kind)
    for pattern, kind in (
        ("serverInfo", "server"),
        ("myself|user(?:/.*)?", "person"),
        ("field", "field"),
        (r"status|statuses/search|status/[^/]+", "status"),
        ("issuetype", "issuetype"),
        ("priority", "priority"),
        ("resolution", "resolution"),
        (r"project/[^/]+/versions?|version/[^/]+", "version"),
        (r"project|project/search|project/[^/]+", "project"),
        (r"board|board/\d+", "board"),
        (r"board/\d+/configuration", "board_configuration"),
        (r"board/\d+/sprint|sprint/\d+", "sprint"),
        (r"board/\d+/version", "version"),
        ("mypermissions", "permissions"),
        (r"search(?:/.*)?|issue(?:/.*)?|changelog/.*", "issue"),
    )
)
"""The kind of object that an endpoint answers with, alone or in a list."""

WRAPPERS = frozenset({"values", "issues", "results"})
"""Members that hold the objects of the same kind."""

KINDS: Mapping[str, str] = {
    "status": "status",
    "statusCategory": "category",
    "issuetype": "issuetype",
    "issueType": "issuetype",
    "issueTypes": "issuetype",
    "priority": "priority",
    "resolution": "resolution",
    "fixVersions": "version",
    "versions": "version",
    "version": "version",
    "affectedVersions": "version",
    "components": "component",
    "component": "component",
    "project": "project",
    "parent": "issue",
    "inwardIssue": "issue",
    "outwardIssue": "issue",
    "subtasks": "issue",
    "issuelinks": "link",
    "fields": "fields",
    "schema": "schema",
    "scope": "scope",
    "changelog": "history",
    "histories": "history",
    "changeHistories": "history",
    "issueChangeLogs": "history",
    "columns": "column",
    "columnConfig": "column",
    "estimation": "estimation",
    "location": "location",
    "filter": "filter",
    "subQuery": "filter",
    "comment": "comment",
    "comments": "comment",
    "attachment": "attachment",
    "errorMessages": "error",
    "errors": "error",
    "warnings": "error",
    "warningMessages": "error",
    "issueErrors": "error",
    "roles": "custom",
    "properties": "custom",
    "extraData": "custom",
}
"""The kind of object that a member holds, whoever holds it."""

_NAMED = {"name": Keep.NAME, "untranslatedName": Keep.NAME}
MEMBERS: Mapping[str, Mapping[str, Keep]] = {
    "server": dict.fromkeys(("version", "deploymentType", "scmInfo", "serverTimeZone", "locale"), Keep.NAME)
    | {"serverTitle": Keep.PROSE},
    "field": {**_NAMED, "id": Keep.NAME, "key": Keep.NAME, "clauseNames": Keep.NAME},
    "schema": dict.fromkeys(("type", "items", "system", "custom"), Keep.NAME),
    "scope": {"type": Keep.NAME},
    "status": _NAMED,
    "category": {"name": Keep.NAME, "key": Keep.NAME, "colorName": Keep.NAME},
    "issuetype": _NAMED,
    "priority": {**_NAMED, "statusColor": Keep.NAME},
    "resolution": _NAMED,
    "version": {"name": Keep.NAME},
    "sprint": {"name": Keep.NAME, "state": Keep.NAME},
    "linktype": {"name": Keep.NAME, "inward": Keep.NAME, "outward": Keep.NAME},
    "component": {"name": Keep.COMPONENT, "assigneeType": Keep.NAME, "realAssigneeType": Keep.NAME},
    "project": {"key": Keep.NAME, "projectTypeKey": Keep.NAME, "style": Keep.NAME, "assigneeType": Keep.NAME},
    "location": {"key": Keep.NAME, "projectKey": Keep.NAME, "projectTypeKey": Keep.NAME, "type": Keep.NAME},
    "board": {"name": Keep.BOARD, "type": Keep.NAME},
    "board_configuration": {"name": Keep.BOARD, "type": Keep.NAME},
    "column": {"name": Keep.NAME, "constraintType": Keep.NAME},
    "estimation": {"type": Keep.NAME, "fieldId": Keep.NAME, "displayName": Keep.NAME},
    "filter": {"query": Keep.QUERY},
    "permissions": {"key": Keep.NAME, "type": Keep.NAME},
    "attachment": {"filename": Keep.FILE, "mimeType": Keep.NAME},
    "fields": {"labels": Keep.LABEL, "description": Keep.CLAIMS, "timeZone": Keep.NAME},
    "person": {"timeZone": Keep.NAME, "locale": Keep.NAME, "accountType": Keep.NAME},
    "request": dict.fromkeys(("fields", "expand", "properties", "issueIdsOrKeys", "fieldIds", "orderBy"), Keep.NAME),
}
"""The texts that stay, or become something other than filler, in an object of a kind."""

ANYWHERE: Mapping[str, Keep] = {
    "expand": Keep.NAME,
    "fieldId": Keep.NAME,
    "fieldtype": Keep.NAME,
    "accountId": Keep.PERSON,
    "ownerAccountId": Keep.PERSON,
    "emailAddress": Keep.PERSON,
    "displayName": Keep.SHOWN,
    "self": Keep.ADDRESS,
    "iconUrl": Keep.ADDRESS,
    "avatarURI": Keep.ADDRESS,
    "avatarUrl": Keep.ADDRESS,
    "url": Keep.ADDRESS,
    "content": Keep.ADDRESS,
    "thumbnail": Keep.ADDRESS,
    "nextPage": Keep.ADDRESS,
    "baseUrl": Keep.ADDRESS,
    "nextPageToken": Keep.PLACE,
    "cursor": Keep.PLACE,
    "jql": Keep.QUERY,
    "filename": Keep.FILE,
    "timeZone": Keep.NAME,
}
"""Texts that mean the same in every object."""

CHANGED: Mapping[str, Keep] = {
    **dict.fromkeys(
        ("status", "resolution", "priority", "issuetype", "sprint", "fix version", "fixversions", "version", "versions",
         "key", "duedate", "rank", "epic status", "timeestimate", "timeoriginalestimate", "timespent"),
        Keep.NAME,
    ),
    **dict.fromkeys(("assignee", "reporter", "creator", "watcher", "watchers", "lead"), Keep.PERSON),
    "labels": Keep.LABEL,
    "component": Keep.COMPONENT,
    "components": Keep.COMPONENT,
    "description": Keep.CLAIMS,
    "attachment": Keep.FILE,
}  # fmt: skip
"""Both sides of a change, by the field's id or name in lower case; everything else is prose."""

SETTINGS = frozenset({"sprint", "rank", "epic status"})
"""Fields that are custom by their type alone: the tracker made them."""
FIELD = re.compile(r"customfield_\d{1,9}")
FREE = frozenset({"custom", "error", "person"})
"""Kinds of objects whose members may be named by people."""
_WIRE = """
    self id key name value child type content attrs marks text version active disabled items size fields schema names
    accountType avatarUrls applicationRoles groups locale deleted 16x16 24x24 32x32 48x48 state boardId originBoardId
    goal startDate endDate completeDate activatedDate createdDate rapidViewId sequence synced autoStartStop summary
    status message code path timestamp errorMessages errors warnings warningMessages issueErrors issueIds
    issueIdsOrKeys error error_description elementErrors data hasEpicLinkFieldDependency showField
    nonEditableReason reason keyNum isShared title color done archived startAt maxResults total isLast"""
WIRE = frozenset({*_WIRE.split(), *KINDS, *ANYWHERE, *(name for table in MEMBERS.values() for name in table)})
"""Members that the trackers name themselves."""

_SENTENCES = """
    a access account active administrator all allowed already an and api are argument as at authenticated
    authentication authorized bad be because been before between board boards body browse by can cannot captcha case
    changelog check client closed configuration contain contains could count create data date denied deprecated did do
    does doesn don due either error errors exceed exceeded exist exists expand expected expired expression failed
    feature field fields filter for forbidden format found full function future global group guideline has have id ids
    in incomplete input integer internal invalid is issue issues it item items jql json key keys least length license
    limit limited list load log login long many match maximum may message method migrate migration missing more most
    must name names need next no not null number object of on one only operation operator option or order page
    parameter parse partial payload per permission permissions permitted please private project projects properties
    property provided query rate reached refer removed request requested required resource rest result results
    returned scope search server service size some sprint sprints start state status string support supported
    temporarily than that the there this timed timeout to token too truncated try type unable unauthorized unavailable
    unbounded unexpected unknown unsupported update url use used user valid value values version view was were with
    without wrong you your"""
SENTENCE_WORDS = frozenset(_SENTENCES.split())
"""Words of the servers' own messages: connectors tell refusals apart by them."""
HARMLESS = frozenset({"impediment", "yes", "no", "none", "true", "false"})
"""Values of options that say nothing."""
SAFE = re.compile(
    r"[+-]?\d{1,8}(?:\.\d{1,6})?\s?%?"  # numbers and ids; what is longer may be a telephone
    r"|\[?\d{1,19}(?:,\s?\d{1,19})+\]?|\[\d{1,19}\]"  # lists of ids
    r"|\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?"
    r"|\d{1,2}[-/][A-Za-z]{3}[-/]\d{2,4}(?:\s\d{1,2}:\d\d(?:\s?[AP]M)?)?"
    r"|[A-Z][A-Z0-9_]{1,19}-\d{1,9}|customfield_\d{1,9}|cf\[\d{1,9}\]"
    r"|\d\|[0-9a-z]+:[0-9a-z]*"  # ranks
    r"|[^\w]{0,20}"
)
"""Texts that are no words."""
NUMBER = re.compile(r"\d{1,19}")
"""An id of any length, where ids stand."""
IDS = frozenset({"id", "issueId", "historyId", "projectId", "originBoardId", "boardId", "entityId"})
