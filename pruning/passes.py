"""Passes through a network that leave no trace on it: forward order, gradients, activations."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pruning.entries import Progress
from pruning.errors import Missing
from pruning.specs import Base
from pruning.state import State, prunable
from pruning.units import Layout, Reduction
from pruning.zoo import data as zoo_data
from pruning.zoo.match import compatible

BATCH = 100
"""Images at a time: small batches stay in the cache and are faster on a CPU than large ones."""


@contextmanager
def mode(model: nn.Module, training: bool) -> Generator[None]:
    """The network in train or eval mode; every module's own flag is restored afterwards."""
    flags = {module: module.training for module in model.modules()}
    model.train(training)
    try:
        yield
    finally:
        for module, flag in flags.items():
            module.training = flag


def like(model: nn.Module, images: Tensor) -> Tensor:
    """Images on the network's device and in its number format."""
    first = next(model.parameters())
    return images.to(first.device, first.dtype)


def forward_order(model: nn.Module, input_shape: tuple[int, ...]) -> tuple[str, ...]:
    """Names of the prunable weights in the order in which one image meets them.

    A weight whose module is not called by itself (inside fused attention) stays behind its registered neighbour.
    """
    names = list(prunable(model))
    owner = {name: model.get_submodule(name.rpartition(".")[0]) for name in names}
    called: dict[nn.Module, int] = {}

    def note(module: nn.Module, _: object) -> None:
        called.setdefault(module, len(called))

    hooks = [module.register_forward_pre_hook(note) for module in dict.fromkeys(owner.values())]
    try:
        with mode(model, False), torch.no_grad():
            model(like(model, torch.zeros(2, *input_shape)))
    finally:
        for hook in hooks:
            hook.remove()
    place, last = {}, -1
    for name in names:
        last = called.get(owner[name], last)
        place[name] = last
    return tuple(sorted(names, key=lambda name: place[name]))


def _unmeasured(mean: Tensor | None, variance: Tensor | None) -> bool:
    """Whether running statistics are as a new layer has them."""
    return mean is not None and variance is not None and not mean.any() and bool((variance == 1).all())


def unmeasured_norms(model: nn.Module) -> list[nn.modules.batchnorm._BatchNorm]:
    """BatchNorm layers whose running statistics were never measured: 0 and 1 say nothing about activations."""
    norms = [m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm) and m.track_running_stats]
    return [m for m in norms if _unmeasured(m.running_mean, m.running_var)]


@contextmanager
def measured_norms(model: nn.Module) -> Generator[None]:
    """BatchNorm layers in eval mode whose statistics were never measured take those of each batch, for a while."""
    fresh = unmeasured_norms(model)
    held = [(m.running_mean, m.running_var) for m in fresh]
    try:
        for norm in fresh:
            norm.running_mean = norm.running_var = None
        yield
    finally:
        for norm, (mean, var) in zip(fresh, held, strict=True):
            norm.running_mean, norm.running_var = mean, var


@contextmanager
def differentiable(model: nn.Module, weights: Sequence[nn.Parameter]) -> Generator[None]:
    """Eval mode, with these weights asking for gradients; modes and requires_grad flags are restored afterwards.

    BatchNorm layers without measured statistics use those of each batch (an initial network is scored so).
    """
    flags = [weight.requires_grad for weight in weights]
    try:
        for weight in weights:
            weight.requires_grad_(True)
        with mode(model, False), measured_norms(model), torch.enable_grad():
            yield
    finally:
        for weight, flag in zip(weights, flags, strict=True):
            weight.requires_grad_(flag)


def parts(count: int) -> list[slice]:
    """``count`` images as few nearly equal batches: a last one of one image would have no variance."""
    number = -(-count // BATCH)
    return [slice(i * count // number, (i + 1) * count // number) for i in range(number)]


def training_images(base: Base, count: int, seed: int) -> tuple[Tensor, Tensor]:
    """``count`` images and labels of the training split, drawn by the seed.

    Raises:
        Missing: there is no data for this model, or none that its weights were trained for.
    """
    name = base.data_name
    if name is None:
        raise Missing(f"This needs training images, and there is no data set for {base.model}: choose magnitude.")
    if (reason := compatible(base.model, name)) is not None:
        raise Missing(reason)
    return zoo_data.sample(zoo_data.load(name, "train"), count, seed)


@dataclass(frozen=True)
class Scene:
    """What a scorer sees: a network, its prunable weights in forward order, training images, a seed.

    Weights that are already masked are zero in the network and stay masked whatever their score.
    ``layout`` says which units are to be scored; it is None while the granularity makes it. ``reduction`` is how their
    entries' scores are going to be reduced, for criteria that look at units in rounds.
    """

    model: nn.Module
    weights: dict[str, Tensor]
    base: Base
    seed: int
    progress: Progress
    masks: dict[str, Tensor] = field(default_factory=dict)
    layout: Layout | None = None
    reduction: Reduction = "sum"

    @classmethod
    def of(cls, state: State, seed: int, progress: Progress) -> Scene:
        """The scene that a state is, with what it masks."""
        return cls(state.model, state.weights, state.base, seed, progress, masks=state.masks)

    def generator(self) -> torch.Generator:
        """A fresh CPU generator from the seed: drawing leaves the global generators untouched."""
        return torch.Generator().manual_seed(self.seed)

    def sample(self, count: int) -> tuple[Tensor, Tensor]:
        """``count`` training images and labels, drawn by the seed, on the network's device and in its format.

        Raises:
            Missing: there is no data for this model.
        """
        images, labels = training_images(self.base, count, self.seed)
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
        """Gradient of the mean cross-entropy over ``count`` training images, per prunable weight; see ``summed``."""
        return self.summed(count, lambda loss, w: torch.autograd.grad(loss, w, allow_unused=True), temperature)

    def summed(
        self, count: int, visit: Callable[[Tensor, list[nn.Parameter]], Sequence[Tensor | None]],
        temperature: float = 1.0, note: str = "gradients",
    ) -> dict[str, Tensor]:  # fmt: skip
        """The mean over ``count`` training images of what ``visit`` makes of each batch's loss, per prunable weight.

        See ``differentiable``; ``.grad`` and BatchNorm statistics stay. float32 sums, or float64 where the weights are.

        Args:
            visit: from the mean cross-entropy of a batch and the weights to one tensor per weight, of its shape; None
                where the loss does not depend on it.
            temperature: divides the logits.
        """
        images, labels = self.sample(count)
        parameters = prunable(self.model)
        weights = [parameters[name] for name in self.weights]
        sums = [torch.zeros_like(w, dtype=torch.promote_types(w.dtype, torch.float32)) for w in weights]
        with differentiable(self.model, weights):
            for part in parts(len(labels)):
                self.progress(part.start, len(labels), note)
                loss = F.cross_entropy(self.model(images[part]) / temperature, labels[part])
                share = len(labels[part]) / len(labels)
                for total, found in zip(sums, visit(loss, weights), strict=True):
                    if found is not None:
                        total.add_(found.to(total.dtype), alpha=share)
        return dict(zip(self.weights, sums, strict=True))
