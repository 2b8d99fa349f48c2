"""Compare in a real browser: an answer at once, a limit loosened, a mark clicked, its study taken home."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from pruning.study.study import load_study
from tests.browser.conftest import PATIENCE, Server
from tests.browser.test_journey import shot
from tests.browser.test_recover import fits

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_answer_loosen_click_take_home(page: Page, server: Server) -> None:
    page.goto(server.url + "compare?v=1&model=lenet_300_100")
    headline = page.locator("h2").first
    expect(headline).to_contain_text("The smallest LeNet-300-100 within 1 point", timeout=PATIENCE)
    chart = page.locator(".st-key-chart_compare")
    expect(chart.locator(".js-plotly-plot")).to_be_visible(timeout=PATIENCE)
    before = headline.inner_text()
    slider = page.get_by_role("slider").first
    slider.press("End")
    expect(headline).to_contain_text("within 10 points", timeout=PATIENCE)
    assert headline.inner_text() != before
    fits(page, "compare")
    shot(page, "compare-1440-light")
    # The dense network's mark, by the place that plotly gave it.
    marks = chart.locator(".scatterlayer .trace .point")
    marks.first.click(force=True)
    expect(page.get_by_role("heading", name="One way in detail")).to_be_visible(timeout=PATIENCE)
    command = page.get_by_text(re.compile("python -m pruning run compare-lenet_300_100-"))
    expect(command).to_be_visible(timeout=PATIENCE)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download the study").click()
    content = Path(saved.value.path()).read_text()
    assert load_study(content).networks and json.loads(content)["networks"][0]["base"]["model"] == "lenet_300_100"
    expect(page.locator("[data-testid=stException]")).to_have_count(0)


def test_narrow_and_dark(chromium: Browser, server: Server) -> None:
    context = chromium.new_context(viewport={"width": 900, "height": 900}, color_scheme="dark")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(server.url + "compare?v=1&model=lenet_300_100&axis=macs")
    expect(page.locator(".st-key-chart_compare")).to_contain_text("fewer multiply-accumulates", timeout=PATIENCE)
    fits(page, "compare")
    shot(page, "compare-900-dark")
    context.close()
