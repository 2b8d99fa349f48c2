"""The page Models: a checkpoint is checked, kept, looked at, pruned, removed; what does not fit is a sentence."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

from pages.models.work import Looking
from pruning.study.methods.approaches import ComparisonPlan, approaches
from pruning.zoo.added import kept
from pruning.zoo.added.building import building
from pruning.zoo.kinds import datasets, models
from pruning.zoo.own_data import kept as data_kept
from tests.pages.look import PATIENCE, settled, texts, turn_to
from tests.zoo.own_data.drawing import fill

ARCHITECTURE = "timm:test_resnet"


@pytest.fixture
def here(server: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The server serves this machine alone; what is added goes at the end. A checkpoint with four outputs."""
    monkeypatch.setattr("pages.models.adding._local", lambda: True)
    monkeypatch.setattr("pages.models.data.operator", lambda: True)
    path = tmp_path / "best.pth"
    torch.manual_seed(3)
    made = building(ARCHITECTURE)(4, 3)
    torch.save({"model": {f"module.{name}": t for name, t in made.state_dict().items()}}, path)
    yield path
    for name in kept.cards():
        kept.remove(name)
    for name in data_kept.cards():
        data_kept.remove(name)


@pytest.fixture
def opened(here: Path, visit: Callable[..., AppTest]) -> AppTest:
    page = turn_to(visit(), "models")
    return settled(page.run())


def filled(page: AppTest, path: Path, architecture: str = ARCHITECTURE) -> AppTest:
    page.text_input(key="models_words").set_value(architecture.partition(":")[2]).run()
    page.selectbox(key="models_architecture").set_value(architecture).run()
    page.text_input(key="models_path").set_value(str(path)).run()
    return page


def looked(page: AppTest, where: str = "models_work") -> AppTest:
    """Until the process that looks has answered."""
    work: Looking = page.session_state[where]
    end = time.monotonic() + PATIENCE
    while work.look() is None and time.monotonic() < end:
        time.sleep(0.2)
    return settled(page.run())


def test_a_checkpoint_becomes_a_network_of_every_list(opened: AppTest, here: Path) -> None:
    assert "Nothing here yet" in texts(opened)
    page = filled(opened, here)
    assert not page.button(key="models_check").disabled
    page.number_input(key="models_stated").set_value(93.1).run()
    page = looked(page.button(key="models_check").click().run())
    assert "4 outputs" in page.success[0].value and not page.error
    assert "'module.' was taken off its names." in texts(page) and "under 'model'" in texts(page)
    page.text_input(key="models_name").set_value("mine").run()
    page = looked(page.button(key="models_keep").click().run())
    assert list(page.dataframe[0].value["name"]) == ["own:mine"]
    card = kept.card_of("mine")
    assert (card["owner"], card["stated"], card["classes"]) == ("local", 0.931, 4)
    count = sum(p.numel() for p in building(ARCHITECTURE)(4, 3).parameters())
    assert f"of its {count:,} parameters" in texts(page) and "93.1 % is stated; it is not measured" in texts(page)
    assert "own:mine" in models.names()
    page.selectbox(key="models_chosen")
    page.button(key="models_remove_now").click().run()
    assert "Nothing here yet" in texts(page) and "own:mine" not in models


def test_names_of_outputs_are_as_many_as_outputs(opened: AppTest, here: Path) -> None:
    page = filled(opened, here)
    page.text_area(key="models_classes").set_value("leaf, sand\nsea").run()
    page = looked(page.button(key="models_check").click().run())
    assert "3 names of classes are given, and the network has 4 outputs." in page.error[0].value
    page.text_area(key="models_classes").set_value("leaf, sand\nsea,, snow").run()
    page = looked(page.button(key="models_check").click().run())
    page.text_input(key="models_name").set_value("mine").run()
    looked(page.button(key="models_keep").click().run())
    assert kept.card_of("mine")["class_names"] == ["leaf", "sand", "sea", "snow"]


