"""The first page, and which page an address opens."""

from __future__ import annotations

import re
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from pages.choices.setting import Setting
from pages.shared.answers import TEST
from pages.start.picture import GONE, picture
from pages.start.words import example
from tests.pages.conftest import ROOT
from tests.pages.look import PATIENCE, settled, texts, turn_to


def test_an_address_without_words_opens_the_start_and_one_with_words_prune(
    server: object, visit: Callable[..., AppTest]
) -> None:
    start = settled(AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE).run())
    assert start.header[0].value == "See what can go from a neural network, and what it costs"
    assert "LeNet-5" in visit(v="1", model="lenet_5", sparsity="50").header[0].value
    again = turn_to(AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE), "start")
    assert settled(again.run()).header[0].value == start.header[0].value


def test_its_example_is_what_is_stored(server: object) -> None:
    from pages.shared.server import store

    page = settled(AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE).run())
    keys = [Setting().study(TEST, recalibrate=again).cells()[0].measure_key(TEST) for again in (False, True)]
    plain, again = (store().get(keys)[key].value for key in keys)
    (said,) = [one.value for one in page.info]
    numbers = [float(found) for found in re.findall(r"(\d+\.\d) %", said)]
    expected = [100 * plain["dense_correct"], 100 * plain["correct"], 100 * again["correct"]]
    assert numbers == [round(one / plain["count"], 1) for one in expected]
    assert f"{plain['count']:,} test images" in said and "80 % of its weights" in said
    assert "Pruning" in texts(page)


@given(st.integers(1, 10**6), st.data())
def test_the_example_says_the_numbers_of_its_table(count: int, data: st.DataObject) -> None:
    right = st.integers(0, count)
    value = {"correct": data.draw(right), "dense_correct": data.draw(right), "count": count}
    other = {"correct": data.draw(right), "count": count if data.draw(st.booleans()) else count + 1}
    numbers = re.findall(r"(\d+\.\d) %", example("N", "half of it", value, other, "D"))
    expected = [value["dense_correct"], value["correct"], *([other["correct"]] if other["count"] == count else [])]
    assert numbers == [f"{100 * one / count:.1f}" for one in expected]


def test_in_the_picture_the_weakest_connections_go() -> None:
    lines = re.findall(r'stroke-width="([\d.]+)" (class="gone")?', picture())
    gone = [float(width) for width, mark in lines if mark]
    kept = [float(width) for width, mark in lines if not mark]
    assert len(gone) == round(GONE * len(lines)) and max(gone) <= min(kept)
