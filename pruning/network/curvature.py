"""Second-order looks at the loss: squared gradients per image, and products with the Hessian."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from pruning.common.errors import Incompatible
from pruning.common.limits import SAMPLE_NUMBERS
from pruning.network.inputs import BATCH, parts
from pruning.network.passes import differentiable, measured_norms, mode, unmeasured_norms
from pruning.network.weights import prunable
from pruning.tasks.kinds import Task

if TYPE_CHECKING:
    from pruning.network.scene import Scene


def squared_gradients(scene: Scene, count: int) -> dict[str, Tensor]:
    """Mean over ``count`` training images of each image's own squared gradient, per prunable weight, float32.

    The diagonal of the empirical Fisher: neither the square of the mean gradient nor of those of mini-batches. Chunks
    of images go through at once, as many as have gradients that fit ``limits.SAMPLE_NUMBERS``; a network that cannot
    be mapped over goes image by image. Where BatchNorm statistics were never measured those of all the images stand
    in, as constants: an image alone has none.

    Raises:
        Incompatible: a norm takes its statistics from the batch, so that no image has a gradient of its own.
    """
    for name, module in scene.model.named_modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.running_mean is None:
            raise Incompatible(
                f"Gradients of single images need fixed norms, and '{name}' normalises over each batch: choose a "
                "criterion that takes the mean gradient."
            )
    images, labels = scene.sample(count)
    task = scene.base.task
    found = prunable(scene.model)
    weights = {name: found[name] for name in scene.weights}
    sums = {name: torch.zeros_like(weight, dtype=torch.float32) for name, weight in weights.items()}
    chunk = max(1, min(BATCH, SAMPLE_NUMBERS // max(1, sum(weight.numel() for weight in weights.values()))))
    square: Callable[..., dict[str, Tensor]] = _at_once if chunk > 1 else _one_by_one
    with (
        _settled_norms(scene.model, images),
        differentiable(scene.model, list(weights.values())),
        sdpa_kernel(SDPBackend.MATH),  # fused attention is mapped over one image at a time
    ):
        for start in range(0, len(labels), chunk):
            scene.progress(start, len(labels), "gradients image by image")
            batch = images[start : start + chunk], labels[start : start + chunk]
            try:
                squares = square(task, scene.model, weights, *batch)
            except RuntimeError:  # an operation that cannot be mapped over, or too little memory for it
                if square is _one_by_one:
                    raise
                square = _one_by_one
                squares = square(task, scene.model, weights, *batch)
            for name, value in squares.items():
                sums[name].add_(value)
    return {name: total / len(labels) for name, total in sums.items()}


def _at_once(
    task: Task, model: nn.Module, weights: dict[str, nn.Parameter], images: Tensor, labels: Tensor
) -> dict[str, Tensor]:
    """Sums of the images' squared gradients, all of them in memory at the same time."""

    def loss(chosen: dict[str, Tensor], image: Tensor, label: Tensor) -> Tensor:
        outputs = torch.func.functional_call(model, chosen, (image.unsqueeze(0),))
        return task.loss(outputs, label.unsqueeze(0))

    chosen = {name: weight.detach() for name, weight in weights.items()}
    with torch.no_grad():  # else the gradients' own graph is kept, for the sake of the biases
        each = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0))(chosen, images, labels)
    return {name: gradient.float().square().sum(0) for name, gradient in each.items()}


def _one_by_one(
    task: Task, model: nn.Module, weights: dict[str, nn.Parameter], images: Tensor, labels: Tensor
) -> dict[str, Tensor]:
    """The same with one image after the other."""
    sums = {name: torch.zeros_like(weight, dtype=torch.float32) for name, weight in weights.items()}
    for image, label in zip(images.split(1), labels.split(1), strict=True):
        gradients = torch.autograd.grad(
            task.loss(task.forward(model, image), label), list(weights.values()), allow_unused=True
        )
        for total, gradient in zip(sums.values(), gradients, strict=True):
            if gradient is not None:
                total.add_(gradient.float().square())
    return sums


