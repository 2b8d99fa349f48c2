"""Letters that can be read: contrast by the formula of WCAG 2.2, on both grounds of each theme."""

from __future__ import annotations

import tomllib

import pytest

from pages.shared.style import CAPTION, CSS
from tests.pages.conftest import ROOT


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_formula_gives_what_the_standard_says() -> None:
    assert contrast("#000000", "#FFFFFF") == 21 and contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_captions_stand_out_from_page_and_sidebar(theme: str) -> None:
    grounds = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"][theme]
    for name in ("backgroundColor", "secondaryBackgroundColor"):
        assert contrast(CAPTION[theme], grounds[name]) >= 4.5, name
    assert CAPTION[theme] in CSS
