"""Arrays of numpy: pictures or rows of numbers with their labels, in one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from pruning.common.progress import Progress
from pruning.zoo.own_data.kinds import DataReader, readers

if TYPE_CHECKING:
    from pruning.zoo.own_data.kinds import Read


@readers.register
class Arrays(DataReader):
    name = "arrays"
    label = "Arrays of numpy"
    summary = "A .npz with x and y, or x_train, y_train, x_test, y_test: uint8 pictures or rows of numbers."
    rank = 30
    suffixes = (".npz", ".npy")

    column: str = Field(
        "", max_length=80, description="Column of a .npy that holds the labels, from 0; empty: the last."
    )
    task: Literal["", "classification", "regression"] = Field(
        "", description="Empty: classes, unless labels have decimals."
    )

    def read(self, source: Path, called: str, into: Path, progress: Progress) -> Read:
        from pruning.zoo.own_data.numbers import read_numbers

        given = {"task": self.task, "column": self.column}
        return read_numbers("pruning.zoo.raw.arrays:read", source, called, into, **given)
