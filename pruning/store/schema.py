"""The tables, and the version that they have.

``measures`` what was measured, by key; ``runs`` what a person keeps; ``jobs`` work that was asked for and must
survive the server; ``meta`` the schema's version, and the tokens of servers (see ``shared``).

A change of a table is a new file in ``migrations/versions/``, a higher ``SCHEMA_VERSION``, and the change here: a test
holds that both say the same.
"""

from __future__ import annotations

import sqlalchemy as sa

SCHEMA_VERSION = 2
"""The number of the last migration."""

tables = sa.MetaData()

meta = sa.Table(
    "meta",
    tables,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("value", sa.Integer, nullable=False),
)

measures = sa.Table(
    "measures",
    tables,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("state_key", sa.String(64), nullable=False),
    sa.Column("measure", sa.String(64), nullable=False),
    sa.Column("model", sa.String(64), nullable=False),
    sa.Column("device", sa.String(32), nullable=False),
    sa.Column("machine", sa.Text, nullable=False),
    sa.Column("images", sa.Integer),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("created", sa.Float, nullable=False, doc="seconds since 1970, UTC"),
    sa.Column("value", sa.Text, nullable=False, doc="JSON without NaN"),
    sa.Index("measures_pace", "model", "device", "machine", "created"),
)

runs = sa.Table(
    "runs",
    tables,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("updated", sa.Float, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("scorer", sa.Text, nullable=False),
    sa.Column("granularity", sa.Text, nullable=False),
    sa.Column("allocation", sa.Text, nullable=False),
    sa.Column("sparsity", sa.Text, nullable=False),
    sa.Column("kept", sa.Boolean, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("study", sa.Text, nullable=False),
    sa.Column("summary", sa.Text, nullable=False),
    sa.Index("runs_created", "created"),
)

jobs = sa.Table(
    "jobs",
    tables,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("study", sa.Text, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("started", sa.Float),
    sa.Column("ended", sa.Float),
    sa.Column("done", sa.Float, nullable=False, server_default="0"),
    sa.Column("total", sa.Float, nullable=False, server_default="0"),
    sa.Column("error", sa.Text, nullable=False, server_default=""),
    sa.Column("traceback", sa.Text, nullable=False, server_default="", doc="for the log, never shown on a page"),
    sa.Column("server", sa.String(200), nullable=False, server_default="", doc="the server that holds the lease"),
    sa.Column("beat", sa.Float, nullable=False, server_default="0", doc="when that server last said it lives"),
    sa.Index("jobs_state", "state"),
    sa.Index("jobs_created", "created"),
)
