"""A document before it is written in any format: headings, Markdown, tables, figures, formulas, code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pruning.results.report.citations import Citation

if TYPE_CHECKING:
    from pruning.results.charts.base import Chart


@dataclass(frozen=True)
class Heading:
    text: str
    level: int = 1


@dataclass(frozen=True)
class Prose:
    """Markdown (CommonMark without HTML and pictures); ``[@key]`` is a citation."""

    markdown: str


def literal(text: str) -> str:
    """Words of people, hosts and charts as Markdown that says just them."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>#" else letter for letter in text)


@dataclass(frozen=True)
class PrintedTable:
    """Lines of plain text under heads; ``caption`` is Markdown. Columns whose cells begin as numbers stand to the
    right."""

    head: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    caption: str = ""

    @property
    def numbers(self) -> tuple[bool, ...]:
        """Whether each column holds numbers."""
        return tuple(
            all(line[at][:1].isdigit() or line[at][:1] in "-−+<" for line in self.lines) for at in range(len(self.head))
        )


@dataclass(frozen=True)
class Figure:
    """A chart; its title is the caption, behind which ``source`` says where it is from, in Markdown."""

    chart: Chart
    source: str = ""


@dataclass(frozen=True)
class Formula:
    latex: str


@dataclass(frozen=True)
class Code:
    text: str
    language: str = ""


@dataclass(frozen=True)
class Works:
    """The list of references of the document."""


Block = Heading | Prose | PrintedTable | Figure | Formula | Code | Works


@dataclass(frozen=True)
class Document:
    """What a format writes.

    Attributes:
        subtitle: one plain line under the title.
        files: name -> content that belongs beside it, such as the studies; for formats that are archives.
    """

    title: str
    subtitle: str
    blocks: tuple[Block, ...]
    works: tuple[Citation, ...]
    files: dict[str, str]

    @property
    def figures(self) -> list[Figure]:
        return [block for block in self.blocks if isinstance(block, Figure)]

    def number(self, key: str) -> int:
        """The number of a work in the list of references, from 1."""
        return 1 + next(place for place, work in enumerate(self.works) if work.key == key)
