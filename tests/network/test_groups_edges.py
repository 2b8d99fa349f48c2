"""Channel groups of networks made to mislead a tracer; permutations; and what tracing leaves behind: nothing."""

from __future__ import annotations

import copy
import importlib
import sys
from types import MethodType, SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from pruning.common.errors import Missing
from pruning.common.memory import Recent
from pruning.common.progress import quiet
from pruning.network.groups.blocks import block_layout
from pruning.network.groups.channels import channel_layout
from pruning.network.groups.heads import head_layout
from pruning.network.groups.identity import architecture
from pruning.network.passes import forward_order
from pruning.state import State
from pruning.steps.prune import Prune
from pruning.zoo.checkpoints import initial
from tests.helpers.lively import Find, chosen, found_in, images, lively, masked, near, network, output
from tests.helpers.networks import same, small, snapshot, state

FIND = pytest.mark.parametrize("find", [channel_layout, head_layout, block_layout])


@pytest.fixture(autouse=True)
def traced_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.import_module("pruning.network.groups.trial"), "_layouts", Recent(8))


class Odd(nn.Module):
    """Two convolutions, and between them what a name says."""

    def __init__(self, between: str, norm: nn.Module | None = None) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 8, 5, stride=4), nn.Conv2d(8, 6, 3, stride=2)
        self.between, self.norm, self.last = between, norm or nn.Identity(), nn.Linear(6, 10)
        if between == "joined":
            self.second = nn.Conv2d(16, 6, 3, stride=2)
        elif between == "recurrent":
            self.again = nn.Conv2d(8, 8, 1)
        elif between == "tied":
            self.one, self.two = nn.Conv2d(8, 8, 1), nn.Conv2d(8, 8, 1)
            self.two.weight = self.one.weight
        elif between == "grouped":
            self.second = nn.Conv2d(8, 6, 3, stride=2, groups=2)
        elif between == "multiplied":
            self.second = nn.Conv2d(8, 16, 3, stride=2, groups=8)
            self.last = nn.Linear(16, 10)
        elif between == "scaled":
            self.scale = nn.Parameter(torch.ones(8, 1, 1))

    def middle(self, x: Tensor) -> Tensor:
        match self.between:
            case "flipped":
                return x.flip(1).relu()
            case "shared":
                return x.softmax(1)
            case "joined":
                return torch.cat([x, x.relu()], 1)
            case "recurrent":
                return self.again(self.again(x).relu()).relu()
            case "tied":
                return self.two(self.one(x).relu()).relu()
            case "sigmoid":
                return x.sigmoid()
            case "scaled":
                return (x * self.scale).relu()
            case _:
                return x.relu()

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.second(self.middle(self.norm(self.first(x)))).relu().mean((2, 3)))


def odd(between: str, norm: nn.Module | None = None) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return Odd(between, norm).eval()


@pytest.mark.parametrize("between", ["flipped", "shared"])
def test_what_a_run_refutes_is_left_alone(between: str) -> None:
    """The graph takes a flip and a softmax over channels for element-wise operations."""
    found = found_in(channel_layout, odd(between))
    assert list(found.groups) == ["second.weight"]
    assert found.skipped["first.weight"].startswith("a test run showed")


@pytest.mark.parametrize(("norm", "kind"), [(nn.GroupNorm(2, 8), "GroupNorm"), (nn.LayerNorm([8, 6, 6]), "LayerNorm")])
def test_norms_over_channels_exempt_them(norm: nn.Module, kind: str) -> None:
    found = found_in(channel_layout, odd("plain", norm))
    assert list(found.groups) == ["second.weight"]
    assert found.skipped["first.weight"] == f"{kind} mixes its channels with one another (norm)"


@pytest.mark.parametrize("between", ["plain", "joined", "recurrent", "sigmoid", "scaled", "grouped"])
def test_a_masked_channel_reaches_nothing(between: str) -> None:
    """Not even through a sigmoid, which makes one half of a zero: the slices that read it are masked too."""
    model = odd(between, nn.BatchNorm2d(8))
    found, wild = found_in(channel_layout, model), lively(copy.deepcopy(model))
    assert set(found.groups) >= {"first.weight", "second.weight"}
    x = torch.randn(2, 1, 28, 28, dtype=torch.float64)
    keep = chosen(found, 0.4)
    pruned = masked(wild, found, keep)
    said = output(pruned, x)
    with torch.no_grad():
        gone = ~keep["first.weight"][next(m.unit for m in found.groups["first.weight"].members if m.scored).flatten()]
        assert gone.any() and not gone.all()
        pruned.first.weight[gone] = pruned.first.bias[gone] = 7.0
        pruned.norm.bias[gone] = -3.0
    assert near(said, output(pruned, x)) and not near(said, output(wild, x))


