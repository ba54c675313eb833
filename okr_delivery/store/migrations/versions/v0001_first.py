"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0001"
down_revision = None
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Creates every table. Frozen: a later change of `tables.py` is a migration of its own."""
    op.create_table(
        "meta",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "source",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("complete", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("fetched_at", BIG),
        sa.Column("started_at", BIG),
        sa.Column("watermark", BIG),
        sa.Column("first_synced_at", BIG),
        sa.Column("account", sa.Text),
        sa.Column("cursor", sa.Text),
        sa.Column("settings_hash", sa.Text),
        sa.Column("derived_hash", sa.Text),
        sa.Column("fetch_hash", sa.Text),
        sa.Column("metadata", sa.Text),
        sa.Column("metadata_at", BIG),
        sa.Column("census_at", BIG),
        sa.Column("full_at", BIG),
    )
    op.create_table(
        "value",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("source", sa.Integer, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("ref", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
    )
    op.create_index("value_digest", "value", ["source", "digest"], unique=True)
    op.create_table(
        "issue",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("source", sa.Integer, nullable=False),
        sa.Column("ref", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("project", BIG, nullable=False),
        sa.Column("type", BIG, nullable=False),
        sa.Column("creator", BIG, nullable=False),
        sa.Column("parent", BIG, nullable=False),
        sa.Column("subtask", sa.Integer, nullable=False),
        sa.Column("confidential", sa.Integer, nullable=False),
        sa.Column("history_complete", sa.Integer, nullable=False),
        sa.Column("created", BIG, nullable=False),
        sa.Column("updated", BIG, nullable=False),
        sa.Column("resolved", BIG),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("url", sa.Text),
        sa.Column("rank", sa.Text),
        sa.Column("components", sa.Text, nullable=False),
        sa.Column("links", sa.Text, nullable=False),
        sa.Column("body_hash", sa.LargeBinary, nullable=False),
        sa.Column("history_hash", sa.LargeBinary),
        sa.Column("missed_at", BIG),
        sa.Column("gone_at", BIG),
    )
    op.create_index("issue_key", "issue", ["source", "key"])
    op.create_index("issue_ref", "issue", ["source", "ref"], unique=True)
    op.create_index("issue_updated", "issue", ["source", "updated"])
    op.create_table(
        "current",
        sa.Column("issue", BIG, primary_key=True, autoincrement=False),
        sa.Column("field", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("value", BIG, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "change",
        sa.Column("issue", BIG, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("ts", BIG, nullable=False),
        sa.Column("field", sa.Integer, nullable=False),
        sa.Column("old", BIG, nullable=False),
        sa.Column("new", BIG, nullable=False),
        sa.Column("history_id", BIG, nullable=False),
        sa.Column("item", sa.Integer, nullable=False),
        sa.Column("actor", BIG, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "alias",
        sa.Column("source", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("issue", BIG, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "status",
        sa.Column("source", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("ref", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("category", sa.Integer, nullable=False),
        sa.Column("ord", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "board",
        sa.Column("source", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("ref", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("project", sa.Text),
        sa.Column("estimate_field", sa.Text),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "iteration",
        sa.Column("source", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("ref", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("goal", sa.Text),
        sa.Column("state", sa.Integer, nullable=False),
        sa.Column("start", BIG),
        sa.Column("end", BIG),
        sa.Column("activated_at", BIG),
        sa.Column("closed_at", BIG),
        sa.Column("board", sa.Text),
        sa.Column("ord", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "found_field",
        sa.Column("source", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("role", sa.Text, primary_key=True),
        sa.Column("ref", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "interval",
        sa.Column("issue", BIG, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("status", BIG, nullable=False),
        sa.Column("kind", sa.Integer, nullable=False),
        sa.Column("stage", sa.Integer, nullable=False),
        sa.Column("entered_at", BIG, nullable=False),
        sa.Column("left_at", BIG),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "membership",
        sa.Column("issue", BIG, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("iteration", BIG, nullable=False),
        sa.Column("entered_at", BIG, nullable=False),
        sa.Column("left_at", BIG),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "item_fact",
        sa.Column("issue", BIG, primary_key=True, autoincrement=False),
        sa.Column("rule", BIG, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("committed_at", BIG),
        sa.Column("started_at", BIG),
        sa.Column("first_finished_at", BIG),
        sa.Column("finished_at", BIG),
        sa.Column("cancelled_at", BIG),
        sa.Column("gone_at", BIG),
        sa.Column("lead_seconds", BIG),
        sa.Column("cycle_seconds", BIG),
        sa.Column("active_seconds", BIG, nullable=False),
        sa.Column("wait_seconds", BIG, nullable=False),
        sa.Column("parked_seconds", BIG, nullable=False),
        sa.Column("unmapped_seconds", BIG, nullable=False),
        sa.Column("reopened", sa.Integer, nullable=False),
        sa.Column("kind", sa.Integer, nullable=False),
        sa.Column("kind_since", BIG, nullable=False),
        sa.Column("last_change", BIG, nullable=False),
        sa.Column("notes", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ledger_fact",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("entity", sa.Text, primary_key=True),
        sa.Column("iteration", sa.Text, primary_key=True),
        sa.Column("at", BIG, nullable=False),
        sa.Column("team", sa.Text, nullable=False),
        sa.Column("issue", sa.Text),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("ledger_fact_issue", "ledger_fact", ["source", "issue", "kind"])
