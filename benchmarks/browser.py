"""From letting the slider go to the redrawn chart, in a real browser: ``python benchmarks/browser.py``.

The app runs as ``make run`` starts it, with LeNet-300-100 open on Prune; Playwright drags the slider's thumb in a
Chromium without a window. The clock is the page's own: from the pointer's release to the first frame in which the
chart's content is that of the new level. Between two moves the page comes to rest. Browser, server and workers share
the machine.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from benchmarks._app import Server, chromium
from benchmarks._script import script
from benchmarks._table import Figure

if TYPE_CHECKING:
    from playwright.sync_api import Page

ITEM = "A slider move"
MOVES, MOST = 20, 200
"""Moves, and milliseconds until the map is redrawn."""
LINK = "?v=1&model=lenet_300_100"
REST_MS = 400
"""The page is at rest when its script has not run for so long."""
PATIENCE = 120_000
WATCH = """() => {
  const content = {
    map: g => JSON.stringify(g.layout.shapes.filter(s => s.name === 'cursor')),
    bars: g => JSON.stringify(g.data.map(d => d.x)),
  };
  const now = key => {
    const graph = document.querySelector(`.st-key-chart_${key} .js-plotly-plot`);
    return graph && graph.layout ? content[key](graph) : null;
  };
  window.addEventListener('pointerup', () => {
    const released = performance.now(), before = {}, found = {};
    for (const key in content) before[key] = now(key);
    window.move = null;
    const look = () => {
      for (const key in content) {
        if (found[key] === undefined && now(key) !== null && now(key) !== before[key])
          found[key] = performance.now() - released;
      }
      if (Object.keys(found).length === Object.keys(content).length) window.move = found;
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }, true);
}"""
"""Milliseconds from each release until each chart shows something else, as ``window.move``."""
RUNS = "document.querySelector('[data-testid=stApp]').getAttribute('data-test-script-state') !== 'notRunning'"


def rest(page: Page) -> None:
    """Wait until the page's script has not run for a while."""
    look = f"if ({RUNS}) window.ran = performance.now(); return performance.now() - (window.ran || 0) > {REST_MS}"
    page.wait_for_function(f"() => {{ {look} }}")


def moves(page: Page, count: int) -> list[dict[str, float]]:
    """Drag the thumb to and fro; returns milliseconds by chart for each move."""
    thumb = page.get_by_role("slider", name="Sparsity").locator("../..")
    page.evaluate(WATCH)
    found = []
    for number in range(count):
        rest(page)
        box = thumb.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        # To the right and back by another way, so that no level comes twice in a row.
        by = 30 + 5 * (number // 2 % 5) if number % 2 == 0 else -32 - 5 * (number // 2 % 5)
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + by, y, steps=6)
        page.evaluate("() => { window.move = null }")
        page.mouse.up()
        page.wait_for_function("() => window.move")
        found.append(page.evaluate("() => window.move"))
    return found


def rows(quick: bool = False) -> Iterator[Figure]:
    """The map, and the bars below it."""
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        server = Server(Path(folder))
        try:
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.set_default_timeout(PATIENCE)
            page.goto(server.url + LINK)
            page.wait_for_selector(".st-key-chart_bars .js-plotly-plot")
            server.wait(server.connected)
            moves(page, 2)
            taken = moves(page, 3 if quick else MOVES)
        finally:
            server.close()
    for key, label in (("map", "map of the layers"), ("bars", "bars of the layers")):
        spent = [move[key] for move in taken]
        low, high = np.quantile(spent, (0.25, 0.75))
        how = (
            f"LeNet-300-100, headless Chromium at 1440 x 900, median of {len(spent)} moves, quartiles {low:.0f} to "
            f"{high:.0f} ms, longest {max(spent):.0f} ms"
        )
        first = key == "map"
        yield Figure(
            ITEM,
            f"In the browser: release to redrawn {label}",
            statistics.median(spent),
            "ms",
            how,
            bound="at most" if first else "",
            wanted=MOST if first else None,
            short=first,
        )


if __name__ == "__main__":
    script(rows, __doc__)
