"""The Failures page: every panel on a small network, numbers as the store has them, the address, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.choices import failures as choices
from pages.choices.failures import Suspicion, logits
from pages.choices.setting import Setting
from pages.failures import exemplars as exemplars_panel
from pages.failures import groups, unknown, work
from pages.shared.answers import known
from pruning.results.failures.answers import Answers
from pruning.results.failures.seeds import networks_of
from tests.pages.conftest import ROOT
from tests.pages.look import PATIENCE, settled, texts, turn_to

SETTING = Setting(model="lenet_300_100").at(950)
FEW = {"test": 400, "validation": 300}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer images, networks, corruptions and levels."""
    for module in (choices, work, groups):
        monkeypatch.setattr(module, "COUNTS", FEW)
    monkeypatch.setattr(choices, "UNKNOWN", 100)
    monkeypatch.setattr(unknown, "UNKNOWN", 100)
    monkeypatch.setattr(choices, "LEVELS", (500, 980))
    monkeypatch.setattr("pages.failures.weather.LEVELS", (500, 980))
    few = lambda: ["gaussian_noise", "darkness"]  # noqa: E731
    monkeypatch.setattr(choices, "known_corruptions", few)
    monkeypatch.setattr("pages.failures.weather.known_corruptions", few)
    monkeypatch.setattr("pages.failures.watch.known_corruptions", few)
    monkeypatch.setattr(exemplars_panel, "stored", lambda setting: None)


def at_failures(server: Path, **words: str) -> AppTest:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE)
    usual = {"v": "1", "model": "lenet_300_100", "sparsity": "95", "way": "pruned", "images": "100", "networks": "2"}
    for name, word in (usual | words).items():
        page.query_params[name] = word
    return settled(turn_to(page, "failures").run())


def both() -> tuple[Answers, Answers]:
    found = [known(Suspicion(way="pruned").study(SETTING, small, logits("test", 400))) for small in (False, True)]
    dense, small = (Answers.read(one["value"]) for one in found if one)
    return dense, small


def test_who_pays_is_said_with_the_stored_numbers(server: Path, quick: None) -> None:
    page = at_failures(server)
    dense, small = both()
    said = texts(page)
    assert f"{100 * small.right.mean():.1f} % of the 400 test images are right" in said
    assert "pays" in page.header[0].value and "the whole moved by" in page.header[0].value
    table = page.session_state["charts"]["classes"].table
    assert len(table) == 10 and table["images_count"].sum() == 400
    assert "Confusions that grew most" in said and "taken for" in said


def test_confidence_groups_and_the_watch_list(server: Path, quick: None) -> None:
    page = at_failures(server, panel="confidence")
    assert set(page.session_state["charts"]["calibration"].table["network"]) == {"dense", "compressed"}
    table = page.dataframe[0].value
    assert list(table["network"]) == ["dense", "dense, scaled", "compressed", "compressed, scaled"]
    page = at_failures(server, panel="groups", by="contrast")
    assert page.session_state["charts"]["groups"].table["images_count"].sum() == 400
    assert "By contrast" in page.session_state["charts"]["groups"].title
    page = at_failures(server, panel="watch")
    assert "this file, not of the method" in texts(page) and "300 validation examples" in texts(page)


def test_weather_and_the_unknown_wait_for_a_button(server: Path, quick: None) -> None:
    page = at_failures(server, panel="weather")
    assert "corruptions" not in page.session_state["charts"]
    page.button(key="failures_weather").click()
    page = settled(page.run())
    assert set(page.session_state["charts"]["corruptions"].table["name"]) == {"Noise", "Dark"}
    assert list(page.session_state["charts"]["severity"].table["severity"]) == [0, 1, 2, 3, 4, 5]
    page.button(key="failures_potential").click()
    page = settled(page.run())
    assert list(page.dataframe[0].value["images"]) == ["clean", "Noise", "Dark"]
    page = at_failures(server, panel="unknown")
    page.button(key="failures_unknown").click()
    page = settled(page.run())
    assert len(page.dataframe[0].value) == 12 and "confidently wrong" in texts(page)


def test_traits_of_classes_stand_beside_the_damage(server: Path, quick: None) -> None:
    page = at_failures(server, panel="why")
    page.button(key="failures_why_start").click()
    page = settled(page.run())
    assert len(page.dataframe[0].value) == 10 and "rank correlation" in texts(page)


def test_exemplars_are_trained_here(server: Path, quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = choices.replicates(SETTING, 2)

    def shorter(setting: Setting, count: int) -> object:
        content = json.loads(whole.model_dump_json())
        for one in content["networks"]:
            for step in one["recipe"]:
                if step["kind"] == "train":
                    step |= {"steps": 10, "samples": 500}
        return type(whole).model_validate(content)

    monkeypatch.setattr(exemplars_panel, "replicates", shorter)
    page = at_failures(server, panel="exemplars")
    page.button(key="failures_seeds").click()
    page = settled(page.run())
    assert any("exemplar" in one.value for one in page.subheader)
    assert "exemplars" in page.session_state["charts"] and "seeds" in page.session_state["charts"]


def test_what_cannot_be_looked_at_is_said(server: Path, quick: None) -> None:
    assert "There is no way 'magic'" in texts(at_failures(server, way="magic"))
    assert "Give a recipe" in texts(at_failures(server, way="own"))
    page = at_failures(server, way="own", recipe='[{"kind": "quantize", "bits": 2}]')
    assert "by your recipe" in texts(page)
    page = at_failures(server, recipe="[nothing]")
    assert any("recipe" in warning.value for warning in page.warning)


def test_a_first_visit_needs_no_computing(server: Path) -> None:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE)
    page = turn_to(page, "failures").run()
    assert not page.exception
    assert "ResNet-20, 90 % pruned, then fine-tuned" in texts(page) and "10,000 test images" in texts(page)
    assert "classes" in page.session_state["charts"]


def test_networks_of_many_seeds_come_with_the_program_and_are_small() -> None:
    kept = exemplars_panel.stored(Setting(model="lenet_5").at(900))
    assert kept is not None and exemplars_panel.stored(Setting(model="lenet_5").at(800)) is None
    dense, small = networks_of(kept, "test")
    assert len(dense) == len(small) == kept["networks"] and len(dense[0]) == 10_000
    assert min(one.right.mean() for one in dense) > 0.8
    files = [ROOT / "assets" / "grids" / "failures.json", *(ROOT / "assets" / "failures").glob("*.json")]
    assert sum(file.stat().st_size for file in files) <= 1_500_000
