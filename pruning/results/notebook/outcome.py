"""What was found out about a network: a table, a figure, and the study that finds it again."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pruning.results.charts.base import Chart

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from pruning.study.study import Study

PLOTLY = "application/vnd.plotly.v1+json"
ROWS = 30
"""Lines of a table that a notebook shows by itself."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """A measured result. As the last line of a cell it shows its sentence, its figure and its table.

    Attributes:
        chart: its picture.
        table: its numbers.
        study: what was run; ``pruning.run(study)`` gives the same again as long as the network is held.
        notes: sentences on what it was measured on.
    """

    chart: Chart
    table: pd.DataFrame
    study: Study
    notes: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The finding in one sentence, made from the numbers."""
        return self.chart.title

    @property
    def recipe(self) -> tuple[Any, ...]:
        """The steps that were applied before the axes of the study changed them."""
        return self.study.recipe

    def figure(self, theme: str = "light") -> go.Figure:
        """The picture, for plotly.

        Args:
            theme: "light" or "dark".
        """
        return self.chart.figure(theme)

    def __repr__(self) -> str:
        return "\n".join([self.title, *self.notes, self.table.to_string(max_rows=ROWS)])

    def _repr_html_(self) -> str:
        said = "".join(f"<p>{html.escape(one)}</p>" for one in (f"{self.title}.", *self.notes))
        return f"<div>{said}{self.table.to_html(max_rows=ROWS, border=0)}</div>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """Text and HTML, and the figure as plotly's own renderers of this notebook would show it."""
        figure = self.figure()._repr_mimebundle_(include, exclude) or {}
        bundle = {"text/plain": repr(self), "text/html": figure.get("text/html", "") + self._repr_html_()}
        return bundle | {name: part for name, part in figure.items() if name not in bundle}
