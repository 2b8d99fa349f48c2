"""Several GPUs: each page that lets people choose a device lists them by name, and a link names one of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from pages.choices.curves import View
from pages.choices.links import read_query
from pages.choices.setting import Setting
from pages.curves import controls as curves
from pages.lottery import controls as lottery
from pages.lottery import state as lottery_state
from pages.shared import controls
from pruning.study.study import MeasureSpec
from tests.pages.look import settled, texts

Visit = Callable[..., AppTest]
FOUND = {"cpu": "CPU", "cuda:0": "NVIDIA H200 (cuda:0)", "cuda:1": "NVIDIA H200 (cuda:1)"}
FAST = {"v": "1", "model": "lenet_300_100"}


@pytest.fixture(autouse=True)
def two_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine that computes seems to have two cards; what is sent there finds none, and says so."""
    for place in (controls, curves, lottery, lottery_state):
        monkeypatch.setattr(place, "devices", lambda: dict(FOUND))


def test_prune_lists_them_and_a_link_chooses_one(visit: Visit) -> None:
    page = visit(**FAST, device="cuda:1")
    chosen = page.selectbox(key="w_device")
    assert chosen.options == list(FOUND.values()) and chosen.value == "cuda:1"
    assert page.query_params["device"] == "cuda:1" and "no device 'cuda:1'" in texts(page)
    chosen.set_value("cuda:0")
    assert settled(page.run()).query_params["device"] == "cuda:0" and "no device 'cuda:0'" in texts(page)
    page.selectbox(key="w_device").set_value("cpu")
    assert "device" not in settled(page.run()).query_params and "no device" not in texts(page)


def test_curves_lists_them_and_a_link_chooses_one(visit: Visit) -> None:
    page = visit(**FAST)
    page.session_state["setting"] = None
    page.query_params.clear()
    page.query_params.update({"v": "1", "device": "cuda:1"})
    page.switch_page("pages/curves/page.py").run()
    (chosen,) = [box for box in settled(page).selectbox if box.label == "Device"]
    assert chosen.options == list(FOUND.values()) and chosen.value == "cuda:1"
    assert page.query_params["device"] == "cuda:1"


def test_lottery_lists_them_and_a_link_chooses_one(visit: Visit) -> None:
    page = visit(**FAST)
    page.query_params.clear()
    page.query_params.update({"v": "1", "device": "cuda:1"})
    page.switch_page("pages/lottery/page.py").run()
    (chosen,) = [box for box in settled(page).selectbox if box.label == "Device"]
    assert chosen.options == list(FOUND.values()) and chosen.value == "cuda:1"
    assert page.query_params["device"] == "cuda:1" and not page.warning


def test_which_of_them_computes_changes_no_key() -> None:
    settings = [read_query(FAST | {"device": name})[0] for name in ("cuda:0", "cuda:1")]
    assert [setting.device for setting in settings] == ["cuda:0", "cuda:1"]
    spec = MeasureSpec(name="accuracy")
    one, other = (setting.study(spec).cells()[0].measure_key(spec) for setting in settings)
    assert one == other != Setting(model="lenet_300_100").study(spec).cells()[0].measure_key(spec)
    assert View(device="cuda:1").device == "cuda:1"
