"""The Curves page in a real browser: add the control, watch it sharpen, cancel, read the table, share the address."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE, Server, go_to
from tests.browser.test_journey import shot

pytestmark = pytest.mark.browser
LENET = "curves?v=1"


def opened(page: Page, server: Server, words: str = LENET) -> None:
    """Open a link and wait for its chart."""
    page.goto(server.url + words)
    expect(page.locator("h2").first).to_contain_text("which criterion keeps accuracy longest", timeout=PATIENCE)
    expect(page.locator(".st-key-chart_curves .js-plotly-plot").first).to_be_visible(timeout=PATIENCE)


def quiet(page: Page) -> None:
    """Wait until nothing is measured any more, and no error is on the page."""
    expect(page.get_by_text("under way")).to_have_count(0, timeout=PATIENCE)
    expect(page.get_by_text("Comparing image by image")).to_have_count(0, timeout=PATIENCE)
    expect(page.locator("[data-testid=stStatusWidget]")).to_have_count(0, timeout=PATIENCE)
    expect(page.locator("[data-testid=stException]")).to_have_count(0)


def said(page: Page) -> str:
    return page.locator(".st-key-chart_curves .js-plotly-plot").first.inner_text()


def test_add_the_control_see_it_sharpen_and_share_the_address(page: Page, chromium: Browser, server: Server) -> None:
    opened(page, server)
    quiet(page)
    assert "Random (control), global" in said(page)  # stored with the program: nothing was measured
    opened(page, server, f"{LENET}&curves={quote('[{}]')}")
    quiet(page)
    assert "56.9" in said(page)
    page.get_by_role("button", name="Random (control), global").click()
    expect(page.get_by_text("larger than sampling error")).to_be_visible(timeout=PATIENCE)
    quiet(page)
    expect(page.get_by_text(re.compile("test, 10,000 images, CPU"))).to_be_visible(timeout=PATIENCE)
    assert "Random (control), global" in said(page)
    expect(page.locator("[data-testid=stDataFrame]").first).to_be_visible()
    expect(page).to_have_url(re.compile("curves=.*random"))
    shot(page, "curves-1440-light")
    context = chromium.new_context(viewport={"width": 900, "height": 900}, color_scheme="dark")
    context.set_default_timeout(PATIENCE)
    other = context.new_page()
    opened(other, server, page.url.removeprefix(server.url))
    quiet(other)
    assert said(other) == said(page)
    assert other.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    shot(other, "curves-900-dark")
    context.close()


def test_cancelled_work_stops_stays_stopped_and_goes_on_when_asked(page: Page, server: Server) -> None:
    curves = quote('[{"scorer":"random"},{}]')
    opened(page, server, f"curves?v=1&trained=0,1&axis=compression&curves={curves}")
    sharpen = page.get_by_role("button", name=re.compile("Sharpen: measure"))
    running = page.get_by_text("under way")
    # A fast machine begins the whole by itself; a slow one asks first, once the small first picture is there.
    expect(running.or_(sharpen).first).to_be_visible(timeout=PATIENCE)
    if sharpen.is_visible():
        sharpen.click()
        expect(running).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Cancel").click()
    expect(sharpen).to_be_visible(timeout=PATIENCE)
    page.reload()
    expect(sharpen).to_be_visible(timeout=PATIENCE)
    sharpen.click()
    expect(running).to_be_visible(timeout=PATIENCE)
    go_to(page, "Runs")
    expect(page.locator("h2").first).to_have_text("Runs", timeout=PATIENCE)
    go_to(page, "Curves")
    expect(page.locator(".st-key-chart_curves .js-plotly-plot").first).to_contain_text(
        "Random (control), global (mean of 2 seeds)", timeout=2 * PATIENCE
    )
    expect(page).to_have_url(re.compile("trained=0"))
    quiet(page)
    shot(page, "curves-seeds-1440-light")
    page.set_viewport_size({"width": 900, "height": 900})
    shot(page, "curves-seeds-900-light")