@contextmanager
def _settled_norms(model: nn.Module, images: Tensor) -> Generator[None]:
    """BatchNorm layers whose statistics were never measured take those of the images, as constants, for a while."""
    fresh = unmeasured_norms(model)
    if not fresh:
        yield
        return
    seen: dict[nn.Module, list[tuple[int, Tensor, Tensor]]] = {norm: [] for norm in fresh}

    def note(norm: nn.Module, args: tuple[Any, ...]) -> None:
        values = args[0].double().transpose(0, 1).flatten(1)
        seen[norm].append((values.shape[1], values.mean(1), values.square().mean(1)))

    handles = [norm.register_forward_pre_hook(note) for norm in fresh]
    try:
        with mode(model, False), measured_norms(model), torch.no_grad():
            for part in parts(model, images):
                model(images[part])
    finally:
        for handle in handles:
            handle.remove()
    held = [(norm.running_mean, norm.running_var) for norm in fresh]
    try:
        for norm, (old, _) in zip(fresh, held, strict=True):
            if seen[norm] and old is not None:
                total = sum(count for count, _, _ in seen[norm])
                mean = torch.stack([values * (count / total) for count, values, _ in seen[norm]]).sum(0)
                square = torch.stack([values * (count / total) for count, _, values in seen[norm]]).sum(0)
                norm.running_mean, norm.running_var = mean.to(old), (square - mean.square()).clamp(min=0).to(old)
        yield
    finally:
        for norm, (old_mean, old_var) in zip(fresh, held, strict=True):
            norm.running_mean, norm.running_var = old_mean, old_var


def hessian_product(
    scene: Scene, count: int, vectors: dict[str, Tensor], temperature: float = 1.0
) -> dict[str, Tensor]:
    """H v of the mean loss over ``count`` training images, per prunable weight, by differentiating twice.

    Pearlmutter 1994, Fast Exact Multiplication by the Hessian. The logits are divided by ``temperature`` first.
    """
    # In a shorter format small vectors would vanish: there they are given at a size near one, and taken back after.
    short = any(weight.element_size() < 4 for weight in scene.weights.values())
    size = max((float(vector.abs().max()) for vector in vectors.values() if vector.numel()), default=0.0)
    factor = 2.0 ** -math.frexp(size)[1] if short and math.isfinite(size) else 1.0

    def visit(loss: Tensor, weights: list[nn.Parameter]) -> list[Tensor | None]:
        return next(_products(loss, weights, [[vectors[name] * factor for name in scene.weights]]))

    with sdpa_kernel(SDPBackend.MATH):  # fused attention has no second derivative
        found = scene.summed(count, visit, temperature, "curvature")
    return {name: product / factor for name, product in found.items()} if factor != 1.0 else found


def hessian_diagonal(scene: Scene, count: int, probes: int) -> dict[str, Tensor]:
    """The diagonal of the mean loss's Hessian, by Hutchinson's estimate: the mean of z * (H z) over random signs z.

    Every batch of images draws ``probes`` signs of its own, from the scene's seed. Bekas, Kokiopoulou & Saad 2007, An
    estimator for the diagonal of a matrix.
    """
    generator = scene.generator()

    def visit(loss: Tensor, weights: list[nn.Parameter]) -> list[Tensor | None]:
        # Drawn on the CPU, so that every device sees the same signs.
        draws = [
            [(2.0 * torch.randint(0, 2, w.shape, generator=generator) - 1).to(w.device, w.dtype) for w in weights]
            for _ in range(probes)
        ]
        sums: list[Tensor | None] = [None] * len(weights)
        for signs, products in zip(draws, _products(loss, weights, draws), strict=True):
            for place, (sign, product) in enumerate(zip(signs, products, strict=True)):
                if product is not None:
                    wide = torch.promote_types(product.dtype, torch.float32)
                    old, new = sums[place], sign * product.to(wide) / probes
                    sums[place] = new if old is None else old + new
        return sums

    with sdpa_kernel(SDPBackend.MATH):
        return scene.summed(count, visit, note="curvature")


def _products(loss: Tensor, weights: list[nn.Parameter], vectors: list[list[Tensor]]) -> Generator[list[Tensor | None]]:
    """The Hessian of a loss times each of the vectors; None where it does not depend on a weight.

    The gradient's graph is built once for all vectors.
    """
    gradients = torch.autograd.grad(loss, weights, create_graph=True, allow_unused=True)
    used = [place for place, gradient in enumerate(gradients) if gradient is not None and gradient.requires_grad]
    for number, vector in enumerate(vectors):
        found: tuple[Tensor | None, ...] = (None,) * len(weights)
        if used:  # else the loss is linear in all weights
            outputs = [gradients[place] for place in used]
            ways = [vector[place].to(weights[place]) for place in used]
            more = number + 1 < len(vectors)
            found = torch.autograd.grad(outputs, weights, ways, retain_graph=more, allow_unused=True)
        yield list(found)
