"""LaTeX in a zip: a document that compiles as it is, figures as PDF with fonts embedded, references for BibTeX."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pruning.results.report.blocks import Document, Figure
from pruning.results.report.drawings import as_pdf, drawn
from pruning.results.report.formats.markdown import files_of
from pruning.results.report.kinds import FileFormat, formats
from pruning.results.report.writer import Writer

HEAD = r"""\documentclass[10pt,a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage[margin=20mm]{geometry}
\usepackage{amsmath,amssymb,booktabs,graphicx,longtable,textcomp,newunicodechar,array}
\usepackage[hidelinks]{hyperref}
"""
ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    "\u2212": r"$-$",
    "×": r"$\times$",
    "±": r"$\pm$",
    "·": r"$\cdot$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "²": r"$^2$",
    "³": r"$^3$",
    "Σ": r"$\Sigma$",
    "→": r"$\rightarrow$",
    "…": r"\ldots{}",
    "\N{NO-BREAK SPACE}": "~",
    "–": "--",
}


@formats.register
class Latex(FileFormat):
    name = "latex"
    label = "LaTeX (zip)"
    summary = "A document that compiles as it is, with figures as PDF and references.bib."
    rank = 40
    suffix = ".tex.zip"
    mime = "application/zip"

    def write(self, document: Document, width: int) -> bytes:
        from pruning.results.report.bundle import zipped

        pictures = drawn(document.figures, 85 if width == 85 else 170)
        shown = None if pictures is None else [as_pdf(picture) for picture in pictures]
        writer = LatexWriter(document, shown is not None, width)
        title, subtitle = writer.escaped(document.title), writer.escaped(document.subtitle)
        body = "\n\n".join(writer.blocks())
        begin = f"\\title{{{title}}}\n\\author{{}}\n\\date{{{subtitle}}}\n\\begin{{document}}\n\\maketitle\n\n"
        text = f"{HEAD}{begin}{body}\n\n\\end{{document}}\n"
        return zipped(files_of(document, shown, "pdf") | {"report.tex": text.encode()})


class LatexWriter(Writer):
    def __init__(self, document: Document, pictures: bool, width: int) -> None:
        super().__init__(document)
        self.pictures, self.width = pictures, width

    def references(self) -> str:
        """BibTeX makes the list; its heading stands before it already."""
        return "\\renewcommand{\\refname}{\\vspace{-2em}}\n\\bibliographystyle{plain}\n\\bibliography{references}"

    def escaped(self, text: str) -> str:
        return "".join(ESCAPES.get(letter, letter) for letter in re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", text))

    def cite(self, key: str) -> str:
        return rf"\cite{{{key}}}"

    def heading(self, words: str, level: int) -> str:
        return f"\\{'sub' * (min(level, 3) - 1)}section{{{words}}}"

    def paragraph(self, words: str, *, tight: bool) -> str:
        return words

    def emphasis(self, words: str, *, strong: bool) -> str:
        return f"\\{'textbf' if strong else 'emph'}{{{words}}}"

    def code(self, text: str) -> str:
        return rf"\texttt{{{self.escaped(text)}}}"

    def code_block(self, text: str, language: str) -> str:
        inner = text.replace("\\end{verbatim}", "\\end {verbatim}")
        return f"{{\\footnotesize\n\\begin{{verbatim}}\n{inner}\n\\end{{verbatim}}\n}}"

    def link(self, address: str, words: str) -> str:
        return rf"\href{{{re.sub(r'([%#&_{}])', lambda found: chr(92) + found[1], address)}}}{{{words}}}"

    def listing(self, items: Sequence[str], *, ordered: bool) -> str:
        kind = "enumerate" if ordered else "itemize"
        inner = "\n".join(f"\\item {{}}{item}" for item in items)
        return f"\\begin{{{kind}}}\n{inner}\n\\end{{{kind}}}"

    def quote(self, words: str) -> str:
        return f"\\begin{{quote}}\n{words}\n\\end{{quote}}"

    def rule(self) -> str:
        return r"\noindent\hrulefill"

    def hard_break(self) -> str:
        return "\\newline\n"

    def formula(self, latex: str) -> str:
        return f"\\[ {latex} \\]"

    def table(self, head: Sequence[str], lines: Sequence[Sequence[str]], right: Sequence[bool], caption: str) -> str:
        words = sum(not number for number in right)
        share = 0.9 / max(1, len(head)) if words > 1 else 0.0
        columns = "".join(
            "r" if number else rf">{{\raggedright\arraybackslash}}p{{{share:.2f}\linewidth}}" if share else "l"
            for number in right
        )
        rows = [" & ".join(line) + r" \\" for line in (head, *lines)]
        inner = "\n".join([r"\toprule", rows[0], r"\midrule", *rows[1:], r"\bottomrule"])
        return (
            f"{{\\footnotesize\n\\begin{{longtable}}{{{columns}}}\n\\caption{{{caption}}}\\\\\n{inner}\n"
            "\\end{longtable}\n}"
        )

    def figure(self, figure: Figure, caption: str) -> str:
        file = f"figures/figure{self.figures}.pdf"
        shown = rf"\includegraphics[width=\linewidth]{{{file}}}" if self.pictures else ""
        return f"\\begin{{figure}}[htbp]\n\\centering\n{shown}\n\\caption{{{caption}}}\n\\end{{figure}}"
