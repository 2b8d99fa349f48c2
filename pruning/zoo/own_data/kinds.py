"""The base class of what reads a person's data, with all that one says of itself, and their registry. No torch."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pruning.common.errors import BadValue, Missing
from pruning.common.progress import Progress
from pruning.common.registry import Entry, Registry
from pruning.zoo.raw.layout import shown

if TYPE_CHECKING:
    import numpy as np

Kind = Literal["pictures", "rows", "texts"]


@dataclass
class Read:
    """What a reader found, and has written into the folder that it was given.

    Attributes:
        kind: what an example is.
        task: the name of a task.
        shape: of one example.
        classes: their names, in the order of the labels; empty where labels are numbers, or there are none.
        labels: ``(n,)`` int64 or ``(n, …)`` float32.
        hashes: ``(n, 16)`` uint8, the beginning of the SHA-256 of each example.
        given: ``(n,)`` the place in ``SPLITS`` of what the data splits itself, -1 for the others.
        refused: names that were left out, each with the reason.
        hints: sentences on what a person should know.
        about: what else is to be remembered, as JSON has it.
    """

    kind: Kind
    task: str
    shape: tuple[int, ...]
    classes: tuple[str, ...]
    labels: np.ndarray
    hashes: np.ndarray
    given: np.ndarray
    refused: list[tuple[str, str]] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    about: dict[str, Any] = field(default_factory=dict)


class DataReader(Entry):
    """One kind of file that data is added from; its fields are what a person may say about it."""

    suffixes: ClassVar[tuple[str, ...]] = ()
    """Of the files it reads, with the dot; empty: folders."""

    def fits(self, source: Path) -> bool:
        """Whether it is for this file or folder."""
        return source.name.lower().endswith(self.suffixes) and source.is_file() if self.suffixes else source.is_dir()

    @abstractmethod
    def read(self, source: Path, called: str, into: Path, progress: Progress) -> Read:
        """Read all of it, and write the content into a folder.

        Args:
            called: the beginning of sentences about it: "The folder cats".

        Raises:
            PruningError: it cannot be used; one sentence.
        """


readers: Registry[DataReader] = Registry("kind of data", "pruning.zoo.readers")


def reader_of(source: Path, name: str = "", **options: Any) -> DataReader:
    """The reader for a file or folder.

    Args:
        name: of the reader; empty: the one that is for such files.
        options: its fields.

    Raises:
        Missing: there is no such file.
        BadValue: there is no reader for it, or it has no such options.
    """
    from pruning.common.validation import checked

    if not source.exists():
        raise Missing(f"There is no file or folder {shown(str(source))}.")
    fitting = [readers[name]] if name else [readers[one] for one in readers if readers[one]().fits(source)]
    if not fitting:
        known = ", ".join(suffix for one in readers for suffix in readers[one].suffixes)
        raise BadValue(f"{shown(source.name)} is of no kind that is read: a folder of pictures, or {known}.")
    entry = fitting[0]
    given = {key: value for key, value in options.items() if value not in (None, "")}
    unknown = [key for key in given if key not in entry.model_fields]
    if unknown:
        raise BadValue(f"{entry.label} has no option '{unknown[0]}': {', '.join(entry.model_fields) or 'it has none'}.")
    return checked(f"what is said of {shown(source.name)}", entry, given)
