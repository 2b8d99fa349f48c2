"""Stored answers and chances are the network's, clean and corrupted; severities rise; bad options are said."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from pruning.common.errors import Incompatible, UnknownName
from pruning.measures import logits as logits_file
from pruning.results.failures.answers import Answers
from pruning.study.fold import state_of
from pruning.study.run import run
from pruning.study.study import MeasureSpec, Study
from pruning.zoo.base import Base
from pruning.zoo.corrupted import Corrupted, scale_of
from pruning.zoo.kinds import SEVERITIES, corruptions
from pruning.zoo.match import split_of

BASE = Base(model="lenet_5")


def value(**options: object) -> dict:
    spec = MeasureSpec(name="logits", options={"count": 250} | options)  # ty: ignore[invalid-argument-type]
    return run(Study(base=BASE, recipe=(), measures=(spec,)))[0]["value"]


def test_answers_are_those_of_the_network_and_chances_sum_to_one() -> None:
    found = Answers.read(value())
    images, labels = split_of(BASE, "test").batch(0, 250)
    with torch.no_grad():
        out = state_of(BASE, ()).model(images)
    assert np.array_equal(found.labels, labels.numpy()) and np.array_equal(found.answers, out.argmax(1).numpy())
    np.testing.assert_allclose(np.exp(found.log_chances), out.softmax(1).numpy(), atol=2e-3)
    np.testing.assert_allclose(found.energies, out.logsumexp(1).numpy(), rtol=1e-3)
    np.testing.assert_allclose(np.exp(found.log_chances).sum(1), 1, atol=3e-3)


def test_of_many_classes_the_likeliest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Answers.read(value())
    monkeypatch.setattr(logits_file, "ALL_CLASSES", 5)
    monkeypatch.setattr(logits_file, "HIGHEST", 3)
    short = value()
    found = Answers.read(short)
    rows = np.arange(250)
    assert len(short["chances"]) < len(value(keep="chances")["chances"]) + 1 and "columns" in short
    assert np.array_equal(found.answers, whole.answers)
    np.testing.assert_allclose(found.log_chances[rows, found.labels], whole.log_chances[rows, whole.labels])
    np.testing.assert_allclose(found.confidence, whole.confidence)


def test_classes_alone_are_a_tenth() -> None:
    found = value(keep="classes")
    assert "chances" not in found and np.array_equal(Answers.read(found).answers, Answers.read(value()).answers)


def test_the_int8_file_answers_as_onnx_runtime_counts() -> None:
    spec = MeasureSpec(name="runtime", options={"count": 250, "precision": "int8"})
    counted = run(Study(base=BASE, recipe=(), measures=(spec,)))[0]["value"]
    assert int(Answers.read(value(int8=True)).right.sum()) == counted["correct"]


@pytest.mark.parametrize("name", corruptions.names())
def test_severities_rise_in_distance_and_stay_pictures(name: str) -> None:
    split = split_of(BASE, "test")
    black, white = scale_of(split)
    clean = (split.batch(0, 100)[0] - black) / (white - black)
    far = []
    for severity in SEVERITIES:
        pictures = Corrupted(BASE, split, name, severity).pictures(0, 100)
        assert pictures.shape == clean.shape and pictures.min() >= -1e-6 and pictures.max() <= 1 + 1e-6
        assert torch.equal(pictures, Corrupted(BASE, split, name, severity).pictures(0, 100))
        far.append(float((pictures - clean).square().mean((1, 2, 3)).sqrt().mean()))
    if corruptions[name].keeps_label:
        assert far[0] > 0.01 and all(a < b for a, b in zip(far, far[1:], strict=False))
    else:
        assert min(far) > 0.3


@pytest.mark.parametrize("name", corruptions.names())
def test_colour_and_other_sizes_are_corrupted_too(name: str) -> None:
    pictures = torch.rand(3, 3, 20, 31, generator=torch.Generator().manual_seed(1))
    before = pictures.clone()
    changed = corruptions[name]().change(pictures, 3, torch.Generator().manual_seed(0))
    assert changed.shape == pictures.shape and torch.equal(pictures, before) and not torch.equal(changed, pictures)


def test_black_and_white_are_told_by_the_data_where_no_mean_is() -> None:
    class Plain:
        def __len__(self) -> int:
            return 10

        def batch(self, start: int, stop: int) -> tuple[torch.Tensor, None]:
            return torch.linspace(-3, 5, 240).view(10, 1, 4, 6)[start:stop], None

    black, white = scale_of(Plain())
    assert black.item() == -3 and white.item() == 5


def test_bad_options_are_said() -> None:
    with pytest.raises(UnknownName, match="corruption"):
        value(corruption="fog_of_war", severity=1)
    with pytest.raises(ValidationError, match="severity from 1 to 5"):
        value(corruption="blur")
    rows = Base.model_construct(model="lenet_5", data=None, seed=0, mark="dense", device="cpu")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            type(rows), "task", property(lambda self: __import__("types").SimpleNamespace(name="x", unit="rows"))
        )
        with pytest.raises(Incompatible, match="sees rows"):
            Corrupted(rows, split_of(BASE, "test"), "blur", 1)


def test_traits_of_a_class_by_finite_differences() -> None:
    spec = MeasureSpec(name="class_traits", options={"split": "validation", "count": 400, "each": 20})
    found = run(Study(base=BASE, recipe=(), measures=(spec,)))[0]["value"]
    split, model = split_of(BASE, "validation"), state_of(BASE, ()).model
    place, label = 3, found["labels"][3]
    x, y = split.take((split.labels[:400] == label).nonzero().squeeze(1)[:20])
    weights = [weight for weight in model.parameters() if weight.dim() > 1]
    loss = torch.nn.functional.cross_entropy(model(x), y)
    slopes = torch.autograd.grad(loss, weights)
    norm = torch.sqrt(sum(slope.square().sum() for slope in slopes))
    assert found["gradient"][place] == pytest.approx(float(norm), rel=1e-4)
    chances = model(x).softmax(1).detach()
    own = chances[torch.arange(20), y]
    rest = chances.clone()
    rest[torch.arange(20), y] = 0
    assert found["margin"][place] == pytest.approx(float((own - rest.max(1).values).mean()), abs=1e-5)
    assert found["images"][place] == 20 and len(found["labels"]) == 10 and max(found["curvature"]) > 0
