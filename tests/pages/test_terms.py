"""The Terms page: a link searches the glossary, a pair is measured when asked for."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

from pruning.results.charts.words import GLOSSARY
from tests.pages.conftest import ROOT
from tests.pages.look import PATIENCE, settled, texts, turn_to


def test_a_link_searches_and_a_pair_is_measured(server: Path) -> None:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE)
    page.query_params["term"] = "hessian of nothing"
    page = settled(turn_to(page, "terms").run())
    assert "No term has all of these words" in texts(page)
    page.text_input(key="terms_search").set_value("early stop").run()
    assert GLOSSARY["early stop"] in texts(page) and "Wilson" not in texts(page)
    page.text_input(key="terms_search").set_value("").run()
    page = settled(page.button(key="term_0_measure").click().run())
    assert "| pruned, 70 % | 186,340 |" in texts(page)
