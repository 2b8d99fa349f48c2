"""The Language page: stored numbers at once, two texts of one prompt, the address, what is not here."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

from pages.choices.language import SOLVERS, STOPS, Reading
from pages.language.controls import LABELS
from pruning.results.language import number
from pruning.store.bundled import Bundled
from tests.pages.conftest import ROOT
from tests.pages.look import PATIENCE, settled, texts, turn_to


def at_language(**words: str) -> AppTest:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE)
    for name, word in ({"v": "1"} | words).items():
        page.query_params[name] = word
    return turn_to(page, "language").run()


def test_every_stop_of_every_criterion_is_stored_and_nothing_is_damaged_at_none() -> None:
    stored = Bundled(ROOT / "assets" / "grids")
    for scorer in SOLVERS:
        study = Reading().curve(scorer)
        keys = [cell.measure_key(study.measures[0]) for cell in study.cells()]
        found = stored.get(keys)
        assert list(found) == keys and len(keys) == len(STOPS)
        first = found[keys[0]].value
        assert first["perplexity"] == first["dense_perplexity"] and set(first["agree"]) == {1.0}
        assert found[keys[-1]].value["perplexity"] > 1.5 * first["perplexity"]


def test_stored_numbers_come_before_any_job_and_two_texts_after(server: Path) -> None:
    page = at_language(level="60", prompt="Emma was", seed="3")
    stored = Bundled(ROOT / "assets" / "grids")
    study = Reading().curve("magnitude_l1")
    keys = [cell.measure_key(study.measures[0]) for cell in study.cells()]
    value = stored.get(keys)[keys[STOPS.index(600)]].value
    assert f"Without 60 % of its weights by {LABELS['magnitude_l1']}" in page.header[0].value
    assert f"to {number(value['perplexity'])}" in page.header[0].value
    said = texts(settled(page))
    assert said.count("Emma was") == 2 and "tokens a second" in said and "lose more than one nat" in said
    assert page.query_params["level"] == "60" and page.query_params["seed"] == "3"


def test_a_wrong_word_is_said(server: Path) -> None:
    page = at_language(level="55", colour="red")
    said = texts(page)
    assert "stops" in said and "colour" in said and "Without 50 %" in page.header[0].value and not page.exception
