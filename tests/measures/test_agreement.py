"""How scorers agree, point by point in one layer, and what they cost: each number found another way."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from pruning.common.environment import machine
from pruning.common.errors import Cancelled, Incompatible, UnknownName
from pruning.common.hashing import canonical
from pruning.common.memory import Recent
from pruning.common.progress import Desk, quiet
from pruning.criteria.counts import ranked
from pruning.criteria.kinds import Scorer, Solver, allocations, scorers
from pruning.measures.agreement import rankings_for
from pruning.measures.kinds import measures
from pruning.measures.tools.overlap import Comparison
from pruning.state import State
from pruning.steps.prune import Prune
from pruning.study.fold import state_of
from pruning.study.study import MeasureSpec, Study
from pruning.zoo.base import Base
from tests.helpers.networks import options_of, same, small, snapshot, state
from tests.measures.test_looks import measure

agreement = importlib.import_module("pruning.measures.agreement")
THREE = ("magnitude_l1", "magnitude_l2", "random")


@pytest.fixture(autouse=True)
def no_comparisons(monkeypatch: pytest.MonkeyPatch) -> None:
    """All small networks have the same key, so nothing may be remembered from another test."""
    monkeypatch.setattr(agreement, "_memory", Recent(2))


def pruned(level: int = 600, before: State | None = None, **about: Any) -> State:
    return (before or state(small())).after(Prune(sparsity=level, **about), f"after {level} {about}", quiet)


@pytest.mark.parametrize("allocation", ["global", "uniform"])
def test_every_pair_by_scipy_and_by_counting(allocation: str) -> None:
    about = {"allocation": allocation, "seed": 0}
    found = measure("agreement", pruned(600, **about), scorers=THREE)
    states = [pruned(600, scorer=name, **about) for name in THREE]
    order = list(states[0].order)
    assert found["layers"] == [name.removesuffix(".weight") for name in order] and found["level"] == 600
    assert found["units"] == found["compared"] == [states[0].weights[name].numel() for name in order]
    parts = [order, *([name] for name in order)]
    for number, names in enumerate(parts):
        scores, gone = [], []
        for after in states:
            assert after.plan is not None and after.plan.ranking is not None
            scores.append(np.concatenate([after.plan.ranking.scores[name].numpy().ravel() for name in names]))
            gone.append({(name, i) for name in names for i in np.flatnonzero(~after.masks[name].numpy().ravel())})
        assert found["removed"][number] == [len(lost) for lost in gone]
        for i in range(3):
            for j in range(3):
                expected = stats.spearmanr(scores[i], scores[j]).statistic
                assert found["spearman"][number][i][j] == pytest.approx(expected, abs=1e-4)
                either = gone[i] | gone[j]
                overlap = len(gone[i] & gone[j]) / len(either) if either else None
                assert found["jaccard"][number][i][j] == pytest.approx(overlap, abs=1e-4)
    assert found["spearman"][0][0][1] == 1.0 == found["jaccard"][0][0][1]  # the square keeps the order


def test_nothing_removed_has_no_overlap_and_all_removed_the_whole() -> None:
    nothing, everything = (measure("agreement", pruned(level), scorers=THREE)["jaccard"][0] for level in (0, 1000))
    assert nothing == [[None] * 3] * 3 and everything == [[1.0] * 3] * 3


def test_all_rankings_of_the_granularity_and_no_controls_of_others(images: Any) -> None:
    found = measure("agreement", pruned(), samples=60)
    asked = [*found["scorers"], *found["skipped"]]
    assert sorted(asked) == sorted(rankings_for(Prune())) and set(THREE) <= set(found["scorers"])
    assert all(sentence.endswith(".") for sentence in found["skipped"].values())
    for name in scorers:
        entry = scorers[name]
        if issubclass(entry, Solver) or "of" in entry.model_fields:
            assert name not in asked
        elif issubclass(entry, Scorer) and entry.gives == "weights":
            assert name in asked


def test_own_scorer_keeps_its_options_even_where_it_is_a_control() -> None:
    for name in scorers:
        step = Prune(scorer=name) if scorers[name].family == "control" else None
        if step is not None:
            assert name in rankings_for(step)


def test_a_scorer_that_does_not_apply_is_skipped_with_its_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Any, scene: Any) -> Any:
        raise Incompatible("This network is too small.")

    monkeypatch.setattr(scorers["random"], "score", refuse)
    found = measure("agreement", pruned(), scorers=THREE)
    assert found["scorers"] == list(THREE[:2]) and found["skipped"] == {"random": "This network is too small."}


def test_another_level_scores_nothing_again_and_says_what_a_fresh_look_says(monkeypatch: pytest.MonkeyPatch) -> None:
    before = state(small())
    measure("agreement", pruned(600, before), scorers=THREE)
    monkeypatch.setattr("pruning.criteria.plan.plan", None)
    again = measure("agreement", before.after(Prune(sparsity=850), "x", quiet), scorers=THREE)
    monkeypatch.undo()
    monkeypatch.setattr(agreement, "_memory", Recent(2))
    assert again == measure("agreement", pruned(850, before), scorers=THREE)
    assert again["level"] == 850


def test_units_masked_before_are_left_out() -> None:
    first = pruned(300)
    found = measure("agreement", pruned(700, first), scorers=THREE)
    kept = [int(first.masks[name].sum()) for name in first.order]
    assert found["compared"] == kept and sum(found["units"]) > sum(kept)
    total = sum(found["units"])
    masked = total - sum(kept)
    assert found["removed"][0] == [round(0.7 * total) - masked] * 3


def test_a_layer_that_one_scorer_leaves_alone() -> None:
    generator = torch.Generator().manual_seed(0)
    scores = [{name: torch.rand(n, generator=generator) for name, n in (("a", 30), ("b", 50))} for _ in range(2)]
    uniform = allocations["uniform"]()
    whole, part = ranked(scores[0], uniform), ranked({"b": scores[1]["b"]}, uniform)
    found = Comparison({"a": np.ones(30, bool), "b": np.ones(50, bool)}, ["A", "B"], 0)
    found.add("whole", whole)
    found.add("part", part)
    result = found.result(400)
    assert result["removed"] == [[32, 20], [12, 0], [20, 20]]
    expected = stats.spearmanr(scores[0]["b"], scores[1]["b"]).statistic
    assert result["spearman"][0][0][1] == result["spearman"][2][1][0] == pytest.approx(expected, abs=1e-4)
    assert result["spearman"][1] == [[1.0, None], [None, None]]
    gone = [~ranking.mask("b", 400).numpy() for ranking in (whole, part)]
    both = (gone[0] & gone[1]).sum()
    assert result["jaccard"][0][0][1] == pytest.approx(both / (12 + (gone[0] | gone[1]).sum()), abs=1e-4)
    assert result["jaccard"][1][0][1] == 0 and result["jaccard"][2][0][1] == pytest.approx(both / (40 - both), abs=1e-4)


def test_of_a_large_network_a_sample_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = measure("agreement", pruned(), scorers=THREE)
    monkeypatch.setattr(agreement, "_memory", Recent(2))
    monkeypatch.setattr("pruning.measures.tools.overlap.MOST", 500)
    found = measure("agreement", pruned(), scorers=THREE)
    assert sum(found["compared"]) == 500 < sum(found["units"])
    assert found["jaccard"][0][0][2] == pytest.approx(whole["jaccard"][0][0][2], abs=0.1)
    monkeypatch.setattr(agreement, "_memory", Recent(2))
    assert measure("agreement", pruned(), scorers=THREE) == found


def test_partial_results_grow_and_cancelling_ends_it() -> None:
    seen: list[int] = []

    def watch(done: float, total: float, note: str = "", partial: Any = None) -> None:
        if partial:
            seen.append(len(partial["scorers"]))
        assert 0 <= done <= total

    measures["agreement"](scorers=THREE).measure(pruned(), Desk(watch))
    assert seen == [2]

    def stop(done: float, total: float, note: str = "", partial: Any = None) -> None:
        raise Cancelled("Cancelled.")

    with pytest.raises(Cancelled):
        measures["agreement"](scorers=("random",)).measure(pruned(), Desk(stop))


def test_cancelled_work_goes_on_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    before, scored = state(small()), []
    score = scorers["magnitude_l2"].score
    monkeypatch.setattr(scorers["magnitude_l2"], "score", lambda self, scene: scored.append(1) or score(self, scene))

    def stop_at_two(done: float, total: float, note: str = "", partial: Any = None) -> None:
        if done >= 2:
            raise Cancelled("Cancelled.")

    with pytest.raises(Cancelled):
        measures["agreement"](scorers=THREE).measure(pruned(600, before), Desk(stop_at_two))
    found = measure("agreement", pruned(600, before), scorers=THREE)
    assert len(scored) == 1
    monkeypatch.setattr(agreement, "_memory", Recent(2))
    assert measure("agreement", pruned(600, before), scorers=THREE) == found


@pytest.mark.parametrize("layer", ["conv1", "fc2"])
def test_two_scores_in_one_layer(layer: str) -> None:
    before = state(small())
    one, other = pruned(650, before), pruned(650, before, scorer="random")
    found = measure("two_scores", one, layer=layer, other="random")
    masks = [after.masks[f"{layer}.weight"].numpy().ravel() for after in (one, other)]
    for key, expected in (
        ("both_kept", masks[0] & masks[1]),
        ("both_removed", ~masks[0] & ~masks[1]),
        ("only_first", ~masks[0] & masks[1]),
        ("only_second", masks[0] & ~masks[1]),
    ):
        assert found[key] == expected.sum()
    weights = one.start.weights[f"{layer}.weight"].numpy().ravel()
    assert (found["first_score"] == np.abs(weights)).all() and found["units"] == weights.size
    assert (found["first_removed"] == ~masks[0]).all() and (found["second_removed"] == ~masks[1]).all()
    expected = stats.spearmanr(found["first_score"], found["second_score"]).statistic
    assert found["spearman"] == pytest.approx(expected)
    below = [(np.abs(weights) < w).mean() + (np.abs(weights) == w).mean() / 2 for w in np.abs(weights)]
    assert found["first_rank"] == pytest.approx(below)


def test_a_large_layer_is_sampled_and_counted_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pruning.measures.two_scores.POINTS", 50)
    found = measure("two_scores", pruned(), layer="fc1", other="random")
    assert len(found["first_score"]) == len(found["second_removed"]) == 50
    counts = ("both_kept", "both_removed", "only_first", "only_second")
    assert sum(found[key] for key in counts) == found["units"] == 32 * 12
    again = measure("two_scores", pruned(), layer="fc1", other="random")
    assert (again["first_score"] == found["first_score"]).all()


def test_two_scores_says_what_is_wrong() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'fc1'"):
        measure("two_scores", pruned(), layer="fc11", other="random")
    with pytest.raises(Incompatible, match="under a pruning step"):
        measure("two_scores", state(small()), layer="fc1", other="random")
    for name in scorers:
        if issubclass(scorers[name], Solver):
            with pytest.raises(Incompatible):
                measure("two_scores", pruned(), layer="fc1", other=name)


@pytest.mark.parametrize("scorer", scorers.names())
def test_cost_of_every_scorer_and_no_trace(scorer: str, images: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = scorers[scorer]
    few = {name: value for name, value in options_of(scorer).items() if name in entry.model_fields}
    monkeypatch.setitem(scorers._entries, scorer, quicker(entry, few))
    model = small()
    before = snapshot(model)
    found = measure("scoring_cost", state(model), scorer=scorer)
    assert found["machine"] == machine() and same(before, snapshot(model))
    if found["seconds"] is None:
        assert found["refused"].endswith(".")
    else:
        assert 0 < found["seconds"] < 60 and 1 <= found["repeats"] <= 3
        assert found["images"] == few.get("samples")


def test_the_cost_of_what_a_network_does_not_have() -> None:
    found = measure("scoring_cost", state_of(Base(model="lenet_300_100"), ()), scorer="block_influence")
    assert found["seconds"] is None and "nothing to prune as whole blocks" in found["refused"]


def quicker(entry: Any, options: dict[str, int]) -> Any:
    """The same scorer with other defaults."""
    namespace = {"__annotations__": dict.fromkeys(options, int), "__module__": __name__, **options}
    return type(entry.__name__, (entry,), namespace) if options else entry


def test_a_timing_s_key_holds_the_machine_and_no_other_key_does(monkeypatch: pytest.MonkeyPatch) -> None:
    cost, accuracy = MeasureSpec(name="scoring_cost"), MeasureSpec(name="accuracy")
    (cell,) = Study(base=Base(model="lenet_5"), recipe=(Prune(),), measures=(cost,)).cells()
    here = [cell.measure_key(spec) for spec in (cost, accuracy)]
    monkeypatch.setattr("pruning.study.study.machine", lambda: "elsewhere: another processor, 64 cores")
    there = [cell.measure_key(spec) for spec in (cost, accuracy)]
    assert here[0] != there[0] and here[1] == there[1]


def test_results_are_plain_json() -> None:
    for name in ("agreement", "scoring_cost"):
        assert measures[name].stored
        canonical(measure(name, pruned(), **({"scorers": THREE} if name == "agreement" else {})))
