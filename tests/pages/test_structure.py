"""The Structure page: first view, every control, numbers as the store has them, files that load."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

from pages.choices.setting import Setting
from pages.shared.answers import known
from pages.structure import speed, take_home, view, work
from pages.structure.words import FIRST, REMOVABLE
from pruning.compression.removal.files import load_small
from pruning.study.study import MeasureSpec
from tests.pages.conftest import ROOT
from tests.pages.look import PATIENCE, settled, texts, turn_to

LENET = {"v": "1", "model": "lenet_5", "granularity": "channel", "allocation": "uniform", "sparsity": "50"}
SETTING = Setting(model="lenet_5", granularity="channel", allocation="uniform", sparsity=500)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times and an accuracy that take a moment."""
    whole = work.latency_study

    def short(setting: Setting):  # noqa: ANN202
        study = whole(setting)
        measure = study.measures[0].model_copy(update={"options": {"batches": (1, 4), "seconds": 0.05}})
        return study.model_copy(update={"measures": (measure,)})

    def coarse(setting: Setting):  # noqa: ANN202
        options = {"levels": (300, 600), "batches": (1, 4), "seconds": 0.05}
        return setting.study(MeasureSpec(name="speed_curve", options=options))

    for module in (work, view, speed):
        monkeypatch.setattr(module, "latency_study", short)
    for module in (work, speed):
        monkeypatch.setattr(module, "curve_study", coarse)
    monkeypatch.setattr(work, "TEST", MeasureSpec(name="accuracy", options={"count": 200}))


def at_structure(server: Path, **words: str) -> AppTest:
    """The Structure page, opened by its address."""
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE)
    for name, word in (LENET | words).items():
        page.query_params[name] = word
    return settled(turn_to(page, "structure").run())


def value_of(setting: Setting) -> dict:
    found = known(setting.study(work.STRUCTURE))
    assert found is not None
    return found["value"]


def test_every_control_changes_what_is_removed(server: Path, quick: None) -> None:
    page = at_structure(server)
    value = value_of(SETTING)
    assert "LeNet-5 without 50 % of its channels" in page.header[0].value
    assert {"structure", "latency"} <= set(page.session_state["charts"])
    assert f"{value['parameters']['small']:,}" in texts(page)
    table = page.session_state["charts"]["structure"].table
    assert list(table["kept_count"]) == [layer["channels_left"] for layer in value["layers"]] == [3, 8, 60, 42, 10]
    assert "test images" in "\n".join(metric.label for metric in page.metric)
    page.button(key="latency_again").click()
    page = settled(page.run())
    assert page.session_state[work.REPEAT] == 1 and "latency" in page.session_state["charts"]
    page.sidebar.select_slider(key="w_sparsity").set_value(800)
    page = settled(page.run())
    assert list(page.session_state["charts"]["structure"].table["kept_count"])[3] == 17
    page.button_group(key="w_multiple").set_value(8)
    page = settled(page.run())
    eights = SETTING.model_copy(update={"sparsity": 800, "allocation_options": {"multiple": 8}})
    table = page.session_state["charts"]["structure"].table
    assert list(table["kept_count"]) == [layer["channels_left"] for layer in value_of(eights)["layers"]]
    assert all(count % 8 == 0 for count in table["kept_count"][1:4])
    assert json.loads(page.query_params["allocation_options"]) == {"multiple": 8}


def test_the_speed_curve_is_measured_when_asked_for_and_serves_every_stop(server: Path, quick: None) -> None:
    page = at_structure(server)
    assert "speed_curve" not in page.session_state["charts"]
    assert "about" in page.button(key="speed_curve_start").label  # its time, from what was timed above
    page.button(key="speed_curve_start").click()
    page = settled(page.run())
    table = page.session_state["charts"]["speed_curve"].table
    assert list(table["removed_percent"]) == [0, 30, 60] * 2 and list(table["batch_images"]) == [1] * 3 + [4] * 3
    assert "1 image a pass.**" in texts(page) and "4 images a pass.**" in texts(page)
    page.sidebar.select_slider(key="w_sparsity").set_value(800)
    page = settled(page.run())
    assert "speed_curve" in page.session_state["charts"]  # one curve for every stop of the slider


def test_the_first_view_comes_with_the_program_and_a_link_keeps_its_rounding(server: Path, quick: None) -> None:
    for measure in ("structure", "memory", "accuracy"):
        found = known(FIRST.study(MeasureSpec(name=measure)))
        assert found is not None and found["origin"] == "bundled", "make grids ARGS='--models resnet_20'"
    assert known(work.latency_study(FIRST)) is None  # times are this machine's, and never bundled
    page = at_structure(server, sparsity="80", allocation_options='{"multiple":"auto"}')
    assert page.button_group(key="w_multiple").value == "auto"
    assert json.loads(page.query_params["allocation_options"]) == {"multiple": "auto"}
    # 120 and 84 neurons: of 24 and 17 kept, multiples of 16; 6 and 16 channels: multiples of 4.
    assert list(page.session_state["charts"]["structure"].table["kept_count"]) == [4, 4, 32, 16, 10]
    assert "Memory, 4 images" not in texts(page) and "Memory, 64 images a pass" in [m.label for m in page.metric]


def test_heads_have_a_grid_and_no_rounding(server: Path, quick: None) -> None:
    page = at_structure(server, model="vit_small", granularity="head")
    assert "head" in page.header[0].value and "heads" in page.session_state["charts"]
    assert len(page.session_state["charts"]["heads"].table) == 16
    assert set(page.sidebar.selectbox(key="w_granularity").options) == {
        "Channels and neurons",
        "Attention heads",
        "Whole blocks",
    }


def test_who_comes_with_single_weights_starts_with_half_the_channels(server: Path, quick: None) -> None:
    page = at_structure(server, granularity="weight", allocation="global", sparsity="90", scorer="sparse_gpt")
    setting = page.session_state["setting"]
    assert setting.model == "lenet_5" and setting.granularity in REMOVABLE and setting.sparsity == 500
    assert "LeNet-5 without 50 % of its channels" in page.header[0].value


def test_a_network_without_such_units_says_so(server: Path, quick: None) -> None:
    page = at_structure(server, granularity="head")
    assert any("has nothing to prune as attention heads" in info.value for info in page.info)


def test_files_load_and_errors_are_sentences(server: Path, tmp_path: Path) -> None:
    data = take_home.file(SETTING, "safetensors")
    (tmp_path / "small.safetensors").write_bytes(data)
    small = load_small(tmp_path / "small.safetensors")
    assert sum(p.numel() for p in small.parameters()) == value_of(SETTING)["parameters"]["small"]
    told = json.loads(take_home.file(SETTING, "description"))
    assert told["shapes"]["conv1.weight"] == [3, 1, 5, 5]
    loaded = torch.export.load(io.BytesIO(take_home.file(SETTING, "program"))).module()
    x = torch.randn(3, 1, 28, 28)
    with torch.inference_mode():
        assert torch.allclose(loaded(x), small(x), atol=1e-5)
    wrong = take_home.file(SETTING.model_copy(update={"granularity": "weight"}), "safetensors").decode()
    assert wrong.startswith("Nothing can be removed for good") and wrong.count("\n") == 1
