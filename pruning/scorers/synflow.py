"""SynFlow: keep what carries flow from input to output, without data, in many rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from pruning.criteria import Scorer
from pruning.registry import scorers

if TYPE_CHECKING:
    from torch import Tensor, nn

    from pruning.passes import Scene


REFUSED = {
    "gelu": "GELU", "silu": "SiLU", "relu6": "ReLU6", "hardtanh": "ReLU6", "hardswish": "Hardswish",
    "hardsigmoid": "Hardsigmoid", "sigmoid": "sigmoid", "tanh": "tanh", "softmax": "softmax", "elu": "ELU",
    "layer_norm": "LayerNorm", "group_norm": "GroupNorm", "instance_norm": "InstanceNorm",
    "scaled_dot_product_attention": "attention", "multi_head_attention_forward": "attention", "mish": "Mish",
}  # fmt: skip
"""Functions under which the flow is not proportional to the weights, by torch's name, with the word for each."""


@scorers.register
class SynFlow(Scorer):
    name = "synflow"
    label = "SynFlow"
    summary = "The round in which a weight falls when flow is kept, round after round, without any data."
    formula = r"R = \mathbf{1}^\top f_{|\theta|}(\mathbf{1}), \quad s_i = | w_i \, \partial R / \partial w_i |"
    reference = "Tanaka et al. 2020, Pruning neural networks without any data by iteratively conserving synaptic flow"
    idea = (
        "A weight matters by the flow through all paths that cross it; scored again in every round, so that no layer "
        "empties before the rest. For units of many weights their places in this order are reduced."
    )
    cost = "One backward pass of a single image of ones in each round, in double precision."
    fails = (
        "Refused where flow is not proportional to weights (ReLU6, GELU, LayerNorm, attention). Biases and BatchNorm "
        "shifts are left out. It never sees data, so on a trained network it is no match for criteria that do."
    )
    family = "data-free"
    rank = 50

    rounds: int = Field(100, ge=1, le=1000, description="Rounds, in which the density falls from 1 to 0.001.")

    def score(self, scene: Scene) -> dict[str, Tensor]:
        import torch

        flow = _Flow(scene)
        sizes = [weight.numel() for weight in scene.weights.values()]
        total = sum(sizes)
        place = torch.zeros(total, dtype=torch.float64)
        left = torch.ones(total, dtype=torch.bool)
        gone = 0
        for number in range(1, self.rounds + 1):
            scene.progress(number - 1, self.rounds, "SynFlow's rounds")
            scores = flow.scores(left).masked_fill(~left, -1.0)
            last = number == self.rounds
            target = total if last else total - round(total * 0.001 ** (number / self.rounds))
            order = scores.argsort(stable=True)[gone:target]
            place[order] = torch.arange(gone, gone + len(order), dtype=torch.float64)
            left[order] = False
            gone = target
        parts = place.float().split(sizes)
        return {
            name: part.view(weight.shape).to(weight.device)
            for (name, weight), part in zip(scene.weights.items(), parts, strict=True)
        }


class _Flow:
    """A copy of the network with absolute values, without shifts, in double precision."""

    def __init__(self, scene: Scene) -> None:
        import copy

        import torch
        from torch import nn

        from pruning import registry
        from pruning.state import prunable

        self.model = copy.deepcopy(scene.model).cpu().double().eval()
        self.names, self.base = list(scene.weights), scene.base
        shape = registry.models[scene.base.model].input_shape
        self.ones = torch.ones(1, *shape, dtype=torch.float64)
        _check(self.model, self.ones, scene.base.model)
        for module in self.model.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.running_mean is not None:
                module.running_mean.zero_()
        with torch.no_grad():
            for name, parameter in self.model.named_parameters():
                parameter.requires_grad_(False)
                parameter.zero_() if name.endswith("bias") else parameter.abs_()
        found = prunable(self.model)
        self.weights = [found[name] for name in self.names]
        self.start = [weight.detach().clone() for weight in self.weights]
        for weight in self.weights:
            weight.requires_grad_(True)

    def scores(self, left: Tensor) -> Tensor:
        """|w dR/dw| of all weights in one line, with the masks on."""
        import torch

        from pruning.errors import BadTensor

        parts = left.split([weight.numel() for weight in self.weights])
        with torch.no_grad():
            for weight, first, mask in zip(self.weights, self.start, parts, strict=True):
                weight.copy_(first * mask.view(weight.shape))
        with torch.enable_grad():
            flow = self.model(self.ones).sum()
            grads = torch.autograd.grad(flow, self.weights, allow_unused=True)
        lines = [
            torch.zeros(w.numel(), dtype=torch.float64) if g is None else (w.detach() * g).abs().flatten()
            for w, g in zip(self.weights, grads, strict=True)
        ]
        line = torch.cat(lines)
        if not torch.isfinite(line).all() or (left.any() and float(line.max()) <= 0):
            raise BadTensor(f"SynFlow's flow through {self.base.model} is zero or too large for a number: no scores.")
        return line


def _check(model: nn.Module, ones: Tensor, name: str) -> None:
    """Refuse a network that holds what SynFlow does not assume."""
    import torch
    from torch.overrides import TorchFunctionMode

    from pruning.errors import Incompatible

    met: dict[str, None] = {}

    class Listen(TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            word = REFUSED.get(getattr(func, "__name__", "").rstrip("_"))
            if word is not None:
                met[word] = None
            return func(*args, **(kwargs or {}))

    with torch.no_grad(), Listen():
        model(ones)
    if met:
        raise Incompatible(
            f"SynFlow assumes flow in proportion to the weights, and {name} has {', '.join(met)}: choose SNIP or "
            "magnitude."
        )
