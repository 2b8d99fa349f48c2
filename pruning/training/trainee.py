"""One network while it trains, and what is done for several at each step."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from pruning.network.weights import narrow
from pruning.training.images import Batches, batches_together
from pruning.training.kinds import dynamics
from pruning.training.looks import Looks
from pruning.training.objective import Objective
from pruning.training.schedules import rate
from pruning.training.session import Session

Save = Callable[[bytes], object]
SAVE_SECONDS = 5.0
"""Time between two checkpoints."""


class Trainee:
    """One network while it trains: its session, images, objective and dynamics, and the sums since the last look."""

    def __init__(self, session: Session, save: Save | None) -> None:
        self.session, self.save, spec = session, save, session.spec
        self.device = next(session.model.parameters()).device
        self.batches = Batches(session.state.base, spec, self.device)
        self.looks = Looks(session, self.device)
        self.narrow = narrow(session.model)
        self.dynamics = dynamics[spec.during](**spec.during_options)
        self.objective = Objective(session, self.dynamics)
        self.parameters = list(session.model.parameters())
        self.kept, self.last = session.step, time.monotonic()
        session.settled = self.dynamics.settled
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

    @property
    def half(self) -> bool:
        """Whether its layers multiply in bfloat16."""
        return self.session.spec.precision == "bfloat16"

    @property
    def products(self) -> bool:
        """Whether its convolutions are matrix products."""
        return self.session.spec.convolution == "products"

    @property
    def since(self) -> tuple[float, float, int]:
        """Of the training examples since the last look: sums of their losses and qualities, how many there were."""
        return self.session.memory.get("since_look", (0.0, 0, 0))

    @property
    def rate(self) -> float:
        """Learning rate of the current step."""
        spec = self.session.spec
        return spec.lr * rate(spec.schedule, self.session.step, spec.steps, spec.warmup)

    @property
    def until_look(self) -> int:
        """Steps until the next look; the last is at the end."""
        return min(step for step in self.looks.steps if step > self.session.step) - self.session.step

    def prepare(self) -> None:
        """The optimiser has the learning rate of the current step; no gradients are left."""
        now = self.rate
        for group in self.session.optimiser.param_groups:
            group["lr"] = now
        for parameter in self.parameters:
            parameter.grad = None

    def step(self, loss: float, quality: float) -> None:
        """One step of the optimiser, once the gradients are there."""
        session, count, (losses, qualities, seen) = self.session, self.session.spec.batch, self.since
        self.dynamics.gradients(session)
        session.update()
        self.dynamics.after(session)
        session.hold()  # momentum and weight decay revive what is masked
        session.memory["since_look"] = (losses + loss * count, qualities + quality, seen + count)
        session.step += 1
        self.tell()

    def tell(self) -> None:
        """After a step: a look, where one is due, progress, a checkpoint."""
        session = self.session
        looked = session.step in self.looks.steps
        if looked:
            losses, qualities, seen = self.since
            self.looks.look(losses / seen, qualities, seen)
            session.memory["since_look"] = (0.0, 0, 0)
        note = f"training, step {session.step:,} of {session.spec.steps:,}"
        session.progress(session.step, session.spec.steps, note, {"records": list(session.records)} if looked else None)
        if time.monotonic() - self.last > SAVE_SECONDS:
            self.keep()

    def keep(self) -> None:
        """A checkpoint, unless the last one still stands, or the next loss will say that the training has diverged."""
        if self.save is not None and self.session.step != self.kept and self.session.masked:
            self.save(self.session.saved())
            self.kept, self.last = self.session.step, time.monotonic()


def batch_of(trainees: Sequence[Trainee]) -> tuple[Tensor, Tensor]:
    """Images ``(R, B, C, H, W)`` and labels ``(R, B)`` of the current step of each."""
    if len(trainees) > 1:
        return batches_together([one.batches for one in trainees], [one.place for one in trainees])
    images, labels = trainees[0].batch()
    return images.unsqueeze(0), labels.unsqueeze(0)


def seed(trainee: Trainee) -> None:
    """Dropout draws from torch's own generator: seeded by the step, so that a continued training draws the same.

    (``torch.manual_seed`` would walk through all accelerators at every step, which takes longer than the step.)
    """
    seed = (trainee.session.spec.seed * 1_000_003 + trainee.session.step) % 2**63
    torch.default_generator.manual_seed(seed)
    if trainee.device.type == "cuda":
        with torch.cuda.device(trainee.device):
            torch.cuda.manual_seed(seed)
