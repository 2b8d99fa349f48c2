"""The Quantization page: every control, numbers as the store has them, the curve, ONNX Runtime, the address."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from safetensors.torch import load
from streamlit.testing.v1 import AppTest

from pages.choices import quantization
from pages.choices.quantization import Formats
from pages.choices.setting import Setting
from pages.quantization import more, work
from pages.shared.answers import known
from pages.shared.jobs import made
from pruning.study.study import MeasureSpec
from tests.pages.conftest import ROOT
from tests.pages.look import PATIENCE, settled, texts, turn_to

SETTING = Setting(model="lenet_300_100")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer images, shorter times, two bit widths."""
    for module in (quantization, work):
        monkeypatch.setattr(module, "INTEGER", (2, 8))
    few = MeasureSpec(name="accuracy", options={"count": 300})
    monkeypatch.setattr(work, "TEST", few)
    monkeypatch.setattr(work, "WHOLE", MeasureSpec(name="runtime", options={"count": 300}))
    int8 = MeasureSpec(name="runtime", options={"count": 300, "precision": "int8"})
    monkeypatch.setattr(work, "INT8", int8)
    short = MeasureSpec(name="runtime_latency", options={"batches": (1,), "seconds": 0.05})
    monkeypatch.setattr(work, "TIMES", short)


def at_quantization(server: Path, **words: str) -> AppTest:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE)
    for name, word in ({"v": "1", "model": "lenet_300_100"} | words).items():
        page.query_params[name] = word
    return settled(turn_to(page, "quantization").run())


def value_of(formats: Formats, setting: Setting = SETTING) -> dict:
    found = known(formats.study(setting, work.ERRORS))
    assert found is not None
    return found["value"]


def test_every_control_changes_the_recipe(server: Path, quick: None) -> None:
    page = at_quantization(server)
    value = value_of(Formats())
    assert "LeNet-300-100 with 4-bit weights gets" in page.header[0].value and "of 300 test images" in texts(page)
    assert f"{value['bytes']:,} bytes: codes" in texts(page) and "size only" in texts(page)
    assert {"levels", "errors", "quantization_pruned"} <= set(page.session_state["charts"])
    levels = page.session_state["charts"]["levels"].table
    assert sorted(levels[levels["what"] == "level"]["left_steps"]) == list(range(-7, 8))
    page.sidebar.button_group(key="w_quantization__bits").set_value(2)
    page = settled(page.run())
    assert "2-bit weights" in page.header[0].value and page.query_params["bits"] in ("2", ["2"])
    page.sidebar.button_group(key="w_quantization__rounding").set_value("gptq")
    page.sidebar.button_group(key="w_quantization__group").set_value(32)
    page.sidebar.toggle(key="w_quantization__symmetric").set_value(False)
    page = settled(page.run())
    chosen = Formats(bits=2, rounding="gptq", group=32, symmetric=False)
    assert sum(layer["zeros"] for layer in value_of(chosen)["layers"]) > 0
    assert "zero points" in texts(page)
    page.sidebar.button_group(key="w_quantization__bits").set_value(16)
    page.sidebar.button_group(key="w_quantization__prune").set_value("before")
    page = settled(page.run())
    assert "float16 weights, 80 % of them pruned before," in page.header[0].value
    page.sidebar.button_group(key="w_quantization__half").set_value("bfloat16")
    page = settled(page.run())
    assert "bfloat16 weights" in page.header[0].value
    page.selectbox(key="w_layer").set_value("fc3")
    page = settled(page.run())
    assert page.session_state["charts"]["levels"].name == "levels-fc3"


def test_an_address_is_read_and_wrong_words_are_said(server: Path, quick: None) -> None:
    page = at_quantization(server, bits="3", prune="after", sparsity="50", group="7", rounding="best")
    assert "3-bit weights, 50 % of them pruned after," in page.header[0].value
    assert any("rounding 'best' cannot be used" in warning.value for warning in page.warning)
    assert page.session_state["training_kept"]["quantization__"]["group"] == 7
    page = at_quantization(server, bits="7")
    assert any("not of 7" in warning.value for warning in page.warning) and "4-bit" in page.header[0].value


def test_the_curve_and_the_runtime_wait_for_a_button(server: Path, quick: None) -> None:
    page = at_quantization(server)
    page.button(key="bits_start").click()
    page = settled(page.run())
    table = page.session_state["charts"]["bits"].table
    assert sorted(table["bits"]) == [2, 2, 8, 8] and set(table["images_count"]) == {300}
    page.button(key="runtime_start").click()
    page = settled(page.run())
    table = next(frame.value for frame in page.dataframe if "in ONNX Runtime" in frame.value)
    assert list(table["in ONNX Runtime"]) == ["float32", "int8, weights and activations"]
    assert "1 image (ms)" in table and not (table == "…").any().any()
    assert "The int8 file has 26 % of float32's bytes" in texts(page)
    assert not [button for button in page.button if button.key in ("bits_start", "runtime_start")]


def test_files_are_what_they_say(server: Path) -> None:
    import onnxruntime

    data = made(Formats(bits=3).study(SETTING, MeasureSpec(name="quantized_file")), more.WAIT)
    assert load(data)["fc1.weight.codes"].numel() == 784 * 300 * 3 // 8
    study = Formats().whole(SETTING, MeasureSpec(name="runtime_file", options={"precision": "int8"}))
    session = onnxruntime.InferenceSession(io.BytesIO(made(study, more.WAIT)).getvalue())
    assert session.get_inputs()[0].name == "images"
