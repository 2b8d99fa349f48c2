"""The loop: forward, backward, step, masks; looks at validation; checkpoints. For one network, or several together."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from pruning.common.errors import BadTensor
from pruning.common.progress import Progress
from pruning.state import State
from pruning.training.burst import Burst, may_run_ahead
from pruning.training.kernel import TrainingKernel, fit_together, kernel_of
from pruning.training.objective import evaluated
from pruning.training.options import TrainingOptions
from pruning.training.session import Session, optimiser_of
from pruning.training.trainee import Save, Trainee, batch_of, seed

CACHED = 2**25
"""Bytes of one lot's weights, gradients and moments: about what a processor's cache holds."""
COPIES = 4
"""Of each parameter: itself, its gradient, and two moments."""
TURN = 50
"""Steps of one lot before those of the next."""


def opened(state: State, spec: TrainingOptions, progress: Progress, saved: bytes | None = None) -> Session:
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
    """Train a session's network under its masks, to the end. See ``train_together``."""
    train_together([session], [save])


def train_together(sessions: Sequence[Session], saves: Sequence[Save | None]) -> None:
    """Train the networks of some sessions under their masks, to the end.

    Networks of one model, dense ones or such whose convolutions are products, go forward and backward as one
    computation (on a processor as several that take turns, as many as its cache wants), each with its own images,
    optimiser and masks, bit for bit as it would alone; others train one after another. A session's ``diverged`` is then
    the step at which its loss became NaN or infinite, if it did: its weights are those before that step, its training
    stops, and the others go on.

    Args:
        sessions: of one model and one batch size.
        saves: keep each session's checkpoint; called every ``SAVE_SECONDS`` and at the end.

    Raises:
        Cancelled: through a session's progress; the last checkpoints stay.
        StoreError: a checkpoint cannot be kept.
    """
    trainees = [Trainee(session, save) for session, save in zip(sessions, saves, strict=True)]
    cuda = [trainee.device for trainee in trainees[:1] if trainee.device.type == "cuda"]
    try:
        with torch.random.fork_rng(devices=cuda):
            while active := [trainee for trainee in trainees if trainee.active]:
                _stretch(_lots(active))
    finally:
        for trainee in trainees:
            trainee.session.model.eval()
            for parameter in trainee.session.model.parameters():
                parameter.grad = None
        for trainee in trainees:
            trainee.session.clear()
    for trainee in trainees:
        trainee.keep()


def _lots(trainees: Sequence[Trainee]) -> list[Sequence[Trainee]]:
    """Those that are to take their next steps: each lot as one computation, and the first alone where that cannot be.

    On the processor a lot holds no more than its cache: what is read at each step would else come from memory.
    """
    first = trainees[0]
    count = 1
    if first.device.type == "cpu":
        most = max(1, CACHED // sum(COPIES * parameter.nbytes for parameter in first.parameters))
        count = -(-len(trainees) // most)
    lots = [trainees[number::count] for number in range(count)]
    for ways in (lots, [trainees]):
        if all(_fit(lot) for lot in ways):
            return ways
    return [trainees[:1]]


def _fit(trainees: Sequence[Trainee]) -> bool:
    """Whether all take their steps as one computation."""
    spec, image = trainees[0].session.spec, trainees[0].session.state.base.input_shape
    alike = not any(one.half for one in trainees) and len({one.products for one in trainees}) == 1
    return alike and fit_together([one.session.model for one in trainees], spec.batch, image, trainees[0].products)


def _stretch(lots: Sequence[Sequence[Trainee]]) -> None:
    """Steps of all, a few of each lot in turn, until one of them has no more."""
    kernels = [kernel_of([one.session.model for one in lot], lot[0].half, lot[0].products) for lot in lots]
    bursts = [Burst(lot, kernel) if may_run_ahead(lot) else None for lot, kernel in zip(lots, kernels, strict=True)]
    try:
        while all(one.active for lot in lots for one in lot):
            for lot, kernel, burst in zip(lots, kernels, bursts, strict=True):
                for _ in range(TURN):
                    if not all(one.active for one in lot):
                        break
                    if burst is not None and burst.ready:
                        burst.run()
                    else:
                        _step(lot, kernel)
    finally:
        for kernel in kernels:
            kernel.release()


def _step(trainees: Sequence[Trainee], kernel: TrainingKernel) -> None:
    """One step of each; one whose loss is no number any more stays as it was before."""
    seed(trainees[0])
    for trainee in trainees:
        trainee.prepare()
    images, labels = batch_of(trainees)
    logits = kernel.logits(images)
    objectives, losses, grad = evaluated([one.objective for one in trainees], logits, images, labels)
    kernel.backward(grad)
    noted = torch.stack([objectives, losses], 1).tolist()
    qualities = trainees[0].objective.task.quality(logits, labels).sum(1).tolist()
    for trainee, (objective, loss), quality in zip(trainees, noted, qualities, strict=True):
        if not math.isfinite(objective):
            trainee.session.diverged = trainee.session.step
            continue
        try:
            trainee.step(loss, quality)
        except BadTensor:  # what scores the weights while they train found NaN in them: the others go on
            trainee.session.diverged = trainee.session.step
