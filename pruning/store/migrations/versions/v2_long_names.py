"""Names of any length, as SQLite took them all along and PostgreSQL did not; jobs are listed by time: an index."""

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"

LONG = {"measures": ("machine",), "runs": ("owner", "name"), "jobs": ("owner",)}


def upgrade() -> None:
    for table, columns in LONG.items():
        with op.batch_alter_table(table) as batch:
            for column in columns:
                batch.alter_column(column, type_=sa.Text(), existing_type=sa.String(200), existing_nullable=False)
    op.create_index("jobs_created", "jobs", ["created"])
