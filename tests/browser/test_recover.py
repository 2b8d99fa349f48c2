"""Recover in a real browser: start the example, see it live, cancel, leave and come back, continue, finish."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE, Server, go_to
from tests.browser.test_journey import shot

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LONG = 4 * PATIENCE


def fits(page: Page, *parts: str) -> None:
    """Nothing is cut off: neither the page nor a chart's title."""
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    for part in parts:
        title = page.locator(f".st-key-chart_{part} .gtitle").first.bounding_box()
        chart = page.locator(f".st-key-chart_{part}").first.bounding_box()
        assert title is not None and chart is not None
        assert title["x"] + title["width"] <= chart["x"] + chart["width"], part


def test_start_look_cancel_continue_finish(page: Page, server: Server) -> None:
    page.goto(server.url + "recover")
    expect(page.get_by_text("Nothing here yet")).to_be_visible(timeout=PATIENCE)
    begin = page.get_by_role("button", name=re.compile(r"Train 4 strategies \(about .* guess\)"))
    begin.click()
    expect(page.get_by_text(re.compile("^Training 4 strategies"))).to_be_visible(timeout=PATIENCE)
    chart = page.locator(".st-key-chart_training")
    expect(chart).to_contain_text("validation accuracy after", timeout=PATIENCE)  # a first look, while it trains
    shot(page, "recover-1440-live")
    page.get_by_role("button", name="Cancel").click()
    # One that had not begun has no step, and on a fast machine the first may have ended by now.
    expect(page.get_by_text(re.compile("was cancelled")).first).to_be_visible(timeout=PATIENCE)
    go_to(page, "Curves")
    page.wait_for_url(re.compile("/curves"))
    go_to(page, "Recover")
    page.get_by_role("button", name=re.compile(r"^Continue")).click(timeout=PATIENCE)
    expect(page.get_by_text(re.compile("^Training [1-4] strateg"))).to_be_visible(timeout=PATIENCE)
    expect(page.locator("h2").first).to_contain_text("recovers to", timeout=LONG)
    expect(page.get_by_text(re.compile("^Training [1-4] strateg"))).to_have_count(0, timeout=LONG)
    expect(page.get_by_text(re.compile(r"is above|differ by"))).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("button", name=re.compile("^(Train|Continue)"))).to_have_count(0)
    comparison = page.locator(".st-key-chart_comparison")
    expect(comparison).to_contain_text("points above")
    expect(comparison.get_by_text("600 steps")).to_have_count(4)
    fits(page, "training", "comparison", "masks", "churn")
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    shot(page, "recover-1440-light")


def test_narrow_and_dark(chromium: Browser, server: Server) -> None:
    context = chromium.new_context(viewport={"width": 900, "height": 900}, color_scheme="dark")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(server.url + "recover?v=1&model=lenet_300_100&sparsity=95")
    expect(page.locator("h2").first).to_contain_text("recovers to", timeout=PATIENCE)  # by the test before
    for part in ("training", "comparison", "masks", "churn"):
        expect(page.locator(f".st-key-chart_{part} .js-plotly-plot").first).to_be_visible(timeout=PATIENCE)
    fits(page, "training", "comparison", "masks", "churn")
    shot(page, "recover-900-dark")
    page.goto(server.url + "lottery")
    expect(page.locator("h2").first).to_contain_text("points above its re-initialisation", timeout=PATIENCE)
    expect(page.get_by_text("Nothing is computed here")).to_be_visible()  # the stored experiment comes first
    fits(page, "tickets", "early")
    shot(page, "lottery-900-dark")
    page.get_by_text("Your experiment", exact=True).click()
    expect(page.get_by_role("button", name=re.compile("^Start: train 48 networks"))).to_be_visible(timeout=PATIENCE)
    fits(page)
    context.close()
