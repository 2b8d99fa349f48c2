"""PDF of print quality, by typst: pages on A4, vector figures, all fonts embedded, a tagged document."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pruning.results.report.blocks import Document, Figure
from pruning.results.report.drawings import compiled, drawn, formula_svg
from pruning.results.report.kinds import FileFormat, formats
from pruning.results.report.writer import Writer

HEAD = """#set document(title: {title}, date: none)
#set page(paper: "a4", margin: (x: 20mm, y: 22mm), numbering: "1")
#set text(font: "Libertinus Serif", size: 10pt, lang: "en")
#set par(justify: true, leading: 0.6em)
#set heading(numbering: none)
#set table(stroke: none, inset: (x: 4pt, y: 3pt))
#set figure(gap: 0.7em)
#show figure.caption: set text(size: 8.5pt)
#show figure.caption: set align(left)
#show figure.where(kind: table): set figure.caption(position: top)
#show figure.where(kind: table): set block(breakable: true)
#show heading: set block(above: 1.3em, below: 0.7em)
#show raw: set text(font: "DejaVu Sans Mono", size: 8pt)
#show raw.where(block: true): block.with(fill: luma(244), inset: 6pt, radius: 2pt, width: 100%)
#show link: set text(fill: rgb("#0b5394"))
#align(center)[#text(size: 17pt, weight: "bold")[#{title};]]
#align(center)[#text(size: 9pt, fill: luma(90))[#{subtitle};]]
"""


@formats.register
class Pdf(FileFormat):
    name = "pdf"
    label = "PDF"
    summary = "Print quality, A4, figures as vectors with fonts embedded."
    rank = 10
    suffix = ".pdf"
    mime = "application/pdf"

    def write(self, document: Document, width: int) -> bytes:
        pictures = drawn(document.figures, 85 if width == 85 else 170)
        with tempfile.TemporaryDirectory() as folder:
            writer = TypstWriter(document, Path(folder), pictures, width)
            said = HEAD.format(title=_string(document.title), subtitle=_string(document.subtitle))
            return compiled(said + "\n\n".join(writer.blocks()), Path(folder))


class TypstWriter(Writer):
    """Everything that a person wrote stands in string literals, which typst does not read as markup."""

    def __init__(self, document: Document, folder: Path, pictures: list[bytes] | None, width: int) -> None:
        super().__init__(document)
        self.folder, self.pictures, self.width = folder, pictures, width
        self.formulas = 0

    def escaped(self, text: str) -> str:
        return f"#{_string(text)};" if text else ""

    def cite(self, key: str) -> str:
        return f"\\[{self.document.number(key)}\\]"

    def heading(self, words: str, level: int) -> str:
        return f"#heading(level: {level})[{words}]"

    def paragraph(self, words: str, *, tight: bool) -> str:
        return words

    def emphasis(self, words: str, *, strong: bool) -> str:
        return f"#{'strong' if strong else 'emph'}[{words}];"

    def code(self, text: str) -> str:
        return f"#raw({_string(text)});"

    def code_block(self, text: str, language: str) -> str:
        lang = f", lang: {_string(language)}" if language else ""
        return f"#raw(block: true{lang}, {_string(text)})"

    def link(self, address: str, words: str) -> str:
        return f"#link({_string(address)})[{words}];"

    def listing(self, items: Sequence[str], *, ordered: bool) -> str:
        return f"#{'enum' if ordered else 'list'}({', '.join(f'[{item}]' for item in items)})"

    def quote(self, words: str) -> str:
        return f"#quote(block: true)[{words}]"

    def rule(self) -> str:
        return "#line(length: 100%, stroke: 0.5pt)"

    def hard_break(self) -> str:
        return "#linebreak();"

    def formula(self, latex: str) -> str:
        self.formulas += 1
        file = f"formula{self.formulas}.svg"
        (self.folder / file).write_text(formula_svg(latex), encoding="utf-8")
        return f'#align(center, image("{file}", alt: {_string(latex)}))'

    def table(self, head: Sequence[str], lines: Sequence[Sequence[str]], right: Sequence[bool], caption: str) -> str:
        longest = [max(len(row[at]) for row in [head, *lines]) for at in range(len(head))]
        widths = [f"{min(60, length)}fr" for length in longest]
        columns = "(" + ", ".join("auto" if n else width for n, width in zip(right, widths, strict=True)) + ",)"
        align = "(" + ", ".join("right" if number else "left" for number in right) + ",)"
        top = ", ".join(f"strong[{cell}]" for cell in head)
        cells = ",\n".join(", ".join(f"[{cell}]" for cell in line) for line in lines)
        inner = (
            f"table(columns: {columns}, align: {align}, table.hline(stroke: 0.8pt), table.header({top}), "
            f"table.hline(stroke: 0.4pt),\n{cells},\ntable.hline(stroke: 0.8pt))"
        )
        small = "#set text(size: 8pt)\n#set par(justify: false)"
        return f"#[\n{small}\n#figure(kind: table, caption: [{caption}], {inner})\n]"

    def figure(self, figure: Figure, caption: str) -> str:
        if self.pictures is None:
            from pruning.results.report.parts import frame_table

            note = " (Drawn as a table: no browser on this machine draws charts.)"
            made = frame_table(figure.chart.table, "")
            lines = [[self.escaped(cell) for cell in line] for line in made.lines]
            return self.table([self.escaped(cell) for cell in made.head], lines, made.numbers, caption + note)
        file = f"figure{self.figures}.svg"
        (self.folder / file).write_bytes(self.pictures[self.figures - 1])
        alt = _string(figure.chart.alt)
        return f'#figure(image("{file}", width: {self.width}mm, alt: {alt}), caption: [{caption}])'


def _string(text: str) -> str:
    """A typst string literal. Control characters, which no font shows, are left out."""
    shown = re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", text)
    return json.dumps(shown, ensure_ascii=False)
