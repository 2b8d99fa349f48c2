"""Layers and Scorers in a real browser: look, choose, take the scan's budgets to Prune, find a scorer, open it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE, Server
from tests.browser.test_journey import shot

pytestmark = pytest.mark.browser
BUSY = re.compile("about .* left$|begins$|waiting for a worker$|^Under way|^Scoring by|is being measured")


def quiet(page: Page) -> None:
    """Wait until nothing is under way any more, and no error is on the page."""
    expect(page.get_by_text(BUSY)).to_have_count(0, timeout=PATIENCE)
    expect(page.locator("[data-testid=stStatusWidget]")).to_have_count(0, timeout=PATIENCE)
    expect(page.locator("[data-testid=stException]")).to_have_count(0)


def opened(page: Page, server: Server, words: str) -> None:
    """Open the Layers page and wait for its four charts."""
    page.goto(server.url + words)
    for part in ("scan", "allocations", "pair", "matrix"):
        expect(page.locator(f".st-key-chart_{part} .js-plotly-plot").first).to_be_visible(timeout=PATIENCE)
    quiet(page)


def test_from_the_layers_to_prune(page: Page, server: Server) -> None:
    opened(page, server, "layers")
    expect(page.locator("h2").first).to_contain_text("LeNet-300-100")  # the smallest model, where nothing was chosen
    expect(page.locator(".st-key-chart_scan")).to_contain_text("gives way first")
    page.get_by_text("rank correlation", exact=True).click()
    expect(page.locator(".st-key-chart_matrix")).to_contain_text("rank most alike", timeout=PATIENCE)
    quiet(page)
    shot(page, "layers-1440-light")
    page.get_by_role("button", name="Use these budgets on Prune").click()
    expect(page.locator("h2").first).to_contain_text(re.compile(r"keeps [\d.]+ %"), timeout=PATIENCE)
    expect(page).to_have_url(re.compile("allocation=sensitivity"), timeout=PATIENCE)


def test_narrow_and_dark(chromium: Browser, server: Server) -> None:
    context = chromium.new_context(viewport={"width": 900, "height": 900}, color_scheme="dark")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    opened(page, server, "layers?v=1&model=lenet_5&sparsity=95")
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    for part in ("scan", "allocations", "pair", "matrix"):
        title = page.locator(f".st-key-chart_{part} .gtitle").first.bounding_box()
        chart = page.locator(f".st-key-chart_{part}").first.bounding_box()
        assert title is not None and chart is not None
        assert title["x"] + title["width"] <= chart["x"] + chart["width"], part  # nothing of the title is cut off
    shot(page, "layers-900-dark")
    context.close()


def test_a_scorer_is_found_and_opened_on_prune(page: Page, server: Server) -> None:
    page.goto(server.url + "scorers?v=1&model=lenet_300_100")
    expect(page.locator("h2").first).to_contain_text("scorers", timeout=PATIENCE)
    expect(page.locator(".st-key-chart_criteria .js-plotly-plot").first).to_be_visible(timeout=PATIENCE)
    quiet(page)
    shot(page, "scorers-1440-light")
    page.get_by_role("textbox", name="Search").fill("han 2015 learning")
    page.get_by_role("textbox", name="Search").press("Enter")
    cards = page.locator("[data-testid=stExpander]").filter(has_not_text="What the literature says")
    expect(cards).to_have_count(1, timeout=PATIENCE)
    expect(cards.locator(".katex").first).to_be_visible()
    link = page.get_by_role("link", name="as a link")
    assert "model=lenet_300_100" in (link.get_attribute("href") or "")
    page.get_by_role("button", name="Open on Prune").click()
    expect(page.locator("h2").first).to_contain_text(re.compile(r"LeNet-300-100 keeps [\d.]+ %"), timeout=PATIENCE)
