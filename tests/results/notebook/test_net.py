"""``pruning.wrap``: any module, any data; numbers are those of a few lines of PyTorch, the module stays as it was."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import pruning
from pruning.zoo.kinds import datasets, models


class Mixed(nn.Module):
    """As a person writes one in a cell: convolutions, a skip, BatchNorm, dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.deep = nn.Conv2d(8, 8, 3, padding=1)
        self.drop = nn.Dropout(0.2)
        self.head = nn.Linear(8 * 16, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.norm(self.stem(x)))
        x = F.relu(self.deep(x)) + x
        return self.head(self.drop(F.max_pool2d(x, 2).flatten(1)))


def rows(n: int = 400) -> tuple[Tensor, Tensor]:
    draw = torch.Generator().manual_seed(1)
    x = torch.randn(n, 12, generator=draw)
    return x, (x @ torch.randn(12, 3, generator=draw)).argmax(1)


def pictures(n: int = 300) -> tuple[Tensor, Tensor]:
    draw = torch.Generator().manual_seed(2)
    x = torch.randn(n, 1, 8, 8, generator=draw)
    return x, (x.flatten(1) @ torch.randn(64, 4, generator=draw)).argmax(1)


def fitted(model: nn.Module, x: Tensor, y: Tensor, steps: int = 60) -> nn.Module:
    optimiser = torch.optim.Adam(model.parameters(), 1e-2)
    for _ in range(steps):
        optimiser.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimiser.step()
    return model.eval()


@pytest.fixture(scope="module")
def dense() -> nn.Module:
    torch.manual_seed(0)
    return fitted(nn.Sequential(nn.Linear(12, 24), nn.ReLU(), nn.Linear(24, 3)), *rows())


@pytest.fixture(scope="module")
def net(dense: nn.Module) -> Any:
    return pruning.wrap(dense, rows(), name="Mine")


def train_split(net: Any) -> tuple[Tensor, Tensor]:
    split = datasets[models[net.base.model].data]().load("train")
    return split.inputs, split.labels


@pytest.mark.parametrize("scorer", ["magnitude_l1", "taylor_sum_abs", "snip", "wanda"])
def test_scores_are_those_of_ten_lines(net: Any, dense: nn.Module, scorer: str) -> None:
    """Every mask at 60 %, from all training examples: gradients of their mean loss, norms of their inputs."""
    x, y = train_split(net)
    first, second = dense[0].weight.detach(), dense[2].weight.detach()
    options = {"samples": len(x)} if scorer != "magnitude_l1" else {}
    masks = net.prune(scorer, 0.6, **options).state().masks
    if scorer == "wanda":  # each row loses its lowest |w| * norm of input; the second layer sees the pruned first
        pruned = copy.deepcopy(dense)
        for number in (0, 2):
            layer = pruned[number]
            inputs = pruned[:number](x)
            score = (layer.weight.abs() * inputs.norm(dim=0)).detach()
            order = score.sort(dim=1, stable=True).indices
            for row, kept in enumerate(masks[f"{number}.weight"]):
                gone = int((~kept).sum())
                assert abs(gone - 0.6 * len(kept)) < 1
                assert set(order[row, :gone].tolist()) == set((~kept).nonzero().flatten().tolist())
            layer.weight.data.mul_(masks[f"{number}.weight"])
        return
    if scorer == "magnitude_l1":
        scores = [first.abs(), second.abs()]
    else:
        loss = F.cross_entropy(dense(x), y)
        found = torch.autograd.grad(loss, [dense[0].weight, dense[2].weight])
        scores = [(w * g).abs() for w, g in zip((first, second), found, strict=True)]
    every = torch.cat([score.flatten() for score in scores])
    gone = round(0.6 * len(every))
    threshold = every.sort().values[gone]
    mine = torch.cat([score.flatten() >= threshold for score in scores])
    house = torch.cat([masks["0.weight"].flatten(), masks["2.weight"].flatten()])
    assert int((~house).sum()) == gone
    assert int((mine != house).sum()) <= 2  # sums of gradients in another order may swap two neighbours


def test_the_module_stays_as_it_was() -> None:
    torch.manual_seed(0)
    model = fitted(Mixed(), *pictures()).train()
    seen: list[int] = []
    model.head.register_forward_hook(lambda *_: seen.append(1))
    model.stem.weight.requires_grad_(False)
    before = {name: t.clone() for name, t in model.state_dict().items()}
    wrapped = pruning.wrap(model, pictures())
    assert wrapped.notes == ("Hooks of 1 module are left out of the copy that is pruned.",)
    pruned = wrapped.prune("magnitude_l1", 0.5, granularity="channel").train(3, batch=32, validation=10).remove()
    assert 0 <= float(pruned.table["accuracy"].iloc[0]) <= 1
    after = model.state_dict()
    assert list(before) == list(after) and all(torch.equal(before[name], after[name]) for name in before)
    assert model.training and model.drop.training and not model.stem.weight.requires_grad
    assert seen == [] and len(model.head._forward_hooks) == 1


