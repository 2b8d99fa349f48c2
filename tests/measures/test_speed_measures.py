"""What only a clock can say, without asserting on it: who is timed, what is counted, what the words follow from."""

from __future__ import annotations

import gc
import json
import weakref

import pytest

from pruning.common.errors import Cancelled, Incompatible
from pruning.common.limits import WORKER_REMOVALS
from pruning.common.progress import Desk
from pruning.compression.removal.remove import remove, removed
from pruning.measures.kinds import measures
from pruning.measures.tools import stopwatch
from pruning.results.speed import curve_frame, curve_seconds, curve_sentences
from pruning.steps.prune import Prune
from pruning.study.fold import state_of
from pruning.study.study import MeasureSpec, Study
from pruning.zoo.base import Base
from tests.helpers.networks import small
from tests.helpers.networks import state as start

STEP = Prune(granularity="channel", allocation="uniform", sparsity=500)


def pruned(level: int = 500):  # noqa: ANN201
    return state_of(Base(model="lenet_5"), (STEP.model_copy(update={"sparsity": level}),))


def test_turns_take_each_work_once_a_round_and_shift_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    monkeypatch.setattr(stopwatch, "SAMPLE", 0.0)  # one call a sample
    times = stopwatch.by_turns({name: lambda name=name: called.append(name) for name in "abc"}, 0.0)
    warm, timed = called[: 3 * stopwatch.WARM], called[3 * stopwatch.WARM :]
    assert warm == [name for name in "abc" for _ in range(stopwatch.WARM)]
    rounds = ["".join(timed[at : at + 3]) for at in range(0, len(timed), 3)]
    assert rounds == ["abc", "bca", "cab", "abc", "bca", "cab", "abc"]
    assert {name: len(taken) for name, taken in times.items()} == dict.fromkeys("abc", stopwatch.LEAST)


def test_turns_stop_when_they_are_told_to() -> None:
    def tell(share: float) -> None:
        if share > 0.4:
            raise Cancelled

    called: list[int] = []
    with pytest.raises(Cancelled):
        stopwatch.by_turns({"a": lambda: called.append(1)}, 60.0, tell=tell)
    assert called


def test_ratios_are_made_round_by_round() -> None:
    # A machine that becomes ten times slower in the middle does not touch the ratio.
    found = stopwatch.ratios([2.0, 4.0, 20.0, 40.0, 2.0], [1.0, 2.0, 10.0, 20.0, 1.0])
    assert found == {"faster": 2.0, "faster_low": 2.0, "faster_high": 2.0}
    assert stopwatch.quartiles([0.001, 0.002, 0.003, 0.004, 0.005]) == {
        "median_ms": 3.0,
        "low_ms": 2.0,
        "high_ms": 4.0,
        "samples": 5,
    }


def test_a_removal_is_proved_once_a_state_and_never_for_another_of_the_same_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proofs: list[str] = []
    monkeypatch.setitem(removed.__globals__, "remove", lambda state: proofs.append(state.key) or remove(state))
    made, other = pruned(), pruned(200)
    other.key, kept = made.key, other.key
    try:
        assert removed(made) is removed(made) and proofs == [made.key]
        found = removed(other)
        assert len(proofs) == 2 and found.model.conv1.weight.shape[0] == 5  # ty: ignore
        assert removed(made).model.conv1.weight.shape[0] == 3  # ty: ignore
    finally:
        other.key = kept


def test_the_memory_of_removals_is_bounded_and_keeps_no_state_alive() -> None:
    for level in range(100, 900, 100):
        removed(pruned(level))
    assert len(removed.__globals__["_removals"]) <= WORKER_REMOVALS
    lone = pruned().next("alone")
    lone.step, lone.parent = STEP, None
    removed(lone)
    watch = weakref.ref(lone)
    del lone
    gc.collect()
    assert watch() is None


