"""Indexes by which one iteration, one parent or one project of many is found without reading the others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0004"
down_revision = "v0003"


def upgrade() -> None:
    """Adds indexes; an old store of a million issues takes some seconds."""
    op.create_index("issue_place", "issue", ["source", "project", "created"])
    op.create_index("alias_issue", "alias", ["issue"])
    op.create_index("membership_iteration", "membership", ["iteration"])
    op.create_index("item_fact_kind", "item_fact", ["rule", "kind", "last_change"])
    _of_some("value_ref", "value", "source", "ref", where="ref <> ''")
    _of_some("issue_parent", "issue", "parent", where="parent <> 0")
    _of_some("issue_moved", "issue", "source", where="moved_to IS NOT NULL")
    _of_some("issue_gone", "issue", "source", where="gone_at IS NOT NULL")


def _of_some(index: str, table: str, *columns: str, where: str) -> None:
    op.create_index(index, table, list(columns), sqlite_where=sa.text(where), postgresql_where=sa.text(where))
