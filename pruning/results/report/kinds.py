"""The base classes of templates and formats of a report, and their registries. A file each."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from pruning.common.errors import BadValue
from pruning.common.registry import Entry, Registry
from pruning.results.report.blocks import Document


class Template(Entry):
    """For whom a report is: which parts it has, in which order, under which headings."""

    parts: ClassVar[tuple[tuple[str, str], ...]]
    """Heading and part (a name of ``pruning.results.report.parts.PARTS``); an empty heading: none. Parts without
    content are left out with their headings."""
    prompts: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Heading, and what its author is to write there, for documents that are finished by hand; they stand behind the
    part "text"."""
    columns: ClassVar[int] = 170
    """Width of the figures in mm: 85 or 170."""


class FileFormat(Entry):
    """A kind of file."""

    suffix: ClassVar[str]
    """Of its files: ".pdf"."""
    mime: ClassVar[str]

    @abstractmethod
    def write(self, document: Document, width: int) -> bytes:
        """The file.

        Args:
            width: of the figures, 85 or 170 mm.

        Raises:
            Missing: what draws or writes it is not on this machine.
        """


templates: Registry[Template] = Registry("template", "pruning.results.report.templates")
formats: Registry[FileFormat] = Registry("format", "pruning.results.report.formats")


def format_of(file: str) -> type[FileFormat]:
    """The format of a file by its name; the longest suffix that fits.

    Raises:
        BadValue: none fits.

    >>> format_of("report.pdf").name
    'pdf'
    """
    fitting = [formats[name] for name in formats if file.lower().endswith(formats[name].suffix)]
    if not fitting:
        known = ", ".join(formats[name].suffix for name in formats)
        raise BadValue(f"'{file[-40:]}' says no format of a report by its end: choose one of {known}.")
    return max(fitting, key=lambda one: len(one.suffix))