def test_a_speed_curve_times_what_removal_leaves_at_each_level() -> None:
    notes, sizes = [], []

    def watch(done: float, total: float, note: str = "", partial: dict | None = None) -> None:
        assert 0 <= done <= total == 4
        notes.append(note)
        sizes.extend([len(partial["rows"])] if partial else [])

    measure = measures["speed_curve"](levels=(200, 800), batches=(1, 3), seconds=0.01)
    value = measure.measure(pruned(), Desk(watch))
    assert json.loads(json.dumps(value)) == value and sizes == [3, 6] and not measure.pure
    assert "removing 80 %" in notes and "3 images a pass" in notes
    assert [(row["batch"], row["level"]) for row in value["rows"]] == [(b, n) for b in (1, 3) for n in (0, 200, 800)]
    assert all(row["samples"] >= stopwatch.LEAST for row in value["rows"])
    assert {row["faster"] for row in value["rows"] if row["level"] == 0} == {1.0}
    for level in (200, 800):
        structure = measures["structure"]().measure(pruned(level), Desk())
        assert value["macs"][str(level)] == structure["macs"]["small"]
        assert value["parameters"][str(level)] == structure["parameters"]["small"]
    assert value["parameters"]["0"] == 61_706
    table = curve_frame(value)
    assert list(table["promised"][:2]) == [1.0, value["macs"]["0"] / value["macs"]["200"]]


def test_a_curve_is_one_result_for_all_levels_and_needs_something_that_can_go() -> None:
    curve = MeasureSpec(name="speed_curve")
    keys = {
        Study(base=Base(model="lenet_5"), recipe=(STEP.model_copy(update={"sparsity": n}),), measures=(curve,))
        .cells()[0]
        .measure_key(curve)
        for n in (100, 500)
    }
    assert len(keys) == 1
    with pytest.raises(Incompatible, match="needs a pruning step"):
        curve.build().measure(start(small(), "lenet_5"), Desk())


def test_cancelling_a_curve_stops_it_between_networks() -> None:
    def stop(done: float, total: float, note: str = "", partial: dict | None = None) -> None:
        if done >= 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        measures["speed_curve"]().measure(pruned(), Desk(stop))


def rows(batch: int, *levels: tuple[int, float, float, float]) -> list[dict]:
    """Level, and the quartiles and the median of the ratio, at one batch size."""
    about = {"batch": batch, "median_ms": 1.0, "samples": 7}
    return [about | {"level": n, "faster_low": a, "faster": b, "faster_high": c} for n, a, b, c in levels]


def test_what_a_curve_says_follows_from_its_rows() -> None:
    macs = {"0": 100, "100": 80, "500": 25, "900": 1}
    value = {
        "macs": macs,
        "rows": [
            *rows(1, (0, 1, 1, 1), (100, 0.7, 0.9, 0.95), (500, 0.9, 1.2, 1.4), (900, 1.1, 1.5, 1.7)),
            *rows(64, (0, 1, 1, 1), (100, 1.01, 1.1, 1.2), (500, 2.4, 2.5, 2.6), (900, 11.0, 12.3, 13.0)),
            *rows(256, (0, 1, 1, 1), (100, 1.2, 1.3, 1.4), (500, 1.2, 1.3, 1.4), (900, 0.9, 1.1, 1.3)),
        ],
    }
    one, many, lost = curve_sentences(curve_frame(value))
    assert one == (
        "**1 image a pass.** Clearly faster from 90 % removed on; at 90 % 1.5 times, in theory 100 times; "
        "slower than dense at 10 %."
    )
    assert many.startswith("**64 images a pass.** Clearly faster from 10 % removed on; at 90 % 12 times")
    assert lost == "**256 images a pass.** Even without 90 % not clearly faster than dense."


def test_the_time_of_a_curve_is_told_from_what_was_measured() -> None:
    latency = {"rows": [{"variant": "dense", "batch": b, "median_ms": ms} for b, ms in ((1, 10.0), (64, 300.0))]}
    # Nine removals of half a second; six seconds at one image, ten rounds of ten networks at 64.
    assert curve_seconds(0.5, latency, 9, (1, 64), 6.0) == pytest.approx(4.5 + 6 + 10 * 10 * 0.3)
    assert curve_seconds(0.5, latency, 9, (128,), 1.0) == pytest.approx(4.5 + 10 * 10 * 0.6)
    assert curve_seconds(None, latency, 9, (1,), 1.0) is None and curve_seconds(0.5, None, 9, (1,), 1.0) is None
