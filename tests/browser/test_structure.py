"""Structure in a real browser: the first view is there before anything was computed, and then its times."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE, Server
from tests.browser.test_journey import shot

pytestmark = pytest.mark.browser


def test_the_first_view_needs_no_computation_and_its_times_follow(page: Page, server: Server) -> None:
    page.goto(server.url + "structure")
    expect(page.locator("h2").first).to_contain_text("ResNet-20 without 50 % of its channels", timeout=PATIENCE)
    numbers = page.locator(".st-key-structure_numbers")
    for words in ("68,642", "4.0 times fewer than 272,186", "Memory, 64 images a pass", "10,000 test images"):
        expect(numbers).to_contain_text(words, timeout=PATIENCE)
    expect(page.locator(".st-key-chart_structure .js-plotly-plot").first).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".st-key-chart_latency .js-plotly-plot").first).to_be_visible(timeout=PATIENCE)
    expect(page.locator("h2").first).to_contain_text(re.compile("faster|spread"), timeout=PATIENCE)
    start = page.locator(".st-key-channel_times_start button")
    expect(start).to_contain_text("about 16 s", timeout=PATIENCE)  # not while the page's own times are taken
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    shot(page, "structure-1440-light")
