"""Predicted classes and confidences of a state on a split, grown image by image and remembered."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import torch
from torch import Tensor

from pruning.common.limits import WORKER_PREDICTIONS
from pruning.common.memory import Recent
from pruning.common.progress import Desk
from pruning.network.forward import forward_of
from pruning.network.inputs import BATCH
from pruning.network.passes import like
from pruning.state import State
from pruning.zoo.match import split_of

WAITING = 10
"""Batches whose logits wait for each other: making classes of them one by one takes as long as a tiny network does.
A row of a softmax does not depend on the other rows."""
NARROW = 16
"""Classes up to which logits are kept: their softmax, which takes a twentieth of a tiny network's time, waits until
somebody asks for confidences. Of a thousand classes, logits would take a thousand times the memory."""
NEAR = 1e-5
"""Difference of two logits from which their probabilities differ in float32, too, many times over."""
PACE = 0.01
"""Seconds between two partial results: after each batch they would take a tenth of a tiny network's time."""


def _classes(logits: Tensor) -> Tensor:
    """The class of the highest probability, ``(n,)`` int64: the first of those whose probabilities are equal.

    That of the highest logit, unless logits are so near each other, or so large, that only a softmax can tell.
    """
    top = logits.max(1)
    near = logits >= (top.values - NEAR)[:, None]
    if math.isfinite(top.values.sum()) and near.count_nonzero() == len(logits):  # each row's highest is one of them
        return top.indices
    return logits.softmax(1).max(1).indices


class _Answers:
    """A network's answers to the first images of a split, which grow: labels, classes, what confidences are made of,
    and logits of which these are still to be made."""

    def __init__(self, labels: Tensor, classes: Tensor, tops: list[Tensor]) -> None:
        self.made = [(labels, classes)]
        self.tops = list(tops)
        self.waiting: list[tuple[Tensor, Tensor]] = []

    def add(self, labels: Tensor, logits: Tensor) -> None:
        """The next batch."""
        self.waiting.append((labels, logits))
        if len(self.waiting) == WAITING:
            self._make()

    def joined(self) -> tuple[Tensor, Tensor]:
        """Labels and classes of all images so far; merged in place, so that growing stays linear."""
        self._make()
        if len(self.made) > 1:
            labels, classes = map(torch.cat, zip(*self.made, strict=True))
            self.made = [(labels, classes)]
        return self.made[0]

    def confidences(self, positions: Tensor | slice) -> Tensor:
        """Of these images: the highest probability."""
        self._make()
        if len(self.tops) != 1:
            self.tops = [torch.cat(self.tops) if self.tops else torch.empty(0)]
        tops = self.tops[0][positions]
        return tops.softmax(1).max(1).values.cpu() if tops.dim() == 2 else tops

    def kept(self) -> tuple[Tensor, Tensor, list[Tensor]]:
        """What to remember."""
        return *self.joined(), self.tops

    def _make(self) -> None:
        if self.waiting:
            labels, logits = map(torch.cat, zip(*self.waiting, strict=True))
            logits = logits.float()
            if logits.shape[1] <= NARROW:
                classes, tops = _classes(logits), logits
            else:
                top = logits.softmax(1).max(1)
                classes, tops = top.indices, top.values.cpu()
            self.made.append((labels, classes.cpu()))
            self.tops.append(tops)
            self.waiting = []


class Predictions:
    """On the first n images of a split: labels, predicted classes ``(n,)`` int64, confidences ``(n,)`` float32.

    They are made when somebody looks, and cost next to nothing until then.
    """

    def __init__(self, answers: _Answers, count: int) -> None:
        self._answers, self._count = answers, count

    def __len__(self) -> int:
        return self._count

    @property
    def labels(self) -> Tensor:
        return self._answers.joined()[0][: self._count]

    @property
    def classes(self) -> Tensor:
        return self._answers.joined()[1][: self._count]

    @property
    def confidences(self) -> Tensor:
        return self._answers.confidences(slice(self._count))

    def confidences_of(self, positions: Tensor) -> Tensor:
        """Of some of the images, by their positions; far fewer take far less time."""
        return self._answers.confidences(positions)

    @property
    def right(self) -> Tensor:
        """Which images were classified correctly, ``(n,)`` bool."""
        return self.classes == self.labels


_memory: Recent[tuple[Tensor, Tensor, list[Tensor]]] = Recent(WORKER_PREDICTIONS, "predictions")
"""By device, state and split: logits lie where the network does."""


def predict(state: State, split: str, count: int, desk: Desk) -> Iterator[Predictions]:
    """Predictions on more and more of the first ``count`` images, as batches are done; the last is whole.

    What this process predicted before for the same state is not computed again. Batches are always the same, whole
    ones, so that an image's confidence does not depend (in its last digits) on how many images were asked for.
    """
    state.base.task.need_classes(state.base.model)
    images = split_of(state.base, split)
    count, key = min(count, len(images)), (state.base.device, state.key, split)
    nothing = (torch.empty(0, dtype=torch.int64), torch.empty(0, dtype=torch.int64), [])
    answers = _Answers(*(_memory.get(key) or nothing))
    done = len(answers.joined()[0])
    if done >= count:
        yield Predictions(answers, count)
        return
    forward = forward_of(state.model.eval())
    until = time.monotonic()  # the first look comes after the first batch
    try:
        while done < count:
            with torch.inference_mode():
                while done < count:
                    x, y = images.batch(done, min(done + BATCH, len(images)))
                    answers.add(y, forward(like(state.model, x)))
                    done += len(y)
                    if time.monotonic() >= until:
                        break
            yield Predictions(answers, min(done, count))
            until = time.monotonic() + PACE
    finally:
        _memory.put(key, answers.kept())
