"""A chart on the page, with its way out: SVG, PNG and PDF in paper widths, CSV."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import streamlit as st

from pages.shared.collect import chart_buttons
from pages.shared.menu import menu
from pages.shared.paper import fields
from pages.shared.server import theme
from pruning.common.errors import PruningError
from pruning.results.charts.base import Chart, config
from pruning.results.charts.shown import shown
from pruning.results.report.paper import Paper, alike_in_grey

Kind = Literal["svg", "png", "pdf"]
MIME: dict[Kind, str] = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf"}


def show(
    chart: Chart, key: str, *, on_select: Callable[[], None] | None = None, width: int = 640, dim: bool = False
) -> None:
    """Draw a chart and, under it, the button that takes it home.

    Args:
        key: unique on the page.
        on_select: called when a point is clicked; its selection lies in the session state under ``key``.
        width: about how wide it will be, in px: decides where the title breaks.
        dim: an older result, shown until the new one is there.
    """
    st.session_state.setdefault("charts", {})[key] = chart
    with st.container(key=f"{'old' if dim else 'chart'}_{key}"):
        options: dict[str, Any] = {"on_select": on_select, "selection_mode": "points"} if on_select else {}
        st.plotly_chart(
            shown(chart, theme(), width), key=key, theme=None, alt=chart.alt, config=config(chart.name), **options
        )
        take(chart, key)


def take(chart: Chart, key: str) -> None:
    """The menu of downloads."""
    menu("Download", partial(_files, chart, key), f"take_{key}", type="tertiary", icon=":material/download:")


def _files(chart: Chart, key: str) -> None:
    """What can be taken home, as the person wants it printed; pictures are made when asked for."""
    chart_buttons(chart, key)
    paper = fields(key)
    row = st.container(horizontal=True)
    for kind in MIME:
        row.download_button(
            kind.upper(),
            partial(picture, chart, kind, paper),
            f"{chart.name}-{paper.width_mm}mm.{kind}",
            MIME[kind],
            key=f"{kind}_{key}",
            on_click="ignore",
        )
    row.download_button("CSV", chart.csv, f"{chart.name}.csv", "text/csv", key=f"csv_{key}", on_click="ignore")
    st.caption(grey_words(alike_in_grey(chart.figure("light"))))


def grey_words(alike: list[tuple[str, str]]) -> str:
    """What a print without colours does to a chart, in a sentence."""
    if not alike:
        return "Printed in grey, all entries of the legend can be told apart."
    pairs = "; ".join(f"{one} and {other}" for one, other in alike)
    return f"Printed in grey, these look alike: {pairs}."


def picture(chart: Chart, kind: Kind, paper: Paper) -> bytes:
    """The chart as a file. Where no browser is installed the file says so, in words, instead of a stack trace."""
    from pruning.results.report.pictures import render

    try:
        return render(chart.figure("light"), kind, paper.width_mm, paper.height_mm, paper)
    except PruningError as error:
        return f"{error}\n".encode()
