"""Vector pictures for documents: charts without their titles, which are captions there, and formulas."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pruning.common.errors import Missing
from pruning.results.report.blocks import Figure

if TYPE_CHECKING:
    from pruning.results.charts.base import Chart
    from pruning.results.report.paper import Width

RANDOM = re.compile(
    r"(?<=[\s\"#])((?:topdefs-|defs-|clip|legend|g|trace|[hxy]*cb))([0-9a-f]{6})|(?<=-)(cb)([0-9a-f]{6})"
)


def drawn(figures: Sequence[Figure], width: Width) -> list[bytes] | None:
    """Each chart as SVG, the same bytes each time; None where no browser draws on this machine."""
    from pruning.results.report.paper import Paper
    from pruning.results.report.pictures import render

    try:
        return [steady(render(figure.chart, "svg", width, paper=Paper(title=False))) for figure in figures]
    except Missing:
        return None


def untitled(chart: Chart) -> Chart:
    """The chart without its title above."""
    return replace(chart, title="")


def steady(svg: bytes) -> bytes:
    """The same picture without the letters that plotly draws by chance into its ids.

    >>> steady(b'<defs id="defs-a1b2c3"/><g clip-path="url(#clipa1b2c3xy)"/>')
    b'<defs id="defs-000000"/><g clip-path="url(#clip000000xy)"/>'
    """
    numbers: dict[str, str] = {}

    def numbered(found: re.Match[str]) -> str:
        letters = found[2] or found[4]
        return (found[1] or found[3]) + numbers.setdefault(letters, f"{len(numbers):06d}")

    return RANDOM.sub(numbered, svg.decode()).encode()


def as_pdf(svg: bytes) -> bytes:
    """The picture alone on a page of its size, with its fonts embedded; the same bytes each time.

    Raises:
        Missing: typst is not installed.
    """
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "figure.svg").write_bytes(svg)
        page = '#set page(width: auto, height: auto, margin: 0pt)\n#set document(date: none)\n#image("figure.svg")'
        return compiled(page, Path(folder))


def compiled(source: str, folder: Path) -> bytes:
    """A typst text as PDF; the pictures that it names lie in the folder.

    Raises:
        Missing: typst is not installed.
    """
    try:
        import typst
    except ImportError:
        raise Missing("PDF is written by typst, which is not installed: pip install typst==0.15.2.") from None
    main = folder / "main.typ"
    main.write_text(source, encoding="utf-8")
    return typst.compile(str(main), root=str(folder), format="pdf")


def formula_svg(latex: str) -> str:
    """A formula as SVG, its letters as outlines."""
    import ziamath

    return ziamath.Latex(latex, size=14).svg()


def formula_mathml(latex: str) -> str:
    """A formula as MathML, which browsers show and read aloud."""
    from latex2mathml.converter import convert

    return convert(latex, display="block")
