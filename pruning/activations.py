"""What flows through a network: statistics of each layer's outputs, gathered by hooks that leave no trace."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from pruning import registry
from pruning.passes import like, measured_norms, mode, parts

if TYPE_CHECKING:
    from pruning.passes import Scene

NORMS = (nn.modules.batchnorm._BatchNorm, nn.GroupNorm, nn.LayerNorm)


def owners(scene: Scene) -> dict[str, nn.Module]:
    """The module that holds each prunable weight, by the weight's name."""
    return {name: scene.model.get_submodule(name.rpartition(".")[0]) for name in scene.weights}


@contextmanager
def hooked(pairs: list[tuple[nn.Module, Callable[..., Any]]], before: bool = False) -> Generator[None]:
    """Forward hooks (or pre-hooks) for a while."""
    handles = [
        module.register_forward_pre_hook(hook) if before else module.register_forward_hook(hook)
        for module, hook in pairs
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def following_norms(scene: Scene) -> dict[str, nn.Module]:
    """The norm that directly follows each layer, where one does: its input *is* the layer's output tensor."""
    made: dict[int, tuple[str, Tensor, int]] = {}
    found: dict[str, nn.Module] = {}

    def note(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, args: Any, out: Any) -> None:
            if isinstance(out, Tensor):  # kept alive, so that its id is not given to another tensor
                made[id(out)] = (name, out, out._version)

        return hook

    def meet(norm: nn.Module, args: tuple[Any, ...]) -> None:
        entry = made.get(id(args[0])) if args else None
        # Of another version is what was changed in place since: the sum with a shortcut, say.
        if entry is not None and entry[1] is args[0] and entry[2] == args[0]._version:
            found.setdefault(entry[0], norm)

    shape = registry.models[scene.base.model].input_shape
    layers = [(module, note(name)) for name, module in owners(scene).items()]
    norms: list[tuple[nn.Module, Callable[..., Any]]] = [
        (module, meet) for module in scene.model.modules() if isinstance(module, NORMS)
    ]
    with mode(scene.model, False), torch.no_grad(), hooked(layers), hooked(norms, before=True):
        scene.model(like(scene.model, torch.zeros(2, *shape)))
    return found


def channel_means(
    scene: Scene, count: int, statistic: Callable[[Tensor], Tensor], *, maps: bool = False
) -> dict[str, Tensor]:
    """A statistic of every output channel, averaged over ``count`` training images, per weight ``(O, 1, …)``.

    What leaves a channel is taken behind the norm that directly follows, and before the activation: it is above zero
    exactly where ReLU, ReLU6, GELU, SiLU or Hardswish of it is.

    Args:
        statistic: from values ``(images, O, positions)`` to ``(O,)`` sums over the images of means over positions; with
            ``maps`` from ``(images, O, height, width)``.

    Returns:
        Layers that are never called by themselves, or with ``maps`` have none, are not among the results.
    """
    images, _ = scene.sample(count)
    norms, holders = following_norms(scene), owners(scene)
    sums: dict[str, Tensor] = {}

    def gather(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, args: Any, out: Any) -> None:
            if not isinstance(out, Tensor):
                return
            values = out.float()
            if isinstance(holders[name], nn.Linear):
                if maps:
                    return
                values = values.reshape(len(values), -1, values.shape[-1]).transpose(1, 2)
            elif not maps:
                values = values.flatten(2)
            elif values.ndim != 4:
                return
            sums[name] = sums[name] + statistic(values) if name in sums else statistic(values)

        return hook

    places = [(norms.get(name, module), gather(name)) for name, module in holders.items()]
    with mode(scene.model, False), measured_norms(scene.model), torch.no_grad(), hooked(places):
        for part in parts(len(images)):
            scene.progress(part.start, len(images), "activations")
            scene.model(images[part])
    weights = scene.weights
    return {name: (total / len(images)).view(-1, *(1,) * (weights[name].ndim - 1)) for name, total in sums.items()}
