"""Recalibrate: measure BatchNorm statistics anew, on training images, with the weights as they are."""

from __future__ import annotations

import torch
from torch import nn

from pruning.entries import Progress, Shelf
from pruning.errors import Incompatible, Missing
from pruning.passes import parts, training_images
from pruning.specs import Recalibrate
from pruning.state import State, has_batch_norm


def apply(step: Recalibrate, state: State, key: str, progress: Progress, shelf: Shelf | None = None) -> State:
    """The state with fresh running means and variances: the average over the batches of the sample.

    Only the norm layers run in train mode, so dropout stays off; images come from the training split alone.

    Raises:
        Incompatible: the network has no BatchNorm.
        Missing: there is no data for it, or a single image.
    """
    if not has_batch_norm(state.model):
        raise Incompatible(f"{state.base.model} has no BatchNorm layers: there is nothing to recalibrate.")
    images, _ = training_images(state.base, step.samples, step.seed)
    if len(images) < 2:
        raise Missing("Recalibration needs at least two training images: one has no variance.")
    after = state.next(key)
    after.formats = state.formats
    device = next(after.model.parameters()).device
    norms = [m for m in after.model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain average over batches instead of an exponential one
        norm.train()
    try:
        with torch.no_grad():
            for part in parts(len(images)):
                progress(part.start, len(images), "recalibrating BatchNorm")
                after.model(images[part].to(device))
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
            norm.eval()
    return after
