"""The Compare page: the stored comparison, every control, a student of one's own, a model to take home."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import onnx
import pytest
import torch
from streamlit.testing.v1 import AppTest

from pages.choices.compare import Wish
from pages.compare import files, work
from pages.compare.choosing import answer, chosen
from pages.compare.tasks import tasks
from pages.shared.server import store
from pruning.compression.removal.files import load_small
from pruning.results.tradeoffs import frame
from pruning.study.methods.approaches import ComparisonPlan, approaches
from tests.pages.conftest import ROOT
from tests.pages.look import PATIENCE, settled, texts, turn_to

LENET = {"v": "1", "model": "lenet_300_100"}
PLAN = ComparisonPlan(model="lenet_300_100")


def at_compare(**words: str) -> AppTest:
    """The Compare page, opened by its address."""
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE)
    for name, word in (LENET | words).items():
        page.query_params[name] = word
    return settled(turn_to(page, "compare").run())


def said(wish: Wish) -> str:
    return answer(frame(work.look(wish.plan).results), wish, "LeNet-300-100")


def test_the_stored_comparison_is_whole_and_every_control_changes_the_answer(server: Path) -> None:
    page = at_compare()
    known = work.look(PLAN)
    assert not known.lacking, "everything is stored with the program"
    assert page.header[0].value == said(Wish(model="lenet_300_100"))
    assert len(page.session_state["charts"]["compare"].table) == len(approaches(PLAN))
    assert "Stored with the program: made by `assets/compare.py`" in texts(page)
    page.sidebar.slider(key="w_compare__most_points").set_value(3.0)
    page.sidebar.selectbox(key="w_compare__aim").set_value("accurate")
    page = settled(page.run())
    wish = Wish(model="lenet_300_100", most_points=3, aim="accurate")
    assert page.header[0].value == said(wish) != said(Wish(model="lenet_300_100"))
    words = {name: page.query_params[name] for name in ("most_points", "aim")}
    assert words == {"most_points": "3.0", "aim": "accurate"}
    page.sidebar.number_input(key="w_compare__most_kb").set_value(1.0)
    page = settled(page.run())
    assert "Loosen a limit" in page.header[0].value
    for axis in ("macs", "ms_1", "ms_16"):
        page.sidebar.selectbox(key="w_compare__axis").set_value(axis)
        page = settled(page.run())
        assert page.session_state["charts"]["compare"].name == f"compare-{axis}"


def test_times_are_of_one_machine_that_is_named(server: Path) -> None:
    page = at_compare(axis="ms_1")
    known = work.look(PLAN)
    assert known.about is not None and not known.here and known.timed == known.about.machine
    assert known.about.machine in texts(page)
    times = {task.times(known.about.machine) for task in tasks(PLAN).values()}
    stored = store().get(times)
    assert {record.machine for record in stored.values()} == {known.about.machine} and len(stored) == len(times)


def test_wrong_words_of_a_link_are_said_and_the_rest_is_kept(server: Path) -> None:
    page = at_compare(aim="cheapest", most_points="2", most_ms="nan", width="-4", colour="blue", family="resnet18")
    warnings = "\n".join(str(warning.value) for warning in page.warning)
    for word in ("aim 'cheapest'", "width '-4'", "most_ms 'nan'", "'colour' is not known", "family 'resnet18'"):
        assert word in warnings
    assert page.sidebar.slider(key="w_compare__most_points").value == 2.0
    assert page.header[0].value == said(Wish(model="lenet_300_100", most_points=2))


def test_the_clicked_way_is_shown_with_its_steps_and_its_page(server: Path) -> None:
    page = at_compare()
    page.session_state["compare_selected"] = "c50_t_b4"
    page = settled(page.run())
    shown = texts(page)
    assert "Take what is masked out for good" in shown and "from the dense network (temperature 4)" in shown
    assert "to 4 bits by GPTQ" in shown and "/structure?" in shown
    assert "/quantization?v=1&model=lenet_300_100&bits=4&rounding=gptq" in shown
    assert any("compare-lenet_300_100-c50_t_b4.json" in code.value for code in page.code)
    page.session_state["compare_selected"] = "gone"
    best = chosen(frame(work.look(PLAN).results), Wish(model="lenet_300_100"))
    page = settled(page.run())
    assert page.selectbox(key=f"compare_pick_{best}").value == best
    page.selectbox(key=f"compare_pick_{best}").set_value("b8")
    page = settled(page.run())
    assert page.query_params["way"] == "b8" and "Round the weights to 8 bits" in texts(page)


def test_a_student_of_ones_own_is_trained_on_request_and_stands_beside_the_stored_ways(server: Path) -> None:
    page = at_compare(width="10", depth="50", mixing="0.5")
    wish = Wish(model="lenet_300_100", width=10, depth=50)
    assert [task.approach.name for task in work.look(wish.plan).lacking] == ["own", "own_t"]
    button = page.button(key="compare_start")
    assert "Measure 2 more ways" in button.label
    button.click()
    page = settled(page.run())
    table = page.session_state["charts"]["compare"].table.set_index("approach")
    for way in ("Your student, from scratch", "Your student, distilled"):
        assert table.loc[way, "origin"] != "bundled" and 60 < table.loc[way, "test_accuracy_percent"] < 90
    assert not any(button.key == "compare_start" for button in page.button)


@pytest.mark.parametrize("way", ["b4_w50"])
def test_a_model_is_made_and_loads(server: Path, way: str) -> None:
    page = at_compare()
    page.session_state["compare_selected"] = way
    page = settled(page.run())
    page.button(key="compare_make").click()
    page = settled(page.run())
    smallest, plain = files.files(tasks(PLAN)[way])
    x = torch.randn(3, 1, 28, 28)
    with torch.inference_mode():
        assert torch.allclose(load_small(smallest)(x), load_small(plain)(x), atol=1e-5)
    row = frame(work.look(PLAN).results).set_index("name").loc[way]
    assert smallest.stat().st_size == row["bytes"]
    assert any(".safetensors" in str(button.proto.label) for button in page.get("download_button"))


def test_the_device_kit_goes_out_with_the_dense_network_and_its_times_come_back(server: Path) -> None:
    from pages.compare import device
    from pages.shared.device_kit import zipped

    wish = Wish(model="lenet_300_100")
    table = frame(work.look(wish.plan).results)
    networks = device.wanted(wish, ["int8"], table)
    with zipfile.ZipFile(io.BytesIO(zipped(device.key_of(wish), "two", networks))) as archive:
        content = json.loads(archive.read("device-kit/kit.json"))
        model = onnx.load_from_string(archive.read("device-kit/int8.onnx"))
    assert [one["name"] for one in content["networks"]] == ["dense", "int8"] and content["kit"] == device.key_of(wish)
    row = table.set_index("name").loc["int8"]
    assert content["networks"][1]["measured"]["accuracy"] == pytest.approx(row["accuracy"], abs=1e-6)
    facts = {prop.key: json.loads(prop.value) for prop in model.metadata_props}
    assert facts["input_shape"] == [1, 28, 28] and facts["preprocessing"]["mean"] == pytest.approx([0.2860])

    usual = {"kit": content["kit"], "batch_images": 1, "rounds": 9, "threads": 1, "device": "pi", "system": "Linux"}
    times = [
        usual
        | {"network": name, "label": name, "median_ms": ms, "low_ms": ms, "high_ms": ms}
        | {"runtime": "onnxruntime 1", "date": "2026-12-01T10:00:00Z"}
        for name, ms in (("dense", 4.0), ("int8", 1.0))
    ]

    def script(rows: list[dict]) -> None:
        import pandas as pd

        from pages.choices.compare import Wish
        from pages.compare import device, work
        from pruning.results.tradeoffs import frame

        wish = Wish(model="lenet_300_100")
        device.shown(wish, frame(work.look(wish.plan).results), pd.DataFrame(rows))

    page = AppTest.from_function(script, kwargs={"rows": times}, default_timeout=PATIENCE).run()
    seen = page.dataframe[0].value
    assert list(seen["there, against dense"]) == ["", "4 times faster"] and list(seen["device"]) == ["pi, 1 thread"] * 2
    assert "never put into one number" in texts(page)
