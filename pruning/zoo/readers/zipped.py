"""A zip of pictures, one folder for each class, perhaps within train, val and test. It is never unpacked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pruning.common.progress import Progress
from pruning.zoo.own_data.kinds import DataReader, readers

if TYPE_CHECKING:
    from pruning.zoo.own_data.kinds import Read


@readers.register
class Zipped(DataReader):
    name = "zip"
    label = "Zip of pictures"
    summary = "One folder for each class, perhaps within train, val and test."
    rank = 20
    suffixes = (".zip",)

    def read(self, source: Path, called: str, into: Path, progress: Progress) -> Read:
        from pruning.zoo.own_data.picture_files import read_pictures

        return read_pictures(source, called, into, progress)
