"""The tables. Instants, enumerations and references are ints; texts are interned once in `value`.

Nothing here is named by a schema, so a PostgreSQL search path decides where they live. A change here needs a migration
in `migrations/versions` and its name at the end of `schema.REVISIONS`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    text,
)

from okr_delivery.store.codes import clean

metadata = MetaData()


class Words(TypeDecorator[str]):
    """Text from a tracker, in what both databases can store."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """On the way in."""
        return None if value is None else clean(value)


BIG = BigInteger().with_variant(Integer(), "sqlite")  # SQLite's own 64-bit integer, which alone can be a row id


def _of(index: str, *columns: str, where: str) -> Any:
    """An index of those rows alone that meet a condition; only queries that repeat it word for word use it."""
    return Index(index, *columns, sqlite_where=text(where), postgresql_where=text(where))


meta = Table(
    "meta",
    metadata,
    Column("key", Words, primary_key=True),
    Column("value", Words, nullable=False),
    sqlite_with_rowid=False,
)

source = Table(
    "source",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Words, nullable=False, unique=True),
    Column("complete", Integer, nullable=False),
    Column("reason", Words),  # message id, None when complete
    Column("fetched_at", BIG),
    Column("started_at", BIG),
    Column("watermark", BIG),
    Column("first_synced_at", BIG),
    Column("account", Words),
    Column("cursor", Words),  # JSON of the run that has not ended
    Column("settings_hash", Words),  # what derivation depends on
    Column("derived_hash", Words),  # what the stored derivations were made with
    Column("fetch_hash", Words),  # what fetching depends on
    Column("metadata", Words),  # JSON of the connector's own
    Column("metadata_at", BIG),
    Column("census_at", BIG),
    Column("full_at", BIG),
    Column("base_url", Words),  # where people open issues
    Column("whole_since", BIG),  # open issues and those updated since are whole, though the source is not
)

value = Table(
    "value",
    metadata,
    Column("id", BIG, primary_key=True, autoincrement=True),
    Column("source", Integer, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("ref", Words, nullable=False),  # the tracker's id, "" for none
    Column("name", Words, nullable=False),  # the text of that day, "" for none
    Index("value_digest", "source", "digest", unique=True),
    _of("value_ref", "source", "ref", where="ref <> ''"),
)

issue = Table(
    "issue",
    metadata,
    Column("id", BIG, primary_key=True, autoincrement=True),
    Column("source", Integer, nullable=False),
    Column("ref", Words, nullable=False),  # the tracker's id
    Column("key", Words, nullable=False),
    Column("project", BIG, nullable=False),
    Column("type", BIG, nullable=False),
    Column("creator", BIG, nullable=False),
    Column("parent", BIG, nullable=False),
    Column("subtask", Integer, nullable=False),
    Column("confidential", Integer, nullable=False),
    Column("history_complete", Integer, nullable=False),
    Column("created", BIG, nullable=False),
    Column("updated", BIG, nullable=False),
    Column("resolved", BIG),
    Column("title", Words, nullable=False),
    Column("url", Words),
    Column("rank", Words),
    Column("components", Words, nullable=False),  # JSON list
    Column("links", Words, nullable=False),  # JSON list of [type, key, summary]
    Column("body_hash", LargeBinary, nullable=False),
    Column("history_hash", LargeBinary),  # None: no history stored yet
    Column("missed_at", BIG),  # the first census in a row that did not list it
    Column("gone_at", BIG),
    Column("moved_to", Words),  # the tracker's id of the issue that this one lives on as
    Index("issue_ref", "source", "ref", unique=True),
    Index("issue_key", "source", "key"),
    Index("issue_updated", "source", "updated"),
    Index("issue_place", "source", "project", "created"),
    _of("issue_parent", "parent", where="parent <> 0"),
    _of("issue_moved", "source", where="moved_to IS NOT NULL"),
    _of("issue_gone", "source", where="gone_at IS NOT NULL"),
)

current = Table(
    "current",
    metadata,
    Column("issue", BIG, primary_key=True, autoincrement=False),
    Column("field", Integer, primary_key=True, autoincrement=False),
    Column("value", BIG, nullable=False),
    sqlite_with_rowid=False,
)

change = Table(
    "change",
    metadata,
    Column("issue", BIG, primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True, autoincrement=False),  # the order (ts, history id, item)
    Column("ts", BIG, nullable=False),
    Column("field", Integer, nullable=False),
    Column("old", BIG, nullable=False),
    Column("new", BIG, nullable=False),
    Column("history_id", BIG, nullable=False),
    Column("item", Integer, nullable=False),
    Column("actor", BIG, nullable=False),
    sqlite_with_rowid=False,
)

alias = Table(
    "alias",
    metadata,
    Column("source", Integer, primary_key=True, autoincrement=False),
    Column("key", Words, primary_key=True),
    Column("issue", BIG, nullable=False),
    Index("alias_issue", "issue"),
    sqlite_with_rowid=False,
)

status = Table(
    "status",
    metadata,
    Column("source", Integer, primary_key=True, autoincrement=False),
    Column("ref", Words, primary_key=True),
    Column("name", Words, nullable=False),
    Column("category", Integer, nullable=False),
    Column("ord", Integer, nullable=False),
    sqlite_with_rowid=False,
)

board = Table(
    "board",
    metadata,
    Column("source", Integer, primary_key=True, autoincrement=False),
    Column("ref", Words, primary_key=True),
    Column("name", Words, nullable=False),
    Column("type", Words, nullable=False),
    Column("project", Words),
    Column("estimate_field", Words),
    sqlite_with_rowid=False,
)

iteration = Table(
    "iteration",
    metadata,
    Column("source", Integer, primary_key=True, autoincrement=False),
    Column("ref", Words, primary_key=True),
    Column("name", Words, nullable=False),
    Column("goal", Words),
    Column("state", Integer, nullable=False),
    Column("start", BIG),
    Column("end", BIG),
    Column("activated_at", BIG),
    Column("closed_at", BIG),
    Column("board", Words),
    Column("ord", Integer, nullable=False),
    Column("kind", Words, nullable=False, server_default="sprint"),
    Column("first_day", Words),  # ISO date
    Column("last_day", Words),  # ISO date, inclusive
    Column("project", Words),
    Column("owner", Words),  # path of a group
    sqlite_with_rowid=False,
)

deployment = Table(
    "deployment",
    metadata,
    Column("source", Integer, primary_key=True, autoincrement=False),
    Column("ref", Words, primary_key=True),
    Column("project", Words, nullable=False),
    Column("environment", Words, nullable=False),
    Column("succeeded", Integer, nullable=False),
    Column("finished_at", BIG, nullable=False),
    Column("branch", Words),
    Column("sha", Words),
    Column("url", Words),
    Column("issues", Words, nullable=False),  # JSON list of the tracker's ids
    Column("commits", Words, nullable=False),  # JSON list of instants
    sqlite_with_rowid=False,
)

found_field = Table(
    "found_field",
    metadata,
    Column("source", Integer, primary_key=True, autoincrement=False),
    Column("role", Words, primary_key=True),
    Column("ref", Words, primary_key=True),
    Column("name", Words, nullable=False),
    Column("reason", Words, nullable=False),
    Column("project", Words),
    sqlite_with_rowid=False,
)

interval = Table(
    "interval",
    metadata,
    Column("issue", BIG, primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("status", BIG, nullable=False),
    Column("kind", Integer, nullable=False),
    Column("stage", Integer, nullable=False),
    Column("entered_at", BIG, nullable=False),
    Column("left_at", BIG),
    sqlite_with_rowid=False,
)

membership = Table(
    "membership",
    metadata,
    Column("issue", BIG, primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("iteration", BIG, nullable=False),
    Column("entered_at", BIG, nullable=False),
    Column("left_at", BIG),
    Index("membership_iteration", "iteration"),
    sqlite_with_rowid=False,
)

item_fact = Table(
    "item_fact",
    metadata,
    Column("issue", BIG, primary_key=True, autoincrement=False),
    Column("rule", BIG, nullable=False),  # the rule hash, interned
    Column("digest", LargeBinary, nullable=False),  # of everything derived, to leave equal rows alone
    Column("committed_at", BIG),
    Column("started_at", BIG),
    Column("first_finished_at", BIG),
    Column("finished_at", BIG),
    Column("cancelled_at", BIG),
    Column("gone_at", BIG),
    Column("lead_seconds", BIG),
    Column("cycle_seconds", BIG),
    Column("active_seconds", BIG, nullable=False),
    Column("wait_seconds", BIG, nullable=False),
    Column("parked_seconds", BIG, nullable=False),
    Column("unmapped_seconds", BIG, nullable=False),
    Column("reopened", Integer, nullable=False),
    Column("kind", Integer, nullable=False),
    Column("kind_since", BIG, nullable=False),
    Column("last_change", BIG, nullable=False),
    Column("notes", Words, nullable=False),  # JSON list
    Index("item_fact_kind", "rule", "kind", "last_change"),
    sqlite_with_rowid=False,
)

ledger_fact = Table(
    "ledger_fact",
    metadata,
    Column("kind", Words, primary_key=True),
    Column("source", Words, primary_key=True),
    Column("entity", Words, primary_key=True),
    Column("iteration", Words, primary_key=True),  # "" for none
    Column("at", BIG, nullable=False),
    Column("team", Words, nullable=False),
    Column("issue", Words),  # the tracker's id, for facts about one issue
    Column("body", Words, nullable=False),  # JSON object
    Index("ledger_fact_issue", "source", "issue", "kind"),
)
