"""Which weights are pruned, and in which order a forward pass meets them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from pruning.common.progress import quiet
from pruning.network.inputs import slices
from pruning.network.passes import forward_order, measured_norms, mode
from pruning.network.weights import apply_masks, has_batch_norm, layer_label, prunable
from pruning.steps.prune import Prune
from pruning.zoo.base import Base
from pruning.zoo.checkpoints import initial
from tests.helpers.invented import forgetful
from tests.helpers.networks import small, state

__all__ = ["forgetful"]  # for each test here: memories that hold nothing from other tests


def test_biases_norms_and_embeddings_are_never_pruned() -> None:
    model = nn.ModuleDict(
        {
            "conv": nn.Conv2d(4, 6, 3, groups=2),
            "line": nn.Conv1d(2, 2, 3),
            "fc": nn.Linear(3, 4),
            "bn": nn.BatchNorm2d(6),
            "ln": nn.LayerNorm(4),
            "gn": nn.GroupNorm(2, 4),
            "table": nn.Embedding(5, 4),
        }
    )
    found = prunable(model)
    assert {name: tuple(w.shape) for name, w in found.items()} == {
        "conv.weight": (6, 2, 3, 3),
        "line.weight": (2, 2, 3),
        "fc.weight": (4, 3),
    }


def test_everything_else_survives_a_level_of_1000() -> None:
    start = state(small())
    after = start.after(Prune(sparsity=1000), "after", quiet)
    for name, tensor in after.model.state_dict().items():
        if name in start.order:
            assert not tensor.any()
            assert not torch.signbit(tensor).any()  # no negative zeros
        else:
            assert torch.equal(tensor, start.model.state_dict()[name])


def test_attention_counts_its_projections() -> None:
    same, other = nn.MultiheadAttention(8, 2), nn.MultiheadAttention(8, 2, kdim=6, vdim=4)
    assert {n: w.numel() for n, w in prunable(same).items()} == {"in_proj_weight": 192, "out_proj.weight": 64}
    assert {n: w.numel() for n, w in prunable(other).items()} == {
        "q_proj_weight": 64,
        "k_proj_weight": 48,
        "v_proj_weight": 32,
        "out_proj.weight": 64,
    }
    assert layer_label("block.attn.in_proj_weight") == "block.attn.in_proj"
    assert layer_label("block.fc.weight") == "block.fc"


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.flat, self.one, self.two = nn.Flatten(), nn.Linear(784, 20), nn.Linear(20, 20)
        self.again, self.shared = nn.Linear(20, 20), nn.Linear(20, 10)
        self.again.weight = self.two.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.shared(self.again(self.two(self.one(self.flat(x)))))


def test_tied_weights_count_once_and_share_one_mask() -> None:
    start = state(Tied())
    assert start.order == ("one.weight", "two.weight", "shared.weight")
    after = start.after(Prune(sparsity=600), "after", quiet)
    total = 784 * 20 + 20 * 20 + 20 * 10
    assert sum(int((~m).sum()) for m in after.masks.values()) == round(0.6 * total)
    assert after.model.again.weight is after.model.two.weight
    assert torch.equal(after.model.again.weight != 0, after.masks["two.weight"])


def test_masks_set_exact_zeros_also_where_a_product_would_not() -> None:
    model = nn.Sequential(nn.Linear(2, 2, bias=False))
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[float("inf"), -1.0], [float("nan"), 2.0]]))
    apply_masks(model, {"0.weight": torch.tensor([[False, False], [False, True]])})
    assert model[0].weight.tolist() == [[0.0, 0.0], [0.0, 2.0]]
    assert not torch.signbit(model[0].weight).any()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("form", [torch.contiguous_format, torch.channels_last])
def test_masks_leave_every_other_bit_as_it_is(dtype: torch.dtype, form: torch.memory_format) -> None:
    made, integers = torch.Generator().manual_seed(0), {2: torch.int16, 4: torch.int32, 8: torch.int64}
    bits = torch.randint(0, 256, (5, 7, 3, 3 * dtype.itemsize), generator=made, dtype=torch.uint8)
    weight = bits.view(dtype).to(memory_format=form)  # all there is: NaN with whatever it carries, denormals, zeros
    model = nn.Sequential(nn.Conv2d(7, 5, 3, bias=False))
    model[0].weight = nn.Parameter(weight.clone())
    mask = torch.rand(weight.shape, generator=made) > 0.4
    apply_masks(model, {"0.weight": mask})
    found = model[0].weight.detach()
    whole = integers[dtype.itemsize]
    assert torch.equal(found.view(whole), torch.where(mask, weight.view(whole), 0))
    assert found.is_contiguous(memory_format=form)


class Backwards(nn.Module):
    """Registered last to first; two layers are read by attention and never called, one is called twice."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(4, 10)
        self.attention = nn.MultiheadAttention(4, 1, batch_first=True)
        self.twice = nn.Linear(4, 4)
        self.stem = nn.Conv2d(1, 4, 14, stride=14)

    def forward(self, x: Tensor) -> Tensor:
        x = self.twice(self.stem(x).flatten(2).transpose(1, 2))
        x = self.attention(x, x, x, need_weights=False)[0]
        return self.head(self.twice(x).mean(1))


