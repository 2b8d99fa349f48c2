"""OWL: layers with more outliers among |weight| x |input| stay denser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from pruning.criteria.kinds import Allocation, allocations

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor, nn

    from pruning.criteria.budget import Budget
    from pruning.network.scene import Scene


@allocations.register
class Owl(Allocation):
    """The share kept of a layer is the network's, plus a deviation of at most ``lam`` that follows its outliers.

    ``|W_ij| * ||X_j||_2`` is an outlier where it exceeds ``m`` times the layer's mean. The layers' shares of outliers,
    less their mean over all units, are scaled until the farthest is ``lam`` away; what is then below 0 or above 1 is
    cut, and the network's share solved again. A group of several weights has the share of all of its weights. Weights
    whose input is not seen (of a projection inside fused attention) count by ``|W|``.
    """

    name = "owl"
    label = "OWL"
    summary = "Layers with more outliers among weight x input norm stay denser, in a band around the network's share."
    reference = "Yin et al. 2023, Outlier weighed layerwise sparsity (section 3)"
    rank = 70

    m: float = Field(5.0, gt=0, le=1000, description="An outlier exceeds so many times its layer's mean.")
    lam: float = Field(0.08, ge=0, le=1, description="Most that a layer's share differs from the network's (0..1).")
    samples: int = Field(128, ge=1, le=50_000, description="Training images that pass through.")

    def removed(self, budget: Budget) -> np.ndarray:
        import numpy as np

        from pruning.common.errors import Incompatible

        if budget.scene is None:
            raise Incompatible("OWL looks at what flows through a network; bare scores have none. Choose uniform, say.")
        shares = outliers(budget.scene, self.m, self.samples)
        away = shares - (shares * budget.sizes).sum() / budget.sizes.sum()
        if (farthest := np.abs(away).max()) > 0:
            away = away * (self.lam / farthest)
        return budget.fill(lambda t: np.clip((1 + 2 * self.lam) * t - self.lam + away[:, None], 0.0, 1.0))


def outliers(scene: Scene, m: float, count: int) -> np.ndarray:
    """Share of outliers among the weights of each group, ``(groups,)`` float64 in 0..1.

    Args:
        m: an outlier exceeds ``m`` times the mean of its weight's scores.
        count: training images, drawn by the scene's seed.
    """
    import numpy as np

    assert scene.layout is not None
    energy = input_energy(scene, count)
    found: dict[str, tuple[int, int]] = {}
    for name, weight in scene.weights.items():
        scores = weight.float().abs()
        if name in energy:
            scores = scores * energy[name].sqrt()
        found[name] = int((scores > m * scores.mean()).sum()), scores.numel()
    shares = []
    for group in scene.layout.groups.values():
        names = {member.parameter for member in group.members if member.scored and member.parameter in found}
        above, entries = np.sum([found[name] for name in names or [group.leads]], axis=0)
        shares.append(above / entries)
    return np.array(shares)


def input_energy(scene: Scene, count: int) -> dict[str, Tensor]:
    """Sum of the squares of all inputs that each weight is multiplied with, of a shape that spreads over the weight's.

    Over ``count`` training images in eval mode, all their positions or tokens; float32. Weights of modules that are
    not called by themselves are not among the results.

    Raises:
        BadTensor: what reaches a layer is not finite.
    """
    import torch
    from torch import nn

    from pruning.common.errors import BadTensor
    from pruning.network.activations import hooked, owners
    from pruning.network.inputs import parts
    from pruning.network.passes import measured_norms, mode

    images, _ = scene.sample(count)
    sums: dict[str, Tensor] = {}

    def gather(name: str) -> Any:
        def hook(module: nn.Module, args: tuple[Any, ...]) -> None:
            if not args or not isinstance(args[0], torch.Tensor):
                return
            squares = args[0].detach().float().square()
            if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Conv3d):
                total = _met(module, squares)
            elif squares.shape[-1] == scene.weights[name].shape[-1]:
                total = squares.reshape(-1, squares.shape[-1]).sum(0)
            else:  # attention's key or value of a width of its own, which is not its first input
                return
            sums[name] = sums[name] + total if name in sums else total

        return hook

    places = [(module, gather(name)) for name, module in owners(scene).items()]
    with mode(scene.model, False), measured_norms(scene.model), torch.no_grad(), hooked(places, before=True):
        for part in parts(scene.model, images):
            scene.progress(part.start, len(images), "activations")
            scene.model(images[part])
    for name, total in sums.items():
        if not torch.isfinite(total).all():
            raise BadTensor(f"What reaches '{name}' holds NaN or infinite values: these weights cannot be used.")
    return sums


def _met(module: nn.Conv1d | nn.Conv2d | nn.Conv3d, squares: Tensor) -> Tensor:
    """Sum of the squares that each weight of a convolution meets: a derivative, since the outputs are linear in it."""
    import torch

    with torch.enable_grad():
        weight = torch.zeros_like(module.weight, dtype=torch.float32, requires_grad=True)
        outputs = module._conv_forward(squares, weight, None)
        return torch.autograd.grad(outputs.sum(), weight)[0]
