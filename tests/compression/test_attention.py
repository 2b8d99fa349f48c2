"""Layers that stand in for torch's and torchvision's attention: the same numbers with all heads, exact with fewer."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from pruning.compression.removal.attention import FewerHeads, WindowHeads, standing_in
from pruning.compression.removal.exports import onnx
from pruning.compression.removal.files import load_small, small_file
from pruning.compression.removal.remove import remove
from pruning.network.groups.heads import head_layout
from pruning.network.macs import macs
from pruning.zoo.kinds import models
from pruning.zoo.vision import torchvision
from tests.helpers.lively import KNOWN, images, layout, near, network, output, pruned, shape_of

NETWORKS = ("tiny_vit", "tiny_swin", "tiny_swin_v2")


def drawn(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


def loud(module: Any) -> Any:
    """In float64 and eval mode, with no parameter that is small or zero."""
    for number, p in enumerate(module.double().eval().requires_grad_(False).parameters()):
        p.data.normal_(0, 0.5, generator=torch.Generator().manual_seed(number))
    return module


MASKS: dict[str, dict[str, Any]] = {
    "plain": {},
    "no weights": {"need_weights": False},
    "causal": {"attn_mask": torch.ones(5, 5).triu(1).bool()},
    "both": {"attn_mask": drawn(5, 5), "key_padding_mask": torch.eye(3, 5).bool(), "average_attn_weights": False},
}


@pytest.mark.parametrize("given", MASKS)
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("options", [{}, {"kdim": 6, "vdim": 7}, {"bias": False}], ids=["fused", "apart", "no bias"])
@pytest.mark.filterwarnings("ignore:Support for mismatched key_padding_mask")
def test_with_all_heads_it_is_torchs_own(options: dict[str, Any], first: bool, given: str) -> None:
    whole = loud(nn.MultiheadAttention(8, 2, batch_first=first, **options))
    other = FewerHeads(whole, 2)
    query = drawn(3, 5, 8)
    tokens = [query, drawn(3, 5, options.get("kdim", 8)), drawn(3, 5, options.get("vdim", 8))]
    for parts in (tokens, [query] * 3) if "kdim" not in options else (tokens,):
        parts = parts if first else [part.transpose(0, 1) for part in parts]
        (said, seen), (found, shown) = whole(*parts, **MASKS[given]), other(*parts, **MASKS[given])
        assert near(said, found) and (shown is None if seen is None else near(seen, shown))
    assert set(other.state_dict()) == set(whole.state_dict())


def test_one_sequence_without_a_batch() -> None:
    whole, x = loud(nn.MultiheadAttention(8, 2, batch_first=True)), drawn(5, 8)
    assert near(whole(x, x, x)[0], FewerHeads(whole, 2)(x, x, x)[0])


@pytest.mark.parametrize("side", [(8, 8), (4, 4), (7, 10), (4, 8)])  # even, one window, padded, shifted one way
@pytest.mark.parametrize("kind", ["ShiftedWindowAttention", "ShiftedWindowAttentionV2"])
def test_with_all_heads_it_is_torchvisions_own(kind: str, side: tuple[int, int]) -> None:
    whole = loud(getattr(torchvision().models.swin_transformer, kind)(12, [4, 4], [2, 2], 3))
    other, x = standing_in(whole, 3), drawn(2, *side, 12)
    assert isinstance(other, WindowHeads) and near(output(whole, x), output(other, x))
    assert set(other.state_dict()) == set(whole.state_dict())


def test_attention_to_keys_of_its_own_is_not_known() -> None:
    for option in ("add_bias_kv", "add_zero_attn"):
        with pytest.raises(ValueError, match="keys of its own"):
            standing_in(nn.MultiheadAttention(8, 2, **{option: True}), 1)
    assert standing_in(nn.Linear(8, 8), 1) is None


def test_swins_position_biases_belong_to_the_heads() -> None:
    table = "features.1.1.attn.relative_position_bias_table"
    group = layout(head_layout, "tiny_swin").groups["features.1.1.attn.qkv.weight"]
    assert {m.parameter: m.unit.flatten().tolist() for m in group.members}[table] == [0, 1, 2, 3]
    group = layout(head_layout, "tiny_swin_v2").groups["features.1.1.attn.qkv.weight"]
    beside = {m.parameter.removeprefix("features.1.1.attn."): m.unit.shape for m in group.members if not m.scored}
    assert beside == {"qkv.bias": (96,), "logit_scale": (4, 1, 1), "cpb_mlp.2.weight": (4, 1)}


@pytest.mark.parametrize(("share", "left"), [(0.1, 3), (0.5, 2), (0.9, 1)])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_borrowed_network_without_its_masked_heads_is_the_same(
    name: str, share: float, left: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = pruned(name, "head", share, monkeypatch)
    done, x = remove(state), images(name)
    said = output(state.model, x)
    assert near(said, output(done.model, x)) and not near(said, output(network(name), x)) and not done.units.held
    assert list(done.cuts.heads.values()) == [left] * len(layout(head_layout, name).groups)
    alive = [int(state.masks[n].sum()) if n in state.masks else p.numel() for n, p in state.model.named_parameters()]
    assert sum(p.numel() for p in done.model.parameters()) == sum(alive)
    for place in done.cuts.heads:  # operations of a layer by the share of its heads, but for those that make biases
        small, whole = done.model.get_submodule(place), state.model.get_submodule(place)
        assert isinstance(small, FewerHeads | WindowHeads) and small.num_heads == left
        assert sum(p.numel() for p in small.parameters()) < sum(p.numel() for p in whole.parameters())
    if name == "tiny_vit":
        (dense, _), (each, _) = macs(state.model, shape_of(name)), macs(done.model, shape_of(name))
        inside = [key for key in each if "self_attention" in key]
        assert inside and all(each[key] == dense[key] * left / 4 for key in inside)


@pytest.mark.parametrize("name", NETWORKS)
def test_it_is_saved_and_loaded_and_exported(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file names the model's class, which is built anew and given the layers that stand in."""
    state = pruned(name, "head", 0.5, monkeypatch)
    state.model.float()
    done, x = remove(state), images(name).float()
    path = tmp_path / "small.safetensors"
    path.write_bytes(small_file(done, state))
    monkeypatch.setattr(models[KNOWN[name]], "build", lambda entry: copy.deepcopy(network(name)).float())
    read = load_small(path)
    assert torch.equal(output(read, x), output(done.model, x))
    if name == "tiny_vit":
        assert onnx(read, shape_of(name))  # compared with torch by ONNX Runtime inside
