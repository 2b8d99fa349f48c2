"""The Runs page: empty, filled, searched, opened, noted, compared, deleted."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui.runs_table import matching
from pages.ui.server import store
from pruning.links import Setting, of_study
from pruning.specs import MeasureSpec, load_study
from tests.pages.look import settled, texts

Visit = Callable[..., AppTest]
TEST = MeasureSpec(name="accuracy")


@pytest.fixture
def runs(visit: Visit) -> list[str]:
    """Two kept runs and no others."""
    for run_id in store().runs()["id"]:
        store().delete_run(run_id, "local")
    return [
        store().keep_run(
            Setting(model="lenet_300_100", sparsity=level).study(TEST).model_dump_json(),
            owner="local", name=f"mine {level}", kept=True, seconds=0.0, summary={"accuracy": 0.5},
        )
        for level in (900, 950)
    ]  # fmt: skip


def at_runs(visit: Visit) -> AppTest:
    page = visit(v="1", model="lenet_300_100")
    return page.switch_page("pages/runs.py").run()


def test_an_empty_page_teaches(visit: Visit, runs: list[str]) -> None:
    for run_id in runs:
        store().delete_run(run_id, "local")
    page = at_runs(visit)
    assert not page.exception
    assert "Keep under Runs" in texts(page)


def test_all_runs_are_listed_and_search_narrows(visit: Visit, runs: list[str]) -> None:
    page = at_runs(visit)
    assert not page.exception
    assert set(page.dataframe[0].value["id"]) == set(runs)
    page.text_input(key="runs_search").set_value("mine 950")
    page.run()
    assert list(page.dataframe[0].value["id"]) == [runs[1]]


def test_filters_by_model_and_kind(visit: Visit, runs: list[str]) -> None:
    table = store().runs()
    assert len(matching(table, "", ["resnet_20"], [], "all")) == 0
    assert len(matching(table, "", ["lenet_300_100"], ["magnitude_l1"], "kept")) == 2
    assert len(matching(table, "", [], [], "computed")) == 0
    assert len(matching(table, "900 .*", [], [], "all")) == 0  # words, not patterns


def test_a_kept_study_opens_as_the_setting_it_was(runs: list[str]) -> None:
    assert of_study(load_study(store().run(runs[1]).study)) == Setting(model="lenet_300_100", sparsity=950)


def test_coming_back_from_runs_keeps_the_setting(visit: Visit) -> None:
    page = visit(v="1", model="lenet_300_100", sparsity="97")
    page.switch_page("pages/runs.py").run()
    page.switch_page("pages/prune.py")
    settled(page.run())
    assert "97 %" in page.header[0].value