def test_accuracy_is_that_of_the_pruned_module(net: Any, dense: nn.Module) -> None:
    pruned = net.prune("wanda", 0.7)
    twin = pruned.apply_to(copy.deepcopy(dense))
    split = datasets[models[net.base.model].data]().load("test")
    right = (twin(split.inputs).argmax(1) == split.labels).float().mean()
    assert pruned.table["accuracy"].iloc[0] == pytest.approx(float(right), abs=1e-6)
    assert int((twin[0].weight == 0).sum() + (twin[2].weight == 0).sum()) == pruned.table["weights_removed"].iloc[0]
    rows_again = pruning.run(pruned.study)
    pd.testing.assert_frame_equal(
        pruning.table(rows_again).drop(columns=["seconds"]), pruned.table.drop(columns=["seconds"])
    )


def test_every_finding_has_a_table_a_figure_a_display_and_its_study(net: Any) -> None:
    pruned = net.prune("magnitude_l1", 0.5, granularity="channel")
    found = [
        net.curve(["magnitude_l1", "wanda", "random"], sparsities=[0, 0.5, 0.9]),
        net.layers(),
        net.sensitivity(count=30),
        net.prune("wanda", 0.8).outcome,
        pruned.train(5, batch=20, validation=20).outcome,
        net.quantize(4).outcome,
        pruned.remove().outcome,
        net.compare(),
    ]
    for one in found:
        assert len(one.table) and one.figure().layout.title.text and one.figure("dark").data
        assert one.title in one._repr_mimebundle_()["text/html"].replace("&amp;", "&")
        assert pruning.load_study(one.study.model_dump_json()) == one.study
    curve = found[0].table
    assert list(curve["scorer"].unique()) == ["Magnitude (L1)", "Wanda", "Random (control)"] and len(curve) == 9
    assert (curve.loc[curve["sparsity"] == 0, "accuracy"] == curve["dense_accuracy"].iloc[0]).all()
    compared = found[-1].table
    assert compared["network"].iloc[0] == "Dense" and compared["network"].is_unique
    quantized = compared[compared["network"] == "4 bits"].iloc[0]
    assert quantized["bytes"] < compared["dense_bytes"].iloc[0]
    removed = compared[compared["network"] == "Magnitude (L1) 50 % of the channels, removed"].iloc[0]
    assert removed["parameters"] < compared["parameters"].iloc[0]


def test_it_goes_home_as_it_came(net: Any, dense: nn.Module, tmp_path: Path) -> None:
    pruned = net.prune("magnitude_l1", 0.5)
    said = pruned.save(tmp_path / "out" / "best.pth")
    twin = copy.deepcopy(dense)
    twin.load_state_dict(torch.load(tmp_path / "out" / "best.pth", weights_only=True))
    assert int((twin[0].weight == 0).sum() + (twin[2].weight == 0).sum()) == 180 and "fresh process" in said
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"best.pth", "best.masks.safetensors", "best.README.md", "best.facts.json"}
    with pytest.raises(pruning.PruningError, match="says no form"):
        pruned.save(tmp_path / "best.bin")


def test_regression_has_its_own_number() -> None:
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(200, 5, generator=draw)
    y = x @ torch.tensor([1.0, 2.0, 0.0, 0.0, -1.0])
    model = nn.Linear(5, 1)
    net = pruning.wrap(model, (x, y))
    assert net.base.task.name == "regression"
    pruned = net.prune("magnitude_l1", 0.4)
    assert pruned.table["measured"].iloc[0] == "root mean squared error" and pruned.figure().data
    with pytest.raises(pruning.PruningError, match="no right answers|counts right answers"):
        net.curve()


def test_mistakes_get_a_sentence(net: Any, dense: nn.Module) -> None:
    for mistake, said in [
        (lambda: pruning.wrap({"a": 1}, rows()), "this is dict"),
        (lambda: pruning.wrap(dense, (rows()[0], rows()[1] + 7)), "counted from 0 to 2"),
        (lambda: pruning.wrap(dense, (rows()[0][:, :5], rows()[1])), "A pass of 2 examples of 5 numbers fails"),
        (lambda: pruning.wrap(dense, (rows()[0][:3], rows()[1][:3])), "splits of your own"),
        (lambda: pruning.wrap(dense, iter(())), "no examples"),
        (lambda: pruning.wrap(dense, 5), "give a pair"),
        (lambda: net.prune("wanda", 80), "share from 0 to 1"),
        (lambda: net.prune("wand", 0.8), "Did you mean 'wanda'"),
        (lambda: net.prune("wanda", 0.8, sampels=3), "sampels"),
        (lambda: net.apply_to(dense), "pruned = net.prune"),
        (lambda: net.prune(sparsity=0.5, granularity="channel").remove().apply_to(dense), "another network"),
        (lambda: pruning.Base(model="wrapped:0000"), "Wrap it again"),
    ]:
        with pytest.raises(pruning.PruningError, match=said):
            mistake()
