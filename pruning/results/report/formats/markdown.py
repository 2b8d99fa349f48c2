"""Markdown in a zip, with the figures as SVG, their numbers as CSV, the studies and the references."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pruning.results.report.blocks import Document, Figure
from pruning.results.report.drawings import drawn
from pruning.results.report.kinds import FileFormat, formats
from pruning.results.report.writer import Writer

SPECIAL = re.compile(r"([\\`*_\[\]<>#|~$])")


@formats.register
class Markdown(FileFormat):
    name = "markdown"
    label = "Markdown (zip)"
    summary = "Text to edit, with figures as SVG, their numbers as CSV, studies and references."
    rank = 30
    suffix = ".md.zip"
    mime = "application/zip"

    def write(self, document: Document, width: int) -> bytes:
        from pruning.results.report.bundle import zipped

        pictures = drawn(document.figures, 85 if width == 85 else 170)
        writer = MarkdownWriter(document, pictures is not None)
        head = f"# {writer.escaped(document.title)}\n\n*{writer.escaped(document.subtitle)}*\n\n"
        return zipped(
            files_of(document, pictures) | {"report.md": (head + "\n\n".join(writer.blocks()) + "\n").encode()}
        )


def files_of(document: Document, pictures: list[bytes] | None, suffix: str = "svg") -> dict[str, bytes]:
    """What belongs beside the text: figures, their numbers, studies, references."""
    files = {name: content.encode() for name, content in document.files.items()}
    for number, figure in enumerate(document.figures, 1):
        files[f"data/figure{number}.csv"] = figure.chart.csv()
        if pictures is not None:
            files[f"figures/figure{number}.{suffix}"] = pictures[number - 1]
    return files


class MarkdownWriter(Writer):
    def __init__(self, document: Document, pictures: bool, files: bool = True) -> None:
        super().__init__(document)
        self.pictures, self.files = pictures, files

    def escaped(self, text: str) -> str:
        return SPECIAL.sub(r"\\\1", text)

    def cite(self, key: str) -> str:
        return f"\\[{self.document.number(key)}\\]"

    def heading(self, words: str, level: int) -> str:
        return f"{'#' * (level + 1)} {words}"

    def paragraph(self, words: str, *, tight: bool) -> str:
        # A line of a paragraph that begins like a list or a heading would become one.
        return re.sub(r"(?m)^(\d+)([.)])(?=\s)|^([-+=])", lambda m: f"{m[1] or ''}\\{m[2] or m[3]}", words)

    def emphasis(self, words: str, *, strong: bool) -> str:
        mark = "**" if strong else "*"
        return f"{mark}{words}{mark}"

    def code(self, text: str) -> str:
        ticks = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
        room = " " if "`" in text else ""
        return f"{ticks}{room}{text}{room}{ticks}"

    def code_block(self, text: str, language: str) -> str:
        ticks = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
        return f"{ticks}{language}\n{text}\n{ticks}"

    def link(self, address: str, words: str) -> str:
        return f"[{words}](<{address}>)"

    def listing(self, items: Sequence[str], *, ordered: bool) -> str:
        marks = [f"{place}. " if ordered else "- " for place in range(1, len(items) + 1)]
        inner = [item.replace("\n", "\n" + " " * len(mark)) for mark, item in zip(marks, items, strict=True)]
        return "\n".join(mark + item for mark, item in zip(marks, inner, strict=True))

    def quote(self, words: str) -> str:
        return "> " + words.replace("\n", "\n> ")

    def rule(self) -> str:
        return "---"

    def hard_break(self) -> str:
        return "\\\n"

    def formula(self, latex: str) -> str:
        return f"$$\n{latex}\n$$"

    def table(self, head: Sequence[str], lines: Sequence[Sequence[str]], right: Sequence[bool], caption: str) -> str:
        rows = [head, ["---:" if number else "---" for number in right], *lines]
        written = "\n".join(f"| {' | '.join(row)} |" for row in rows)
        return f"Table {self.tables}: {caption}\n\n{written}"

    def figure(self, figure: Figure, caption: str) -> str:
        numbers = f" ([numbers](data/figure{self.figures}.csv))" if self.files else ""
        picture = f"![{self.escaped(figure.chart.alt)}](figures/figure{self.figures}.svg)\n\n" if self.pictures else ""
        return f"{picture}Figure {self.figures}: {caption}{numbers}"
