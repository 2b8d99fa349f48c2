"""The sensitivity scan says what passes through the whole network say, and computes less."""

from __future__ import annotations

import copy
import json
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pruning.common.errors import Cancelled, Incompatible, Missing
from pruning.common.progress import Desk, quiet
from pruning.criteria import sensitivity_scan
from pruning.criteria.allocations.sensitivity import SHARES, tolerated
from pruning.criteria.plan import plan_of
from pruning.criteria.ranking import counts
from pruning.measures.kinds import measures
from pruning.network.weights import layer_label
from pruning.state import State
from pruning.steps.prune import Prune
from pruning.study.study import MeasureSpec, Study
from pruning.zoo import data as zoo_data
from pruning.zoo.base import Base
from pruning.zoo.checkpoints import initial
from pruning.zoo.kinds import models
from tests.helpers.invented import Images
from tests.helpers.networks import same, small, snapshot, state, untouched
from tests.network.test_partial_forward import Attention, Residual, built, resnet

LEVELS = (0, 300, 700, 950)


def pruned(start: State, granularity: str = "weight", **options: Any) -> State:
    return start.after(Prune(granularity=granularity, **options), "pruned", quiet)


def measure(after: State, progress: Any = quiet, count: int = 150, shares: tuple[int, ...] = LEVELS) -> dict[str, Any]:
    return measures["sensitivity"](count=count, shares=shares).measure(after, Desk(progress))


def naive(after: State, count: int, shares: tuple[int, ...]) -> tuple[int, list[list[int]]]:
    """Passes through a whole copy of the network for every layer and share."""
    plan, split = after.plan, zoo_data.load("", "validation")

    def correct(model: nn.Module) -> int:
        right = 0
        with torch.inference_mode():
            for start in range(0, count, 100):
                x, y = split.batch(start, start + 100)
                right += int((model(x).softmax(1).max(1).indices == y)[: count - start].sum())
        return right

    table = []
    for name, group in plan.layout.groups.items():
        line = []
        for share in shares:
            model = copy.deepcopy(plan.scene.model)
            parameters = dict(model.named_parameters(remove_duplicate=False))
            order = plan.ranking.scores[name].flatten().argsort(stable=True)
            keep = {n: torch.ones(g.count, dtype=torch.bool) for n, g in plan.layout.groups.items()}
            keep[name][order[: round(share * group.count / 1000)]] = False
            shapes = {n: tuple(p.shape) for n, p in parameters.items()}
            with torch.no_grad():
                for parameter, mask in plan.layout.expanded(keep, shapes).items():
                    parameters[parameter].mul_(mask)
            line.append(correct(model))
        table.append(line)
    return correct(plan.scene.model), table


@pytest.mark.parametrize("megabytes", [512, 0])
@pytest.mark.parametrize(
    ("kind", "granularity"),
    [(small, "weight"), (small, "channel"), (Residual, "weight"), (Attention, "weight"), (resnet, "channel")],
)
def test_the_scan_is_the_naive_scan(
    kind: Any, granularity: str, megabytes: int, images: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sensitivity_scan, "SCAN_MB", megabytes)
    after = pruned(state(built(kind)), granularity)
    found = measure(after)
    dense, table = naive(after, 150, LEVELS)
    assert found["dense_correct"] == dense and found["correct"] == table
    assert [line[0] for line in table] == [dense] * len(table) and len({tuple(line) for line in table}) > 1
    assert found["layers"] == [layer_label(g.leads) for g in after.plan.layout.groups.values()]
    assert (found["shares"], found["count"], found["split"]) == (list(LEVELS), 150, "validation")
    assert json.loads(json.dumps(found)) == found
    assert "test" not in images.asked


