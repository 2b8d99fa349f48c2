"""Answers while a slider is dragged: drawn in the browser, told to the server when it rests, and the same then."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE, Server
from tests.browser.test_journey import opened, quiet

pytestmark = pytest.mark.browser
THUMB = '.st-key-w_sparsity [data-testid="stSliderThumbValue"]'
HEADLINE, MAP = "h2 >> nth=0", ".st-key-chart_map .js-plotly-plot"
BARS = ".st-key-chart_bars .xy .barlayer .trace:nth-child(2) .point"


def seen(page: Page) -> dict[str, object]:
    """What depends on the level, as it stands on the screen."""
    paths, words = page.locator(f"{BARS} path"), page.locator(f"{BARS} text")
    return {
        "headline": page.locator(HEADLINE).inner_text(),
        "cursor": page.locator(f"{MAP} .annotation-text").text_content(),
        "map": page.locator(f"{MAP} .gtitle tspan").all_text_contents(),
        "curve": page.locator(".st-key-chart_curve .gtitle tspan").all_text_contents(),
        "pruned": page.locator('.st-key-now_pruned [data-testid="stMetricValue"]').inner_text(),
        "change": page.locator('.st-key-now_pruned [data-testid="stMetricDelta"]').inner_text(),
        "bars": [round(path.bounding_box()["width"]) for path in paths.all()],  # ty: ignore[not-subscriptable]
        "words": words.all_text_contents(),
    }


def test_what_is_known_follows_the_finger_and_is_what_the_server_says_after_it(page: Page, server: Server) -> None:
    opened(page, server, "?v=1&model=lenet_300_100&sparsity=80")
    expect(page.locator(BARS)).to_have_count(3, timeout=PATIENCE)
    quiet(page)
    before = seen(page)
    page.evaluate("""() => { window.told = 0; const send = WebSocket.prototype.send;
        WebSocket.prototype.send = function (what) { window.told++; return send.call(this, what); } }""")
    page.wait_for_timeout(1500)
    while page.evaluate("window.told"):  # parts of the page that are still measured ask twice a second
        page.evaluate("window.told = 0")
        page.wait_for_timeout(1500)
    box = page.locator(THUMB).locator("xpath=..").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] - 3
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 200):
        page.mouse.move(x + step / 2, y)
        if page.locator(THUMB).inner_text() == "90 %":
            break
    expect(page.locator(f"{MAP} .annotation-text")).to_have_text("90\u00a0% ▾")
    told = page.evaluate("window.told")
    dragged = seen(page)
    page.mouse.up()
    page.wait_for_url("**sparsity=90**", timeout=PATIENCE)
    quiet(page)
    rested = seen(page)
    assert told == 0, "nothing is sent while the slider is dragged"
    assert dragged["headline"] != before["headline"]
    assert dragged == rested
