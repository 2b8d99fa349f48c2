"""Recalibrate: measure BatchNorm statistics anew, on training images, with the weights as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from pruning.common.progress import Progress, Shelf, quiet
from pruning.common.spec import Step
from pruning.steps.kinds import steps

if TYPE_CHECKING:
    from pruning.state import State


@steps.register
class Recalibrate(Step):
    """Measure the BatchNorm statistics of the pruned network anew, on training images; weights stay."""

    name = "recalibrate"
    label = "Recalibrate BatchNorm"
    rank = 20

    kind: Literal["recalibrate"] = "recalibrate"
    samples: int = Field(1000, ge=10, le=50_000, description="Training images that pass through.")
    seed: int = Field(0, ge=0, lt=2**31)

    def apply(self, state: State, key: str, progress: Progress = quiet, shelf: Shelf | None = None) -> State:
        """The state with fresh running means and variances: the average over the batches of the sample.

        Only the norm layers run in train mode, so dropout stays off; images come from the training split alone.

        Raises:
            Incompatible: the network has no BatchNorm.
            Missing: there is no data for it, or a single image.
        """
        import torch
        from torch import nn

        from pruning.common.errors import Incompatible, Missing
        from pruning.network.inputs import parts
        from pruning.network.passes import like
        from pruning.network.scene import training_examples
        from pruning.network.weights import has_batch_norm

        if not has_batch_norm(state.model):
            raise Incompatible(f"{state.base.model} has no BatchNorm layers: there is nothing to recalibrate.")
        images, _ = training_examples(state.base, self.samples, self.seed)
        if len(images) < 2:
            raise Missing("Recalibration needs at least two training images: one has no variance.")
        after = state.next(key)
        after.formats = state.formats
        norms = [m for m in after.model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
        momenta = [norm.momentum for norm in norms]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # a plain average over batches instead of an exponential one
            norm.train()
        try:
            with torch.no_grad():
                for part in parts(after.model, images):
                    progress(part.start, len(images), "recalibrating BatchNorm")
                    after.model(like(after.model, images[part]))
        finally:
            for norm, momentum in zip(norms, momenta, strict=True):
                norm.momentum = momentum
                norm.eval()
        return after

    def words(self) -> str:
        return f"Measure the BatchNorm statistics anew on {self.samples:,} training images."
