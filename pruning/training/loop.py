"""The loop: forward, backward, step, masks; looks at validation; checkpoints. For one network, or several together."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from pruning import registry
from pruning.entries import Progress
from pruning.errors import BadTensor
from pruning.recipe import Train
from pruning.schedules import rate
from pruning.state import State, narrow
from pruning.training.images import Batches, batches_together
from pruning.training.kernel import Kernel, fit_together, kernel_of
from pruning.training.looks import Looks
from pruning.training.objective import Objective, evaluated
from pruning.training.session import Session, optimiser_of

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
    """Train a session's network under its masks, to the end. See ``train_together``."""
    train_together([session], [save])


def train_together(sessions: Sequence[Session], saves: Sequence[Save | None]) -> None:
    """Train the networks of some sessions under their masks, to the end.

    Dense networks of one model go forward and backward as one computation, each with its own images, optimiser and
    masks, bit for bit as it would alone; others train one after another. A session's ``diverged`` is then the step at
    which its loss became NaN or infinite, if it did: its weights are those before that step, its training stops, and
    the others go on.

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
                together = fit_together([one.session.model for one in active], active[0].session.spec.batch)
                _stretch(active if together else active[:1])
    finally:
        for trainee in trainees:
            trainee.session.model.eval()
            for parameter in trainee.session.model.parameters():
                parameter.grad = None
    for trainee in trainees:
        trainee.keep()


class Trainee:
    """One network while it trains: its session, images, objective and dynamics, and the sums since the last look."""

    def __init__(self, session: Session, save: Save | None) -> None:
        self.session, self.save, spec = session, save, session.spec
        self.device = next(session.model.parameters()).device
        self.batches = Batches(session.state.base, spec, self.device)
        self.looks = Looks(session, self.device)
        self.narrow = narrow(session.model)
        self.dynamics = registry.dynamics[spec.during](**spec.during_options)
        self.objective = Objective(session, self.dynamics)
        self.parameters = list(session.model.parameters())
        self.kept, self.last = session.step, time.monotonic()
        self.dynamics.begin(session)
        session.hold()
        session.memory.setdefault("masks_before", dict(session.masks))
        session.model.train()

    @property
    def active(self) -> bool:
        """Whether there are steps left."""
        return self.session.step < self.session.spec.steps and self.session.diverged is None

    @property
    def place(self) -> int:
        """Number of the current step in the order of the images."""
        return self.session.spec.first + self.session.step

    def batch(self) -> tuple[Tensor, Tensor]:
        """Images and labels of the current step."""
        images, labels = self.batches(self.place)
        # Images of one channel may have the strides of channels last without looking it: flat and back are plain ones.
        return (images.flatten().view(images.shape) if self.narrow else images), labels

    def step(self, loss: float, right: int, count: int) -> None:
        """One step of the optimiser, once the gradients are there; then a look, progress, a checkpoint."""
        session = self.session
        self.dynamics.gradients(session)
        session.update()
        self.dynamics.after(session)
        session.hold()  # momentum and weight decay revive what is masked
        since = session.memory.get("since_look", (0.0, 0, 0))
        losses, rights, seen = since[0] + loss * count, since[1] + right, since[2] + count
        session.memory["since_look"] = (losses, rights, seen)
        session.step += 1
        looked = session.step in self.looks.steps
        if looked:
            self.looks.look(losses / seen, rights / seen)
            session.memory["since_look"] = (0.0, 0, 0)
        note = f"training, step {session.step:,} of {session.spec.steps:,}"
        session.progress(session.step, session.spec.steps, note, {"records": list(session.records)} if looked else None)
        if time.monotonic() - self.last > SAVE_SECONDS:
            self.keep()

    def keep(self) -> None:
        """A checkpoint, unless the last one still stands."""
        if self.save is not None and self.session.step != self.kept:
            self.save(self.session.saved())
            self.kept, self.last = self.session.step, time.monotonic()


def _stretch(trainees: Sequence[Trainee]) -> None:
    """Steps until the first of them has no more."""
    kernel = kernel_of([trainee.session.model for trainee in trainees])
    try:
        while all(trainee.active for trainee in trainees):
            _step(trainees, kernel)
    finally:
        kernel.release()


def _step(trainees: Sequence[Trainee], kernel: Kernel) -> None:
    """One step of each; one whose loss is no number any more stays as it was before."""
    _seed(trainees[0])
    for trainee in trainees:
        session, spec = trainee.session, trainee.session.spec
        for group in session.optimiser.param_groups:
            group["lr"] = spec.lr * rate(spec.schedule, session.step, spec.steps, spec.warmup)
        for parameter in trainee.parameters:
            parameter.grad = None
    images, labels = _batch(trainees)
    logits = kernel.logits(images)
    objectives, losses, grad = evaluated([one.objective for one in trainees], logits, images, labels)
    kernel.backward(grad)
    noted = torch.stack([objectives, losses], 1).tolist()
    rights = (logits.argmax(2) == labels).sum(1).tolist()
    for trainee, (objective, loss), right in zip(trainees, noted, rights, strict=True):
        if not math.isfinite(objective):
            trainee.session.diverged = trainee.session.step
            continue
        try:
            trainee.step(loss, right, trainee.session.spec.batch)
        except BadTensor:  # what scores the weights while they train found NaN in them: the others go on
            trainee.session.diverged = trainee.session.step


def _batch(trainees: Sequence[Trainee]) -> tuple[Tensor, Tensor]:
    """Images ``(R, B, C, H, W)`` and labels ``(R, B)`` of the current step of each."""
    if len(trainees) > 1:
        return batches_together([one.batches for one in trainees], [one.place for one in trainees])
    images, labels = trainees[0].batch()
    return images.unsqueeze(0), labels.unsqueeze(0)


def _seed(trainee: Trainee) -> None:
    """Dropout draws from torch's own generator: seeded by the step, so that a continued training draws the same.

    (``torch.manual_seed`` would walk through all accelerators at every step, which takes longer than the step.)
    """
    seed = (trainee.session.spec.seed * 1_000_003 + trainee.session.step) % 2**63
    torch.default_generator.manual_seed(seed)
    if trainee.device.type == "cuda":
        with torch.cuda.device(trainee.device):
            torch.cuda.manual_seed(seed)
