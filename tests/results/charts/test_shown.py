"""What the screen gets: the figure without plotly's checks, from memory where it was drawn before."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from pruning.common.errors import BadValue
from pruning.results.charts import shown as module
from pruning.results.charts.accuracy_curve import accuracy_curve
from pruning.results.charts.base import Chart
from pruning.results.charts.layer_map import layer_map
from pruning.results.charts.shown import content, shown
from pruning.results.charts.sketch import Sketch
from tests.results.charts.tables import make_profile, shuffled_profile, small_curve


def chart(values: Any = (1, 2), title: str = "A title", scale: Callable[[float], float] | None = None) -> Chart:
    def draw(theme: str) -> Sketch:
        figure = Sketch()
        figure.add_scatter(y=[scale(value) if scale else value for value in values], name=theme)
        return figure.update_layout(height=300, margin={"t": 20})

    return Chart("some", title, "alt", pd.DataFrame(), draw)


@pytest.fixture(autouse=True)
def drawn(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """An empty memory, and what was drawn."""
    seen: list[str] = []
    spec = Chart.spec
    monkeypatch.setattr(module, "_texts", type(module._texts)(8))
    monkeypatch.setattr(Chart, "spec", lambda self, *given: [seen.append(self.title), spec(self, *given)][1])
    yield seen


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "made", [lambda: accuracy_curve(small_curve(), 800, 0.9, 0.1), lambda: layer_map(shuffled_profile(), 500)]
)
def test_the_screen_gets_what_the_checked_figure_is(theme: str, made: Callable[[], Chart]) -> None:
    figures = shown(made(), theme, 500), made().figure(theme, 500)
    seen, checked = (json.loads(str(figure.to_json())) for figure in figures)
    assert seen == checked


def test_the_same_content_is_drawn_once_and_everybody_gets_a_figure_of_their_own(drawn: list[str]) -> None:
    one, other = shown(chart()), shown(chart())
    assert one == other and one is not other and drawn == ["A title"]
    one.data[0].name = "changed"
    assert shown(chart()).data[0].name == "light" and drawn == ["A title"]


@pytest.mark.parametrize(
    "other",
    [
        lambda: shown(chart((1, 3))),
        lambda: shown(chart(title="Another")),
        lambda: shown(chart(), "dark"),
        lambda: shown(chart(), "light", 200),
        lambda: shown(chart(scale=lambda value: 2 * value)),
        lambda: shown(chart(np.array([1.0, 2.0 + 1e-12]))),
    ],
)
def test_other_content_is_another_figure(drawn: list[str], other: Callable[[], go.Figure]) -> None:
    shown(chart())
    other()
    assert len(drawn) == 2


def test_functions_are_told_apart_by_what_they_hold() -> None:
    def times(factor: float) -> Callable[[float], float]:
        return lambda value: factor * value

    assert content(chart(scale=times(2))) == content(chart(scale=times(2))) != content(chart(scale=times(3)))


def test_one_number_of_a_long_table_makes_another_chart() -> None:
    one, other = (make_profile({"a": (at, 1000), "b": (20, 1100)}) for at in (10, 11))
    assert content(layer_map(one, 0)) != content(layer_map(other, 0))


def test_what_has_no_content_to_name_is_drawn_each_time(drawn: list[str]) -> None:
    given = iter([1.0, 2.0, 3.0])
    assert list(shown(chart(scale=lambda value: next(given))).data[0].y) == [1.0, 2.0]
    with open(__file__) as file:
        held = chart(scale=lambda value: value + file.tell())
        shown(held), shown(held)
    assert drawn.count("A title") == 3


def test_a_theme_that_there_is_not_is_refused() -> None:
    with pytest.raises(BadValue, match="'light' or 'dark', not 'blue'"):
        shown(chart(), "blue")


def test_a_sketch_says_what_it_can_draw() -> None:
    figure = Sketch()
    with pytest.raises(AttributeError, match="no add_pie; its traces are scatter"):
        figure.add_pie(values=[1])
    with pytest.raises(AttributeError, match="no line_color: write line={color: "):
        figure.add_scatter(y=[1], line_color="#000000")
    figure.add_bar(x=[None, 1], name=None, marker={"color": None, "opacity": 0.5})
    figure.update_layout(xaxis={"range": [0, 1], "title": {"text": "a"}})
    figure.update_layout(xaxis={"title": {"font": {"size": 3}}, "dtick": None})
    figure.add_vline(0.5, line={"width": 2})
    figure.add_hline(7)
    assert figure.data == [{"type": "bar", "x": [None, 1], "marker": {"opacity": 0.5}}]
    assert figure.layout["xaxis"] == {"range": [0, 1], "title": {"text": "a", "font": {"size": 3}}}
    checked = go.Figure(data=[{"type": "bar"}])
    checked.add_vline(0.5, line={"width": 2})
    checked.add_hline(7)
    assert go.Figure(layout=figure.layout).layout.shapes == checked.layout.shapes
