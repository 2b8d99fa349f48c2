"""A folder of pictures, one subfolder for each class, perhaps within train, val and test."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pruning.common.progress import Progress
from pruning.zoo.own_data.kinds import DataReader, readers

if TYPE_CHECKING:
    from pruning.zoo.own_data.kinds import Read


@readers.register
class Folder(DataReader):
    name = "folder"
    label = "Folder of pictures"
    summary = "One subfolder for each class, perhaps within train, val and test."
    rank = 10

    def read(self, source: Path, called: str, into: Path, progress: Progress) -> Read:
        from pruning.zoo.own_data.picture_files import read_pictures

        return read_pictures(source, called, into, progress)
