"""Strategies: equal budgets, exact ends, refused with a sentence; traces as tables."""

from __future__ import annotations

import pytest

from pruning.criteria.kinds import scorers
from pruning.results.training import churn_frame, curves_frame, layers_frame, results_frame
from pruning.steps.prune import Prune
from pruning.steps.recalibrate import Recalibrate
from pruning.steps.rewind import Rewind
from pruning.steps.train import Train
from pruning.study.fold import state_of
from pruning.study.methods.defaults import DEFAULTS, TICKET, defaults_of, original
from pruning.study.methods.recovery_plan import RecoveryPlan
from pruning.study.methods.strategies import FIRST, STRATEGIES
from pruning.study.study import MeasureSpec, Study
from pruning.training.kinds import dynamics
from pruning.training.options import budget
from pruning.zoo.base import Base
from pruning.zoo.kinds import models
from tests.helpers.invented import Images

PLAN = RecoveryPlan(prune=Prune(sparsity=930), fine=Train(steps=601, lr=0.01, looks=20), peak=0.2, rounds=7)


def plan_for(name: str) -> RecoveryPlan:
    """The plan, on the units that the strategy goes with."""
    unit = "channel" if STRATEGIES[name].units == "channel" else "weight"
    return PLAN.model_copy(update={"prune": Prune(sparsity=930, granularity=unit)})


@pytest.mark.parametrize("name", list(STRATEGIES))
def test_every_strategy_trains_for_exactly_the_budget_or_not_at_all(name: str) -> None:
    recipe = STRATEGIES[name].recipe(plan_for(name))
    assert budget(recipe) in (0, 601)
    assert (budget(recipe) == 0) == (name in ("pruned", "recalibrated"))
    study = Study(base=Base(mark=STRATEGIES[name].mark), recipe=recipe, measures=(MeasureSpec(name="trace"),))
    assert study.cells()[0].recipe == recipe  # survives validation
    ends = [step.sparsity for step in recipe if isinstance(step, Prune)]
    during = [s.during_options.get("final") for s in recipe if isinstance(s, Train) and "final" in s.during_options]
    assert (ends or during)[-1] == 930


def test_every_way_of_training_is_a_strategy() -> None:
    assert set(dynamics) - {"static"} <= set(STRATEGIES) and set(FIRST) <= set(STRATEGIES)


def test_growing_sparsity_ends_where_asked_even_where_that_is_the_default() -> None:
    nine = PLAN.model_copy(update={"prune": Prune(sparsity=900)})
    (train,) = STRATEGIES["gradual"].recipe(nine)
    assert isinstance(train, Train) and dynamics["gradual"](**train.during_options).final == 900


def test_what_each_strategy_is() -> None:
    recipe = {name: STRATEGIES[name].recipe(plan_for(name)) for name in STRATEGIES}
    assert [type(s) for s in recipe["recalibrated"]] == [Prune, Recalibrate]
    assert [s.lr for s in recipe["lr_rewound"] if isinstance(s, Train)] == [0.2]
    assert [s.schedule for s in recipe["lr_rewound"] if isinstance(s, Train)] == ["one_cycle"]
    assert [s.mark for name in ("rewound_early", "rewound_init") for s in recipe[name] if isinstance(s, Rewind)] == [
        "early",
        "init",
    ]
    assert [s.teacher for s in recipe["distilled"] if isinstance(s, Train)] == ["dense"]
    rounds = [s for s in recipe["iterative"] if isinstance(s, Train)]
    assert len(rounds) == 7 and sum(s.steps for s in rounds) == 601 and sum(s.looks for s in rounds) <= 20
    assert [s.sparsity for s in recipe["iterative"] if isinstance(s, Prune)] == sorted(
        s.sparsity for s in recipe["iterative"] if isinstance(s, Prune)
    )


@pytest.mark.parametrize("name", list(STRATEGIES))
def test_every_strategy_that_trains_sees_the_same_images(name: str) -> None:
    """Trainings of one recipe go on in the data order: no image is seen twice while others wait."""
    seen: list[int] = []
    for step in STRATEGIES[name].recipe(plan_for(name)):
        if isinstance(step, Train):
            seen += range(step.first, step.first + step.steps)
    assert seen == (list(range(601)) if seen else [])