def test_a_grouped_convolution_loses_the_same_places_of_each_group() -> None:
    found = found_in(channel_layout, odd("grouped"))
    unit = {m.parameter: m.unit.flatten().tolist() for m in found.groups["first.weight"].members}
    assert unit["first.weight"] == [0, 1, 2, 3] * 2 and unit["second.weight"] == [0, 1, 2, 3]
    unit = {m.parameter: m.unit.flatten().tolist() for m in found.groups["second.weight"].members}
    assert unit["second.weight"] == [0, 1, 2] * 2 == unit["last.weight"]
    assert {n: g.count for n, g in found_in(channel_layout, small()).groups.items()} == {
        "conv1.weight": 2,
        "conv2.weight": 4,
        "fc1.weight": 12,
    }


def test_a_concatenation_with_itself_reads_a_channel_twice() -> None:
    found = found_in(channel_layout, odd("joined"))
    slices = next(m.unit for m in found.groups["first.weight"].members if m.parameter == "second.weight")
    assert slices.flatten().tolist() == [*range(8), *range(8)]


@pytest.mark.parametrize("between", ["tied", "multiplied"])
def test_what_cannot_be_removed_alone_is_in_no_unit_or_proved(between: str) -> None:
    """Tied weights, and a depthwise convolution with two outputs per channel: masked is removed, or left alone."""
    model = odd(between)
    found, x = found_in(channel_layout, model), torch.randn(2, 1, 28, 28, dtype=torch.float64)
    made = {m.parameter for g in found.groups.values() for m in g.members if m.scored}
    assert made | set(found.skipped) == set(forward_order(model, (1, 28, 28)))
    wild, keep = lively(copy.deepcopy(model)), chosen(found, 0.4)
    pruned = masked(wild, found, keep)
    said = output(pruned, x)
    for name, mask in found.expanded(keep, {n: tuple(p.shape) for n, p in wild.named_parameters()}).items():
        if name.endswith("bias"):
            with torch.no_grad():
                pruned.get_parameter(name)[~mask] = 5.0
    assert near(said, output(pruned, x))


def permuted(model: nn.Module, place: Tensor) -> nn.Module:
    """The same LeNet-5 with the channels of its second convolution in another order."""
    other = copy.deepcopy(model)
    with torch.no_grad():
        other.conv2.weight.copy_(model.conv2.weight[place])
        other.conv2.bias.copy_(model.conv2.bias[place])
        other.fc1.weight.copy_(model.fc1.weight.view(120, 16, 25)[:, place].flatten(1))
    return other


@pytest.mark.parametrize(("allocation", "level"), [("uniform", 300), ("global", 580)])
def test_permuting_channels_permutes_the_mask(allocation: str, level: int) -> None:
    model = copy.deepcopy(network("lenet_5")).float()
    place = torch.randperm(16, generator=torch.Generator().manual_seed(0))
    other = permuted(model, place)
    x = images("lenet_5").float()
    assert torch.allclose(output(model, x), output(other, x), atol=1e-4)

    def after(network: nn.Module, key: str) -> State:
        step = Prune(scorer="magnitude_l2", granularity="channel", allocation=allocation, sparsity=level)
        return state(network, "lenet_5", key).after(step, f"{key} after", quiet)

    one, two = after(model, "one"), after(other, "two")
    expected = permuted(one.model, place)
    assert same(snapshot(expected), snapshot(two.model))
    assert torch.equal(one.masks["conv2.weight"][place], two.masks["conv2.weight"])
    assert not one.masks["conv2.weight"].all() and one.masks["conv2.weight"].any()


@FIND
def test_nothing_is_left_behind(find: Find) -> None:
    for name, shape in (("vit_small", (1, 28, 28)), ("resnet_20", (1, 28, 28))):
        model = copy.deepcopy(network(name)).float()
        model.train()
        for number, p in enumerate(model.parameters()):
            p.requires_grad_(number % 3 > 0)
        order, before = forward_order(model, shape), snapshot(model)
        flags = [p.requires_grad for p in model.parameters()]
        places = [id(p) for p in model.parameters()]
        rng = torch.get_rng_state()
        with torch.inference_mode():
            found = find(model, order, shape)
        assert found.groups or name == "resnet_20"
        assert torch.equal(torch.get_rng_state(), rng) and same(snapshot(model), before)
        assert [id(p) for p in model.parameters()] == places and all(p.grad is None for p in model.parameters())
        assert [p.requires_grad for p in model.parameters()] == flags and model.training
        assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


