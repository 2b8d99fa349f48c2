"""The journey of a person who has never seen it: open, slide, look, take home, share, keep, come back."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from safetensors.numpy import load

from pages.shared.style import CAPTION
from tests.browser.conftest import PATIENCE, SHOTS, Server

pytestmark = pytest.mark.browser
CAPTIONS = """[...document.querySelectorAll('[data-testid=stCaptionContainer]')].map(one => {
    const style = getComputedStyle(one); return [style.color, style.opacity]; })"""
FAST = "?v=1&model=lenet_300_100"


def opened(page: Page, server: Server, words: str = "") -> None:
    """Open a link and wait for its charts and its measured headline."""
    page.goto(server.url + (words or "prune"))
    expect(page.locator("h2").first).to_contain_text(re.compile(r"keeps [\d.]+ %"), timeout=PATIENCE)
    expect(page.locator(".st-key-map .js-plotly-plot").first).to_be_visible(timeout=PATIENCE)


def quiet(page: Page) -> None:
    """Wait until nothing is refined any more, and no error is on the page."""
    expect(page.get_by_text("refined while you look")).to_have_count(0, timeout=PATIENCE)
    expect(page.locator("[data-testid=stStatusWidget]")).to_have_count(0, timeout=PATIENCE)
    expect(page.locator("[data-testid=stException]")).to_have_count(0)


def shot(page: Page, name: str) -> None:
    """A picture of the whole page, for people to look at."""
    SHOTS.mkdir(exist_ok=True)
    size = page.viewport_size
    assert size is not None
    page.set_viewport_size({"width": size["width"], "height": 3600})
    page.wait_for_timeout(1500)
    page.screenshot(path=SHOTS / f"{name}.png")
    page.set_viewport_size(size)


def taken(page: Page, menu: str, label: str) -> tuple[str, bytes]:
    """Open a download menu, press a button, return the file's name and content."""
    page.locator(menu).get_by_role("button").first.click()
    with page.expect_download(timeout=PATIENCE) as download:
        page.get_by_test_id("stPopoverBody").get_by_role("button", name=label, exact=True).first.click()
    path = download.value.path()
    page.locator("h2").first.click()  # a click elsewhere closes the menu
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)
    return download.value.suggested_filename, Path(path).read_bytes()


def test_first_view_shows_measured_results_at_once(page: Page, server: Server) -> None:
    opened(page, server)
    expect(page.locator(".st-key-curve .js-plotly-plot").first).to_be_visible()
    expect(page.locator(".st-key-bars .js-plotly-plot").first).to_be_visible()
    quiet(page)
    shot(page, "first-view-1440-light")


@pytest.mark.parametrize(("width", "scheme"), [(900, "light"), (1440, "dark"), (900, "dark")])
def test_other_widths_and_themes_show_no_error(chromium: Browser, server: Server, width: int, scheme: str) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    opened(page, server, "?v=1&model=lenet_5&sparsity=95")
    quiet(page)
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0
    captions = page.evaluate(CAPTIONS)  # Streamlit's own rule makes them see-through, whatever their colour is
    wanted = "rgb({}, {}, {})".format(*bytes.fromhex(CAPTION[scheme][1:]))
    assert captions and {tuple(one) for one in captions} == {(wanted, "1")}
    shot(page, f"prune-{width}-{scheme}")
    context.close()


def test_the_slider_changes_headline_link_and_cursor(page: Page, server: Server) -> None:
    opened(page, server, FAST)
    before = page.locator("h2").first.inner_text()
    page.get_by_role("slider").first.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    expect(page.locator("h2").first).not_to_have_text(before, timeout=PATIENCE)
    expect(page).to_have_url(re.compile("sparsity=8[1-9]"), timeout=PATIENCE)
    expect(page.locator("h2").first).to_contain_text("85 %", timeout=PATIENCE)
    expect(page.locator(".st-key-curve").first).to_contain_text("85 %", timeout=PATIENCE)


def test_clicking_a_bar_looks_inside_that_layer(page: Page, server: Server) -> None:
    opened(page, server, FAST + "&layer=fc1")
    quiet(page)
    bars = page.locator(".st-key-bars .plotly .bars .point path")
    bars.nth(2).click(force=True)  # the third row: fc3
    expect(page).to_have_url(re.compile("layer=fc3"), timeout=PATIENCE)
    quiet(page)
    expect(page.locator(".st-key-mask, .st-key-chart_mask").first).to_contain_text("fc3", timeout=PATIENCE)