def test_a_network_of_ones_own_is_pruned_on_its_page(here: Path, visit: Callable[..., AppTest]) -> None:
    from pruning.zoo.added.adding import NewNetwork, added

    added("mine", NewNetwork(ARCHITECTURE, here))
    page = visit(model="own:mine", sparsity="80")
    assert not page.exception and page.session_state["setting"].model == "own:mine"
    assert page.selectbox(key="w_model").value == "own:mine"
    kept.remove("mine")
    page = visit(model="own:mine", sparsity="80")
    assert not page.exception and page.session_state["setting"].model != "own:mine"
    assert any("There is no network of your own called 'mine'" in one.value for one in page.warning)


def test_what_does_not_fit_is_a_sentence(opened: AppTest, here: Path) -> None:
    page = filled(opened, here.with_name("nowhere.pth"))
    page = looked(page.button(key="models_check").click().run())
    assert "There is no file" in page.error[0].value and not page.success


def test_pictures_of_ones_own_become_data_of_every_list(opened: AppTest, here: Path) -> None:
    folder = fill(here.parent / "pets", {"cat": 30, "dog": 20})
    (folder / "dog" / "words.jpg").write_text("no picture")
    assert opened.button(key="data_add").disabled
    page = opened.segmented_control(key="data_way").set_value("a folder or file on this machine").run()
    page.text_input(key="data_path").set_value(str(folder)).run()
    page.text_input(key="data_name").set_value("pets").run()
    page = looked(page.button(key="data_add").click().run(), "data_work")
    assert "Kept as own\\:pets" in page.success[0].value and not page.error
    assert "50 pictures in 2 classes" in texts(page) and "1 file was left out: dog/words.jpg" in texts(page)
    (table,) = [frame.value for frame in page.dataframe if "train" in frame.value]
    card = data_kept.card_of("pets")
    counts = {split: sum(card["counts"][split].values()) for split in ("train", "validation", "test")}
    assert {split: int(table[split].iloc[0]) for split in counts} == counts and sum(counts.values()) == 50
    assert card["owner"] == "local" and card["bytes"] > 0 and "own:pets" in datasets.names()
    assert datasets["own:pets"].sizes == tuple(counts.values())
    page = looked(page.button(key="data_add").click().run(), "data_work")
    assert "already: remove it first, or choose another name" in page.error[0].value
    page.selectbox(key="data_chosen").set_value("pets").run()
    page.button(key="data_remove_now").click().run()
    assert "own:pets" not in datasets.names() and not page.exception


def test_a_network_with_pictures_is_compared(here: Path, visit: Callable[..., AppTest]) -> None:
    """Of the ways those are left out that need a smaller network of its architecture, and the page says so."""
    from pruning.zoo.added.adding import NewNetwork, added
    from pruning.zoo.own_data.adding import add_data

    add_data("pets", fill(here.parent / "pets", {name: 20 for name in "abcd"}))
    added("mine", NewNetwork(ARCHITECTURE, here, data="own:pets"))
    page = turn_to(visit(), "compare").run()
    next(one for one in page.selectbox if one.label == "Model").set_value("own:mine").run()
    assert not page.exception and page.header[0].value.startswith("mine: what makes it smaller")
    ways = approaches(ComparisonPlan(model="own:mine"))
    assert not {way.family for way in ways.values()} & {"student"} and {"int8", "w90", "c50_t"} <= set(ways)
    assert page.button(key="compare_start").label.startswith(f"Measure {len(ways)} ways (about ")
    assert "no smaller network of this architecture can be built here" in texts(page)


def test_a_process_that_is_given_up_leaves_nothing(here: Path) -> None:
    work = Looking.begin({"architecture": ARCHITECTURE}, here.read_bytes())
    folder = Path(work.folder.name)
    assert (folder / "weights").read_bytes() == here.read_bytes()
    work.stop()
    assert work.process.returncode is not None and not folder.exists()
    assert "ended without an answer" in (work.look() or {})["error"]
