"""Issues that live on as another one, iterations that groups own, fields of one project alone, and deployments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0003"
down_revision = "v0002"
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Adds columns and a table; what is stored keeps its meaning."""
    op.add_column("issue", sa.Column("moved_to", sa.Text))
    op.add_column("iteration", sa.Column("owner", sa.Text))
    op.add_column("found_field", sa.Column("project", sa.Text))
    op.create_table(
        "deployment",
        sa.Column("source", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("ref", sa.Text, primary_key=True),
        sa.Column("project", sa.Text, nullable=False),
        sa.Column("environment", sa.Text, nullable=False),
        sa.Column("succeeded", sa.Integer, nullable=False),
        sa.Column("finished_at", BIG, nullable=False),
        sa.Column("branch", sa.Text),
        sa.Column("sha", sa.Text),
        sa.Column("url", sa.Text),
        sa.Column("issues", sa.Text, nullable=False),
        sa.Column("commits", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
