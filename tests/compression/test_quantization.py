"""Levels, codes and bytes: exact zeros, exact counts, the nearest level, GPTQ's smaller error, round trips."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from pruning.common.errors import BadTensor, BadValue
from pruning.common.progress import quiet
from pruning.compression.quantization.loss import bytes_by_part
from pruning.compression.quantization.packing import opened, packed, quantized, unpacked
from pruning.network.rounding import nearest
from pruning.state import State
from pruning.steps.prune import Prune
from pruning.steps.quantize import Quantize
from pruning.steps.train import Train
from pruning.study.fold import state_of
from pruning.study.run import run
from pruning.study.study import MeasureSpec, Study
from pruning.zoo.base import Base
from tests.helpers.invented import Images
from tests.helpers.networks import small, state

INTEGER = [2, 3, 4, 5, 6, 8]
layouts = st.builds(
    lambda bits, group, symmetric: Quantize(bits=bits, group=group, symmetric=symmetric),
    st.sampled_from(INTEGER),
    st.sampled_from([0, 1, 3, 8, 64]),
    st.booleans(),
)


def weights(rows: int, columns: int, seed: int, spread: float = 1.0) -> Tensor:
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed)) * spread


@given(
    step=layouts,
    rows=st.integers(1, 6),
    columns=st.integers(1, 20),
    seed=st.integers(0, 99),
    spread=st.sampled_from([1e-6, 0.03, 1.0, 1e4]),
)
def test_every_weight_goes_to_the_nearest_of_the_levels(
    step: Quantize, rows: int, columns: int, seed: int, spread: float
) -> None:
    weight = weights(rows, columns, seed, spread)
    kept = nearest(weight, step)
    assert kept.scale is not None and kept.zero is not None
    group = step.group or columns
    count = 2**step.bits - (1 if step.symmetric else 0)
    for row in range(rows):
        for column in range(columns):
            scale, zero = (float(part[row, column // group]) for part in (kept.scale, kept.zero))
            levels = torch.tensor([(code - zero) * scale for code in range(count)], dtype=torch.float64)
            assert 0 in levels.tolist()
            gaps = (levels - float(weight[row, column])).abs()
            chosen = abs(float(kept.values()[row, column]) - float(weight[row, column]))
            assert chosen <= float(gaps.min()) + 1e-5 * max(scale, abs(float(weight[row, column])))


@given(step=layouts, seed=st.integers(0, 99))
def test_zeros_stay_exactly_zero_and_rounding_again_changes_nothing(step: Quantize, seed: int) -> None:
    weight = weights(4, 12, seed) * (weights(4, 12, seed + 1) > 0)
    values = nearest(weight, step).values()
    assert not values[weight == 0].any()
    if step.symmetric:
        assert torch.equal(nearest(values, step).values(), values)


def test_two_bits_are_three_levels_and_a_known_example() -> None:
    kept = nearest(torch.tensor([[-1.0, -0.4, 0.6, 0.9]]), Quantize(bits=2))
    assert kept.codes.tolist() == [[0, 1, 2, 2]] and kept.values().tolist() == [[-1.0, 0.0, 1.0, 1.0]]
    kept = nearest(torch.tensor([[-1.0, 0.0, 2.0]]), Quantize(bits=2, symmetric=False))
    assert kept.codes.tolist() == [[0, 1, 3]] and kept.values().tolist() == [[-1.0, 0.0, 2.0]]


def test_eight_bits_agree_with_torch_s_own_quantizer() -> None:
    weight = weights(5, 40, 3)
    kept = nearest(weight, Quantize(bits=8))
    assert kept.scale is not None
    scale = kept.scale.float().flatten()
    theirs = torch.fake_quantize_per_channel_affine(weight, scale, torch.zeros(5, dtype=torch.int32), 0, -127, 127)
    assert torch.equal(kept.values(), theirs)


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("bits", INTEGER)
@pytest.mark.parametrize("size", [1e-35, 1e-30, 1e-10, 1e-5, 1e-4, 1e-3, 1.0, 7e4, 1e7, 1e30, 3e38])
def test_rows_of_any_size_are_as_near_as_rows_of_one(bits: int, symmetric: bool, size: float) -> None:
    """Scales that float16 cannot hold are kept in float32: nothing becomes zero or NaN."""
    weight = torch.linspace(-1, 1, 40).view(2, 20)
    step = Quantize(bits=bits, symmetric=symmetric)
    values = (nearest(weight * size, step).values() / size).double()
    levels = 2 ** (bits - 1) - 1 if symmetric else (2**bits - 1) / 2
    assert values.isfinite().all() and (values - weight).abs().max() <= (1.2 if size in (1e-3, 1e-4) else 0.6) / levels
    masked = nearest(torch.where(weight > 0.5, 0.0, weight) * size, step).values()
    assert not masked[weight > 0.5].any()


def test_rows_of_usual_size_and_rows_of_zeros_keep_scales_in_16_bits() -> None:
    weight = torch.zeros(3, 8)
    weight[1] = torch.linspace(-0.004, 0.004, 8)  # a scale of 3.15e-5: half of float16's smallest
    weight[2] = torch.linspace(-1, 1, 8)
    for step in (Quantize(bits=8), Quantize(bits=8, group=4), Quantize(bits=4, symmetric=False)):
        scale = nearest(weight, step).scale
        assert scale is not None and scale.dtype == torch.float16
    weight[1] /= 10
    scale = nearest(weight, Quantize(bits=8)).scale
    assert scale is not None and scale.dtype == torch.float32


def test_gptq_keeps_tiny_and_huge_weights_too(images: Images) -> None:
    errors = []
    for size in (1.0, 2.0**-20, 2.0**20):
        start = state(small())
        with torch.no_grad():
            start.model.fc1.weight.mul_(size)
        after = start.after(Quantize(bits=8, rounding="gptq", samples=50), f"{size}", quiet)
        difference = after.weights["fc1.weight"] - start.weights["fc1.weight"]
        errors.append(float(difference.norm() / start.weights["fc1.weight"].norm()))
    assert errors[1:] == pytest.approx([errors[0]] * 2, rel=0.01)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), 1e6, 1e-9])
def test_what_no_format_holds_is_refused_by_layer(wrong: float) -> None:
    start = state(small())
    with torch.no_grad():
        start.model.fc1.weight.mul_(0).add_(wrong)
    with pytest.raises(BadTensor, match=r"'fc1\.weight'"):
        start.after(Quantize(bits=16, kept_as="float16"), "x", quiet)
    if not math.isfinite(wrong):
        with pytest.raises(BadTensor, match=r"'fc1\.weight' are NaN or infinite"):
            start.after(Quantize(bits=8), "x", quiet)
    else:
        start.after(Quantize(bits=16, kept_as="bfloat16"), "x", quiet)


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_floating_point_formats_are_torch_s_casts(kind: str) -> None:
    weight = weights(3, 9, 1)
    kept = nearest(weight, Quantize(bits=16, kept_as=kind))
    assert torch.equal(kept.values(), weight.to(getattr(torch, kind)).float())
    assert nearest(torch.tensor([[1e30]]), Quantize(bits=16, kept_as="float16")).values().isfinite().all()


@given(bits=st.sampled_from(INTEGER), codes=st.lists(st.integers(0, 255), min_size=1, max_size=70))
def test_codes_are_packed_without_gaps(bits: int, codes: list[int]) -> None:
    given_codes = torch.tensor([code % 2**bits for code in codes], dtype=torch.uint8)
    data = packed(given_codes, bits)
    assert len(data) == math.ceil(len(codes) * bits / 8)
    assert torch.equal(unpacked(data, bits, len(codes)), given_codes)
    number = sum(int(code) << (bits * place) for place, code in enumerate(given_codes))
    assert int.from_bytes(bytes(data.tolist()), "little") == number


@pytest.mark.parametrize(
    "step",
    [
        Quantize(bits=8),
        Quantize(bits=3, group=7),
        Quantize(bits=4, symmetric=False),
        Quantize(bits=16, kept_as="bfloat16"),
    ],
    ids=str,
)
@pytest.mark.parametrize("size", [1.0, 1e-6, 1e8])
def test_a_file_holds_the_weights_and_its_bytes_add_up(step: Quantize, size: float) -> None:
    start = pruned()
    with torch.no_grad():
        for name in start.order:
            start.model.get_parameter(name).mul_(size)
    after = start.after(step, "quantized", quiet)
    data = quantized(after.model, after.formats)
    back = opened(data)
    for name, tensor in after.model.state_dict().items():
        assert torch.equal(back[name], tensor), name
    header = 8 + int.from_bytes(data[:8], "little")
    rest = {name: t for name, t in after.model.state_dict().items() if name not in after.formats}
    expected = sum(t.numel() * t.element_size() for t in rest.values())
    for kept in after.formats.values():
        expected += math.ceil(kept.codes.numel() * step.bits / 8)
        if kept.scale is not None and kept.zero is not None:
            expected += kept.scale.nbytes + (0 if step.symmetric else kept.zero.numel())
            assert kept.scale.dtype == (torch.float32 if size in (1e-6, 1e8) else torch.float16)
    assert len(data) - header == expected
    parts = bytes_by_part(after)
    assert parts["total"] == len(data) and parts["rest"] == sum(t.numel() * t.element_size() for t in rest.values())


def pruned(level: int = 600) -> State:
    return state(small()).after(Prune(sparsity=level), "pruned", quiet)


@pytest.mark.parametrize("rounding", ["nearest", "gptq"])
@pytest.mark.parametrize("symmetric", [True, False])
def test_masked_weights_stay_zero_through_quantization(rounding: str, symmetric: bool, images: Images) -> None:
    step = Quantize(bits=4, group=8, symmetric=symmetric, rounding=rounding, samples=50)
    before = pruned()
    after = before.after(step, "quantized", quiet)
    for name, mask in before.masks.items():
        assert not after.weights[name][~mask].any()
        assert torch.equal(after.formats[name].values(), after.weights[name])
    assert set(after.formats) == set(after.order)


def test_pruning_a_quantized_network_stays_on_its_levels_and_training_leaves_them(images: Images) -> None:
    coarse = state(small()).after(Quantize(bits=3), "coarse", quiet)
    after = coarse.after(Prune(sparsity=500), "pruned", quiet)
    for name, kept in after.formats.items():
        assert torch.equal(kept.values(), after.weights[name])
        assert not after.weights[name][~after.masks[name]].any()
    trained = after.after(Train(steps=2, batch=20, validation=0, looks=1), "trained", quiet)
    assert not trained.formats


@pytest.mark.parametrize("bits", [2, 3, 4])
@pytest.mark.parametrize("group", [0, 16])
def test_gptq_s_outputs_are_nearer_to_the_dense_ones(bits: int, group: int) -> None:
    """The layer's squared output error is what GPTQ lowers: summed over the layers of LeNet-300-100's first layer."""
    dense = state_of(Base(), ())
    near = dense.after(Quantize(bits=bits, group=group), "near", quiet)
    made = dense.after(Quantize(bits=bits, group=group, rounding="gptq", samples=500), "made", quiet)
    from pruning.network.scene import training_examples

    images = training_examples(dense.base, 500, 0)[0].flatten(1)
    name = dense.order[0]
    errors = [float(((images @ (one.weights[name] - dense.weights[name]).T) ** 2).sum()) for one in (near, made)]
    assert errors[1] < 0.8 * errors[0]


def test_gptq_keeps_more_accuracy_at_three_bits_and_eight_bits_lose_nothing() -> None:
    def correct(step: Quantize) -> int:
        study = Study(recipe=(step,), measures=(MeasureSpec(name="accuracy", options={"count": 2000}),))
        return run(study)[0]["value"]["correct"]

    near, made = correct(Quantize(bits=2)), correct(Quantize(bits=2, rounding="gptq", samples=500))
    assert made > near + 20
    dense = run(Study(recipe=(Prune(sparsity=0),), measures=(MeasureSpec(name="accuracy", options={"count": 2000}),)))
    assert abs(correct(Quantize(bits=8)) - dense[0]["value"]["correct"]) <= 6


@pytest.mark.parametrize(
    "wrong",
    [
        {"bits": 16},
        {"bits": 8, "kept_as": "float16"},
        {"bits": 16, "kept_as": "float16", "group": 8},
        {"bits": 16, "kept_as": "bfloat16", "rounding": "gptq"},
    ],
)
def test_formats_that_do_not_exist_are_refused(wrong: dict) -> None:
    with pytest.raises((BadValue, ValueError), match="floating|Floating"):
        Quantize(**wrong)


def test_a_network_without_formats_is_the_plain_file() -> None:
    model = nn.Linear(3, 2)
    assert quantized(model, {})[8:9] == b"{"


def test_aware_training_ends_on_the_levels_and_beats_rounding_afterwards() -> None:
    common = {"steps": 60, "batch": 100, "lr": 0.01, "validation": 0, "looks": 1}
    base = Base()
    plain = (Prune(sparsity=900), Train(**common), Quantize(bits=2))
    aware = (Prune(sparsity=900), Train(**common, during="quantized", during_options={"bits": 2}), Quantize(bits=2))
    trained = state_of(base, aware[:2])
    for name, weight in trained.weights.items():
        assert torch.equal(nearest(weight, Quantize(bits=2)).values(), weight)
        assert not weight[~trained.masks[name]].any()
    accuracy = (MeasureSpec(name="accuracy", options={"count": 2000}),)
    scores = [run(Study(recipe=recipe, measures=accuracy))[0]["value"]["correct"] for recipe in (aware, plain)]
    assert scores[0] > scores[1] + 100