def test_slimming_prunes_by_the_scales_that_it_shrank_and_regrowth_fits_any_budget() -> None:
    chosen = [s.scorer for s in STRATEGIES["slimming"].recipe(plan_for("slimming")) if isinstance(s, Prune)]
    assert chosen == ["batch_norm_scale"]
    short = PLAN.model_copy(update={"fine": PLAN.fine.model_copy(update={"steps": 30})})
    for name in ("rigl", "set"):
        train = STRATEGIES[name].recipe(short)[-1]
        assert isinstance(train, Train) and train.during_options == {"every": 1}


def test_the_penalty_on_channels_has_the_asked_weight() -> None:
    plan = RecoveryPlan.model_validate(PLAN.model_dump() | {"prune": Prune(granularity="channel"), "penalty": 0.003})
    for name in ("group_lasso", "slimming"):
        first, _, second = STRATEGIES[name].recipe(plan)
        assert isinstance(first, Train) and isinstance(second, Train)
        assert (first.during, first.during_options, second.during) == (name, {"strength": 0.003}, "static")


def test_gradual_pruning_takes_its_pace_from_the_plan() -> None:
    plan = RecoveryPlan.model_validate(PLAN.model_dump() | {"begins": 0.2, "ends": 0.5, "every": 7})
    for name in ("gradual", "movement"):
        (train,) = STRATEGIES[name].recipe(plan)
        assert isinstance(train, Train)
        options = dynamics[name](**train.during_options).model_dump()
        assert (options["start"], options["end"], options["every"]) == (0.2, 0.5, 7)
    with pytest.raises(ValueError, match="after it begins"):
        RecoveryPlan.model_validate(PLAN.model_dump() | {"begins": 0.6, "ends": 0.5})


def test_what_cannot_be_used_is_said() -> None:
    channels = Prune(granularity="channel")
    assert "single weights" in STRATEGIES["gradual"].lacks(channels, True, True)
    assert "channels" in STRATEGIES["group_lasso"].lacks(Prune(), True, True)
    assert "BatchNorm" in STRATEGIES["recalibrated"].lacks(Prune(), False, True)
    assert "embedded" in STRATEGIES["rewound_early"].lacks(Prune(), True, False)
    assert not STRATEGIES["one_shot"].lacks(channels, False, False)
    assert STRATEGIES["slimming"].lacks(channels, False, True) == (
        "Network slimming (BatchNorm scales) needs a network with BatchNorm."
    )
    assert not STRATEGIES["slimming"].lacks(channels, True, True)
    assert not STRATEGIES["group_lasso"].lacks(channels, False, True)
    solved = Prune(scorer="sparse_gpt", allocation="uniform")
    assert "needs a criterion that ranks" in STRATEGIES["gradual"].lacks(solved, True, True)
    assert not STRATEGIES["movement"].lacks(solved, True, True) and not STRATEGIES["one_shot"].lacks(solved, True, True)


def test_what_does_not_follow_the_chosen_scorer_says_so() -> None:
    snip = Prune(scorer="snip")
    assert STRATEGIES["movement"].ignores(snip) == (
        f"Movement pruning has a criterion of its own and does not use {scorers['snip'].label}."
    )
    assert not [name for name, one in STRATEGIES.items() if one.ignores(Prune()) or one.ignores(snip) and not one.own]
    fewer = Prune(scorer="gradient_x_weight", options={"samples": 50})
    assert "default options" in STRATEGIES["gradual"].ignores(fewer)


