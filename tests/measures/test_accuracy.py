"""Accuracy beside the dense network on the same images, and the memory of predictions."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from pruning.common.errors import BadValue, Cancelled, Missing
from pruning.common.progress import Desk
from pruning.measures.accuracy import FLIPS
from pruning.measures.kinds import measures
from pruning.measures.tools import predictions
from pruning.measures.tools.predictions import predict
from pruning.state import State
from pruning.steps.prune import Prune
from pruning.study.fold import state_of
from pruning.zoo import data as zoo_data
from pruning.zoo.base import Base
from tests.helpers.invented import Images
from tests.helpers.networks import small, state

LENET, PRUNED = Base(model="lenet_5"), (Prune(sparsity=880),)


def accuracy(of: State, count: int, split: str = "test", desk: Desk | None = None) -> dict[str, Any]:
    return measures["accuracy"](count=count, split=split).measure(of, desk or Desk())


@pytest.mark.parametrize("count", [1, 100, 330])
def test_it_is_what_a_naive_loop_counts(count: int) -> None:
    after = state_of(LENET, PRUNED)
    found = accuracy(after, count)
    split = zoo_data.load("fashion_mnist", "test")
    was, now, truth, sure = [], [], [], []
    for i in range(count):
        x, y = split.batch(i, i + 1)
        with torch.no_grad():
            one, two = after.start.model(x).softmax(1), after.model(x).softmax(1)
        was.append(int(one.argmax()))
        now.append(int(two.argmax()))
        sure.append((float(one.max()), float(two.max())))
        truth.append(int(y))
    triples = list(zip(was, now, truth, strict=True))
    assert found["count"] == count
    assert found["correct"] == sum(n == t for _, n, t in triples)
    assert found["dense_correct"] == sum(w == t for w, _, t in triples)
    assert found["lost"] == sum(w == t != n for w, n, t in triples)
    assert found["gained"] == sum(n == t != w for w, n, t in triples)
    changed = [i for i, (w, n, _) in enumerate(triples) if w != n]
    assert found["changed"] == len(changed)
    assert [f["position"] for f in found["flips"]] == changed[:FLIPS]
    for flip in found["flips"]:
        i = flip["position"]
        assert (flip["before"], flip["after"], flip["label"]) == triples[i]
        assert (flip["before_confidence"], flip["after_confidence"]) == pytest.approx(sure[i], abs=1e-4)
    if count == 330:
        assert len(changed) > FLIPS and found["lost"] > 0 and found["gained"] > 0


def test_paired_numbers_agree_and_partial_results_are_prefixes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pruning.measures.accuracy.PARTIAL_SECONDS", 0.0)
    monkeypatch.setattr(predictions, "PACE", 0.0)
    after, partial = state_of(LENET, PRUNED), []
    desk = Desk(lambda done, total, note="", partial_=None, **k: partial.append(k.get("partial") or partial_))
    found = accuracy(after, 450, desk=desk)
    seen = [p for p in partial if p]
    assert [p["count"] for p in seen] == [100, 200, 300, 400, 450] and seen[-1] == found
    right = [p.right for p in predict(after, "test", 450, Desk())][-1]
    for p in seen:
        assert p["correct"] == p["dense_correct"] - p["lost"] + p["gained"] == int(right[: p["count"]].sum())
        assert p["flips"] == found["flips"][: len(p["flips"])] and p["changed"] <= found["changed"]


def test_the_dense_network_against_itself_runs_once(images: Images) -> None:
    start = state(small())
    calls = counted(start)
    found = accuracy(start, 250)
    assert found["correct"] == found["dense_correct"] and not found["changed"] and not found["flips"]
    assert calls == [100, 100, 100]


def counted(of: State) -> list[int]:
    """Sizes of the batches that pass through the network from now on."""
    calls: list[int] = []
    of.model.register_forward_pre_hook(lambda _, args: calls.append(len(args[0])))
    return calls


def test_predictions_are_remembered_and_grow(images: Images) -> None:
    start = state(small())
    calls = counted(start)
    last = [list(predict(start, "test", n, Desk()))[-1] for n in (150, 40, 350, 350, 10_000)]
    assert [len(p) for p in last] == [150, 40, 350, 350, 600]
    assert sum(calls) == 600
    list(predict(start, "validation", 100, Desk()))
    assert sum(calls) == 700 and images.asked.count("validation") == 1


def test_a_number_does_not_depend_on_what_was_asked_before() -> None:
    """A batch of one image goes through other kernels, and gives other last digits than the image among others."""
    alone = list(predict(state_of(LENET, ()), "test", 101, Desk()))[-1]
    fresh = State(LENET, "another key", state_of(LENET, ()).model, state_of(LENET, ()).order)
    among = list(predict(fresh, "test", 200, Desk()))[-1]
    assert torch.equal(alone.confidences, among.confidences[:101])


@pytest.mark.parametrize("number", [2, 10, 100, 1000])
def test_numbers_are_those_of_each_batch_alone(images: Images, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever looks, and whenever: what waits for more batches comes out bit for bit as it would have at once."""
    monkeypatch.setattr(predictions, "WAITING", 4)
    monkeypatch.setattr(predictions, "PACE", 0.0)
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, number)).requires_grad_(False)
    split = images("any", "test")
    tops = [model(split.batch(n, n + 100)[0]).softmax(1).max(1) for n in range(0, 600, 100)]
    classes, confidences = torch.cat([top.indices for top in tops]), torch.cat([top.values for top in tops])
    for looks in (range(100, 700, 100), (300, 600), (500,), (600,)):
        one = State(Base(model="lenet_5"), f"{number} {list(looks)}", model, ())
        seen = {len(p): p for p in predict(one, "test", 600, Desk()) if len(p) not in looks or len(p.classes) == len(p)}
        for count, found in seen.items():
            assert torch.equal(found.classes, classes[:count])
            assert torch.equal(found.confidences, confidences[:count])
            assert torch.equal(found.labels, split.labels[:count])
            some = torch.arange(0, count, 7)
            assert torch.equal(found.confidences_of(some), confidences[some])
        assert list(seen) == list(range(100, 700, 100))


