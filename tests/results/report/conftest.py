"""A chart whose drawing can be told from any other by its words."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from pruning.results.charts.base import Chart
from pruning.results.charts.sketch import Sketch


@pytest.fixture
def make_chart() -> Callable[..., Chart]:
    def make(name: str = "some", title: str = "A finding of 12 %", height: int = 300) -> Chart:
        def draw(theme: str) -> Sketch:
            figure = Sketch()
            figure.add_scatter(x=[1, 2], y=[1, 2], line={"width": 3}, marker={"size": [9, 6]})
            figure.add_annotation(x=1, y=1, text=f"words-of-{name}", xshift=15, showarrow=False)
            axes = {"xaxis": {"title": {"text": "steps"}}, "yaxis": {"title": {"text": "height (m)"}}}
            return figure.update_layout(height=height, margin={"t": 15}, **axes)

        table = pd.DataFrame({"level_permille": [0, 975], "accuracy_percent": [93.4, 0.1]})
        return Chart(name, title, "alt", table, draw)

    return make
