"""What one layer's trouble costs: its own units, and no other layer's; and each is told its own reason."""

from __future__ import annotations

import copy
import importlib

import pytest
import torch
from torch import Tensor, nn

from pruning.common.errors import Incompatible
from pruning.common.memory import Recent
from pruning.common.progress import quiet
from pruning.compression.removal.remove import remove
from pruning.criteria.plan import plan
from pruning.network.groups.channels import OUTPUT, PRODUCT, UNCALLED, UNFOLLOWED, channel_layout
from pruning.steps.prune import Prune
from tests.helpers.lively import found_in
from tests.helpers.networks import state

pytestmark = pytest.mark.usefixtures("images")


@pytest.fixture(autouse=True)
def traced_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.import_module("pruning.network.groups.trial"), "_layouts", Recent(8))


class Odd(nn.Module):
    """Four layers, of which the second and third are joined by what a name says."""

    def __init__(self, between: str) -> None:
        super().__init__()
        self.between, self.a, self.b = between, nn.Conv2d(1, 8, 5, stride=4), nn.Conv2d(8, 8, 3)
        self.c, self.d, self.f = nn.Conv2d(8, 8, 1), nn.Linear(8, 6), nn.Linear(6, 10)
        self.spare, self.norm = nn.Linear(8, 10), nn.LayerNorm(10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.b(self.a(x).relu()).relu()
        match self.between:
            case "pooled":
                x = x.reshape(len(x), 4, 2, *x.shape[2:]).amax(2).repeat_interleave(2, 1)
            case "swapped":
                x = torch.cat(x.chunk(2, 1)[::-1], 1)
                x = x.reshape(len(x), 4, 2, *x.shape[2:]).max(2)[0].repeat_interleave(2, 1)
            case "multiplied":
                x = torch.einsum("bchw,cd->bdhw", x, torch.eye(8))
        x = self.c(x).relu().mean((2, 3))
        y = self.f(self.d(x).relu())
        return nn.functional.layer_norm(self.spare(x), (10,)) + y if self.between == "added" else y


def odd(between: str) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(2)
        return Odd(between).eval()


@pytest.mark.parametrize("between", ["pooled", "swapped", "multiplied"])
def test_what_cannot_be_followed_costs_no_other_layer_its_channels(between: str) -> None:
    found = found_in(channel_layout, odd(between))
    assert {"c.weight", "d.weight"} <= set(found.groups)
    assert "b.weight" in found.skipped and found.skipped["f.weight"] == OUTPUT


def test_a_layer_whose_channels_are_lost_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever torch-pruning stumbles on: here on the first layer alone."""
    channels = importlib.import_module("pruning.network.groups.channels")
    right = channels.coupled

    def lost(trial, graph, followed, leads, weights):  # noqa: ANN001, ANN202
        if leads == "a.weight":
            raise ZeroDivisionError
        return right(trial, graph, followed, leads, weights)

    monkeypatch.setattr(channels, "coupled", lost)
    found = found_in(channel_layout, odd("plain"))
    assert found.skipped["a.weight"] == UNFOLLOWED and list(found.groups) == ["b.weight", "c.weight", "d.weight"]


def test_each_is_told_its_own_reason() -> None:
    assert found_in(channel_layout, odd("multiplied")).skipped["b.weight"] == PRODUCT
    assert found_in(channel_layout, odd("plain")).skipped["spare.weight"] == UNCALLED
    added = found_in(channel_layout, odd("added")).skipped
    assert added["f.weight"] == added["spare.weight"] == OUTPUT  # no norm of another head is why


class Unknown(nn.Module):
    """Attention that this program does not know, behind a convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.attention, self.last = nn.Conv2d(1, 8, 7, stride=7), Mixed(), nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.attention(self.stem(x).flatten(2).transpose(1, 2)).mean(1))


class Mixed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.num_heads, self.only = 2, nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        return self.only(x).softmax(-1)


def test_heads_are_refused_with_the_attention_layers_reason_too() -> None:
    made = state(Unknown().eval(), "lenet_5")
    with pytest.raises(Incompatible, match=r"attention\.only: its attention layer does not keep heads apart"):
        plan(made.scene(quiet, 0), Prune(granularity="head"))


def bare(track: bool = True) -> nn.Module:
    """Norms without scale and shift, measured."""
    with torch.random.fork_rng():
        torch.manual_seed(4)
        norms = [nn.BatchNorm2d(8, affine=False, track_running_stats=track) for _ in range(2)]
        model = nn.Sequential(
            nn.Conv2d(1, 8, 5, stride=4), norms[0], nn.ReLU(), nn.Conv2d(8, 8, 3), norms[1], nn.ReLU(), nn.Flatten(),
            nn.Linear(8 * 16, 10),
        )  # fmt: skip
        for norm in norms if track else ():
            norm.running_mean.normal_()
            norm.running_var.uniform_(0.5, 2)
    return model.eval()


@pytest.mark.parametrize("track", [True, False])
def test_channels_before_a_norm_without_scale_and_shift_are_removed(track: bool) -> None:
    model = bare(track)
    step = Prune(granularity="channel", allocation="uniform", sparsity=500)
    made = state(copy.deepcopy(model), "lenet_5").after(step, "pruned")
    done = remove(made)
    assert not [why for why in done.left.values() if "removed" in why]
    small = done.model
    sizes = [small[0].out_channels, small[3].out_channels]
    assert all(size < 8 for size in sizes) and small[3].in_channels == sizes[0]
    if track:
        assert [len(small[n].running_mean) for n in (1, 4)] == sizes == [small[n].num_features for n in (1, 4)]
        x = torch.randn(3, 1, 28, 28)
        with torch.no_grad():
            assert torch.allclose(small(x), made.model(x), atol=1e-5)