@FIND
def test_the_same_again_whatever_the_weights(find: Find, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network of zeros has the groups of its architecture, traced anew or from memory."""
    model = copy.deepcopy(network("mobilenet_v2_small")).float()
    empty, order = copy.deepcopy(model), forward_order(model, (1, 28, 28))
    with torch.no_grad():
        for p in empty.parameters():
            p.zero_()
    one = find(model, order, (1, 28, 28))
    assert find(empty, order, (1, 28, 28)) is one
    monkeypatch.setattr(importlib.import_module("pruning.network.groups.trial"), "_layouts", Recent(8))
    two = find(empty, order, (1, 28, 28))
    assert two is not one and list(two.groups) == list(one.groups) and two.skipped == one.skipped
    for name, group in one.groups.items():
        pairs = list(zip(group.members, two.groups[name].members, strict=True))
        assert all(a.parameter == b.parameter and torch.equal(a.unit, b.unit) for a, b in pairs)


def test_a_setting_that_changes_no_shape_is_another_architecture() -> None:
    plain, flipped = (found_in(channel_layout, odd(between)) for between in ("plain", "flipped"))
    assert "first.weight" in plain.groups and "first.weight" in flipped.skipped


class Ordered(nn.Module):
    """Reads the channels of its first layer in an order that is told in one of many ways."""

    def __init__(self, how: str, order: list[int]) -> None:
        super().__init__()
        self.first, self.second, self.last = (
            nn.Conv2d(1, 8, 5, stride=4),
            nn.Conv2d(8, 6, 3, stride=2),
            nn.Linear(6, 10),
        )
        self.how = how
        match how:
            case "tuple" | "list" | "class":
                self.order = tuple(order) if how == "tuple" else order if how == "list" else None
            case "dict":
                self.order = {"order": [torch.Size(order)]}
            case "tensor":
                self.order = torch.tensor(order)
            case "buffer":
                self.register_buffer("order", torch.tensor(order))
            case "object":
                self.order = SimpleNamespace(order=order)
            case "function":
                self.order = lambda: order
            case "method":
                self.forward = MethodType(lambda self, x: self.rest(x, order), self)  # type: ignore[method-assign]

    def rest(self, x: Tensor, order: list[int]) -> Tensor:
        mixed = self.first(x).relu()
        mixed = mixed.flip(1) if list(order) != sorted(order) else mixed
        return self.last(self.second(mixed).relu().mean((2, 3)))

    def forward(self, x: Tensor) -> Tensor:
        order = self.order
        if isinstance(order, dict):
            (order,) = order["order"]
        elif isinstance(order, SimpleNamespace):
            order = order.order
        elif callable(order) and not isinstance(order, Tensor):
            order = order()
        return self.rest(x, [int(place) for place in order])  # type: ignore[union-attr]


def closed_over(order: list[int]) -> type[nn.Module]:
    """A class of one name, whose method knows more than its attributes say."""

    class Closed(Ordered):
        def forward(self, x: Tensor) -> Tensor:
            return self.rest(x, order)

    return Closed


@pytest.mark.parametrize("how", ["tuple", "list", "dict", "tensor", "buffer", "object", "function", "method", "class"])
def test_no_network_gets_the_groups_of_another_that_looks_like_it(how: str) -> None:
    found = {}
    for order in ([0, 1, 2, 3, 4, 5, 6, 7], [7, 6, 5, 4, 3, 2, 1, 0]):
        model = (closed_over(order) if how == "class" else Ordered)(how, order)
        found[order[0]] = found_in(channel_layout, model)
    assert "first.weight" in found[0].groups and "first.weight" in found[7].skipped


def test_shared_weights_are_another_architecture_than_two_of_one_shape() -> None:
    told = []
    for shared in (False, True, False):
        model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4))
        if shared:
            model[2].weight = model[0].weight
        told.append(architecture(model))
    assert told[0] == told[2] != told[1]


@pytest.mark.parametrize("name", ["resnet_20", "vit_small", "mobilenet_v2_small", "lenet_5", "swin_t", "densenet121"])
def test_a_network_is_known_again_whatever_its_weights(name: str) -> None:
    one, two = (architecture(initial(name, seed)) for seed in (0, 1))
    assert one == two == architecture(copy.deepcopy(initial(name, 0)).train())


def test_networks_that_cannot_be_traced_say_so() -> None:
    found = channel_layout(network("shufflenet_v2_x0_5"), ("conv1.0.weight", "fc.weight"), (3, 32, 32))
    assert not found.groups and found.skipped["fc.weight"].startswith("the network could not be traced")


def test_without_torch_pruning_the_person_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch_pruning", None)
    with pytest.raises(Missing, match="pip install torch-pruning"):
        found_in(channel_layout, odd("plain"))
