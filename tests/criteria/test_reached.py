"""Levels that bounds do not allow: refused with the highest that they do, and shown nowhere as if they were reached."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from pruning.common.errors import Unreachable
from pruning.common.hashing import digest
from pruning.common.progress import Desk, quiet
from pruning.criteria.kinds import allocations
from pruning.criteria.plan import plan_of
from pruning.criteria.ranking import counts
from pruning.measures.kinds import measures
from pruning.results.charts.layer_map import layer_map
from pruning.results.frames import layers_at, profile_frame
from pruning.results.sentences import unreached
from pruning.results.table import table
from pruning.state import State
from pruning.steps.prune import Prune
from pruning.study.fold import state_of
from pruning.study.methods.tickets import Experiment
from pruning.study.run import run
from pruning.study.study import MeasureSpec, Study
from pruning.zoo.base import Base
from tests.helpers.invented import Images
from tests.helpers.networks import options_of, small, state

HALF = {"ends": "half"}
QUICK = {"owl": {"samples": 50}, "sensitivity": {"count": 20, "tolerance": 10.0}}
PROFILE = (MeasureSpec(name="profile"),)


def prune(level: int = 0, allocation: str = "uniform", **more: Any) -> Prune:
    options = QUICK.get(allocation, {}) | more.pop("allocation_options", {})
    return Prune(allocation=allocation, allocation_options=options, sparsity=level, **more)


@pytest.mark.parametrize("options", [HALF, {"ends": "dense"}, {"cap": 700}, {"cap": 900, "floor": 300, "ends": "half"}])
@pytest.mark.parametrize("granularity", ["weight", "channel"])
@pytest.mark.parametrize("allocation", list(allocations))
def test_levels_are_met_or_refused(allocation: str, granularity: str, options: dict[str, Any], images: Images) -> None:
    start, step = state(small()), prune(0, allocation, granularity=granularity, allocation_options=options)
    made, free = (plan_of(start.scene(quiet), one) for one in (step, prune(0, allocation, granularity=granularity)))
    sizes = made.ranking.sizes
    assert free.reached == 1000 and 0 < made.reached < 1000
    met = slice(0, made.reached + 1)
    wanted = counts(np.arange(1001), int(sizes.sum()))
    assert (np.abs(made.removed.sum(0) - wanted)[met] <= 0.5 * len(sizes) + 1).all()
    emptied = (made.removed == sizes[:, None])[:, met] & (free.removed < sizes[:, None])[:, met]
    assert allocations[allocation].empties or not emptied.any()
    start.after(step.model_copy(update={"sparsity": made.reached}), "highest", quiet)
    with pytest.raises(Unreachable, match=rf"at most {made.reached / 10:g} %"):
        start.after(step.model_copy(update={"sparsity": made.reached + 1}), "beyond", quiet)


@pytest.mark.parametrize("solver", ["wanda", "sparse_gpt", "obc"])
@pytest.mark.parametrize("granularity", ["weight", "n_m"])
def test_solvers_and_patterns_too(solver: str, granularity: str, images: Images) -> None:
    step = prune(900, scorer=solver, granularity=granularity, options=options_of(solver), allocation_options=HALF)
    if granularity == "n_m":
        step = step.model_copy(update={"granularity_options": {"m": 2}})
    with pytest.raises(Unreachable, match="90 % cannot be reached so"):
        state(small()).after(step, "x", quiet)


def test_half_the_rate_at_the_ends_of_lenet_300_100() -> None:
    step = prune(500, allocation_options=HALF)
    with pytest.raises(Unreachable, match=r"50 % cannot be reached so \(ends half\): at most 20.2 %"):
        state_of(Base(), (step,))
    after = state_of(Base(), (step.model_copy(update={"sparsity": 202}),))
    assert sum(int((~mask).sum()) for mask in after.masks.values()) == round(0.202 * 266_200)
    assert all(mask.any() for mask in after.masks.values())


def test_a_target_beyond_the_layers_that_are_left_alone() -> None:
    """Kernels lie in convolutions alone, which hold a fraction of the parameters."""
    start = state(small())
    whole = sum(weight.numel() for weight in start.weights.values())
    highest = sum(weight.numel() for name, weight in start.weights.items() if "conv" in name) / whole
    with pytest.raises(Unreachable, match="at most"):
        start.after(prune(900, "global", granularity="kernel", allocation_options={"target": "parameters"}), "x", quiet)
    made = plan_of(
        start.scene(quiet), prune(0, "global", granularity="kernel", allocation_options={"target": "parameters"})
    )
    assert made.reached == pytest.approx(1000 * highest, abs=1)


def test_a_second_step_counts_what_is_masked() -> None:
    once = state_of(Base(), (Prune(sparsity=300),))
    made = plan_of(once.scene(quiet), prune(allocation_options=HALF))
    gone = np.array([int((~once.masks[name]).sum()) for name in once.order])
    assert 300 <= made.reached < 500 and (made.removed[:, 0] == gone).all()


def test_masks_alone_hold_no_level_back() -> None:
    for scorer in ("magnitude_l1", "random"):
        once = state_of(Base(), (Prune(scorer=scorer, sparsity=500),))
        assert all(plan_of(once.scene(quiet), prune(0, name)).reached == 1000 for name in ("uniform", "erk", "lamp"))


def test_the_rounds_of_lottery_tickets_are_all_reached() -> None:
    after: State = state_of(Base(model="lenet_5"), ())
    plan = Experiment(model="lenet_5")
    for number in range(1, 13):
        level = round(1000 * (1 - 0.8**number))
        after = after.after(plan.prune.model_copy(update={"sparsity": level}), f"{number}", quiet)


def profile() -> dict[str, Any]:
    found = run(Study(recipe=(prune(500, allocation_options=HALF),), measures=PROFILE))
    return found[0]["value"]


def test_the_profile_says_what_is_reached_and_counts_nothing_beyond() -> None:
    value = profile()
    assert value["reached"] == 202
    assert all(len(row) == 1001 and set(row[202:]) == {row[202]} for row in value["removed"])
    plain = measures["profile"]().measure(state_of(Base(), (Prune(),)), Desk())
    assert "reached" not in plain and not unreached(plain, 1000)
    assert not unreached(value, 202) and "at most 20.2 %" in unreached(value, 203)


def test_charts_and_tables_stay_blank_beyond() -> None:
    frame = profile_frame(profile())
    assert frame["level"].max() == 202 and len(layers_at(frame, 500)) == 0 and len(layers_at(frame, 202)) == 3
    chart = layer_map(frame, 500)
    assert "sparsity is out of reach: at most 20.2" in chart.title and chart.table["level_permille"].max() == 202
    (heat,) = [part for part in chart.figure("light").data if part.type == "heatmap"]
    cells = np.array(heat.z, dtype=np.float32)
    assert np.isnan(cells[:, 203:]).all() and np.isfinite(cells[:, :203]).all()
    study = Study(axes={"0.sparsity": (100, 500)}, recipe=(prune(allocation_options=HALF),), measures=PROFILE)
    found = table(run(study), study)
    assert found["weights_removed"][0] == round(0.1 * 266_200) and pd.isna(found["weights_removed"][1])


def test_keys_change_for_profiles_with_bounds_and_for_no_step() -> None:
    def key(step: Prune) -> str:
        return Study(base=Base(mark="init"), recipe=(step,), measures=PROFILE).cells()[0].measure_key(PROFILE[0])

    bounded = [prune(allocation_options=one) for one in (HALF, {"cap": 900}, {"target": "macs"})]
    plain = [prune(), prune(allocation_options={"floor": 100})]
    assert all(len(step.key_part()) == 3 for step in (*bounded, *plain))
    keys = {step: digest("measure", Base(mark="init").state_key((step,)), PROFILE[0]) for step in (*bounded, *plain)}
    assert all(key(step) != keys[step] for step in bounded) and all(key(step) == keys[step] for step in plain)
