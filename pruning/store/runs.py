"""Runs: studies that a person keeps, or that took real work."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pruning.common.errors import Incompatible, Missing, StoreError, reason
from pruning.common.hashing import digest
from pruning.store.database import Database
from pruning.store.records import StoredRun
from pruning.store.schema import runs

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = tuple(column.name for column in runs.c if column.name not in ("updated", "study", "summary"))
"""What a list of runs shows of each, beside the entries of its summary."""


class Runs(Database):
    """The table of runs."""

    owners: bool

    def keep_run(
        self,
        study_json: str,
        *,
        owner: str,
        name: str,
        note: str = "",
        kept: bool,
        seconds: float,
        summary: dict[str, Any],
    ) -> str:
        """Keep a study; the same one kept again by the same owner is one run, brought up to date.

        An empty name or note leaves what was written before, and a run that a person kept stays kept.

        Args:
            kept: True when a person asked for it, False when it is listed because it took real work.
            seconds: what computing it took.
            summary: plain numbers and words, shown as columns ("accuracy").

        Returns:
            The run's id.

        Raises:
            BadValue: for a study that cannot be read.
            StoreError: for a summary that is not plain data, or when the database cannot be written.
        """
        from pruning.store.describe import describe
        from pruning.study.study import load_study  # what a worker's store never needs

        study = load_study(study_json)
        try:
            text = json.dumps(summary, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise StoreError(f"The summary of run '{name}' is not plain data without NaN: {reason(error)}.") from None
        run_id, now = self._id(study_json, owner) or digest("run", study, owner), time.time()
        change: dict[str, Any] = {
            "updated": now,
            "kept": sa.or_(runs.c.kept, sa.literal(kept)),
            "seconds": float(seconds),
            "summary": text,
            "study": study_json,
        }
        change |= {field: value for field, value in (("name", name), ("note", note)) if value}
        new = describe(study) | {
            "created": now,
            "updated": now,
            "owner": owner,
            "name": name,
            "note": note,
            "kept": kept,
            "seconds": float(seconds),
            "study": study_json,
            "summary": text,
        }
        self.upsert(runs, {"id": run_id}, new, change)
        return run_id

    def _id(self, study_json: str, owner: str) -> str | None:
        """The owner's run of this study: one that was kept under a former name of the owner has the id of then."""
        query = sa.select(runs.c.id).where(runs.c.owner == owner, runs.c.study == study_json)
        row = self.transact(lambda connection: connection.execute(query).first())
        return row.id if row is not None else None

    def runs(self, limit: int = 5000) -> pd.DataFrame:
        """The latest runs, newest first: ``COLUMNS``, then one column for each entry of the summaries."""
        import pandas as pd

        query = runs.select().order_by(runs.c.created.desc(), runs.c.id).limit(limit)
        rows = self.transact(lambda connection: connection.execute(query).all())
        plain = [{name: getattr(row, name) for name in COLUMNS} for row in rows]
        table = pd.DataFrame(plain, columns=list(COLUMNS))
        table["created"] = pd.to_datetime(table["created"], unit="s", utc=True)
        summaries = [json.loads(row.summary) for row in rows]
        for name in dict.fromkeys(name for summary in summaries for name in summary if name not in COLUMNS):
            table[name] = [summary.get(name) for summary in summaries]
        return table

    def run(self, run_id: str) -> StoredRun:
        """One run.

        Raises:
            Missing: when there is none of this id.
        """
        query = runs.select().where(runs.c.id == run_id)
        row = self.transact(lambda connection: connection.execute(query).first())
        if row is None:
            raise Missing(f"There is no run '{run_id}': it was deleted, or kept in another store.")
        values = dict(row._mapping)
        for name in ("created", "updated"):
            values[name] = datetime.fromtimestamp(values[name], UTC)
        return StoredRun(**values | {"summary": json.loads(row.summary)})

    def note_run(self, run_id: str, text: str, owner: str) -> None:
        """Write a run's note.

        Raises:
            Missing: when there is none of this id.
            Incompatible: when owners count and the run is another person's.
        """
        self._change(runs.update().values(note=text, updated=time.time()), run_id, owner, "changed")

    def rename_run(self, run_id: str, name: str, owner: str) -> None:
        """Give a run another name; raises as ``note_run``."""
        self._change(runs.update().values(name=name, updated=time.time()), run_id, owner, "changed")

    def delete_run(self, run_id: str, owner: str) -> None:
        """Delete a run (its measures stay); raises as ``note_run``."""
        self._change(runs.delete(), run_id, owner, "deleted")

    def _change(self, statement: Any, run_id: str, owner: str, what: str) -> None:
        statement = statement.where(runs.c.id == run_id)
        if self.owners:
            statement = statement.where(runs.c.owner == owner)
        with self.transaction() as connection:
            if connection.execute(statement).rowcount:
                return
        found = self.run(run_id)
        raise Incompatible(f"The run '{found.name}' is another person's: only its owner may have it {what}.")
