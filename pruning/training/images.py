"""Training batches from images that lie in memory: order, shifts and mirror images drawn by one generator."""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakValueDictionary

import torch
from torch import Tensor

from pruning.common.errors import Missing
from pruning.training.options import TrainingOptions
from pruning.zoo import data as zoo_data
from pruning.zoo.base import Base
from pruning.zoo.match import compatible, examples, seen_by

IN_MEMORY = 200_000_000
"""Numbers of a training set that may lie in memory at once; larger ones are read batch by batch."""


class Loaded:
    """Images ``(N, C, H, W)`` and labels of a split's first N on a device."""

    def __init__(self, model: str, name: str, split: str, count: int, device: torch.device) -> None:
        self.source, whole = zoo_data.load(name, split), examples(model, name, split)
        images, labels = whole.batch(0, min(count, len(whole)))
        self.images, self.labels = images.to(device), labels.to(device)
        self.darkest = float(self.images.min())

    def take(self, chosen: Tensor) -> tuple[Tensor, Tensor]:
        """Images and labels at these places."""
        return self.images.index_select(0, chosen), self.labels.index_select(0, chosen)


_loaded: WeakValueDictionary[tuple[object, ...], Loaded] = WeakValueDictionary()


def loaded(base: Base, split: str, count: int, device: torch.device) -> Loaded:
    """A split's first images; networks that train at the same time share them, and nobody keeps them afterwards."""
    name = str(base.data_name)
    key = (name, split, count, str(device), seen_by(base.model, name))
    found = _loaded.get(key)
    if found is None or found.source is not zoo_data.load(name, split):  # other pictures may lie there by now
        found = _loaded[key] = Loaded(base.model, name, split, count, device)
    return found


class Batches:
    """Endless batches of a training split, each epoch in a new order.

    The order of epoch e is drawn by ``(seed, e)`` alone, so that training continues in the middle of an epoch without
    drawing what came before; arms of one experiment that share the seed see the same images in the same order.
    """

    def __init__(self, base: Base, spec: TrainingOptions, device: torch.device) -> None:
        name = base.data_name
        if name is None:
            raise Missing(f"Training needs {base.task.unit}, and there is no data set for {base.model}.")
        if (reason := compatible(base.model, name)) is not None:
            raise Missing(reason)
        self.task = base.task
        self.split, self.spec, self.device = examples(base.model, name, "train"), spec, device
        self.count = min(spec.samples or len(self.split), len(self.split))
        if self.count < spec.batch:
            raise Missing(
                f"A batch of {spec.batch} {base.task.unit} needs as many; the training set used has {self.count}."
            )
        self.per_epoch = self.count // spec.batch
        self.held: Loaded | None = None
        self.epoch, self.order = -1, torch.empty(0, dtype=torch.int64)
        first, _ = self.split.batch(0, 1)
        if first[0].numel() * self.count <= IN_MEMORY:
            self.held = loaded(base, "train", self.count, device)
        self.darkest = self.held.darkest if self.held is not None else float(first.min())

    def __call__(self, step: int) -> tuple[Tensor, Tensor]:
        """Images ``(batch, C, H, W)`` and labels of a step."""
        chosen = self.chosen(step)
        if self.held is not None:
            images, labels = self.held.take(chosen)
        else:
            images, labels = (part.to(self.device) for part in self.split.take(chosen))
        return self._augmented(images, step), labels

    def chosen(self, step: int) -> Tensor:
        """Which images those of a step are; on the device, where all images lie there."""
        epoch, place = divmod(step, self.per_epoch)
        if epoch != self.epoch:
            order = torch.randperm(self.count, generator=self._generator(epoch))
            self.epoch, self.order = epoch, order if self.held is None else order.to(self.device)
        return self.order[place * self.spec.batch : (place + 1) * self.spec.batch]

    def _generator(self, number: int) -> torch.Generator:
        return torch.Generator().manual_seed((self.spec.seed * 1_000_003 + number) % 2**63)

    def _augmented(self, images: Tensor, step: int) -> Tensor:
        """As the task changes a batch by chance."""
        spec, generator = self.spec, self._generator(step + 2**40)
        return self.task.augment(images, spec.crop, spec.flip, self.darkest, generator).contiguous()


def batches_together(batches: Sequence[Batches], steps: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Images ``(R, batch, C, H, W)`` and labels ``(R, batch)`` of a step of each; copied once where they lie as they
    are used."""
    held = batches[0].held
    if held is None or any(one.held is not held or one.spec.crop or one.spec.flip for one in batches):
        images, labels = zip(*(one(step) for one, step in zip(batches, steps, strict=True)), strict=True)
        return torch.stack(images), torch.stack(labels)
    places = torch.stack([one.chosen(step) for one, step in zip(batches, steps, strict=True)])
    images, labels = held.take(places.flatten())
    return images.view(*places.shape, *images.shape[1:]), labels.view(*places.shape, *labels.shape[1:])
