"""Second-order looks at the loss: squared gradients per image, and products with the Hessian."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pruning.limits import SAMPLE_NUMBERS
from pruning.passes import measured_norms, mode, parts
from pruning.state import prunable

if TYPE_CHECKING:
    from pruning.passes import Scene


@contextmanager
def wanted(scene: Scene) -> Generator[list[nn.Parameter]]:
    """The prunable weights, asking for gradients; flags are restored, the network is in eval mode meanwhile."""
    found = prunable(scene.model)
    weights = [found[name] for name in scene.weights]
    flags = [weight.requires_grad for weight in weights]
    try:
        for weight in weights:
            weight.requires_grad_(True)
        with mode(scene.model, False), measured_norms(scene.model), torch.enable_grad():
            yield weights
    finally:
        for weight, flag in zip(weights, flags, strict=True):
            weight.requires_grad_(flag)


def squared_gradients(scene: Scene, count: int) -> dict[str, Tensor]:
    """Mean over ``count`` training images of each image's own squared gradient, per prunable weight, float32.

    The empirical Fisher's diagonal: neither the square of the mean gradient nor of mini-batches. Images go through in
    chunks whose gradients fit ``limits.SAMPLE_NUMBERS``; a network that cannot be mapped over goes image by image.
    Where BatchNorm statistics were never measured, an image alone has none to be normalised by: chunks then give them.
    """
    images, labels = scene.sample(count)
    names = list(scene.weights)
    with wanted(scene) as weights:
        sums = [torch.zeros_like(weight, dtype=torch.float32) for weight in weights]
        chunk = max(1, min(64, SAMPLE_NUMBERS // max(1, sum(weight.numel() for weight in weights))))
        single = chunk == 1 or not _maps(scene.model)
        for start in range(0, len(labels), 1 if single else chunk):
            scene.progress(start, len(labels), "gradients image by image")
            x, y = images[start : start + chunk], labels[start : start + chunk]
            if single:
                loss = F.cross_entropy(scene.model(images[start : start + 1]), labels[start : start + 1])
                grads = torch.autograd.grad(loss, weights, allow_unused=True)
                squares = [None if grad is None else grad.float().square() for grad in grads]
            else:
                squares = _mapped(scene.model, names, weights, x, y)
            for total, square in zip(sums, squares, strict=True):
                if square is not None:
                    total.add_(square)
    return {name: total / len(labels) for name, total in zip(names, sums, strict=True)}


def _maps(model: nn.Module) -> bool:
    """Whether each image passes by itself, whatever stands beside it in the batch."""
    norms = [m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    return all(norm.running_mean is not None for norm in norms)


def _mapped(
    model: nn.Module, names: list[str], weights: list[nn.Parameter], images: Tensor, labels: Tensor
) -> list[Tensor | None]:
    """Sums of squares over one chunk, all images at once."""
    from torch.func import functional_call, grad, vmap

    def loss(chosen: dict[str, Tensor], image: Tensor, label: Tensor) -> Tensor:
        return F.cross_entropy(functional_call(model, chosen, (image.unsqueeze(0),)), label.unsqueeze(0))

    chosen = {name: weight.detach() for name, weight in zip(names, weights, strict=True)}
    each = vmap(grad(loss), in_dims=(None, 0, 0))(chosen, images, labels)
    return [each[name].float().square().sum(0) for name in names]


def hessian_product(
    scene: Scene, count: int, vectors: dict[str, Tensor] | None = None, temperature: float = 1.0
) -> dict[str, Tensor]:
    """H v of the mean loss over ``count`` training images, per prunable weight; without ``vectors``: H g.

    By differentiating the gradient twice (Pearlmutter 1994), batch by batch; g is the gradient over all of them. The
    logits are divided by ``temperature`` first, for both.
    """
    images, labels = scene.sample(count)
    names = list(scene.weights)
    given = vectors if vectors is not None else scene.gradients(count, temperature)
    with wanted(scene) as weights:
        sums = [torch.zeros_like(weight, dtype=torch.float32) for weight in weights]
        directions = [given[name].to(weight.dtype) for name, weight in zip(names, weights, strict=True)]
        for part in parts(len(labels)):
            scene.progress(part.start, len(labels), "curvature")
            share = len(labels[part]) / len(labels)
            found = _product(scene.model, weights, directions, images[part], labels[part], temperature)
            for total, product in zip(sums, found, strict=True):
                total.add_(product.float(), alpha=share)
    return dict(zip(names, sums, strict=True))


def _product(
    model: nn.Module,
    weights: list[nn.Parameter],
    directions: list[Tensor],
    images: Tensor,
    labels: Tensor,
    temperature: float,
) -> list[Tensor]:
    """The Hessian of one batch's mean loss times a direction."""
    from torch.nn.attention import SDPBackend, sdpa_kernel

    with sdpa_kernel(SDPBackend.MATH):  # fused attention has no second derivative
        loss = F.cross_entropy(model(images) / temperature, labels)
        grads = torch.autograd.grad(loss, weights, create_graph=True, allow_unused=True)
        pairs = [(grad * way).sum() for grad, way in zip(grads, directions, strict=True) if grad is not None]
        along = torch.stack(pairs).sum()
        if not along.requires_grad:  # a loss that is linear in all weights
            return [torch.zeros_like(weight) for weight in weights]
        found = torch.autograd.grad(along, weights, allow_unused=True)
    return [torch.zeros_like(w) if f is None else f for f, w in zip(found, weights, strict=True)]


def hessian_diagonal(scene: Scene, count: int, draws: int) -> dict[str, Tensor]:
    """The Hessian's diagonal by Hutchinson's estimate: the mean of z * (H z) over random signs z.

    Bekas et al. 2007, An estimator for the diagonal of a matrix.
    """
    generator = scene.generator()
    sums = {name: torch.zeros_like(weight, dtype=torch.float32) for name, weight in scene.weights.items()}
    for _ in range(draws):
        signs = {
            name: (2 * torch.randint(0, 2, weight.shape, generator=generator) - 1).to(weight.device, torch.float32)
            for name, weight in scene.weights.items()
        }
        for name, product in hessian_product(scene, count, signs).items():
            sums[name].add_(product * signs[name], alpha=1 / draws)
    return sums
