"""Peak memory by hand and by torch's allocator; channel counts and sparse execution: what is timed, what is said."""

from __future__ import annotations

import json

import pytest
import torch
from torch import nn
from torch.nn.functional import linear

from pruning.common.errors import Cancelled
from pruning.common.progress import Desk
from pruning.measures.channel_times import _pair, _sessions
from pruning.measures.kinds import measures
from pruning.measures.sparse_linear import BLOCK, _kept, forms
from pruning.measures.tools import stopwatch
from pruning.network.peak import peak_bytes
from pruning.results.speed import clock_words, counts_frame, counts_sentences, crossover, sparse_frame, sparse_sentences
from pruning.results.structure import memory_words
from pruning.steps.prune import Prune
from pruning.study.fold import state_of
from pruning.zoo.base import Base
from tests.helpers.networks import same, small, snapshot, untouched
from tests.helpers.networks import state as start


def seen(model: nn.Module, images: torch.Tensor) -> int:
    """The peak as torch's own allocator tells it to the profiler, with what is there before the pass."""
    from torch.profiler import ProfilerActivity, profile

    with torch.no_grad(), profile(activities=[ProfilerActivity.CPU], profile_memory=True) as watch:
        model(images)
    events = [e for e in watch.profiler.kineto_results.events() if e.name() == "[memory]"]  # ty: ignore
    now = most = 0
    for event in sorted(events, key=lambda e: e.start_ns()):
        now += event.nbytes()
        most = max(most, now)
    held = [*model.parameters(), *model.buffers(), images]
    return most + sum(t.untyped_storage().nbytes() for t in held)


def test_peak_memory_by_hand() -> None:
    model = nn.Sequential(nn.Linear(10, 100), nn.ReLU(), nn.Linear(100, 30), nn.Linear(30, 5)).eval()
    weights = sum(p.numel() for p in model.parameters())
    # At the highest moment the wide layer's output and the ReLU's are both there; all else is smaller.
    assert peak_bytes(model, torch.zeros(8, 10)) == 4 * (weights + 8 * (10 + 100 + 100))
    model[1] = nn.ReLU(inplace=True)
    assert peak_bytes(model, torch.zeros(8, 10)) == 4 * (weights + 8 * (10 + 100 + 30))
    tied = nn.Sequential(nn.Linear(10, 10, bias=False), nn.Linear(10, 10, bias=False))
    tied[1].weight = tied[0].weight
    assert peak_bytes(tied, torch.zeros(1, 10)) == 4 * (100 + 30)


@pytest.mark.parametrize("batch", [1, 16])
def test_peak_memory_is_what_the_allocator_holds_less_what_kernels_take(batch: int) -> None:
    """torch's own kernels take the same on every processor; oneDNN's pad channels to the width of its registers."""
    for name in ("lenet_5", "vit_small"):
        model, images = state_of(Base(model=name), ()).model, torch.zeros(batch, 1, 28, 28)
        before = untouched(model)
        counted = peak_bytes(model, images)
        assert counted == peak_bytes(model, images) and untouched(model) == before
        with torch.backends.mkldnn.flags(enabled=False):
            assert counted <= seen(model, images) <= 1.35 * counted


def test_memory_is_told_before_and_after() -> None:
    made = state_of(Base(model="lenet_5"), (Prune(granularity="channel", allocation="uniform", sparsity=500),))
    value = measures["memory"](batches=(1, 16)).measure(made, Desk())
    assert json.loads(json.dumps(value)) == value and measures["memory"].pure
    one, many = value["rows"]
    assert (
        many["dense"]
        == peak_bytes(made.start.model, torch.zeros(16, 1, 28, 28))
        == peak_bytes(made.model, torch.zeros(16, 1, 28, 28))
    )
    assert 4 * 61_706 < one["dense"] < many["dense"] and one["small"] < one["dense"] and many["small"] < many["dense"]
    assert memory_words({"rows": [{"batch": 16, "small": 2_335_088, "dense": 5_159_440}]}) == [
        "16 images: 2.34 MB instead of 5.16 MB"
    ]


def test_channel_times_are_relative_to_all_channels_in_both_runtimes() -> None:
    counted: list[int] = []

    def watch(done: float, total: float, note: str = "", partial: dict | None = None) -> None:
        assert 0 <= done <= total == 2
        counted.extend([len(partial["rows"])] if partial else [])

    model = small()
    weights, around = snapshot(model), untouched(model)
    measure = measures["channel_times"](full=8, counts=(7, 4), size=4, seconds=0.01)
    value = measure.measure(start(model), Desk(watch))
    assert json.loads(json.dumps(value)) == value and counted == [3, 6] and not measure.pure
    assert same(weights, snapshot(model)) and untouched(model) == around
    assert [(row["runtime"], row["channels"]) for row in value["rows"]] == [
        (runtime, count) for runtime in ("torch", "onnxruntime") for count in (8, 7, 4)
    ]
    assert all(row["time"] == row["time_low"] == 1 for row in value["rows"] if row["channels"] == 8)
    assert list(counts_frame(value)["macs"]) == [0.5, 0.875, 1.0] * 2


def test_both_runtimes_compute_the_same_convolutions() -> None:
    pairs, images = {5: _pair(8, 5), 8: _pair(8, 8)}, torch.randn(2, 8, 6, 6)
    for count, work in _sessions(pairs, images).items():
        assert torch.allclose(torch.from_numpy(work()), pairs[int(count)](images), atol=1e-5)