def test_what_lies_before_is_not_computed_again(images: Images, monkeypatch: pytest.MonkeyPatch) -> None:
    after = pruned(state(small()))
    met: list[int] = []
    plain = nn.Conv2d._conv_forward
    linear = nn.Linear.forward

    def conv(self: nn.Conv2d, x: Tensor, *rest: Any) -> Tensor:
        met.append(self.out_channels * (len(x) > 3))
        return plain(self, x, *rest)

    def dense(self: nn.Linear, x: Tensor) -> Tensor:
        met.append(self.out_features * (len(x) > 3))
        return linear(self, x)

    monkeypatch.setattr(nn.Conv2d, "_conv_forward", conv)
    monkeypatch.setattr(nn.Linear, "forward", dense)
    measure(after, count=200, shares=(100, 500, 900))
    batches, scans = 2, 3
    runs = {
        name: met.count(number) / batches for name, number in (("conv1", 4), ("conv2", 8), ("fc1", 12), ("fc2", 10))
    }
    # Dense once; its own three shares and those of all layers before it; once more to be held for the next layer.
    assert runs == {"conv1": 1 + scans + 1, "conv2": 1 + 2 * scans + 1, "fc1": 1 + 3 * scans + 1, "fc2": 1 + 4 * scans}


def test_units_that_are_masked_already_go_first_and_count(images: Images) -> None:
    once = state(small()).after(Prune(scorer="random", sparsity=500), "once", quiet)
    twice = once.after(Prune(sparsity=800), "twice", quiet)
    found = measure(twice)
    rows = [line for line in found["correct"]]
    assert [line[:2] for line in rows] == [[found["dense_correct"]] * 2] * 4  # 0 and 30 %: no more than there are
    scene, scores = twice.plan.scene, twice.plan.ranking.scores
    assert scene.model is once.model
    gone = int(counts(torch.tensor([700]).numpy(), scores["fc1.weight"].numel())[0])
    lowest = scores["fc1.weight"].flatten().argsort(stable=True)[:gone]
    assert (~once.masks["fc1.weight"].flatten()).nonzero().squeeze(1).tolist() == sorted(
        lowest[: int((~once.masks["fc1.weight"]).sum())].tolist()
    )


@pytest.mark.parametrize("stop", [None, 0, 1, 4, 30])
def test_it_leaves_no_trace_and_can_be_cancelled_between_batches(stop: int | None, images: Images) -> None:
    model = small(measured=False).train()
    model.drop.eval()
    after = pruned(state(model))
    numbers, rest, calls = snapshot(model), untouched(model), []

    def progress(done: float, total: float, note: str = "", partial: Any = None) -> None:
        calls.append((done, total, note))
        if stop is not None and len(calls) > stop:
            raise Cancelled("The work was cancelled.")

    if stop is None:
        measure(after, progress)
        assert [done for done, _, _ in calls] == sorted(done for done, _, _ in calls)
        assert calls[-1][0] == calls[-1][1] == 2 * (4 * len(LEVELS) + 1) and len(sensitivity_scan._memory) == 1
    else:
        with pytest.raises(Cancelled):
            measure(after, progress)
        assert len(calls) == stop + 1 and not len(sensitivity_scan._memory)
    assert same(snapshot(model), numbers) and untouched(model) == rest


def test_layer_after_layer_comes_as_a_partial_result(images: Images) -> None:
    partials: list[dict[str, Any]] = []
    found = measure(pruned(state(small())), lambda done, total, note="", partial=None: partials.append(partial))
    first = [partial for partial in partials if partial]
    assert [sum(line is not None for line in partial["correct"]) for partial in first] == [1, 2, 3, 4]
    for number, partial in enumerate(first):
        assert partial["correct"][: number + 1] == found["correct"][: number + 1]
        assert partial.keys() == found.keys() and partial["layers"] == found["layers"]


def test_the_same_scan_is_not_made_twice(images: Images) -> None:
    calls: list[float] = []
    after = pruned(state(small()))
    first = measure(after, lambda done, *_: calls.append(done))
    number = len(calls)
    again = pruned(state(small()), allocation="uniform", sparsity=300)
    assert measure(again, lambda done, *_: calls.append(done)) == first and len(calls) == number
    measure(pruned(state(small(seed=1), key="other")), lambda done, *_: calls.append(done))
    measure(pruned(state(small()), scorer="random"), lambda done, *_: calls.append(done))
    measure(after, lambda done, *_: calls.append(done), count=120)
    assert len(calls) == 4 * number and len(sensitivity_scan._memory) == 4