def test_taking_home_charts_model_and_everything(page: Page, server: Server) -> None:
    opened(page, server, FAST + "&sparsity=90")
    quiet(page)
    name, content = taken(page, ".st-key-take_map", "CSV")
    assert name == "layer-map.csv" and content.count(b"\n") > 1000
    name, content = taken(page, ".st-key-take_map", "SVG")
    assert name.endswith(".svg") and b"<svg" in content[:400]
    name, content = taken(page, ".st-key-take_curve", "PDF")
    assert name.endswith(".pdf") and content.startswith(b"%PDF")
    name, content = taken(page, ".st-key-download", "Masked model (safetensors)")
    weights = [tensor for key, tensor in load(content).items() if key.endswith("weight")]
    total = sum(tensor.size for tensor in weights)
    assert sum(int((tensor == 0).sum()) for tensor in weights) == round(0.9 * total)
    for menu, words in ((".st-key-explain", "When it fails."), (".st-key-share", "--scorer magnitude_l1")):
        page.locator(menu).get_by_role("button").first.click()
        expect(page.get_by_test_id("stPopoverBody")).to_contain_text(words, timeout=PATIENCE)
        page.locator("h2").first.click()
        expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)
    name, content = taken(page, ".st-key-download", "Everything (zip)")
    names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert any(file.endswith("170mm.pdf") for file in names) and "study.json" in names
    study = json.loads(zipfile.ZipFile(io.BytesIO(content)).read("study.json"))
    assert study["recipe"][0]["sparsity"] == 900


def test_a_shared_link_gives_the_same_view(page: Page, chromium: Browser, server: Server) -> None:
    opened(page, server, FAST + "&sparsity=97.5&allocation=uniform&axis=remaining")
    quiet(page)
    context = chromium.new_context()
    context.set_default_timeout(PATIENCE)
    other = context.new_page()
    opened(other, server, page.url.removeprefix(server.url))
    quiet(other)
    assert other.locator("h2").first.inner_text() == page.locator("h2").first.inner_text()
    context.close()


def test_two_people_at_once_see_their_own_settings(page: Page, chromium: Browser, server: Server) -> None:
    context = chromium.new_context()
    context.set_default_timeout(PATIENCE)
    other = context.new_page()
    page.goto(server.url + FAST + "&scorer=random&seed=11&sparsity=50")
    other.goto(server.url + FAST + "&scorer=random&seed=11&sparsity=60")
    for person, share in ((page, "50 %"), (other, "60 %")):
        expect(person.locator("h2").first).to_contain_text(f"with {share} of its weights gone (dense", timeout=PATIENCE)
        quiet(person)
        assert share in person.locator("h2").first.inner_text()
    context.close()


def test_pin_keep_restart_and_open_again(page: Page, server: Server) -> None:
    opened(page, server, FAST + "&sparsity=93")
    quiet(page)
    page.get_by_role("button", name="Pin as baseline").click()
    sidebar = page.get_by_test_id("stSidebarUserContent")
    expect(sidebar.get_by_text("Pinned: LeNet-300-100")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Keep under Runs").click()
    expect(page.get_by_text("Kept: see the page Runs")).to_be_visible(timeout=PATIENCE)
    server.stop()
    server.start()
    page.goto(server.url + "runs")
    expect(page.locator("h2").first).to_have_text("Runs", timeout=PATIENCE)
    expect(page.locator("[data-testid=stDataFrame]")).to_be_visible(timeout=PATIENCE)
    page.wait_for_timeout(1500)
    canvas = page.locator("[data-testid=stDataFrame]").bounding_box()
    assert canvas is not None
    page.mouse.click(canvas["x"] + 18, canvas["y"] + 52)  # the tick box of the first row
    page.get_by_role("button", name="Open on Prune").click()
    expect(page.locator("h2").first).to_contain_text("93 % of its weights", timeout=PATIENCE)
    quiet(page)
    expect(page).to_have_url(re.compile("sparsity=93"))
