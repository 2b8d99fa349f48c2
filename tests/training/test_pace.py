"""What makes a training step fast gives the same bits as the usual way of writing it."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pruning.common.progress import quiet
from pruning.steps.prune import Prune
from pruning.steps.train import Train
from pruning.study.fold import state_of
from pruning.training.images import Batches, batches_together
from pruning.training.kinds import dynamics
from pruning.training.loop import opened, train
from pruning.training.objective import Objective, evaluated
from pruning.training.session import Session, optimiser_of
from pruning.training.trainings import together
from pruning.training.update import Update
from pruning.zoo.base import Base
from tests.helpers.invented import Images
from tests.helpers.networks import same, snapshot, state

BASE = {"steps": 9, "batch": 30, "lr": 0.05, "validation": 60, "looks": 3}


def network(seed: int = 0) -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 7), nn.BatchNorm1d(7), nn.ReLU(), nn.Linear(7, 10))


def objective(during: str, options: dict[str, Any]) -> Objective:
    spec, model = Train(during=during, during_options=options), network()
    session = Session(state(model, "lenet_300_100"), spec, quiet, optimiser_of(model, spec))
    return Objective(session, dynamics[during](**options))


@pytest.mark.parametrize("kind", ["sgd", "adam", "adamw"])
@pytest.mark.parametrize(("decay", "calls"), [(0.01, 2), (0.0, 1)])  # biases are never decayed
def test_steps_are_those_of_torch_optim_and_so_is_the_state(kind: str, decay: float, calls: int) -> None:
    spec = Train.model_validate({"optimiser": kind, "weight_decay": decay})
    ours, usual = network(), network()
    optimisers = optimiser_of(ours, spec), optimiser_of(usual, spec)
    steps = Update(optimisers[0]), optimisers[1].step
    generator = torch.Generator().manual_seed(0)
    for number in range(6):
        for group in (*optimisers[0].param_groups, *optimisers[1].param_groups):
            group["lr"] = 0.1 / (number + 1)
        for one, other in zip(ours.parameters(), usual.parameters(), strict=True):
            one.grad = torch.randn(one.shape, generator=generator)
            other.grad = one.grad.clone()
        for step in steps:
            step()
        if number == 3:  # as from a checkpoint
            optimisers[0].load_state_dict(copy.deepcopy(optimisers[0].state_dict()))
            steps = Update(optimisers[0]), optimisers[1].step
    assert same(snapshot(ours), snapshot(usual)) and len(steps[0].kernels) == calls
    for one, other in zip(ours.parameters(), usual.parameters(), strict=True):
        left, right = optimisers[0].state[one], optimisers[1].state[other]
        assert left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


@pytest.mark.parametrize("kind", ["sgd", "adam"])
def test_a_parameter_without_gradient_stays_as_it_is(kind: str) -> None:
    spec = Train.model_validate({"optimiser": kind})
    model = network()
    optimiser = optimiser_of(model, spec)
    update, (first, *others) = Update(optimiser), list(model.parameters())
    before = first.detach().clone()
    for _ in range(3):
        for parameter in others:
            parameter.grad = torch.ones_like(parameter)
        update()
    assert torch.equal(first, before) and first not in optimiser.state
    assert all((parameter < 1).all() for parameter in others[1:])


@pytest.mark.parametrize("kind", ["adam", "adamw"])
@pytest.mark.parametrize("during", ["static", "group_lasso"])
def test_what_adam_holds_is_what_masks_would_hold(
    kind: str, during: str, images: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = Train.model_validate(BASE | {"optimiser": kind, "during": during, "weight_decay": 0.01})
    start = state(network(), "lenet_300_100").after(Prune(sparsity=700, scorer="random"), "start", quiet)
    cleared: list[int] = []
    clear = Session.clear
    monkeypatch.setattr(Session, "clear", lambda self: (cleared.append(self.step), clear(self))[1])
    held = start.after(spec, "a", quiet)
    assert cleared == [0, 0, 9]  # at the start, after the first step, at the end
    cleared.clear()
    with monkeypatch.context() as usual:
        usual.setattr(Session, "_moments", lambda self: {})
        masked = start.after(spec, "a", quiet)
    assert cleared == [0, *range(9), 9]
    assert same(snapshot(held.model), snapshot(masked.model)) and held.trace == masked.trace
    for name, mask in held.masks.items():
        gone = held.weights[name][~mask]
        assert gone.numel() and not gone.view(torch.int32).any()  # not even a sign


@pytest.mark.parametrize(("at", "diverged"), [(3, 3), (9, None)])
def test_a_gradient_that_overflows_at_masked_weights_diverges_whenever_checkpoints_are_made(
    at: int, diverged: int | None, images: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = Train.model_validate(BASE | {"optimiser": "adam"})
    start = state(network(), "lenet_300_100").after(Prune(sparsity=700, scorer="random"), "start", quiet)
    real = Update.__call__

    def overflowing(self: Update, **given: Tensor) -> None:
        weight = one.weights["1.weight"]
        if one.step == at - 1:
            assert weight.grad is not None
            weight.grad[~one.masks["1.weight"]] = torch.inf
        real(self, **given)

    monkeypatch.setattr(Update, "__call__", overflowing)
    found = []
    for seconds in (0.0, 1e9):  # a checkpoint after every step, or none before the end
        monkeypatch.setattr("pruning.training.trainee.SAVE_SECONDS", seconds)
        one = opened(start.next("trained"), spec, quiet)
        kept: list[bytes] = []
        train(one, kept.append)
        assert one.diverged == diverged and one.masked and len(kept) == (1 if seconds else at)
        found.append({name: value.nan_to_num() for name, value in snapshot(one.model).items()})  # of the last images
    assert same(*found)


@pytest.mark.parametrize(("during", "infinite"), [("static", True), ("rigl", False), ("gradual", False)])
def test_only_where_masks_stay_a_moment_holds_them(during: str, infinite: bool, images: Images) -> None:
    spec = Train.model_validate(BASE | {"optimiser": "adam", "during": during})
    start = state(network(), "lenet_300_100").after(Prune(sparsity=700, scorer="random"), "start", quiet)
    one = opened(start.next("trained"), spec, quiet)
    train(one)
    moments = torch.cat([own["exp_avg_sq"].flatten() for own in one.optimiser.state.values()])
    assert moments.isinf().any() == infinite and not moments.isnan().any()
    for name, mask in one.masks.items():
        assert not one.weights[name][~mask].any()
        assert not infinite or torch.equal(one.optimiser.state[one.weights[name]]["exp_avg_sq"].isinf(), ~mask)


@pytest.mark.parametrize(("count", "batch"), [(1, 60), (3, 60), (5, 7), (2, 2)])
def test_objectives_at_once_are_each_network_s_own_bit_for_bit(count: int, batch: int) -> None:
    generator = torch.Generator().manual_seed(batch)
    logits = 4 * torch.randn(count, batch, 10, generator=generator)
    labels = torch.randint(0, 10, (count, batch), generator=generator)
    images = torch.empty(count, batch, 1, 28, 28)
    plain = objective("static", {})
    assert plain.plain
    whole, bare, grad = evaluated([plain] * count, logits, images, labels)
    for number in range(count):
        own = logits[number].clone().requires_grad_()
        loss = F.cross_entropy(own, labels[number])
        loss.backward()
        assert own.grad is not None and torch.equal(own.grad, grad[number])
        assert torch.equal(loss, whole[number]) and torch.equal(loss, bare[number])


def test_a_penalty_counts_in_the_objective_and_leaves_its_gradient_at_the_weights() -> None:
    lasso = objective("group_lasso", {"strength": 0.5})
    assert not lasso.plain
    logits, labels = torch.randn(1, 4, 10), torch.tensor([[1, 2, 3, 4]])
    (whole,), (bare,), grad = evaluated([lasso], logits, torch.empty(1, 4, 1, 28, 28), labels)
    first = lasso.session.model.get_submodule("1").weight
    assert isinstance(first, Tensor) and first.grad is not None
    rows = first.detach().square().sum(1).sqrt()
    torch.testing.assert_close(whole - bare, 0.5 * 28 * rows.sum())  # the root of 784
    torch.testing.assert_close(first.grad, 0.5 * 28 * first.detach() / rows[:, None])
    assert torch.equal(grad[0], evaluated([objective("static", {})], logits, torch.empty(1), labels)[2][0])


@pytest.mark.parametrize("crop", [0, 2])
def test_batches_of_several_networks_are_those_of_each(crop: int, images: Images) -> None:
    base = state(network(), "lenet_300_100").base
    every = [Batches(base, Train(batch=30, crop=crop, seed=seed), torch.device("cpu")) for seed in (0, 0, 1)]
    steps = (1, 1, every[0].per_epoch + 2)
    seen, labels = batches_together(every, steps)
    for number, step in enumerate(steps):
        own, true = Batches(base, every[number].spec, torch.device("cpu"))(step)
        assert torch.equal(seen[number], own) and torch.equal(labels[number], true)
    assert torch.equal(seen[0], seen[1]) and not torch.equal(seen[0], seen[2])


@pytest.mark.parametrize("name", ["lenet_300_100", "lenet_5"])
def test_bfloat16_is_asked_for_and_leaves_weights_and_steps_as_they_are(name: str, images: Images) -> None:
    start = state_of(Base(model=name, mark="init"), ()).after(Prune(sparsity=500), "start", quiet)
    train = Train(steps=6, batch=30, optimiser="adam", validation=60, looks=1)
    half = Train.model_validate(train.model_dump() | {"precision": "bfloat16"})
    assert train.key_part() == Train.model_validate(train.model_dump() | {"precision": "float32"}).key_part()
    assert half.key_part() != train.key_part() and "bfloat16" in half.words() and "float" not in train.words()
    exact, rounded = together([(train, start, "a"), (half, start, "b")], [quiet] * 2)
    for own, other in zip(exact.model.parameters(), rounded.model.parameters(), strict=True):
        assert other.dtype == torch.float32 and not torch.equal(own, other)
    for key, mask in rounded.masks.items():
        assert not rounded.weights[key][~mask].any()
    losses = exact.trace[-1]["train_loss"], rounded.trace[-1]["train_loss"]
    assert losses[0] == pytest.approx(losses[1], rel=0.02) and losses[0] != losses[1]
