"""Dense networks trained together: bit for bit as alone, each with its own masks, data order and fate."""

from __future__ import annotations

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from pruning.common.progress import quiet
from pruning.state import State
from pruning.steps.prune import Prune
from pruning.steps.train import Train
from pruning.study.fold import ahead, state_of
from pruning.study.methods.tickets import Experiment
from pruning.study.run import run
from pruning.study.study import Network, Study
from pruning.training import images as training_images
from pruning.training import loop
from pruning.training.kernel import Alone, Together, as_products, fit_together, kernel_of
from pruning.training.trainings import together
from pruning.zoo.base import Base
from pruning.zoo.checkpoints import initial
from tests.helpers import replicates
from tests.helpers.invented import Images
from tests.helpers.networks import state

BASE = {"steps": 9, "batch": 30, "lr": 0.05, "validation": 60, "looks": 3}


def dense(widths: tuple[int, ...], seed: int) -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        layers: list[nn.Module] = [nn.Flatten()]
        for n_in, n_out in zip(widths, widths[1:], strict=False):
            layers += [nn.Linear(n_in, n_out), nn.ReLU()]
        return nn.Sequential(*layers[:-1])


def pruned(level: int, seed: int = 0) -> State:
    return replicates.pruned(state(dense((784, 24, 10), seed), "lenet_300_100"), level, seed)


@settings(max_examples=25, deadline=None)
@given(
    widths=st.lists(st.integers(1, 40), min_size=2, max_size=4),
    count=st.integers(1, 7),
    batch=st.integers(1, 33),
    seed=st.integers(0, 99),
)
def test_gradients_are_each_network_s_own_bit_for_bit_and_autograd_s(
    widths: list[int], count: int, batch: int, seed: int
) -> None:
    models = [dense(tuple(widths), seed + number) for number in range(count)]
    originals = copy.deepcopy(models)
    inputs = [torch.randn(batch, widths[0], generator=torch.Generator().manual_seed(seed + n)) for n in range(count)]
    exact = fit_together(models, batch, (widths[0],))
    kernel = Together(models)
    logits = kernel.logits(torch.stack(inputs))
    kernel.backward(2 * logits)  # of the sum of squares
    for number, (model, original) in enumerate(zip(models, originals, strict=True)):
        single = Together([one := copy.deepcopy(original)])
        alone = single.logits(inputs[number].unsqueeze(0))
        single.backward(2 * alone)
        if exact:
            assert torch.equal(logits[number], alone[0])
        torch.testing.assert_close(logits[number], original(inputs[number]), rtol=1e-4, atol=1e-5)
        expected = original(inputs[number])
        expected.square().sum().backward()
        for own, lone, usual in zip(model.parameters(), one.parameters(), original.parameters(), strict=True):
            assert own.grad is not None and lone.grad is not None
            assert not exact or torch.equal(own.grad, lone.grad)
            torch.testing.assert_close(own.grad, usual.grad, rtol=1e-4, atol=1e-5)


def test_what_is_no_plain_chain_runs_alone() -> None:
    assert as_products(dense((4, 3, 2), 0), False)
    assert not as_products(nn.Sequential(nn.Linear(3, 3), nn.Dropout()), True)
    assert not as_products(nn.Sequential(nn.Conv2d(1, 1, 1)), False)
    assert isinstance(kernel_of([nn.Conv2d(1, 1, 1)]), Alone)
    with pytest.raises(ValueError):
        kernel_of([nn.Conv2d(1, 1, 1), nn.Conv2d(1, 1, 1)])


@pytest.mark.parametrize("batch", [60, 100, 128])
def test_the_embedded_dense_network_fits_together_at_usual_batch_sizes(batch: int) -> None:
    assert fit_together([initial("lenet_300_100", seed) for seed in range(12)], batch, (1, 28, 28))


@pytest.mark.parametrize(
    ("optimiser", "during"),
    [
        ("sgd", "static"),
        ("adam", "static"),
        ("sgd", "group_lasso"),
        ("adam", "gradual"),
        ("sgd", "rigl"),
        ("adam", "movement"),
    ],
)
def test_together_is_alone_bit_for_bit(optimiser: str, during: str, images: Images) -> None:
    specs = [Train(**BASE, optimiser=optimiser, during=during, seed=seed) for seed in (0, 0, 1)]
    specs[2] = specs[2].model_copy(update={"steps": 5, "lr": 0.01})  # ends before the others, at its own rate
    replicates.are_bit_for_bit_as_alone(specs, [pruned(500), pruned(800), pruned(900, 1)])


