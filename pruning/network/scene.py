"""What a criterion sees of a network: its weights and masks, its units, training examples, a seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from pruning.common.errors import Missing
from pruning.common.progress import Progress
from pruning.network.inputs import parts
from pruning.network.passes import differentiable, like
from pruning.network.units import Layout, Reduction
from pruning.network.weights import prunable
from pruning.zoo import data as zoo_data
from pruning.zoo.base import Base
from pruning.zoo.match import compatible, examples


def training_examples(base: Base, count: int, seed: int) -> tuple[Tensor, Tensor]:
    """``count`` examples of the training split and their labels, drawn by the seed.

    Raises:
        Missing: there is no data for this model, or none that its weights were trained for.
    """
    name = base.data_name
    if name is None:
        raise Missing(
            f"This needs training {base.task.unit}, and there is no data set for {base.model}: choose magnitude."
        )
    if (reason := compatible(base.model, name)) is not None:
        raise Missing(reason)
    return zoo_data.sample(examples(base.model, name, "train"), count, seed)


@dataclass(frozen=True)
class Scene:
    """What a scorer sees: a network, its prunable weights in forward order, training images, a seed.

    Weights that are already masked are zero in the network and stay masked whatever their score.
    ``layout`` says which units are to be scored; it is None while the granularity makes it. ``reduction`` is how their
    entries' scores are going to be reduced, for criteria that look at units in rounds. ``key`` names the state.
    """

    model: nn.Module
    weights: dict[str, Tensor]
    base: Base
    seed: int
    progress: Progress
    masks: dict[str, Tensor] = field(default_factory=dict)
    layout: Layout | None = None
    reduction: Reduction = "sum"
    key: str = ""

    def generator(self) -> torch.Generator:
        """A fresh CPU generator from the seed: drawing leaves the global generators untouched."""
        return torch.Generator().manual_seed(self.seed)

    def sample(self, count: int) -> tuple[Tensor, Tensor]:
        """``count`` training images and labels, drawn by the seed, on the network's device and in its format.

        Raises:
            Missing: there is no data for this model.
        """
        images, labels = training_examples(self.base, count, self.seed)
        images = like(self.model, images)
        return images, labels.to(images.device)

    @property
    def scored(self) -> list[str]:
        """Names of the weights whose scores the layout needs, in forward order; all of them without a layout."""
        if self.layout is None:
            return list(self.weights)
        used = {m.parameter for group in self.layout.groups.values() for m in group.members if m.scored}
        return [name for name in self.weights if name in used]

    def gradients(self, count: int, temperature: float = 1.0) -> dict[str, Tensor]:
        """Gradient of the mean loss over ``count`` training images, per prunable weight; see ``summed``."""
        return self.summed(count, lambda loss, w: torch.autograd.grad(loss, w, allow_unused=True), temperature)

    def summed(
        self,
        count: int,
        visit: Callable[[Tensor, list[nn.Parameter]], Sequence[Tensor | None]],
        temperature: float = 1.0,
        note: str = "gradients",
    ) -> dict[str, Tensor]:
        """The mean over ``count`` training images of what ``visit`` gives for each batch's loss, per prunable weight.

        See ``differentiable``; ``.grad`` and BatchNorm statistics stay. float32 sums, or float64 where the weights are.

        Args:
            visit: from the mean loss of a batch and the weights to one tensor per weight, of its shape; None
                where the loss does not depend on it.
            temperature: divides the outputs, where these are scores of classes.
        """
        images, labels = self.sample(count)
        task = self.base.task
        parameters = prunable(self.model)
        weights = [parameters[name] for name in self.weights]
        sums = [torch.zeros_like(w, dtype=torch.promote_types(w.dtype, torch.float32)) for w in weights]
        with differentiable(self.model, weights):
            for part in parts(self.model, images):
                self.progress(part.start, len(labels), note)
                loss = task.loss(task.forward(self.model, images[part]), labels[part], temperature)
                share = len(labels[part]) / len(labels)
                for total, found in zip(sums, visit(loss, weights), strict=True):
                    if found is not None:
                        total.add_(found.to(total.dtype), alpha=share)
        return dict(zip(self.weights, sums, strict=True))
