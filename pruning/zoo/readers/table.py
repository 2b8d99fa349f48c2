"""A table, CSV or Parquet: columns of numbers, and one of labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from pruning.common.progress import Progress
from pruning.zoo.own_data.kinds import DataReader, readers

if TYPE_CHECKING:
    from pruning.zoo.own_data.kinds import Read


@readers.register
class Table(DataReader):
    name = "table"
    label = "Table"
    summary = "A CSV or Parquet file: columns of numbers, one column of labels; a column 'split' is kept."
    rank = 40
    suffixes = (".csv", ".tsv", ".parquet")

    column: str = Field(
        "", max_length=200, description="Column of the labels; empty: 'label', 'target' …, or the last."
    )
    task: Literal["", "classification", "regression"] = Field(
        "", description="Empty: classes, unless labels have decimals."
    )

    def read(self, source: Path, called: str, into: Path, progress: Progress) -> Read:
        from pruning.zoo.own_data.numbers import read_numbers

        given = {"task": self.task, "column": self.column}
        return read_numbers("pruning.zoo.raw.tables:read", source, called, into, **given)
