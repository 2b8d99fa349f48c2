"""Runs: studies that a person keeps, or that took real work."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pruning.common.errors import BadValue, Incompatible, Missing, StoreError, reason
from pruning.common.hashing import digest
from pruning.common.limits import RUN_NAME, RUN_NOTE, RUN_SUMMARY, RUNS_LETTERS, RUNS_LISTED, RUNS_OF_ONE, RUNS_WORDS
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
            BadValue: for a study that cannot be read, a note or summary that is too long, or one run too many.
            StoreError: for a summary that is not plain data, or when the database cannot be written.
        """
        from pruning.store.describe import describe
        from pruning.study.study import load_study  # what a worker's store never needs

        study = load_study(study_json)
        try:
            text = json.dumps(summary, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise StoreError(f"The summary of run '{name}' is not plain data without NaN: {reason(error)}.") from None
        if len(text) > RUN_SUMMARY:
            raise BadValue(f"A run's summary has at most {RUN_SUMMARY:,} bytes, and this one has {len(text):,}.")
        name, note = name[:RUN_NAME], _bounded("note", note, RUN_NOTE)
        run_id, now = self._id(study_json, owner) or digest("run", study, owner), time.time()
        self._make_room(run_id, owner, kept)
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

    def _make_room(self, run_id: str, owner: str, kept: bool) -> None:
        """Let a person's oldest run go that nobody kept, where there would be one too many.

        Raises:
            BadValue: all of them were kept, and this one is to be.
        """
        others = sa.and_(runs.c.owner == owner, runs.c.id != run_id)
        count = sa.select(sa.func.count()).select_from(runs).where(others)
        if self.transact(lambda connection: connection.execute(count).scalar_one()) < RUNS_OF_ONE:
            return
        oldest = sa.select(runs.c.id).where(others, sa.not_(runs.c.kept)).order_by(runs.c.created, runs.c.id).limit(1)
        gone = self.transact(
            lambda connection: connection.execute(runs.delete().where(runs.c.id.in_(oldest.correlate(None)))).rowcount
        )
        if kept and not gone:
            raise BadValue(f"You keep {RUNS_OF_ONE:,} runs, and no more are kept: delete some on the page Runs.")

    def count_runs(self) -> int:
        """How many runs there are."""
        return self.transact(
            lambda connection: connection.execute(sa.select(sa.func.count()).select_from(runs)).scalar_one()
        )

    def runs(self, limit: int = RUNS_LISTED, words: str = "") -> pd.DataFrame:
        """The latest runs, newest first: ``COLUMNS``, then one column for each entry of the summaries. Studies are not
        read, and of each text no more than its beginning.

        Args:
            words: only runs that hold each of these words somewhere, in capitals or not.
        """
        import pandas as pd

        text = [name for name in COLUMNS if isinstance(runs.c[name].type, sa.Text | sa.String)]
        listed = [
            sa.func.substr(runs.c[name], 1, RUNS_LETTERS).label(name) if name in text and name != "id" else runs.c[name]
            for name in COLUMNS
        ]
        searched = [runs.c[name] for name in (*text, "summary")]
        query = sa.select(*listed, sa.func.substr(runs.c.summary, 1, RUN_SUMMARY).label("summary"))
        for word in words.split()[:RUNS_WORDS]:
            query = query.where(sa.or_(*(column.icontains(word, autoescape=True) for column in searched)))
        query = query.order_by(runs.c.created.desc(), runs.c.id).limit(limit)
        rows = self.transact(lambda connection: connection.execute(query).all())
        plain = [{name: getattr(row, name) for name in COLUMNS} for row in rows]
        table = pd.DataFrame(plain, columns=list(COLUMNS))
        table["created"] = pd.to_datetime(table["created"], unit="s", utc=True)
        summaries = [_summary(row.summary) for row in rows]
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
            BadValue: it is too long.
            Missing: when there is none of this id.
            Incompatible: when owners count and the run is another person's.
        """
        self._change(
            runs.update().values(note=_bounded("note", text, RUN_NOTE), updated=time.time()), run_id, owner, "changed"
        )

    def rename_run(self, run_id: str, name: str, owner: str) -> None:
        """Give a run another name; raises as ``note_run``."""
        self._change(
            runs.update().values(name=_bounded("name", name, RUN_NAME), updated=time.time()), run_id, owner, "changed"
        )

    def delete_run(self, run_id: str, owner: str) -> None:
        """Delete a run (its measures stay); raises as ``note_run``."""
        self._change(runs.delete(), run_id, owner, "deleted")

    def bring_back(self, run: StoredRun) -> None:
        """Keep a run again that was deleted, as it was; raises ``StoreError``."""
        values = asdict(run) | {"summary": json.dumps(run.summary)}
        values |= {name: getattr(run, name).timestamp() for name in ("created", "updated")}
        self.upsert(runs, {"id": values.pop("id")}, values, {"updated": values["updated"]})

    def _change(self, statement: Any, run_id: str, owner: str, what: str) -> None:
        statement = statement.where(runs.c.id == run_id)
        if self.owners:
            statement = statement.where(runs.c.owner == owner)
        with self.transaction() as connection:
            if connection.execute(statement).rowcount:
                return
        found = self.run(run_id)
        raise Incompatible(f"The run '{found.name}' is another person's: only its owner may have it {what}.")


def _bounded(what: str, text: str, most: int) -> str:
    if len(text) > most:
        raise BadValue(f"A run's {what} has at most {most:,} letters, and this one has {len(text):,}.")
    return text


def _summary(text: str) -> dict[str, Any]:
    """A stored summary; of one that was longer than summaries are now, nothing."""
    try:
        return json.loads(text)
    except ValueError:
        return {}
