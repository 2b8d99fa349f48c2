"""The paper layout, without a browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from pruning.common.errors import BadValue, Missing
from pruning.results.charts.base import Chart
from pruning.results.report.browser import Browser, Format
from pruning.results.report.paper import WIDTHS
from pruning.results.report.pictures import for_print, render


@pytest.mark.parametrize(("width_mm", "px", "points"), [(85, 321.26, 7.5), (170, 642.52, 8.0)])
def test_width_and_letters_are_those_of_a_column(
    make_chart: Callable[..., Chart], width_mm: Any, px: float, points: float
) -> None:
    layout = for_print(make_chart(), width_mm)["layout"]
    assert layout["width"] == pytest.approx(px, abs=0.01)
    look = layout["template"]["layout"]
    assert look["font"]["size"] * 72 / 96 == pytest.approx(points)
    assert look["xaxis"]["title"]["font"]["size"] == look["font"]["size"]
    assert layout["paper_bgcolor"] == layout["plot_bgcolor"] == "#FFFFFF"


def test_everything_shrinks_with_the_letters_but_not_the_data(make_chart: Callable[..., Chart]) -> None:
    chart, ratio = make_chart(), 10 / 15
    printed = for_print(chart, 85)
    trace = printed["data"][0]
    assert trace["line"]["width"] == pytest.approx(3 * ratio)
    assert list(trace["marker"]["size"]) == pytest.approx([9 * ratio, 6 * ratio])
    assert list(trace["x"]) == [1, 2]
    assert printed["layout"]["annotations"][0]["xshift"] == pytest.approx(15 * ratio)
    assert chart.figure().data[0].line.width == 3  # the chart itself is untouched


def test_a_long_title_is_broken_anew_for_the_column(make_chart: Callable[..., Chart]) -> None:
    title = "At 80 % sparsity accuracy is 91.8 %, which is 1.6 points below the dense one's on the same images; "
    title += "recalibrated it is 92.5 %, and the layer fc is empty from 97.5 % on"
    wide, narrow = (for_print(make_chart(title=title), width)["layout"] for width in WIDTHS[::-1])
    broken = narrow["title"]["text"].split("<br>")
    assert " ".join(broken) == title and len(broken) > len(wide["title"]["text"].split("<br>"))
    assert max(map(len, broken)) <= 56  # 321 px hold no more at 8.5 pt
    assert narrow["margin"]["t"] >= len(broken) * 8.5 * 96 / 72


def test_height_is_as_asked(make_chart: Callable[..., Chart]) -> None:
    assert for_print(make_chart(), 85, 60)["layout"]["height"] == pytest.approx(60 / 25.4 * 96)


def test_rows_have_the_room_they_need_up_to_a_page_and_curves_a_shape(make_chart: Callable[..., Chart]) -> None:
    def height(px: int, rows: bool) -> float:
        figure = make_chart(height=px).figure()
        if rows:  # from the top down
            figure.update_yaxes(range=[3, -1])
        return for_print(figure, 85)["layout"]["height"]

    assert height(600, True) - height(300, True) == pytest.approx(300 * 10 / 15)
    assert height(9000, True) == pytest.approx(230 / 25.4 * 96)
    assert height(9000, False) == height(600, False) < 85 / 25.4 * 96


def test_other_sizes_and_formats_are_refused(make_chart: Callable[..., Chart]) -> None:
    wrong: Any = 100
    with pytest.raises(BadValue, match="85 or 170"):
        for_print(make_chart(), wrong)
    with pytest.raises(BadValue, match="30 to 230"):
        for_print(make_chart(), 85, 500)
    with pytest.raises(BadValue, match="gif"):
        render(make_chart(), cast("Format", "gif"), 85)


def test_without_a_browser_the_message_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROWSER_PATH", "/nowhere/chromium")
    monkeypatch.setattr("choreographer.browsers.chromium.Chromium.find_browser", lambda **_: None)
    browser = Browser()
    for _ in range(2):  # the second call must not wait for a thread that the first one left behind
        with pytest.raises(Missing, match="(?s)apt install chromium.*camera button"):
            browser.draw({"data": []}, "svg", 100, 100)
