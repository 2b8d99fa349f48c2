"""Recalibrate: measure BatchNorm statistics anew, on training images, with the weights as they are."""

from __future__ import annotations

import torch
from torch import nn

from pruning.entries import Progress
from pruning.errors import Incompatible, Missing
from pruning.passes import BATCH
from pruning.specs import Recalibrate
from pruning.state import State, has_batch_norm
from pruning.zoo import data as zoo_data


def apply(step: Recalibrate, state: State, key: str, progress: Progress) -> State:
    """The state with fresh running means and variances: the average over the batches of the sample.

    Only the norm layers run in train mode, so dropout stays off; images come from the training split alone.

    Raises:
        Incompatible: the network has no BatchNorm.
        Missing: there is no data for it.
    """
    if not has_batch_norm(state.model):
        raise Incompatible(f"{state.base.model} has no BatchNorm layers: there is nothing to recalibrate.")
    if state.base.data_name is None:
        raise Missing("Recalibration needs training images, and there is no data set for this model.")
    images, _ = zoo_data.sample(zoo_data.load(state.base.data_name, "train"), step.samples, step.seed)
    after = state.next(key)
    device = next(after.model.parameters()).device
    norms = [m for m in after.model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain average over batches instead of an exponential one
        norm.train()
    try:
        with torch.no_grad():
            for start in range(0, len(images) - 1, BATCH):
                progress(start, len(images), "recalibrating BatchNorm")
                after.model(images[start : start + BATCH].to(device))
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
            norm.eval()
    return after
