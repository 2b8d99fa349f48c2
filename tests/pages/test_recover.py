"""The Recover page: what an empty one teaches, strategies on equal budgets, failures, what is chosen stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.choices.setting import Setting
from pages.choices.training import Recovery
from pages.recover import work
from pages.recover.start import estimate
from pages.recover.work import TRACE, offered, way
from pages.shared.estimates import Estimate
from pages.shared.server import engine, store
from pruning.criteria.kinds import scorers
from pruning.steps.prune import Prune
from pruning.steps.train import Train
from pruning.study.methods.defaults import defaults_of
from pruning.study.methods.recovery_plan import RecoveryPlan
from pruning.study.methods.strategies import STRATEGIES
from tests.pages.look import settled, texts, turn_to

Visit = Callable[..., AppTest]
LENET = Setting(model="lenet_300_100", sparsity=950)
QUICK = {"steps": 20, "looks": 2}


def at_recover(visit: Visit, **words: str) -> AppTest:
    page = visit(**({"v": "1", "model": "lenet_300_100", "sparsity": "95"} | words))
    return settled(turn_to(page, "recover").run())


def quick(page: AppTest, *names: str) -> AppTest:
    """Few steps, and these strategies."""
    page.number_input(key="w_recover_lenet_300_100_steps").set_value(QUICK["steps"])
    page.number_input(key="w_recover_lenet_300_100_looks").set_value(QUICK["looks"])
    page.multiselect(key="w_recover_lenet_300_100_ways").set_value(list(names))
    return settled(page.run())


def plan(**changes: Any) -> RecoveryPlan:
    fine = defaults_of("lenet_300_100").fine.model_copy(update={**QUICK, **changes})
    return RecoveryPlan(prune=Prune(sparsity=950), fine=fine)


def test_an_empty_page_teaches_and_says_the_time(visit: Visit) -> None:
    page = at_recover(visit)
    assert "Nothing here yet" in texts(page) and "recover" in page.header[0].value
    button = next(b for b in page.button if b.key == "recover_start")
    assert "(about" in button.label
    assert "pruned" in texts(page).casefold()  # what is left without training is there at once


def test_strategies_run_to_their_end_on_the_same_budget(visit: Visit) -> None:
    page = quick(at_recover(visit), "pruned", "one_shot", "gradual")
    page.button(key="recover_start").click()
    page = settled(settled(page.run()))
    charts = page.session_state["charts"]
    assert {"training", "comparison", "masks", "churn"} <= set(charts)
    table = charts["comparison"].table.set_index("strategy")
    assert list(table["training_steps"]) == [0, 20, 20] and set(table["images_count"]) == {10_000}
    for name in ("one_shot", "gradual"):
        one = way(LENET, plan(), name)
        key = one.test.cells()[0].measure_key(one.test.measures[0])
        value = store().get([key])[key].value
        assert table["accuracy_percent"][one.label] == pytest.approx(100 * value["correct"] / value["count"], abs=1e-4)
    curves = charts["training"].table
    assert set(curves["strategy"]) == {"One shot + fine-tuning", "Gradual pruning"} and curves["step"].max() == 20
    assert charts["masks"].table["removed_count"].iloc[-1] > 0 and "recovers to" in page.header[0].value
    assert "20 steps of 100 images" in texts(page) and not [b for b in page.button if b.key == "recover_start"]


def test_slimming_is_offered_only_where_it_works(visit: Visit) -> None:
    page = at_recover(visit, granularity="channel", sparsity="50")
    offer = page.multiselect(key="w_recover_lenet_300_100_ways").options
    assert STRATEGIES["group_lasso"].label in offer and STRATEGIES["slimming"].label not in offer
    assert "Network slimming (BatchNorm scales) needs a network with BatchNorm." in texts(page)


def test_a_strategy_with_its_own_criterion_says_so(visit: Visit) -> None:
    page = quick(at_recover(visit, scorer="snip"), "gradual", "movement")
    said = f"Movement pruning has a criterion of its own and does not use {scorers['snip'].label}."
    assert texts(page).count(said) == 1 and "Gradual pruning has" not in texts(page)
    page.selectbox(key="w_scorer").set_value("magnitude_l1")
    assert said not in texts(settled(page.run()))


def test_one_that_fails_does_not_take_the_others(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STRATEGIES, "slimming", replace(STRATEGIES["slimming"], norm=False))
    page = at_recover(visit, granularity="channel", sparsity="50")
    page = quick(page, "one_shot", "slimming")
    page.button(key="recover_start").click()
    page = settled(settled(page.run()))
    assert "no BatchNorm scales" in "\n".join(w.value for w in page.warning)
    assert list(page.session_state["charts"]["comparison"].table["strategy"]) == ["One shot + fine-tuning"]
    assert any(b.label.startswith("Continue") for b in page.button)


def test_a_cancelled_training_is_said_and_can_be_continued(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    page = quick(at_recover(visit), "rewound_init")
    page.number_input(key="w_recover_lenet_300_100_steps").set_value(1000)
    page.run()
    page.button(key="recover_start").click().run()
    one = way(LENET, plan(steps=1000), "rewound_init")
    assert engine().view(one.training.key).state in ("queued", "running")
    page.button(key="recover_cancel").click().run()
    assert engine().view(one.training.key).state == "cancelled"
    page.run()
    assert "was cancelled" in texts(page)
    button = next(b for b in page.button if b.key == "recover_start")
    assert button.label.startswith("Continue")
    button.click().run()
    assert engine().view(one.training.key).state in ("queued", "running")
    engine().cancel(one.training.key, "local")


def test_what_is_chosen_stays_when_another_page_was_open(visit: Visit) -> None:
    page = quick(at_recover(visit), "one_shot", "distilled")
    settled(turn_to(page, "scorers").run())
    page = settled(turn_to(page, "recover").run())
    assert page.number_input(key="w_recover_lenet_300_100_steps").value == 20
    assert page.multiselect(key="w_recover_lenet_300_100_ways").value == ["one_shot", "distilled"]


def test_only_what_fits_is_offered() -> None:
    assert "BatchNorm" in offered(LENET, False)["recalibrated"] and not offered(LENET, True)["recalibrated"]
    channels = LENET.model_copy(update={"granularity": "channel"})
    assert set(offered(channels, True)) == set(STRATEGIES) and offered(channels, True)["rigl"]


def test_the_estimate_counts_images_of_what_is_missing(server: object) -> None:
    ways = [look_at(name) for name in ("one_shot", "pruned", "gradual")]
    time = estimate(Setting(model="vit_small"), plan(batch=50), ways)
    assert time == Estimate(pytest.approx(2 * 20 * 50 * defaults_of("vit_small").seconds), rough=True)


def look_at(name: str) -> work.StrategyProgress:
    one = way(LENET, plan(), name)
    assert one.training.measures == (TRACE,)
    assert all(step.seed == 0 for step in one.training.recipe if isinstance(step, Train))
    return work.StrategyProgress(one, None, None, not one.steps)


LINK = {
    "ways": "one_shot,rigl",
    "steps": "20",
    "rounds": "7",
    "growth": "cubic",
    "lr": "0.02",
    "optimiser": "adamw",
    "batch": "50",
    "flip": "0",
    "train_seed": "3",
}


NOTHING = {"v": "1", "model": "lenet_300_100", "sparsity": "95"}


def linked(visit: Visit, **words: str) -> AppTest:
    """The page as a link with these words opens it."""
    page = visit(v="1", model="lenet_300_100")
    page.query_params.clear()
    for name, text in (NOTHING | words).items():
        page.query_params[name] = text
    return settled(turn_to(page, "recover").run())


def test_the_address_holds_what_is_chosen_and_brings_it_back(visit: Visit) -> None:
    page = linked(visit)
    assert dict(page.query_params) == NOTHING
    page = linked(visit, **LINK)
    assert dict(page.query_params) == NOTHING | LINK
    assert not page.warning
    assert page.multiselect(key="w_recover_lenet_300_100_ways").value == ["one_shot", "rigl"]
    values = {one.key.removeprefix("w_recover_lenet_300_100_"): one.value for one in page.number_input}
    assert (values["steps"], values["rounds"], values["lr"], values["batch"], values["train_seed"]) == (
        20,
        7,
        0.02,
        50,
        3,
    )
    page.number_input(key="w_recover_lenet_300_100_steps").set_value(30)
    page.multiselect(key="w_recover_lenet_300_100_ways").set_value([])
    page = settled(page.run())
    assert page.query_params["steps"] == "30" and page.query_params["ways"] == "none"
    choices = Recovery.of("lenet_300_100").model_copy(
        update={
            "ways": (),
            "steps": 30,
            "rounds": 7,
            "growth": "cubic",
            "lr": 0.02,
            "optimiser": "adamw",
            "batch": 50,
            "flip": False,
            "train_seed": 3,
        }
    )
    words = {name: text for name, text in page.query_params.items() if name in Recovery.model_fields}
    assert Recovery.read(words, Recovery.of("lenet_300_100")) == (choices, [])


def test_a_wrong_word_is_one_sentence_and_the_default(visit: Visit) -> None:
    page = linked(visit, steps="5", optimiser="lion", ways="one_shot,magic", lr="nan", shoe="1")
    said = [one.value for one in page.warning]
    assert len(said) == 5 and not page.exception
    steps = "The link's steps '5' cannot be used, 600 is taken instead. Input should be greater than or equal to 10."
    assert steps in said
    assert any("There is no strategy 'magic'. Known: pruned, " in one for one in said)
    assert page.number_input(key="w_recover_lenet_300_100_steps").value == 600
    assert dict(page.query_params) == NOTHING
    page.number_input(key="w_recover_lenet_300_100_looks").set_value(3)
    assert not settled(page.run()).warning  # the person went on


def test_a_strategy_of_a_link_that_does_not_fit_is_said_and_comes_back(visit: Visit) -> None:
    page = linked(visit, ways="one_shot,gradual", granularity="channel", sparsity="50")
    assert "Left out: Gradual pruning removes single weights" in texts(page)
    assert page.multiselect(key="w_recover_lenet_300_100_ways").value == ["one_shot"]
    page.selectbox(key="w_granularity").set_value("weight")
    page = settled(page.run())
    assert page.multiselect(key="w_recover_lenet_300_100_ways").value == ["one_shot", "gradual"]


def test_fewer_steps_than_rounds_bound_the_rounds(visit: Visit) -> None:
    page = linked(visit, rounds="40", steps="50", ways="none")
    page.number_input(key="w_recover_lenet_300_100_steps").set_value(12)
    page = settled(page.run())
    assert page.number_input(key="w_recover_lenet_300_100_rounds").value == 12