def test_order_is_that_of_the_forward_pass() -> None:
    attention = ("attention.in_proj_weight", "attention.out_proj.weight")
    assert forward_order(Backwards(), (1, 28, 28)) == ("stem.weight", "twice.weight", *attention, "head.weight")


def test_a_shortcut_sits_where_it_is_called() -> None:
    order = forward_order(initial("resnet_20", 0), (1, 28, 28))
    assert len(order) == 22 and order[0] == "conv1.weight" and order[-1] == "fc.weight"
    for stage in ("stage2", "stage3"):
        block = [f"{stage}.0.{name}.weight" for name in ("conv1", "conv2", "shortcut.0")]
        at = order.index(block[0])
        assert list(order[at : at + 3]) == block and order[at + 3] == f"{stage}.1.conv1.weight"


def test_pruning_ties_follows_the_forward_pass_and_not_the_registration() -> None:
    model = Backwards()
    for weight in prunable(model).values():
        weight.data.fill_(1.0)
    after = state(model).after(Prune(sparsity=500), "after", quiet)
    left = {name: int(mask.sum()) for name, mask in after.masks.items()}
    assert left["stem.weight"] == 784 - 452 and left["head.weight"] == 40  # of 904: half, all from the first layer


def test_modes_are_given_back_to_each_module() -> None:
    model = small().train()
    model.drop.eval()
    with mode(model, False):
        assert not any(m.training for m in model.modules())
    assert [n for n, m in model.named_modules() if not m.training] == ["drop"]


def test_batch_norms_are_found() -> None:
    assert has_batch_norm(small()) and not has_batch_norm(initial("lenet_5", 0))
    assert not has_batch_norm(nn.BatchNorm1d(3, track_running_stats=False))


def test_only_statistics_that_were_never_measured_are_set_aside() -> None:
    fresh, trained = small(measured=False), small()
    held = fresh.norm.running_mean
    with measured_norms(fresh), measured_norms(trained):
        assert fresh.norm.running_mean is None and trained.norm.running_mean is not None
    assert fresh.norm.running_mean is held


def test_batches_cover_all_images_in_nearly_equal_parts() -> None:
    for count in (1, 2, 99, 100, 101, 1000, 1002):
        found = slices(count, 100)
        sizes = [s.stop - s.start for s in found]
        assert [i for s in found for i in range(count)[s]] == list(range(count))
        assert max(sizes) <= 100 and max(sizes) - min(sizes) <= 1 and len(sizes) == -(-count // 100)


def test_a_start_is_in_eval_mode_and_its_order_is_complete() -> None:
    start = state(small())
    assert start.base == Base(model="resnet_20", mark="init") and not start.model.training
    assert sorted(start.order) == sorted(prunable(start.model))
