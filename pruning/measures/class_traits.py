"""What each class is like to a network: how steep and how curved its loss is, and how wide its margin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from pruning.common.progress import Desk
from pruning.measures.kinds import OnImages, measures

if TYPE_CHECKING:
    from torch import Tensor

    from pruning.state import State

ROUNDS = 12
"""Of power iteration, which begins at a vector drawn with a fixed seed."""


@measures.register
class ClassTraits(OnImages):
    """Traits of each class, which Tran et al. (2022) hold to decide who pays for pruning.

    Result: ``labels``, the classes; lists of as many: ``images`` looked at, the first of the class in the split;
    ``gradient``, the norm of the gradient of their mean loss by all prunable weights; ``curvature``, the eigenvalue of
    largest size of its Hessian, by power iteration; ``margin``, the mean chance of the right class minus the highest
    other (-1..1).
    """

    name = "class_traits"
    label = "Traits of classes"
    summary = "Gradient norm, largest curvature and margin, class by class."
    reference = "Tran et al. 2022, Pruning has a disparate impact on model accuracy"

    each: int = Field(50, ge=5, le=1000, description="Images of each class.")

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        import torch

        from pruning.zoo.match import split_of

        state.base.task.need_classes(state.base.model)
        split = split_of(state.base, self.split)
        labels = split.labels[: self.count]
        known = torch.unique(labels).tolist()
        result: dict[str, Any] = {"labels": known, "images": [], "gradient": [], "curvature": [], "margin": []}
        for number, label in enumerate(known):
            desk.progress(number, len(known), "classes")
            chosen = (labels == label).nonzero().squeeze(1)[: self.each]
            found = _traits(state, *split.take(chosen))
            for name, value in zip(("gradient", "curvature", "margin"), found, strict=True):
                result[name].append(value)
            result["images"].append(len(chosen))
        return result


def _traits(state: State, inputs: Tensor, labels: Tensor) -> tuple[float, float, float]:
    """Gradient norm, curvature and margin of some examples."""
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel

    from pruning.network.passes import differentiable, like
    from pruning.network.weights import prunable

    weights, task = list(prunable(state.model).values()), state.base.task
    generator = torch.Generator().manual_seed(0)
    with differentiable(state.model, weights), sdpa_kernel(SDPBackend.MATH):
        inputs = like(state.model, inputs)
        labels = labels.to(inputs.device)
        outputs = task.forward(state.model, inputs)
        slopes = torch.autograd.grad(task.loss(outputs, labels), weights, create_graph=True, materialize_grads=True)
        norm = float(_norm(slopes))
        way = [torch.randn(weight.shape, generator=generator).to(weight) for weight in weights]
        size = 0.0
        for _ in range(ROUNDS):
            length = _norm(way)
            way = [part / length for part in way]
            turned = torch.autograd.grad(slopes, weights, way, retain_graph=True, materialize_grads=True)
            size = float(sum((a * b).sum() for a, b in zip(way, turned, strict=True)))
            if float(_norm(turned)) == 0.0:
                break
            way = [part.detach() for part in turned]
    chances = outputs.detach().softmax(1)
    own = chances.gather(1, labels[:, None])[:, 0]
    other = chances.scatter(1, labels[:, None], -1.0).max(1).values
    return norm, size, float((own - other).mean())


def _norm(parts: Any) -> Tensor:
    import torch

    return torch.sqrt(sum(part.detach().square().sum() for part in parts))