@pytest.mark.parametrize("scorer", ["magnitude_l1", "random", "gradient_x_weight", "snip"])
def test_gradual_pruning_takes_the_chosen_scorer(scorer: str, images: Images) -> None:
    plan = RecoveryPlan(prune=Prune(scorer=scorer, sparsity=700), fine=Train(steps=8, batch=20, validation=20, looks=4))
    seen: list[tuple[float, float]] = []
    base, recipe = Base(model="lenet_300_100"), STRATEGIES["gradual"].recipe(plan)
    after = state_of(base, recipe, progress=lambda done, total, *_: seen.append((done, total)))
    gone = {name: ~after.masks[name] for name in after.weights}
    assert sum(int(mask.sum()) for mask in gone.values()) == round(0.7 * sum(w.numel() for w in after.weights.values()))
    assert {total for _, total in seen} == {8} and [done for done, _ in seen] == sorted(done for done, _ in seen)
    usual = state_of(base, STRATEGIES["gradual"].recipe(plan.model_copy(update={"prune": Prune(sparsity=700)})))
    same = all(bool((after.masks[name] == usual.masks[name]).all()) for name in after.weights)
    assert same == (scorer == "magnitude_l1") and (after.key == usual.key) == same


def test_defaults_name_models_and_rise_to_their_peak() -> None:
    assert set(DEFAULTS) <= set(models) and TICKET.optimiser == "adam"
    for name in models:
        found = defaults_of(name)
        assert found.original == original(found.fine, found.peak) and found.original.lr > found.fine.lr
        assert found.fine.looks <= found.fine.steps and found.seconds > 0


ROWS = [
    {
        "total": 10,
        "step": 10,
        "train_loss": 1.0,
        "train_accuracy": 0.5,
        "removed": [50, 0],
        "gone": 0,
        "back": 0,
        "validation_loss": 0.9,
        "validation_correct": 60,
        "validation_count": 100,
    },
    {
        "total": 20,
        "step": 20,
        "train_loss": 0.5,
        "train_accuracy": 0.75,
        "removed": [60, 10],
        "gone": 30,
        "back": 10,
        "validation_loss": 0.8,
        "validation_correct": 70,
        "validation_count": 100,
    },
    {"total": 30, "step": 10, "train_loss": 0.4, "train_accuracy": 0.8, "removed": [80, 20], "gone": 0, "back": 0},
]


def test_curves_layers_and_churn_by_hand() -> None:
    curves = curves_frame("a", ROWS, [100, 100])
    assert list(curves["sparsity"]) == [0.25, 0.35, 0.5] and list(curves["step"]) == [10, 20, 30]
    assert curves["validation_accuracy"].iloc[1] == 0.7 and curves["validation_accuracy"].isna().iloc[2]
    layers = layers_frame(ROWS, ["x", "y"], [100, 100])
    assert list(layers["removed"]) == [50, 0, 60, 10, 80, 20] and list(layers["since"]) == [0, 0, 10, 10, 20, 20]
    churn = churn_frame(ROWS, [100, 100])
    # 50 went before the first step; 30 went and 10 came back; 30 went by the step between the trainings
    assert list(churn["gone"]) == [50, 30, 30] and list(churn["back"]) == [0, 10, 0]
    assert list(churn["gone"].cumsum() - churn["back"].cumsum()) == [sum(row["removed"]) for row in ROWS]


def test_results_have_wilson_s_interval() -> None:
    table = results_frame([("a", 600, {"correct": 918, "count": 1000})])
    assert (table["low"][0], table["high"][0]) == pytest.approx((0.8993, 0.9334), abs=1e-4)


@pytest.mark.parametrize("name", [name for name, one in STRATEGIES.items() if not one.norm and name != "slimming"])
def test_every_strategy_ends_at_the_asked_sparsity(name: str, images: Images) -> None:
    unit = "channel" if STRATEGIES[name].units == "channel" else "weight"
    fine = Train(steps=8, batch=20, validation=20, looks=4)
    plan = RecoveryPlan(prune=Prune(sparsity=700, granularity=unit), fine=fine, rounds=2)
    base = Base(model="lenet_300_100", mark=STRATEGIES[name].mark)
    after = state_of(base, STRATEGIES[name].recipe(plan))
    kept = {weight: mask for weight, mask in after.masks.items() if weight in after.weights}
    gone = sum(int((~mask).sum()) for mask in kept.values())
    if unit == "weight":
        assert gone == round(0.7 * sum(weight.numel() for weight in after.weights.values()))
    assert gone and all(not after.weights[weight][~mask].any() for weight, mask in kept.items())
    assert [row["total"] for row in after.trace][-1:] == ([8] if budget(STRATEGIES[name].recipe(plan)) else [])
    assert after.diverged is None
