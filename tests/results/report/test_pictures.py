"""Real files from a real browser: each caller gets its own chart, at the right size, even after a crash."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from choreographer.browsers.chromium import Chromium
from PIL import Image

from pruning.results.charts.base import Chart
from pruning.results.charts.layer_map import layer_map
from pruning.results.charts.lesson_bars import lesson_bars
from pruning.results.frames import profile_frame
from pruning.results.report.blocks import Figure
from pruning.results.report.browser import browser
from pruning.results.report.drawings import drawn
from pruning.results.report.paper import WIDTHS
from pruning.results.report.pictures import render

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Chromium.find_browser(skip_local=False), reason="no Chrome or Chromium"),
]


def children() -> set[int]:
    """Direct children of this process (Linux)."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid() and fields[0] != "Z":
            found.add(int(stat.parent.name))
    return found


def test_eight_threads_each_get_their_own_chart(make_chart: Callable[..., Chart]) -> None:
    names = [f"thread{at}x" for at in range(8)]
    with ThreadPoolExecutor(8) as pool:
        pictures = list(pool.map(lambda name: render(make_chart(name, f"Title {name}"), "svg", 85).decode(), names))
    for name, picture in zip(names, pictures, strict=True):
        assert set(re.findall(r"thread\dx", picture)) == {name}
        assert f"words-of-{name}" in picture and f"Title {name}" in picture


def test_names_that_look_like_numbers_are_names() -> None:
    """Levels such as "85 %" and digits as classes were places on an axis of numbers: no bar, no name was drawn."""
    names = ["80 %", "85 %", "7"]
    rows = [(name, value, np.nan, np.nan, 10) for name, value in zip(names, (62.9, 45.7, 30.0), strict=True)]
    table = pd.DataFrame(rows, columns=["name", "value", "low", "high", "count"])
    svg = render(lesson_bars(table, "recall", "%", "Three networks"), "svg", 170).decode()
    bars = re.search(r'<g class="trace bars".*?</g></g></g>', svg, re.DOTALL)
    assert bars is not None and bars[0].count("<path") == 3
    ticks = re.findall(r'<g class="ytick"><text[^>]*>([^<]+)</text>', svg)
    assert sorted(ticks) == sorted(names)


def test_svg_is_85_mm_wide_on_white_paper(make_chart: Callable[..., Chart]) -> None:
    svg = render(make_chart(), "svg", 85).decode()
    size = re.search(r'<svg[^>]* width="([\d.]+)" height="([\d.]+)"', svg)
    assert size
    width, height = map(float, size.groups())
    assert width == pytest.approx(85 / 25.4 * 96, abs=0.5) and height > 150
    paper = re.search(r'<rect x="0" y="0" width="321[\d.]*" height="[\d.]+" style="fill: ([^;]+);', svg)
    assert paper and paper.group(1) == "rgb(255, 255, 255)"
    assert "font-size: 10px" in svg  # 7.5 pt


def test_pdf_page_is_as_wide_as_the_column(make_chart: Callable[..., Chart]) -> None:
    for width in WIDTHS:
        pdf = render(make_chart(), "pdf", width)
        assert pdf.startswith(b"%PDF")
        boxes = re.findall(rb"/MediaBox\s*\[\s*([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+)", pdf)
        assert len(boxes) == 1  # one page
        assert float(boxes[0][2]) == pytest.approx(width / 25.4 * 72, abs=1)


def test_png_has_300_dots_an_inch_and_is_not_blank(make_chart: Callable[..., Chart]) -> None:
    image = Image.open(io.BytesIO(render(make_chart(), "png", 85))).convert("RGB")
    assert image.width == pytest.approx(85 / 25.4 * 300, abs=4)
    pixels = np.asarray(image)
    assert tuple(pixels[0, -1]) == (255, 255, 255) and pixels.min() < 100


@pytest.mark.slow
def test_a_browser_that_died_is_replaced(make_chart: Callable[..., Chart]) -> None:
    render(make_chart(), "svg", 85)
    started = children()
    browser.close()
    gone = started - children()  # the process that is the browser
    render(make_chart(), "svg", 85)
    fresh = children() - (started - gone)
    assert gone and fresh
    for process in fresh:
        os.killpg(process, signal.SIGKILL)
    assert "words-of-after" in render(make_chart("after"), "svg", 85).decode()


@pytest.mark.slow
def test_the_process_ends_by_itself_and_leaves_no_browser() -> None:
    script = (
        "import plotly.graph_objects as go\n"
        "from pruning.results.report.browser import browser\n"
        "assert b'<svg' in browser.draw(go.Figure(go.Scatter(y=[1, 2])).to_dict(), 'svg', 300, 200)\n"
    )
    # A browser of this run is known by the folder its profile lies in. Its socket lies there, too, and a socket's path
    # has at most 108 letters: pytest's own folders may be longer.
    with tempfile.TemporaryDirectory(prefix="p-") as folder:
        environment = os.environ | {"TMPDIR": folder}
        command = [sys.executable, "-c", script]
        done = subprocess.run(command, env=environment, timeout=120, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        running = [p for p in Path("/proc").glob("[0-9]*/cmdline") if folder.encode() in _read(p)]
        assert not running


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_a_drawing_for_a_document_is_the_same_twice() -> None:
    count = np.arange(1001)
    profile = {"layers": ["a", "b"], "weights": [1000, 1000], "removed": [count.tolist(), count.tolist()]}
    chart = layer_map(profile_frame(profile), 500)
    one, other = (drawn([Figure(chart)], 170) for _ in range(2))
    assert one == other and one is not None and one[0].startswith(b"<svg")