@pytest.mark.parametrize("scale", [1e-7, 1e-3, 1.0, 100.0, 1e6, 1e38])
def test_classes_are_those_of_the_softmax_also_where_logits_nearly_tie(scale: float) -> None:
    below = (logits := torch.randn(400, 10, generator=torch.Generator().manual_seed(0)) * scale).max(1).values
    for _ in range(4):  # the highest again at the first class, then one, two, three floats below it
        near = torch.cat([below[:, None], logits[:, 1:]], 1)
        for some in (near, near[:1], torch.cat([near, logits])):
            assert torch.equal(predictions._classes(some), some.softmax(1).max(1).indices)
        below = torch.nextafter(below, torch.tensor(-torch.inf))


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), float("-inf")])
def test_classes_are_those_of_the_softmax_also_where_logits_are_no_numbers(odd: float) -> None:
    logits = torch.arange(30.0).reshape(3, 10)
    for place in ((0, 3), (1, 9), (2, slice(None))):
        some = logits.clone()
        some[place] = odd
        assert torch.equal(predictions._classes(some), some.softmax(1).max(1).indices)


def test_who_asks_looks_after_the_first_batch_and_then_at_a_pace(images: Images, monkeypatch: Any) -> None:
    moments = iter(range(1000))
    monkeypatch.setattr(predictions, "time", SimpleNamespace(monotonic=lambda: next(moments)))
    every = [100, 200, 300, 400, 500, 600]
    for pace, looks in ((0.0, every), (2.0, [100, 300, 500, 600]), (4.0, [100, 500, 600]), (99.0, [100, 600])):
        monkeypatch.setattr(predictions, "PACE", pace)
        fresh = State(Base(model="lenet_5"), f"at {pace}", small(), ())
        assert [len(seen) for seen in predict(fresh, "test", 600, Desk())] == looks


def test_what_was_predicted_before_a_cancel_is_kept(images: Images, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predictions, "PACE", 0.0)
    start = state(small())
    calls = counted(start)

    def stop(done: float, *_: object) -> None:
        if done >= 300:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        accuracy(start, 600, desk=Desk(stop))
    assert accuracy(start, 600)["count"] == 600
    assert sum(calls) == 600


def test_the_split_that_was_asked_for_is_used(images: Images) -> None:
    accuracy(state(small()), 10, "validation")
    assert set(images.asked) == {"validation"}
    with pytest.raises(ValueError, match="split"):
        measures["accuracy"](split="holdout")


def test_more_images_than_there_are(images: Images) -> None:
    assert accuracy(state(small()), 5000)["count"] == 600


def test_no_accuracy_on_images_that_the_weights_do_not_know() -> None:
    with pytest.raises(Missing, match="32x32 pixels in colour"):
        accuracy(state_of(Base(model="lenet_5", data="cifar10"), ()), 10)
    with pytest.raises(Missing, match="no data set for efficientnet_b1"):
        accuracy(State(Base(model="efficientnet_b1"), "k", small(), ()), 10)


def test_pictures_are_of_the_split_and_at_most_96_pixels(monkeypatch: pytest.MonkeyPatch, images: Images) -> None:
    found = measures["pictures"](positions=(3, 0)).measure(state(small()), Desk())["images"]
    assert (found[0] == images("any", "test").images[3, 0].numpy()).all() and len(found) == 2
    for position in (-1, 600):
        with pytest.raises(BadValue, match=f"images 0 to 599 .given: {position}"):
            measures["pictures"](positions=(position,)).measure(state(small()), Desk())
    large = zoo_data.TensorSplit(torch.zeros(2, 3, 191, 500, dtype=torch.uint8), torch.zeros(2), (0.0,), (1.0,))
    monkeypatch.setattr(zoo_data, "load", lambda *_: large)
    found = measures["pictures"](positions=(0,)).measure(state(small()), Desk())["images"]
    assert found[0].shape == (96, 84, 3)