def test_the_allocation_takes_what_the_scan_allows(images: Images) -> None:
    start = state(small())
    found = measure(pruned(start), count=200, shares=SHARES)
    for tolerance in (0.0, 2.0, 100.0):
        table = tolerated(found, tolerance)
        for layer, line in zip(found["layers"], found["correct"], strict=True):
            right = [s for s, c in zip(SHARES, line, strict=True) if found["dense_correct"] - c <= 2 * tolerance]
            assert table[layer] == (right[-1] if right else 0)
        options = {"tolerance": tolerance, "count": 200}
        sensitive = Prune(allocation="sensitivity", allocation_options=options)
        by_hand = Prune(allocation="by_hand", allocation_options={"shares": table})
        assert (plan_of(start.scene(quiet), sensitive).removed == plan_of(start.scene(quiet), by_hand).removed).all()
    assert set(table.values()) == {SHARES[-1]}
    assert len(sensitivity_scan._memory) == 1  # three tolerances, one scan
    assert "test" not in images.asked


def test_the_largest_share_within_the_tolerance_counts() -> None:
    found = {"layers": ["a", "b", "c"], "shares": [100, 500, 900], "count": 1000, "dense_correct": 900}
    found["correct"] = [[890, 889, 100], [900, 880, 895], [889, 100, 100]]
    assert tolerated(found, 1.0) == {"a": 100, "b": 900, "c": 0}


def test_what_cannot_be_scanned_says_why(images: Images, monkeypatch: pytest.MonkeyPatch) -> None:
    start = state(small())
    with pytest.raises(Incompatible, match="needs a pruning step"):
        measure(start)
    after = pruned(start)
    after.plan = replace(after.plan, ranking=None)
    with pytest.raises(Incompatible, match="needs a ranking"):
        measure(after)
    monkeypatch.setattr(models["resnet_20"], "data", None)
    with pytest.raises(Missing, match="no data set"):
        measure(pruned(state(small())))
    with pytest.raises(ValueError, match="less than or equal to 1000"):
        MeasureSpec(name="sensitivity", options={"shares": [1001]})


def test_its_key_does_not_hold_the_level() -> None:
    spec = MeasureSpec(name="sensitivity")
    study = Study(base=Base(model="lenet_5"), axes={"0.sparsity": (100, 900)}, measures=(spec,))
    assert len({cell.measure_key(spec) for cell in study.cells()}) == 1
    assert spec.build().count == 1000 and spec.build().shares == SHARES


