"""Training under masks: what is masked stays zero, continuing is bit for bit, rewinding is exact, NaN is said."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from pruning.common.errors import Cancelled, StoreError
from pruning.common.progress import quiet
from pruning.state import State
from pruning.steps.prune import Prune
from pruning.steps.rewind import Rewind
from pruning.steps.shuffle import Shuffle
from pruning.steps.train import Train
from pruning.study.fold import state_of
from pruning.training.dynamics.static import Static
from pruning.training.kinds import dynamics
from pruning.training.session import Session
from pruning.zoo.base import Base
from pruning.zoo.checkpoints import initial
from tests.helpers.invented import Images
from tests.helpers.networks import same, small, snapshot, state

QUICK = {"steps": 12, "batch": 50, "lr": 0.05, "validation": 100, "looks": 3}


class Shelf:
    """A shelf in memory."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.writes = 0

    def read(self, kind: str, key: str, suffix: str) -> bytes | None:
        return self.files.get(kind + key + suffix)

    def write(self, kind: str, key: str, data: bytes, suffix: str) -> Path:
        self.files[kind + key + suffix] = data
        self.writes += 1
        return Path(key)


def pruned(level: int = 800) -> State:
    return state(small()).after(Prune(sparsity=level), "pruned", quiet)


def held(after: State) -> None:
    """A weight is non-zero only under the current mask."""
    for name, mask in after.masks.items():
        assert not after.weights[name][~mask].any(), name


