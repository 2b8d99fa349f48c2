"""The tables as they were before there were migrations.

``if_not_exists``: a program of that time may have been stopped between making them and writing its version down.
"""

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "meta",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("value", sa.Integer, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "measures",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("state_key", sa.String(64), nullable=False),
        sa.Column("measure", sa.String(64), nullable=False),
        sa.Column("model", sa.String(64), nullable=False),
        sa.Column("device", sa.String(32), nullable=False),
        sa.Column("machine", sa.String(200), nullable=False),
        sa.Column("images", sa.Integer),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("updated", sa.Float, nullable=False),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("note", "model", "scorer", "granularity", "allocation", "sparsity")
        ),
        sa.Column("kept", sa.Boolean, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("study", sa.Text, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("study", sa.Text, nullable=False),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("started", sa.Float),
        sa.Column("ended", sa.Float),
        sa.Column("done", sa.Float, nullable=False, server_default="0"),
        sa.Column("total", sa.Float, nullable=False, server_default="0"),
        sa.Column("error", sa.Text, nullable=False, server_default=""),
        sa.Column("traceback", sa.Text, nullable=False, server_default=""),
        sa.Column("server", sa.String(200), nullable=False, server_default=""),
        sa.Column("beat", sa.Float, nullable=False, server_default="0"),
        if_not_exists=True,
    )
    op.create_index("measures_pace", "measures", ["model", "device", "machine", "created"], if_not_exists=True)
    op.create_index("runs_created", "runs", ["created"], if_not_exists=True)
    op.create_index("jobs_state", "jobs", ["state"], if_not_exists=True)