@pytest.mark.parametrize(
    ("model", "granularity"),
    [
        ("resnet_20", "channel"),
        ("mobilenet_v2_small", "channel"),
        ("vit_small", "head"),
        ("resnet_20", "layer_block"),
        ("lenet_5", "weight"),
        ("lenet_5", "channel"),
    ],
)
def test_every_cell_removed_what_it_says_with_all_that_is_coupled(
    model: str, granularity: str, images: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked at from outside, cell by cell: the numbers in the network, and what comes out of its layers."""
    start = state(copy.deepcopy(initial(model, 0)).eval(), model)
    after = pruned(start, granularity)
    groups, original = after.plan.layout.groups, after.plan.scene.model
    shapes = {name: tuple(p.shape) for name, p in original.named_parameters()}
    dense = snapshot(original)
    seen: list[tuple[str, int]] = []
    real = sensitivity_scan.pruned
    twins: list[nn.Module] = []  # the scan works on a copy

    class Watched(sensitivity_scan.PartialForward):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            twins.append(self.model)

    monkeypatch.setattr(sensitivity_scan, "PartialForward", Watched)

    @contextmanager
    def watched(parameters: Any, group: Any, removed: Tensor) -> Any:
        with real(parameters, group, removed):
            units, network = set(removed.tolist()), twins[-1]
            here = {name: p.detach() for name, p in network.named_parameters()}
            zeroed = {name: int(((here[name] == 0) & (dense[name] != 0)).sum()) for name in here}
            belongs = {}
            for member in group.members:
                number = member.unit
                if number is None:
                    number = torch.arange(group.count).view(shapes[member.parameter])
                mine = torch.isin(number, torch.tensor(sorted(units))).expand(shapes[member.parameter])
                belongs[member.parameter] = belongs.get(member.parameter, False) | mine
            for name in here:
                mine = belongs.get(name, torch.zeros(shapes[name], dtype=torch.bool))
                assert bool((here[name][mine] == 0).all()), f"{name} keeps numbers of removed units"
                assert zeroed[name] == int((dense[name][mine] != 0).sum()), f"{name} lost other numbers"
            if granularity == "channel":
                silent(network, group, units)
            seen.append((group.leads, len(units)))
            yield

    monkeypatch.setattr(sensitivity_scan, "pruned", watched)
    found = measure(after, count=20, shares=(300, 700))
    assert [layer_label(group.leads) for group in groups.values()] == found["layers"]
    assert found["units"] == [group.count for group in groups.values()]
    for group, removed in zip(groups.values(), found["removed"], strict=True):
        assert removed == [int(counts(np.array([share]), group.count)[0]) for share in (300, 700)]
        assert {(group.leads, number) for number in removed} <= set(seen)
    assert max(line[1] for line in found["removed"]) > 0
    if model == "resnet_20" and granularity == "channel":  # stages are one group, over all of their blocks
        long = [group for group in groups.values() if sum(m.scored for m in group.members) > 3]
        assert len(long) == 3 and all((group.leads, round(0.7 * group.count)) in seen for group in long)
    assert same(snapshot(original), dense)


def silent(network: nn.Module, group: Any, units: set[int]) -> None:
    """Every layer that makes channels of the group gives nothing but zeros in those that were removed."""
    made: dict[str, Tensor] = {}
    modules = dict(network.named_modules())
    producers = {m.parameter.rpartition(".")[0] for m in group.members if m.scored}
    hooks = [
        modules[name].register_forward_hook(lambda _, __, out, name=name: made.update({name: out}))
        for name in producers
    ]
    with torch.no_grad():
        network(torch.rand(2, 1, 28, 28))
    for hook in hooks:
        hook.remove()
    assert set(made) == producers
    for name in producers:
        (unit,) = [m.unit for m in group.members if m.parameter == f"{name}.weight" and m.scored]
        gone = torch.isin(unit.flatten(), torch.tensor(sorted(units)))
        assert int(gone.sum()) >= len(units) and bool((made[name][:, gone] == 0).all()), name


def test_a_layer_of_which_nothing_went_is_not_called_robust(images: Images) -> None:
    from pruning.results.charts.sensitivity_map import sensitivity_map
    from pruning.results.frames import scan_frame as frame

    after = pruned(state(small()), "channel")
    value = measure(after, count=50, shares=(50,))  # 5 % of 4 to 12 channels
    gone = [line[0] for line in value["removed"]]
    assert 0 in gone
    chart = sensitivity_map(frame(value), 0.9, 50, "validation")
    table = chart.table.set_index("layer")
    assert [int(table.loc[name, "removed_units"]) for name in value["layers"]] == gone
    assert chart.title.startswith("Nothing was removed") == (max(gone) == 0)
    older = {name: part for name, part in value.items() if name not in ("units", "removed")}
    assert np.isnan(sensitivity_map(frame(older), 0.9, 50, "validation").table["removed_units"]).all()
    tried = {
        "layers": ["a", "b", "c"],
        "shares": [50],
        "count": 100,
        "correct": [[90], [20], [90]],
        "removed": [[0], [1], [1]],
    }
    assert "1 of 2 layers never cost that much" in sensitivity_map(frame(tried), 0.9, 100, "validation").title