@pytest.mark.parametrize("cached", [1, 2 * 16 * 19_160])  # bytes: each network alone, or a lot of two and one of one
def test_lots_in_turn_are_alone_bit_for_bit(cached: int, images: Images, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "CACHED", cached)
    monkeypatch.setattr(loop, "TURN", 2)
    lots: list[int] = []
    real = loop.kernel_of
    monkeypatch.setattr(loop, "kernel_of", lambda models, *how: (lots.append(len(models)), real(models, *how))[1])
    specs = [Train(**BASE, seed=seed) for seed in range(3)]
    specs[1] = specs[1].model_copy(update={"steps": 5})  # in the middle of a turn
    works = [(spec, pruned(500, seed), str(seed)) for seed, spec in enumerate(specs)]
    heard: list[int] = []
    together(works, [lambda done, *_: heard.append(int(done)), quiet, quiet])
    assert lots[:2] == ([1, 1] if cached == 1 else [2, 1])
    assert heard == sorted(heard) and heard[-1] == 9
    replicates.are_bit_for_bit_as_alone(specs, [start for _, start, _ in works])


def test_one_that_diverges_stops_alone(images: Images) -> None:
    fine, wild = Train(**BASE), Train(**BASE | {"lr": 10.0}, weight_decay=1.0, optimiser="sgd")
    replicates.one_that_diverges_stops_alone(fine, wild, pruned)


def test_cancelled_together_goes_on_together_bit_for_bit(images: Images, monkeypatch: pytest.MonkeyPatch) -> None:
    works = [(Train(**BASE, seed=seed), pruned(500), str(seed)) for seed in (0, 1)]
    saved = replicates.cancelled_ones_go_on_bit_for_bit(works, 5, monkeypatch)
    assert saved.files and max(len(data) for data in saved.files.values()) < 4 * 2 * 40_000  # not the whole stack


def test_training_images_are_read_once_and_not_kept(images: Images) -> None:
    works = [(Train(**BASE, seed=seed), pruned(500), str(seed)) for seed in (0, 1)]
    seen: set[int] = set()
    real = training_images.Loaded.__init__

    def counted(self: training_images.Loaded, *arguments: object) -> None:
        seen.add(len(seen))
        real(self, *arguments)  # type: ignore[arg-type]

    training_images.Loaded.__init__ = counted  # type: ignore[method-assign]
    try:
        together(works, [quiet] * 2)
    finally:
        training_images.Loaded.__init__ = real  # type: ignore[method-assign]
    assert len(seen) == 2  # training and validation
    assert not training_images._loaded


def test_a_study_of_networks_gives_what_each_gives_alone() -> None:
    train = Train(steps=6, batch=50, samples=200, validation=100, looks=2)
    ((study, cells),) = Experiment(train=train, levels=(500,), seeds=(0, 1)).studies()
    seen: list[float] = []
    rows = run(study, None, lambda done, *_: seen.append(done))
    assert [row["coordinates"]["network"] for row in rows[::2]] == list(range(8))
    for cell, trace, test in zip(cells, rows[::2], rows[1::2], strict=True):
        alone = run(cell.study)
        assert [row["measure_key"] for row in alone] == [trace["measure_key"], test["measure_key"]]
        assert alone[0]["value"] == trace["value"] and alone[1]["value"] == test["value"]
    assert seen[-1] == len(rows)


def test_only_networks_of_one_round_are_trained_together() -> None:
    train = Train(steps=2, batch=50, samples=200, validation=0, looks=1)
    ((study, cells),) = Experiment(train=train, levels=(500,), seeds=(0, 1)).studies()
    assert set(ahead(study.cells())) == {cell.study.cells()[0].state_key for cell in cells if cell.arm == "dense"}
    assert ahead([]) == {} and ahead(Study(measures=study.measures).cells()) == {}
    conv = Study(base=Base(model="lenet_5"), recipe=(train,), measures=study.measures)
    assert ahead(conv.cells()) == {}
    products = conv.model_copy(update={"recipe": (train.model_copy(update={"convolution": "products"}),)})
    assert set(ahead(products.cells())) == {products.cells()[0].state_key}


def test_networks_and_axes_exclude_each_other_and_networks_are_named() -> None:
    one = Network(base=Base(), recipe=(Prune(),))
    two = Network(base=Base(seed=1), recipe=(Prune(),))
    measures = ({"name": "accuracy"},)
    with pytest.raises(ValueError, match="this one has both"):
        Study(networks=(one,), axes={"seed": (0, 1)}, measures=measures)  # type: ignore[arg-type]
    keys = {
        Study(networks=given, measures=measures).key  # type: ignore[arg-type]
        for given in ((), (one,), (two,), (one, two), (two, one))
    }
    assert len(keys) == 5
    assert state_of(one.base, one.recipe).key == Study(networks=(one,), measures=measures).cells()[0].state_key  # type: ignore[arg-type]
