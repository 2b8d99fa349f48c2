"""Steps on a GPU for which the processor does not wait: it looks at what came of them where a look is due."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

import torch
from torch import Tensor

from pruning.training.cuda_graph import GraphReplay
from pruning.training.kernel import Together, TrainingKernel
from pruning.training.objective import evaluated
from pruning.training.trainee import Trainee, batch_of, seed

MOST = 50
"""Steps between two waits: so often progress is reported and cancelling noticed."""
GRAPHS = True
"""Whether networks made of matrix products replay a captured step; ``benchmarks/gpu.py`` compares."""


def may_run_ahead(trainees: Sequence[Trainee]) -> bool:
    """Whether nothing on the host decides about a step: masks stay, and the device is one that can be waited for."""
    return trainees[0].device.type == "cuda" and all(one.dynamics.settled for one in trainees)


class Burst:
    """Networks that train together, several steps at a time.

    Sums, learning rates, and whether a loss was no number lie on the device: the optimiser's kernels themselves leave a
    network as it is from then on. A network takes the same steps however they are cut into bursts.
    """

    def __init__(self, trainees: Sequence[Trainee], kernel: TrainingKernel) -> None:
        self.trainees, self.kernel = trainees, kernel
        self.device, count = trainees[0].device, len(trainees)
        self.rates, self.stopped = (torch.zeros(count, device=self.device) for _ in range(2))
        self.task = trainees[0].objective.task
        self.losses, self.qualities, self.done = (
            torch.zeros(count, dtype=torch.float64, device=self.device) for _ in range(3)
        )
        plain = isinstance(kernel, Together) and all(one.objective.plain for one in trainees)
        self.step = GraphReplay(self._step) if GRAPHS and plain and self.device.type == "cuda" else self._step

    @property
    def ready(self) -> bool:
        """Not before the first step, in which the optimisers make their state."""
        return all(one.session.update.ready for one in self.trainees)

    def run(self) -> None:
        """Steps up to the next look, or ``MOST``; then each network's looks, progress and checkpoint."""
        count = min(MOST, *(one.until_look for one in self.trainees))
        losses, qualities, _ = zip(*(one.since for one in self.trainees), strict=True)
        for sums, before in ((self.losses, losses), (self.qualities, qualities), (self.done, [0] * len(losses))):
            sums.copy_(torch.tensor(before, dtype=torch.float64))
        with torch.cuda.device(self.device) if self.device.type == "cuda" else nullcontext():
            for _ in range(count):
                seed(self.trainees[0])
                for one in self.trainees:
                    one.prepare()
                self.rates.copy_(torch.tensor([one.rate for one in self.trainees]), non_blocking=True)
                self.step(*batch_of(self.trainees))
                for one in self.trainees:
                    one.session.step += 1
        self._settle(count)

    def _step(self, images: Tensor, labels: Tensor) -> None:
        logits = self.kernel.logits(images)
        objectives, losses, grad = evaluated([one.objective for one in self.trainees], logits, images, labels)
        self.kernel.backward(grad)
        self.stopped.copy_(torch.maximum(self.stopped, (~objectives.isfinite()).float()))
        still = self.stopped > 0
        self.losses += (losses.double() * labels.shape[1]).masked_fill(still, 0)
        self.qualities += self.task.quality(logits, labels).sum(1).masked_fill(still, 0)
        self.done += ~still
        for number, one in enumerate(self.trainees):
            one.session.update(lr=self.rates[number], found_inf=self.stopped[number])
            one.session.hold()

    def _settle(self, count: int) -> None:
        """What came of so many steps: the one place where the device is waited for."""
        noted = torch.stack([self.stopped.double(), self.done, self.losses, self.qualities], 1).tolist()
        for one, (stopped, done, losses, quality) in zip(self.trainees, noted, strict=True):
            session, seen = one.session, one.since[2]
            session.step += int(done) - count
            session.memory["since_look"] = (losses, quality, seen + int(done) * session.spec.batch)
            if stopped:
                session.diverged = session.step
        for one in self.trainees:
            if one.session.diverged is None:
                one.tell()
