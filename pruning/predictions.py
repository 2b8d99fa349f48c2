"""Predicted classes and confidences of a state on a split, grown image by image and remembered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from pruning.entries import Desk
from pruning.errors import Missing
from pruning.limits import WORKER_PREDICTIONS
from pruning.lru import Recent
from pruning.passes import BATCH, Scene
from pruning.state import State
from pruning.zoo import data as zoo_data
from pruning.zoo.match import compatible


@dataclass(frozen=True)
class Predictions:
    """On the first n images of a split: labels, predicted classes ``(n,)`` int64, confidences ``(n,)`` float32."""

    labels: Tensor
    classes: Tensor
    confidences: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def right(self) -> Tensor:
        """Which images were classified correctly, ``(n,)`` bool."""
        return self.classes == self.labels

    def first(self, count: int) -> Predictions:
        """Those of the first images."""
        return Predictions(self.labels[:count], self.classes[:count], self.confidences[:count])


_memory: Recent[Predictions] = Recent(WORKER_PREDICTIONS, "predictions")


def split_of(state: State | Scene, split: str) -> zoo_data.Split:
    """The split on which this state, or the network of this scene, can be evaluated.

    Raises:
        Missing: no data, or none that the weights were trained for; the sentence says which.
    """
    name = state.base.data_name
    if name is None:
        raise Missing(f"There is no data set for {state.base.model}: accuracy cannot be measured.")
    if (reason := compatible(state.base.model, name)) is not None:
        raise Missing(reason)
    return zoo_data.load(name, split)


def predict(state: State, split: str, count: int, desk: Desk) -> Iterator[Predictions]:
    """Predictions on more and more of the first ``count`` images, batch after batch; the last is whole.

    What this process predicted before for the same state is not computed again. Batches are always the same, whole
    ones, so that an image's confidence does not depend (in its last digits) on how many images were asked for.
    """
    images = split_of(state, split)
    count, key = min(count, len(images)), f"{state.key}/{split}"
    nothing = Predictions(torch.empty(0, dtype=torch.int64), torch.empty(0, dtype=torch.int64), torch.empty(0))
    known = _memory.get(key) or nothing
    if len(known) >= count:
        yield known.first(count)
        return
    device = next(state.model.parameters()).device
    state.model.eval()
    parts = [known]
    done = len(known)
    try:
        while done < count:
            with torch.inference_mode():
                x, y = images.batch(done, min(done + BATCH, len(images)))
                top = state.model(x.to(device)).float().softmax(1).max(1)
            parts.append(Predictions(y, top.indices.cpu(), top.values.cpu()))
            done += len(y)
            yield _joined(parts).first(count)
    finally:
        _memory.put(key, _joined(parts))


def _joined(parts: list[Predictions]) -> Predictions:
    """All parts as one; they are merged in place, so that growing stays linear."""
    if len(parts) > 1:
        labels = torch.cat([p.labels for p in parts])
        classes = torch.cat([p.classes for p in parts])
        confidences = torch.cat([p.confidences for p in parts])
        parts[:] = [Predictions(labels, classes, confidences)]
    return parts[0]
