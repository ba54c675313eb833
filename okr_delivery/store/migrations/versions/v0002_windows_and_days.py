"""Which part of an unfinished source is whole, where people open its issues, and iterations that are days long."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0002"
down_revision = "v0001"
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Adds columns; what is stored keeps its meaning."""
    op.add_column("source", sa.Column("base_url", sa.Text))
    op.add_column("source", sa.Column("whole_since", BIG))
    op.add_column("iteration", sa.Column("kind", sa.Text, nullable=False, server_default="sprint"))
    op.add_column("iteration", sa.Column("first_day", sa.Text))
    op.add_column("iteration", sa.Column("last_day", sa.Text))
    op.add_column("iteration", sa.Column("project", sa.Text))
