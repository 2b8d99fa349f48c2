"""The loop: forward, backward, step, masks; looks at validation; checkpoints."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pruning import registry
from pruning.criteria import Dynamics
from pruning.entries import Progress
from pruning.passes import BATCH, mode
from pruning.recipe import Train
from pruning.schedules import rate
from pruning.state import State, layer_label
from pruning.training.images import Batches
from pruning.training.session import Session, optimiser_of
from pruning.zoo import data as zoo_data

Save = Callable[[bytes], object]
SAVE_SECONDS = 5.0
"""Time between two checkpoints."""


def opened(state: State, spec: Train, progress: Progress, saved: bytes | None = None) -> Session:
    """A session that trains a state's network in place, at its start or where an earlier one was saved.

    Args:
        saved: an earlier checkpoint of the same training, to go on from.

    Raises:
        StoreError: ``saved`` is damaged.
    """
    for parameter in state.model.parameters():
        parameter.requires_grad_(True)
    session = Session(state, spec, progress, optimiser_of(state.model, spec))
    if saved is not None:
        session.restore(saved)
    return session


def train(session: Session, save: Save | None = None) -> None:
    """Train a session's network under its masks, to the end.

    Its ``diverged`` is then the step at which the loss became NaN or infinite, if it did: weights are those before that
    step, and training stops.

    Args:
        save: keeps a checkpoint; called every ``SAVE_SECONDS`` and at the end.

    Raises:
        Cancelled: through the session's progress; the last checkpoint stays.
        StoreError: a checkpoint cannot be kept.
    """
    state, spec, started = session.state, session.spec, session.step
    device = next(state.model.parameters()).device
    batches = Batches(state.base, spec, device)
    dynamics = registry.dynamics[spec.during](**spec.during_options)
    teacher = _teacher(state) if spec.teacher == "dense" else None
    dynamics.begin(session)
    session.hold()
    session.memory.setdefault("masks_before", dict(session.masks))
    state.model.train()
    devices = [device] if device.type == "cuda" else []
    try:
        with torch.random.fork_rng(devices=devices):
            _steps(session, batches, dynamics, teacher, save)
    finally:
        state.model.eval()
        for parameter in state.model.parameters():
            parameter.grad = None
    if save is not None and session.step != started:
        save(session.saved())


def _steps(
    session: Session, batches: Batches, dynamics: Dynamics, teacher: nn.Module | None, save: Save | None
) -> None:
    """All steps that are left, with looks and checkpoints."""
    spec = session.spec
    looks = {max(1, round(spec.steps * look / spec.looks)) for look in range(1, spec.looks + 1)}
    last = time.monotonic()
    losses, right, seen = 0.0, 0, 0
    while session.step < spec.steps and session.diverged is None:
        # Dropout draws from torch's own generator: seeded by the step, so that a continued training draws the same.
        torch.manual_seed((spec.seed * 1_000_003 + session.step) % 2**63)
        images, labels = batches(session.step)
        loss, correct = _step(session, dynamics, teacher, images, labels)
        if session.diverged is not None:
            break
        losses, right, seen = losses + loss * len(labels), right + correct, seen + len(labels)
        session.step += 1
        if session.step in looks:
            _look(session, losses / seen, right / seen)
            losses, right, seen = 0.0, 0, 0
        note = f"training, step {session.step:,} of {spec.steps:,}"
        partial = {"records": list(session.records)} if session.step in looks else None
        session.progress(session.step, spec.steps, note, partial)
        if save is not None and time.monotonic() - last > SAVE_SECONDS and session.step in looks:
            save(session.saved())
            last = time.monotonic()


def _step(
    session: Session, dynamics: Dynamics, teacher: nn.Module | None, images: Tensor, labels: Tensor
) -> tuple[float, int]:
    """One step of the optimiser; the mean loss and the number of correct images before it."""
    spec, optimiser = session.spec, session.optimiser
    for group in optimiser.param_groups:
        group["lr"] = spec.lr * rate(spec.schedule, session.step, spec.steps, spec.warmup)
    optimiser.zero_grad(set_to_none=True)
    logits = session.model(images)
    loss = F.cross_entropy(logits, labels)
    if teacher is not None:
        loss = (1 - spec.mixing) * loss + spec.mixing * _distilled(logits, teacher, images, spec)
    if (penalty := dynamics.penalty(session)) is not None:
        loss = loss + penalty
    value = float(loss.detach())
    if not math.isfinite(value):
        session.diverged = session.step
        return value, 0
    loss.backward()
    dynamics.gradients(session)
    optimiser.step()
    dynamics.after(session)
    session.hold()  # momentum and weight decay revive what is masked
    return value, int((logits.detach().argmax(1) == labels).sum())


def _distilled(logits: Tensor, teacher: nn.Module, images: Tensor, spec: Train) -> Tensor:
    """T² KL(teacher || student) at temperature T (Hinton et al. 2015, section 2)."""
    with torch.no_grad():
        soft = (teacher(images) / spec.temperature).log_softmax(1)
    own = (logits / spec.temperature).log_softmax(1)
    return spec.temperature**2 * F.kl_div(own, soft, log_target=True, reduction="batchmean")


def _teacher(state: State) -> nn.Module:
    """The trained dense network of the same model and seed."""
    from pruning.zoo.checkpoints import load_model

    device = next(state.model.parameters()).device
    return load_model(state.base.model, state.base.seed, "dense").to(device).eval()


def _look(session: Session, loss: float, accuracy: float) -> None:
    """Note how the training stands: losses, accuracies, sparsities, and what of the masks changed."""
    spec, state = session.spec, session.state
    record: dict[str, Any] = {
        "step": session.step, "train_loss": loss, "train_accuracy": accuracy,
        "lr": session.optimiser.param_groups[0]["lr"],
    }  # fmt: skip
    if spec.validation:
        record |= _validation(session)
    removed = {name: ~state.masks[name] for name in state.order if name in state.masks}
    record["layers"] = [layer_label(name) for name in state.order]
    record["removed"] = [int(removed[name].sum()) if name in removed else 0 for name in state.order]
    record["weights"] = [weight.numel() for weight in session.weights.values()]
    before = session.memory["masks_before"]
    record["gone"] = sum(int((gone & before[n]).sum() if n in before else gone.sum()) for n, gone in removed.items())
    record["back"] = sum(int((~gone & ~before[n]).sum()) for n, gone in removed.items() if n in before)
    session.memory["masks_before"] = dict(state.masks)
    session.records.append(record)


def _validation(session: Session) -> dict[str, Any]:
    """Loss and accuracy on the first images of the validation split, in eval mode."""
    base, device = session.state.base, next(session.model.parameters()).device
    split = zoo_data.load(str(base.data_name), "validation")
    loss, right, count = 0.0, 0, 0
    with mode(session.model, False), torch.inference_mode():
        for images, labels in zoo_data.batches(split, session.spec.validation, BATCH):
            logits, labels = session.model(images.to(device)), labels.to(device)
            loss += float(F.cross_entropy(logits, labels, reduction="sum"))
            right, count = right + int((logits.argmax(1) == labels).sum()), count + len(labels)
    return {"validation_loss": loss / count, "validation_correct": right, "validation_count": count}