def test_every_form_computes_the_layer_with_exactly_its_zeros() -> None:
    weight, x = torch.randn(64, 96), torch.randn(5, 96)
    layers, left = forms(weight, (500, 900))
    assert set(layers) == {("dense", 0)} | {(form, s) for form in ("masked", "csr", "block") for s in (500, 900)}
    assert set(left) == {"n_m"} and "CUDA" in left["n_m"]
    assert torch.equal(layers["dense", 0](x), linear(x, weight))
    for sparsity in (500, 900):
        masked = weight.where(_kept(weight.abs(), sparsity), torch.tensor(0.0))
        assert int((masked == 0).sum()) == round(64 * 96 * sparsity / 1000)
        assert masked.abs()[masked != 0].min() >= weight.abs()[masked == 0].max()
        for form in ("masked", "csr"):
            assert torch.allclose(layers[form, sparsity](x), linear(x, masked), atol=1e-4)
        # Blocks, written again: the smallest sums of squares go.
        energy = {
            (i, j): float(weight[i : i + BLOCK, j : j + BLOCK].square().sum())
            for i in range(0, 64, BLOCK)
            for j in range(0, 96, BLOCK)
        }
        blocked = weight.clone()
        for i, j in sorted(energy, key=energy.__getitem__)[: round(24 * sparsity / 1000)]:
            blocked[i : i + BLOCK, j : j + BLOCK] = 0
        assert torch.allclose(layers["block", sparsity](x), linear(x, blocked), atol=1e-4)


def test_sparse_times_stand_beside_dense() -> None:
    measure = measures["sparse_linear"](features=32, sparsities=(500, 900), batches=(1, 3), seconds=0.01)
    value = measure.measure(start(small()), Desk())
    assert json.loads(json.dumps(value)) == value and not measure.pure
    table = sparse_frame(value)
    assert len(table) == 2 * (1 + 2 * 3) and set(table["batch"]) == {1, 3}
    assert (table[table["form"] == "dense"]["faster"] == 1).all() and (table["samples"] >= stopwatch.LEAST).all()


@pytest.mark.parametrize(
    ("name", "options"), [("channel_times", {"full": 8, "counts": (7,)}), ("sparse_linear", {"features": 32})]
)
def test_cancel_stops_a_clock(name: str, options: dict) -> None:
    def stop(done: float, total: float, note: str = "", partial: dict | None = None) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        measures[name](**options).measure(start(small()), Desk(stop))


def ratio(name: str, low: float, middle: float, high: float) -> dict:
    return {f"{name}_low": low, name: middle, f"{name}_high": high, "median_ms": 1.0, "samples": 9}


def test_sentences_about_counts_follow_from_the_rows() -> None:
    rows = [
        {"runtime": "onnxruntime", "channels": count, **ratio("time", time - 0.01, time, time + 0.01)}
        for count, time in ((64, 1.0), (63, 1.12), (56, 0.895), (48, 0.77), (36, 0.70), (32, 0.54))
    ]
    assert counts_sentences(counts_frame({"rows": rows, "full": 64})) == [
        "**ONNX Runtime.** Time above the share of MACs, in points: multiples of 16 +3, other multiples of 8 +2, "
        "other multiples of 4 +14, all others +14. Slower than all channels: 63."
    ]  # 0.77 - 0.75 and 0.54 - 0.5; 0.895 - 0.875; 0.7 - 0.5625; 1.12 - 0.984


def test_a_crossover_needs_every_higher_sparsity_to_be_clearly_faster() -> None:
    def row(form: str, sparsity: int, low: float, middle: float, high: float) -> dict:
        return {"batch": 1, "form": form, "sparsity": sparsity, **ratio("faster", low, middle, high)}

    rows = [
        row("dense", 0, 1, 1, 1),
        row("csr", 500, 1.1, 1.2, 1.3),
        row("csr", 700, 0.9, 1.2, 1.3),
        row("csr", 900, 1.4, 1.5, 1.6),
        row("csr", 990, 2, 3, 4),
        row("masked", 500, 1.01, 1.04, 1.06),
        row("masked", 990, 1.01, 1.04, 1.06),
        row("block", 500, 1.2, 1.5, 1.8),
        row("block", 990, 2, 3, 4),
    ]
    table = sparse_frame({"rows": rows})
    assert [crossover(table, 1, form) for form in ("csr", "masked", "block")] == [900, None, 500]
    assert sparse_sentences(table, {"n_m": "no such hardware"}) == [
        "**1 input a pass.** Faster than dense from 90 % zeros on in CSR, from 50 % zeros on in blocks of 16x16; "
        "never in the dense kernel with zeros (measured up to 99 %).",
        "**2:4 with float16.** Not here: no such hardware.",
    ]
    never = sparse_frame({"rows": [row("dense", 0, 1, 1, 1), row("csr", 900, 0.5, 0.6, 0.7)]})
    assert sparse_sentences(never, {}) == ["**1 input a pass.** Never faster than dense in CSR (measured up to 90 %)."]


def test_the_clock_is_named() -> None:
    about = stopwatch.conditions(torch.device("cpu"))
    one_thread = torch.get_num_threads() == 1
    assert about["clock"] == ("thread" if one_thread else "wall") and about["machine"]
    assert stopwatch.conditions(torch.device("meta"))["clock"] == "wall"
    said = clock_words({"threads": 2, "device": "cpu", "clock": "wall", "machine": "m"})
    assert said == "on CPU with 2 threads, warm, by the wall's clock; measured on m"
    assert "processor time" in clock_words({"threads": 1, "device": "cpu", "clock": "thread", "machine": "m"})