@pytest.mark.parametrize("optimiser", ["sgd", "adam", "adamw"])
@pytest.mark.parametrize("during", list(dynamics))
def test_masked_weights_are_zero_after_every_step_and_in_the_checkpoint(
    during: str, optimiser: str, images: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf, start = Shelf(), pruned()
    seen = []
    real = Session.hold

    def checked(session: Session) -> None:
        real(session)
        seen.append(session.step)
        held(session.state)

    monkeypatch.setattr(Session, "hold", checked)
    spec = Train(**QUICK, optimiser=optimiser, during=during, weight_decay=0.1)  # type: ignore[arg-type]
    after = start.after(spec, "after", quiet, shelf)
    assert len(seen) >= 12
    held(after)
    (data,) = shelf.files.values()
    import io

    content = torch.load(io.BytesIO(data), weights_only=True)
    for name, mask in content["masks"].items():
        assert not content["model"][name][~mask].any()
    assert same(snapshot(after.model), content["model"])
    if not dynamics[during].revives:
        for name, mask in start.masks.items():
            assert not (after.masks[name] & ~mask).any()
    assert not after.model.training and all(p.grad is None for p in after.model.parameters())


def test_the_state_before_is_left_as_it_was(images: Images) -> None:
    start = pruned()
    weights = snapshot(start.model)
    start.after(Train(**QUICK), "after", quiet)
    assert same(snapshot(start.model), weights)


@pytest.mark.parametrize("during", list(dynamics))
@pytest.mark.parametrize("optimiser", ["sgd", "adamw"])
def test_a_cancelled_training_goes_on_bit_for_bit(
    during: str, optimiser: str, images: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pruning.training.trainee.SAVE_SECONDS", 0.0)
    spec = Train(**QUICK, optimiser=optimiser, during=during, crop=1, flip=True)  # type: ignore[arg-type]
    whole = pruned().after(spec, "after", quiet)
    shelf = Shelf()

    def stop(done: float, total: float, note: str = "", partial: object = None) -> None:
        if done == 9:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        pruned().after(spec, "after", stop, shelf)
    assert shelf.writes >= 1
    again = pruned().after(spec, "after", quiet, shelf)
    assert same(snapshot(again.model), snapshot(whole.model))
    assert again.trace == whole.trace and all(torch.equal(again.masks[n], whole.masks[n]) for n in whole.masks)
    writes = shelf.writes
    finished = pruned().after(spec, "after", quiet, shelf)  # nothing is trained, nothing written
    assert shelf.writes == writes and same(snapshot(finished.model), snapshot(whole.model))


def test_a_damaged_checkpoint_is_trained_anew(images: Images) -> None:
    shelf, spec = Shelf(), Train(**QUICK)
    whole = pruned().after(spec, "after", quiet, shelf)
    for name, data in shelf.files.items():
        shelf.files[name] = data[: len(data) // 2]
    again = pruned().after(spec, "after", quiet, shelf)
    assert same(snapshot(again.model), snapshot(whole.model))


def test_a_full_disk_is_said_once_and_nothing_is_trained_twice(images: Images) -> None:
    class Full(Shelf):
        def write(self, kind: str, key: str, data: bytes, suffix: str) -> Path:
            self.writes += 1
            raise StoreError("The disk is full.")

    shelf, seen = Full(), []
    with pytest.raises(StoreError, match="disk is full"):
        pruned().after(Train(**QUICK), "after", lambda done, *_: seen.append(done), shelf)
    assert shelf.writes == 1 and seen == list(range(1, 13))


def test_another_format_is_refused_with_a_sentence(images: Images) -> None:
    import io

    from pruning.training.session import optimiser_of

    file, start = io.BytesIO(), pruned()
    torch.save({"format": 99}, file)
    session = Session(start, Train(**QUICK), quiet, optimiser_of(start.model, Train(**QUICK)))
    with pytest.raises(StoreError, match="format 99"):
        session.restore(file.getvalue())


def test_divergence_is_said_and_what_was_recorded_is_kept(images: Images) -> None:
    start = pruned()
    with torch.no_grad():
        start.model.fc2.bias.fill_(float("nan"))
    after = start.after(Train(**QUICK), "after", quiet)
    assert after.diverged == 0


def test_a_divergence_is_kept_through_later_trainings_until_the_weights_are_rewound(
    images: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Static.penalty

    def broken(self: Static, session: Session) -> torch.Tensor | None:
        return torch.tensor(float("inf")) if session.step == 7 and session.spec.seed == 5 else real(self, session)

    monkeypatch.setattr(Static, "penalty", broken)
    before = pruned().after(Train(**QUICK), "before", quiet)
    wild = before.after(Train(**QUICK, seed=5), "wild", quiet)
    assert wild.diverged == QUICK["steps"] + 7 and [row["step"] for row in wild.trace] == [4, 8, 12, 4]
    later = wild.after(Train(**QUICK), "later", quiet)
    assert later.diverged == wild.diverged and later.trace == wild.trace
    assert same(snapshot(later.model), snapshot(wild.model))
    after = state_of(Base(model="lenet_300_100", mark="init"), ()).after(Rewind(mark="init"), "rewound", quiet)
    after.parent.diverged = 3  # type: ignore[union-attr]
    assert after.after(Rewind(mark="init"), "again", quiet).diverged is None


def test_the_noted_loss_is_the_cross_entropy_whatever_is_minimised(images: Images) -> None:
    plain, lasso = (
        pruned().after(Train(**QUICK | {"lr": 1e-6}, during=during), during, quiet)
        for during in ("static", "group_lasso")
    )
    assert plain.trace[0]["train_loss"] == pytest.approx(lasso.trace[0]["train_loss"], rel=1e-3)


def test_checkpoints_come_by_time_not_by_looks(images: Images, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pruning.training.trainee.SAVE_SECONDS", 0.0)
    one_look, shelf = Train(**QUICK | {"looks": 1}), Shelf()

    def stop(done: float, *_: object) -> None:
        if done == 9:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        pruned().after(one_look, "key", stop, shelf)
    assert shelf.writes == 8
    seen: list[float] = []
    after = pruned().after(one_look, "key", lambda done, *_: seen.append(done), shelf)
    whole = pruned().after(one_look, "key", quiet)
    assert seen[0] == 9 and after.trace == whole.trace and same(snapshot(after.model), snapshot(whole.model))


def test_rewinding_gives_the_initial_weights_at_the_survivors() -> None:
    base = Base(model="lenet_300_100", mark="init", seed=1)
    after = state_of(base, (Prune(sparsity=900), Rewind(mark="init")))
    first = initial("lenet_300_100", 1).state_dict()
    for name, tensor in after.model.state_dict().items():
        wanted = torch.where(after.masks[name], first[name], 0.0) if name in after.masks else first[name]
        assert torch.equal(tensor, wanted)
    other = state_of(base, (Prune(sparsity=900), Rewind(mark="init", redraw=5)))
    fresh = initial("lenet_300_100", 5).state_dict()
    assert torch.equal(other.weights["fc1.weight"], torch.where(other.masks["fc1.weight"], fresh["fc1.weight"], 0.0))
    assert all(torch.equal(other.masks[name], mask) for name, mask in after.masks.items())


def test_shuffled_masks_keep_their_layer_densities() -> None:
    start = pruned(700)
    after = start.after(Shuffle(seed=3), "after", quiet)
    again = start.after(Shuffle(seed=3), "after", quiet)
    other = start.after(Shuffle(seed=4), "after", quiet)
    for name, mask in start.masks.items():
        assert after.masks[name].sum() == mask.sum() and not torch.equal(after.masks[name], mask)
        assert torch.equal(after.masks[name], again.masks[name])
    assert any(not torch.equal(after.masks[name], other.masks[name]) for name in start.masks)
    held(after)


@pytest.mark.parametrize("during", ["rigl", "set"])
def test_regrowth_keeps_layer_densities_and_exchanges_weights(during: str, images: Images) -> None:
    start = pruned(700)
    spec = Train(**QUICK, during=during, during_options={"every": 2})  # type: ignore[arg-type]
    after = start.after(spec, "after", quiet)
    assert {n: int(m.sum()) for n, m in after.masks.items()} == {n: int(m.sum()) for n, m in start.masks.items()}
    assert any((after.masks[n] & ~m).any() for n, m in start.masks.items())
    assert sum(row["back"] for row in after.trace) == sum(row["gone"] for row in after.trace) > 0


@pytest.mark.parametrize("during", ["gradual", "movement"])
def test_growing_sparsity_ends_at_its_level_and_never_falls(during: str, images: Images) -> None:
    options = {"final": 850, "every": 1}
    spec = Train(**QUICK | {"looks": 12}, during=during, during_options=options)  # type: ignore[arg-type]
    after = state(small()).after(spec, "after", quiet)
    total = sum(w.numel() for w in after.weights.values())
    assert sum(int((~m).sum()) for m in after.masks.values()) == round(0.85 * total)
    gone = [sum(row["removed"]) for row in after.trace]
    assert gone == sorted(gone) and gone[0] < gone[-1]


def test_the_same_seed_sees_the_same_images_and_another_one_others(images: Images) -> None:
    one, two = (pruned().after(Train(**QUICK, seed=seed), "x", quiet) for seed in (0, 1))
    again = pruned().after(Train(**QUICK, seed=0), "x", quiet)
    assert same(snapshot(one.model), snapshot(again.model))
    assert not same(snapshot(one.model), snapshot(two.model))


def test_distillation_at_full_mixing_follows_the_teacher_alone(images: Images, monkeypatch: pytest.MonkeyPatch) -> None:
    teacher = small(seed=4)
    monkeypatch.setattr("pruning.training.objective._teacher", lambda state: teacher)
    start = state(small(seed=4), key="same")  # the student is the teacher: its gradient is zero
    weights = snapshot(start.model)
    spec = Train(**QUICK, teacher="dense", mixing=1.0, weight_decay=0.0)
    monkeypatch.setattr(torch.nn.Dropout, "forward", lambda self, x: x)
    monkeypatch.setattr(torch.nn.BatchNorm2d, "train", lambda self, mode=True: torch.nn.Module.train(self, False))
    after = start.after(spec, "after", quiet)
    for name, tensor in after.model.state_dict().items():
        torch.testing.assert_close(tensor, weights[name], rtol=0, atol=1e-5)
