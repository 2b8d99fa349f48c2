"""The Lottery ticket page: what an empty one teaches, a small experiment to its verdict, stored ones, cancel."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.lottery import work as lottery_work
from pages.lottery.connectivity import lines
from pages.lottery.work import estimate, look, works
from pages.shared.estimates import Estimate
from pages.shared.server import engine, store
from pages.shared.standing import Standing
from pruning.results.connectivity import barrier_sentence, barriers_frame, valley_sentence
from pruning.results.tickets import read_stored, rows_frame, sentence, verdicts
from pruning.study.methods.defaults import TICKET
from pruning.study.methods.tickets import TEST, Experiment
from tests.pages.look import settled, texts, turn_to

Visit = Callable[..., AppTest]
SHORT = TICKET.model_copy(update={"steps": 10, "looks": 2, "samples": 1000})
TINY = Experiment(train=SHORT, levels=(500,), seeds=(0, 1))


def at_lottery(visit: Visit) -> AppTest:
    page = visit(v="1", model="lenet_300_100")
    return settled(turn_to(page, "lottery").run())


def tiny(page: AppTest) -> AppTest:
    """The experiment ``TINY``, by the controls."""
    for name, value in (("seeds", 2), ("rounds", 1), ("steps", 10), ("looks", 2), ("samples", 1000)):
        page.number_input(key=f"w_lottery_lenet_300_100_{name}").set_value(value)
    return page.run()


def start(page: AppTest) -> AppTest:
    next(button for button in page.button if button.key == "lottery_start").click()
    return page.run()


def test_an_empty_page_teaches_and_says_how_much_it_is(visit: Visit) -> None:
    page = at_lottery(visit)
    assert "Nothing here yet" in texts(page) and not page.exception
    label = next(button.label for button in page.button if button.key == "lottery_start")
    assert label.startswith("Start: train 48 networks (about")  # 3 seeds, dense and 5 times 3
    assert sum(len(work.cells) for work in works(Experiment(train=TICKET), 2)) == 48


def test_a_small_experiment_runs_to_its_verdict(visit: Visit) -> None:
    page = settled(start(tiny(at_lottery(visit))))
    found = look_at(page)
    assert len(found) == 8 and {row["arm"] for row in found} == {"dense", "ticket", "redrawn", "shuffled"}
    (work,) = works(TINY, 1)
    for cell, (_, test_key) in zip(work.cells, work.keys, strict=True):
        row = next(r for r in found if (r["seed"], r["arm"], r["level"]) == (cell.seed, cell.arm, cell.level))
        test = store().get([test_key])[test_key].value
        assert row["correct"] == test["correct"] and row["count"] == 10_000 and row["early_step"] in (5, 10)
    (verdict,) = verdicts(rows_frame(found)).to_dict("records")
    assert page.header[0].value == sentence(verdict) and "of 2 won" in page.header[0].value
    charts = page.session_state["charts"]
    assert {"tickets", "early"} <= set(charts) and len(charts["tickets"].table) == 8
    table = page.dataframe[0].value
    assert list(table["ticket minus"]) == ["re-initialised", "random mask", "dense"]
    assert table["points"].iloc[0] == pytest.approx(100 * verdict["difference"])
    assert "too few for a claim" in texts(page) and not [b for b in page.button if b.key == "lottery_start"]


def test_two_children_of_ticket_and_dense_are_compared(visit: Visit) -> None:
    page = tiny(at_lottery(visit))
    if [button for button in page.button if button.key == "lottery_start"]:  # else trained by the test before
        page = settled(start(page))
    assert page.selectbox(key="lottery_valley_level").options == ["50\u00a0%"]
    label = page.button(key="lottery_valley_start").label  # 2 seeds, dense and ticket
    assert re.fullmatch(r"Measure 4 lines \(about \d+ (s|min)\)", label)  # networks trained before tell the time
    page.button(key="lottery_valley_start").click()
    page = settled(page.run())
    chart = page.session_state["charts"]["valley"]
    assert len(chart.table) == 4 * 11 and set(chart.table["arm"]) == {"dense", "ticket"}
    rows = rows_frame(look_at(page)).set_index(["arm", "seed"])["accuracy"]
    for (arm, seed), line in chart.table.groupby(["arm", "seed"]):
        assert line["error_percent"].iloc[0] == pytest.approx(100 * (1 - rows[arm, seed]), abs=1e-3)  # its own end
    table = barriers_frame(lines(TINY, 500).frame)
    assert barrier_sentence(table) in texts(page) and chart.title == valley_sentence(table, 500)
    assert not [b for b in page.button if b.key == "lottery_valley_start"]


def look_at(page: AppTest) -> list[dict]:
    have = page.session_state["lottery_rows"]
    return [have[trace][0] for work in works(TINY, 1) for trace, _ in work.keys if trace in have]


def test_cancelled_work_can_be_continued(visit: Visit) -> None:
    page = tiny(at_lottery(visit))
    page.number_input(key="w_lottery_lenet_300_100_steps").set_value(3000)
    page = start(page.run())
    assert any(not view.finished for view in engine().views())
    page.button(key="lottery_cancel").click()
    page.run()
    assert not engine().views()
    label = next(button.label for button in page.run().button if button.key == "lottery_start")
    assert label.startswith("Continue: train 8 networks")


def test_stored_experiments_are_shown_and_labelled(
    visit: Visit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rows = [
        {
            "seed": s,
            "arm": arm,
            "level": level,
            "correct": correct + s,
            "count": 1000,
            "early_step": 9,
            "steps": 10,
            "diverged": None,
        }
        for s in range(3)
        for arm, level, correct in (("dense", 0, 900), ("ticket", 964, 890), ("redrawn", 964, 871))
    ]
    about = {
        "schema_version": 1,
        "name": "LeNet, full",
        "made_by": "python assets/lottery.py",
        "date": "2026-11-24",
        "machine": "a machine",
    }
    (tmp_path / "full.json").write_text(json.dumps(about | {"rows": rows}))
    monkeypatch.setattr(lottery_work, "stored", lambda: read_stored(tmp_path))
    page = at_lottery(visit)
    page.radio(key="lottery_shown").set_value("LeNet, full")
    page.run()
    assert not page.exception
    assert page.query_params["shown"] == "LeNet, full"
    assert page.header[0].value.startswith("At 3.6 % of the weights the ticket is 1.9 points above")
    assert "Stored with the program: made by `python assets/lottery.py`" in texts(page)
    assert not [button for button in page.button if button.key == "lottery_start"]


def test_the_estimate_is_measured_once_something_is_known() -> None:
    empty = lottery_work.TicketProgress([], 8, works(TINY, 1), Standing(), None)
    assert estimate(TINY.model_copy(update={"model": "vit_small"}), empty).rough
    known = lottery_work.TicketProgress([], 8, works(TINY, 1), Standing(), 3.0)
    assert estimate(TINY, known) == Estimate(8 * 3.0 / max(1, engine().settings.workers - 1))
    assert look(TINY.model_copy(update={"seeds": (7,)})).rows == [] and TEST.name == "accuracy"


def linked(visit: Visit, **words: str) -> AppTest:
    """The page as a link with these words opens it."""
    page = visit(v="1", model="lenet_300_100")
    page.query_params.clear()
    for name, text in words.items():
        page.query_params[name] = text
    return settled(turn_to(page, "lottery").run())


def test_the_address_holds_the_experiment_and_brings_it_back(visit: Visit) -> None:
    words = {
        "v": "1",
        "model": "lenet_5",
        "seeds": "2",
        "share": "20",
        "rounds": "3",
        "steps": "50",
        "mark": "early",
        "lr": "0.02",
    }
    page = linked(visit, **words)
    assert not page.warning and dict(page.query_params) == words
    label = next(button.label for button in page.button if button.key == "lottery_start")
    assert label.startswith("Start: train 14 networks")  # 2 seeds, dense and 3 times 2: no other initial weights
    page.selectbox(key="w_lottery_model").set_value("lenet_300_100")
    page = tiny(settled(page.run()))
    assert dict(page.query_params) == {
        "v": "1",
        "seeds": "2",
        "rounds": "1",
        "steps": "10",
        "samples": "1000",
        "looks": "2",
    }
    page.selectbox(key="w_lottery_model").set_value("lenet_5")
    assert dict(settled(page.run()).query_params) == words  # each model keeps its own


def test_a_wrong_word_is_one_sentence_and_the_default(visit: Visit) -> None:
    page = linked(
        visit, v="1", model="lenet_9", seeds="many", share="99", shoe="1", device="cuda:7", mark="dense", shown="x"
    )
    said = [one.value for one in page.warning]
    assert len(said) == 7 and not page.exception
    share = "The link's share '99' cannot be used, 50 is taken instead. Input should be less than or equal to 90."
    assert share in said and "The link's experiment 'x' does not come with the program; your own is shown." in said
    assert any(one.startswith("The link's model 'lenet_9' cannot be used, lenet_300_100 is shown") for one in said)
    assert dict(page.query_params) == {"v": "1"}
    page.number_input(key="w_lottery_lenet_300_100_rounds").set_value(2)
    assert not page.run().run().warning
