"""What a person wants of a print is what the file has: sizes, letters, legend, dots an inch, titles, fonts."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go
import pytest
from choreographer.browsers.chromium import Chromium
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pruning.common.errors import BadValue
from pruning.results.charts.accuracy_curve import accuracy_curve
from pruning.results.charts.base import Chart
from pruning.results.charts.layer_map import layer_map
from pruning.results.report.paper import Paper, alike_in_grey, empty_corner, lightness
from pruning.results.report.pictures import for_print, render
from tests.results.charts.tables import make_profile, small_curve

MM = 96 / 25.4
BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(not Chromium.find_browser(skip_local=False), reason="no Chrome or Chromium"),
]


def curve() -> Chart:
    return accuracy_curve(small_curve(), 800, 0.93, 0.1)


def test_a_curve_in_a_column_is_no_tower_and_rows_keep_their_room() -> None:
    heights = {
        (title, legend): for_print(curve(), 85, None, Paper(title=title, legend=legend))["layout"]["height"] / MM
        for title in (True, False)
        for legend in ("below", "inside")
    }
    assert heights[True, "below"] < 85 and heights[False, "inside"] == pytest.approx(0.62 * 85, abs=1)
    assert heights[True, "below"] > heights[True, "inside"] > heights[False, "inside"]
    many = make_profile({f"layer{at}": (100, 1000) for at in range(40)})
    assert for_print(layer_map(many, 500), 85)["layout"]["height"] / MM > 120


def test_title_letters_and_legend_are_as_chosen() -> None:
    layout = for_print(curve(), 85, 70, Paper(title=False, legend="inside", font="serif", points=9))["layout"]
    assert layout["title"]["text"] == "" and layout["meta"]["title"] == curve().title
    font = layout["template"]["layout"]["font"]
    assert font["family"].startswith("'Times New Roman'") and font["size"] == pytest.approx(12)
    assert layout["height"] == pytest.approx(70 * MM)
    legend = layout["legend"]
    assert (legend["xanchor"], legend["yanchor"]) == ("left", "bottom")  # accuracy falls from the left above
    assert for_print(curve(), 85)["layout"]["legend"]["yref"] == "container"


CORNERS = {(0, 0): ("left", "bottom"), (0, 1): ("left", "top"), (1, 0): ("right", "bottom"), (1, 1): ("right", "top")}


@given(st.sampled_from(sorted(CORNERS)))
def test_a_legend_inside_lies_where_no_line_runs(free: tuple[int, int]) -> None:
    figure = go.Figure(layout={"xaxis": {"range": [0, 1]}, "yaxis": {"range": [0, 1]}})
    for x, y in set(CORNERS) - {free}:
        figure.add_scatter(x=[abs(x - 0.3), abs(x - 0.1)], y=[abs(y - 0.2), abs(y - 0.1)])
    place = empty_corner(figure)
    assert (place["xanchor"], place["yanchor"]) == CORNERS[free]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"width_mm": 100}, "85 or 170 mm wide"),
        ({"height_mm": 300}, "30 to 230 mm high"),
        ({"legend": "left"}, "'below' or 'inside'"),
        ({"font": "comic"}, "'sans' or 'serif'"),
        ({"points": 40}, "5 to 14 pt"),
        ({"dpi": 10}, "72 to 1200"),
    ],
)
def test_what_cannot_be_printed_is_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(BadValue, match=said):
        Paper(**wrong)


def test_lightness_is_that_of_cie_and_alike_greys_are_named() -> None:
    assert [round(lightness(colour) or 0, 1) for colour in ("#000000", "#808080", "#FF0000")] == [0.0, 53.6, 53.2]
    figure = go.Figure()
    looks = (
        ("red", "#FF0000", "solid"),
        ("grey", "#808080", "solid"),
        ("dashed", "#808080", "dash"),
        ("ink", "#000000", "solid"),
    )
    for name, colour, dash in looks:
        figure.add_scatter(x=[0, 1], y=[0, 1], name=name, mode="lines", line={"color": colour, "dash": dash})
    assert alike_in_grey(figure) == [("red", "grey")]
    assert alike_in_grey(curve().figure()) == []


@pytest.mark.parametrize("fmt", [pytest.param("png", marks=BROWSER), pytest.param("pdf", marks=BROWSER)])
def test_files_say_what_they_are(fmt: Any, make_chart: Callable[..., Chart]) -> None:
    from pypdf import PdfReader

    content = render(curve(), fmt, 85, None, Paper(dpi=200))
    if fmt == "png":
        picture = Image.open(io.BytesIO(content))
        assert picture.info["dpi"] == pytest.approx((200, 200), abs=0.01) and picture.info["Title"] == curve().title
        assert picture.width == pytest.approx(85 / 25.4 * 200, abs=3)
        return
    reader = PdfReader(io.BytesIO(content))
    assert reader.metadata is not None and reader.metadata.title == curve().title
    (page,) = reader.pages
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]  # type: ignore[index, union-attr]
    assert fonts and all(font["/Subtype"] == "/Type0" for font in fonts), "Type 3 fonts are refused by publishers"
