"""The Runs page: empty, filled, searched, opened, noted, compared, deleted."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.choices.links import of_study
from pages.choices.setting import Setting
from pages.runs import removal
from pages.runs import table as runs_table
from pages.runs.table import matching
from pages.shared.server import store
from pruning.study.study import MeasureSpec, load_study
from tests.pages.look import settled, texts, turn_to

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
            owner="local",
            name=f"mine {level}",
            kept=True,
            seconds=0.0,
            summary={"accuracy": 0.5},
        )
        for level in (900, 950)
    ]


def at_runs(visit: Visit) -> AppTest:
    page = visit(v="1", model="lenet_300_100")
    return turn_to(page, "runs").run()


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
    holes = table.assign(page=pd.Series(["recover", None], dtype="str"))
    assert len(matching(holes, "recover", [], [], "all")) == 1 and len(matching(holes, "none", [], [], "all")) == 0


def test_a_kept_study_opens_as_the_setting_it_was(runs: list[str]) -> None:
    assert of_study(load_study(store().run(runs[1]).study)) == Setting(model="lenet_300_100", sparsity=950)


def test_coming_back_from_runs_keeps_the_setting(visit: Visit) -> None:
    page = visit(v="1", model="lenet_300_100", sparsity="97")
    turn_to(page, "runs").run()
    turn_to(page, "prune")
    settled(page.run())
    assert "97 %" in page.header[0].value


def opened(page: AppTest, run_id: str, label: str, patch: pytest.MonkeyPatch) -> AppTest:
    """The Runs page with one row ticked, and its run opened."""
    patch.setattr(runs_table, "choose", lambda found: [run_id])
    turn_to(page, "runs").run()
    assert page.button(key=f"open_{run_id}").label == label
    page.button(key=f"open_{run_id}").click()
    page.run()  # AppTest stays on the page it was on: the one that was opened has to be named for a next look
    file = {"Recover": "recover", "Lottery ticket": "lottery"}[label.removeprefix("Open on ")]
    return settled(turn_to(page, file).run())


def test_what_was_begun_on_recover_opens_there(visit: Visit, runs: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    page = settled(turn_to(visit(v="1", model="lenet_300_100", sparsity="90"), "recover").run())
    for name, value in (("steps", 12), ("looks", 2)):
        page.number_input(key=f"w_recover_lenet_300_100_{name}").set_value(value)
    page.multiselect(key="w_recover_lenet_300_100_ways").set_value(["one_shot", "rigl"])
    page = settled(page.run())
    page.button(key="recover_start").click()
    settled(page.run())
    table = store().runs().set_index("id").drop(index=runs)
    assert len(table) == 2 and set(table["page"]) == {"recover"}  # one for each strategy
    assert set(table["link"].map(lambda link: dict(parse_qsl(link))["ways"])) == {"one_shot,rigl"}
    page = opened(visit(v="1", model="lenet_5"), table.index[0], "Open on Recover", monkeypatch)
    assert page.multiselect(key="w_recover_lenet_300_100_ways").value == ["one_shot", "rigl"]
    assert page.number_input(key="w_recover_lenet_300_100_steps").value == 12
    assert page.header[0].value.startswith("LeNet-300-100 with 90 %") and not page.warning


def test_a_lottery_experiment_is_one_run(visit: Visit, runs: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    page = settled(turn_to(visit(v="1", model="lenet_300_100"), "lottery").run())
    for name, value in (("seeds", 2), ("rounds", 1), ("steps", 14), ("looks", 2), ("samples", 1000)):
        page.number_input(key=f"w_lottery_lenet_300_100_{name}").set_value(value)
    page.run().button(key="lottery_start").click()
    settled(page.run())
    table = store().runs().set_index("id").drop(index=runs)
    assert list(table["name"]) == ["Lottery ticket: LeNet-300-100, 2 seeds, 1 round to 50 % of the weights"]
    page = opened(visit(v="1", model="lenet_5"), table.index[0], "Open on Lottery ticket", monkeypatch)
    assert page.number_input(key="w_lottery_lenet_300_100_steps").value == 14
    assert "of 2 won" in page.header[0].value and not page.warning


def test_results_of_before_contents_counted_are_shown_and_said_to_be_older(
    visit: Visit, runs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (now,) = Setting(model="lenet_300_100", sparsity=900).study(TEST).cells()
    assert now.measure_key(TEST) == now.measure_key(TEST, older=True), "embedded networks keep their names"
    study = Setting(model="resnet18", data="imagenette", sparsity=955).study(TEST)
    monkeypatch.setattr("pruning.zoo.datasets.imagenette.Imagenette.form", lambda self: "imagenette2-160 0123")
    monkeypatch.setattr("pruning.zoo.datasets.imagenette.Imagenette.older_form", lambda self: "imagenette2-160")
    (cell,) = study.cells()
    older = cell.measure_key(TEST, older=True)
    assert older != cell.measure_key(TEST)
    value = {"count": 100, "correct": 61, "dense_correct": 70, "lost": 9, "gained": 0, "changed": 9, "flips": []}
    about = {"state_key": "s", "measure": "accuracy", "model": "resnet18", "device": "cpu", "images": 100}
    store().put(older, value, seconds=1.0, **about)
    run_id = store().keep_run(
        study.model_dump_json(), owner="local", name="then", kept=True, seconds=0.0, summary={"accuracy": 0.61}
    )
    monkeypatch.setattr(runs_table, "choose", lambda found: [run_id])
    assert runs_table.OLDER_WORDS in texts(at_runs(visit))
    monkeypatch.setattr(runs_table, "choose", lambda found: [run_id, runs[0]])
    assert "Those marked *older*" in texts(at_runs(visit))
    store().delete_run(run_id, "local")


def test_a_deleted_run_comes_back_as_it_was(visit: Visit, runs: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs_table, "choose", lambda found: [runs[0]] if runs[0] in set(found["id"]) else [])
    store().note_run(runs[0], "what I saw", "local")
    before = store().run(runs[0])
    page = at_runs(visit)
    key = removal.table_key
    page.button(key=f"delete_{runs[0]}").click().run()
    assert set(store().runs()["id"]) == {runs[1]} and "'mine 900' is deleted" in page.info[0].value
    assert not [one for one in page.button if str(one.key).startswith("delete_")]  # nothing stands in its place
    assert page.session_state["runs_round"] == 1 and key() == "runs_table_0"  # the table of the next round is another
    page.button(key="runs_undo").click().run()
    assert store().run(runs[0]) == before and not page.info


def test_of_two_runs_what_differs_is_shown(visit: Visit, runs: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs_table, "choose", lambda _found: runs)
    page = at_runs(visit)
    table = next(frame.value for frame in page.dataframe if "setting" in frame.value)
    words = "Mask {} % of the weights by Magnitude (L1), global."
    assert table.to_numpy().tolist() == [["step 1", words.format(90), words.format(95)]]
    page.button(key="delete_many").click().run()
    assert "2 runs are deleted" in page.info[0].value and store().count_runs() == 0
    page.button(key="runs_undo").click().run()
    assert set(store().runs()["id"]) == set(runs)


def test_what_is_not_known_of_a_run_is_left_empty(visit: Visit, runs: list[str]) -> None:
    study = Setting(model="lenet_300_100", sparsity=970).study(MeasureSpec(name="size"))
    store().keep_run(study.model_dump_json(), owner="local", name="size", kept=True, seconds=0.0, summary={})
    page = at_runs(visit)
    table = page.dataframe[0].value.set_index("name")
    assert table["seconds"].isna().all() and table["accuracy"].isna().sum() == 1
