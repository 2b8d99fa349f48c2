"""Files of a pruned network: what comes out is what went in, and every byte is accounted for."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from safetensors.torch import load
from torch import Tensor, nn

from pruning.common.errors import StoreError
from pruning.common.progress import Desk, quiet
from pruning.compression import files
from pruning.measures.kinds import measures
from pruning.network.weights import apply_masks
from pruning.state import State
from pruning.steps.prune import Prune
from pruning.study.fold import state_of
from pruning.zoo.base import Base
from tests.helpers.networks import same, small, state

FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False).map(lambda x: x + 0.0)  # no negative zero


def one_layer(weight: Tensor) -> State:
    model = nn.Sequential(nn.Linear(weight.shape[1], weight.shape[0]))
    model[0].weight.data = weight
    return State(Base(), "key", model, ("0.weight",))


def header_bytes(data: bytes) -> int:
    return 8 + int.from_bytes(data[:8], "little")


@given(arrays(np.float32, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=FINITE), st.randoms())
def test_bitmask_round_trip_is_bit_exact(values: np.ndarray, random: object) -> None:
    made = one_layer(torch.from_numpy(values))
    mask = torch.tensor([[random.random() < 0.5 for _ in row] for row in values])
    apply_masks(made.model, {"0.weight": mask})
    data = files.bitmask(made.model)
    back = files.read_bitmask(data)
    for name, tensor in made.model.state_dict().items():
        assert back[name].numpy().tobytes() == tensor.numpy().tobytes() and back[name].shape == tensor.shape
    n, kept = values.size, int(made.model[0].weight.count_nonzero())
    assert len(data) == header_bytes(data) + -(-n // 8) + 4 * kept + 4 * len(values)


def test_bitmask_of_a_whole_network() -> None:
    after = state_of(Base(model="resnet_20", mark="init"), (Prune(sparsity=900),))
    data = files.bitmask(after.model)
    assert same(dict(sorted(files.read_bitmask(data).items())), dict(sorted(after.model.state_dict().items())))
    rest = sum(t.numel() * t.element_size() for n, t in after.model.state_dict().items() if n not in after.order)
    kept = sum(int(m.sum()) for m in after.masks.values())
    bits = sum(-(-m.numel() // 8) for m in after.masks.values())
    assert len(data) == header_bytes(data) + rest + bits + 4 * kept


def test_zeros_alone_do_not_make_the_file_smaller() -> None:
    sizes = {len(files.plain(state_of(Base(), (Prune(sparsity=level),)).model)) for level in (0, 500, 1000)}
    assert len(sizes) == 1 and sizes.pop() > 4 * 266_610


def test_plain_files_hold_the_network_and_their_header() -> None:
    model = small()
    data = files.plain(model, {"model": "small", "zebra": "1", "ant": "2"})
    assert same(dict(sorted(load(data).items())), dict(sorted(model.state_dict().items())))
    header = json.loads(data[8 : header_bytes(data)])
    assert header["__metadata__"] == {"ant": "2", "format": "pt", "model": "small", "zebra": "1"}
    assert header_bytes(data) % 8 == 0


def test_the_same_network_gives_the_same_bytes() -> None:
    after = state(small()).after(Prune(sparsity=500), "after", quiet)
    about = {f"note {i}": "é" for i in range(6)}
    assert len({files.plain(after.model, about) for _ in range(8)}) == 1
    assert len({files.bitmask(after.model) for _ in range(8)}) == 1


def test_tied_weights_are_written_once() -> None:
    model = nn.Sequential(nn.Linear(64, 64), nn.Linear(64, 64), nn.Linear(64, 64))
    single = len(files.plain(nn.Sequential(nn.Linear(64, 64))))
    model[1].weight = model[2].weight = model[0].weight
    made = State(Base(), "key", model, ("0.weight",))
    assert len(files.plain(model)) < single + 1000
    assert len(files.bitmask(made.model)) < single + 1600
    assert set(load(files.bitmask(made.model))) == {"0.weight.bits", "0.weight.values", "0.bias", "1.bias", "2.bias"}


class Names(nn.Module):
    """Its tensors are called as the parts of a sparse file are."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 3)
        self.register_buffer("values", torch.arange(3.0))
        self.bits = nn.ParameterDict({"bits": nn.Parameter(torch.ones(2))})


def test_tensors_with_the_names_of_parts_are_not_lost() -> None:
    made = State(Base(), "key", Names(), ("layer.weight",))
    back = files.read_bitmask(files.bitmask(made.model))
    assert same(dict(sorted(back.items())), dict(sorted(made.model.state_dict().items())))


def test_a_kept_weight_that_is_zero_costs_one_bit_and_no_value() -> None:
    weight = torch.ones(4, 8)
    weight[0, 0], weight[0, 1] = 0.0, -0.0
    made = one_layer(weight)
    data = files.bitmask(made.model)
    assert len(load(data)["0.weight.values"]) == 30
    assert torch.equal(files.read_bitmask(data)["0.weight"], weight)  # -0.0 comes back as 0.0, its equal


def test_weights_in_half_precision() -> None:
    made = one_layer(torch.randn(5, 3).bfloat16())
    assert torch.equal(files.read_bitmask(files.bitmask(made.model))["0.weight"], made.model[0].weight)
    made.model.half()
    assert files.read_bitmask(files.bitmask(made.model))["0.weight"].dtype == torch.float16


def test_the_file_to_take_home() -> None:
    saved = {}

    def save(kind: str, key: str, data: bytes, suffix: str) -> str:
        saved[f"{kind}/{key}{suffix}"] = data
        return f"there/{key}"

    after = state_of(Base(model="lenet_5", seed=1), (Prune(sparsity=900), Prune(scorer="random", seed=2)))
    found = measures["checkpoint"]().measure(after, Desk(save=save))
    assert found == {"path": f"there/{after.key}", "bytes": len(saved[f"checkpoint/{after.key}.safetensors"])}
    data = saved[f"checkpoint/{after.key}.safetensors"]
    about = json.loads(data[8 : header_bytes(data)])["__metadata__"]
    assert Base.model_validate_json(about["base"]) == after.base
    assert [Prune(**step) for step in json.loads(about["recipe"])] == list(after.recipe)
    assert json.loads(about["recipe"])[0]["scorer"] == "magnitude_l1"  # defaults are written out: they may change
    assert same(dict(sorted(load(data).items())), dict(sorted(after.model.state_dict().items())))
    for name in ("checkpoint", "delivery", "quantized_file", "runtime_file", "small_model"):
        with pytest.raises(StoreError, match="needs a store"):  # before anything else: nothing here can be removed
            measures[name]().measure(after, Desk())
