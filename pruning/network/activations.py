"""What flows through a network: statistics of each layer's outputs, gathered by hooks that leave no trace."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from pruning.common.errors import BadTensor
from pruning.network.inputs import drawn, parts
from pruning.network.passes import like, measured_norms, mode
from pruning.network.weights import prunable

if TYPE_CHECKING:
    from pruning.network.scene import Scene

NORMS = (nn.modules.batchnorm._BatchNorm, nn.GroupNorm, nn.LayerNorm)


def owners(scene: Scene) -> dict[str, nn.Module]:
    """The module that holds each prunable weight, by the weight's name."""
    return {name: scene.model.get_submodule(name.rpartition(".")[0]) for name in scene.weights}


@contextmanager
def hooked(pairs: Sequence[tuple[nn.Module, Callable[..., Any]]], before: bool = False) -> Generator[None]:
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
    norms = _norm_behind(scene, list(owners(scene).values()))
    return {name: norms[module] for name, module in owners(scene).items() if module in norms}


def _norm_behind(scene: Scene, layers: list[nn.Module]) -> dict[nn.Module, nn.Module]:
    """For each layer that has one, the first norm that reads its output as it is."""
    made: dict[int, tuple[nn.Module, Tensor, int]] = {}
    found: dict[nn.Module, nn.Module] = {}

    def note(module: nn.Module, args: Any, out: Any) -> None:
        if isinstance(out, Tensor):  # kept alive, so that its id is not given to another tensor
            made[id(out)] = (module, out, out._version)

    def meet(norm: nn.Module, args: tuple[Any, ...]) -> None:
        entry = made.get(id(args[0])) if args else None
        # Of another version is what was changed in place since: the sum with a shortcut, say.
        if entry is not None and entry[1] is args[0] and entry[2] == args[0]._version:
            found.setdefault(entry[0], norm)

    shape = scene.base.input_shape
    behind = [(module, meet) for module in norms_of(scene.model)]
    before = [(module, note) for module in dict.fromkeys(layers)]
    with mode(scene.model, False), torch.no_grad(), hooked(before), hooked(behind, before=True):
        scene.model(like(scene.model, drawn(scene.model, shape, 2)))
    return found


def norms_of(model: nn.Module) -> list[nn.Module]:
    """All norms of a network."""
    return [module for module in model.modules() if isinstance(module, NORMS)]


def channel_means(
    scene: Scene, count: int, statistic: Callable[[Tensor], Tensor], *, maps: bool = False
) -> dict[str, Tensor]:
    """A statistic of every output channel, averaged over ``count`` training images, per weight ``(O, 1, …)``, float32.

    What leaves a channel is taken behind the norm that directly follows, and before the activation: it is above zero
    exactly where ReLU, ReLU6, GELU, SiLU or Hardswish of it is. A layer that is called several times, or whose weight
    several modules share, is averaged over all calls. Eval mode, but BatchNorm that was never measured uses the batch.

    Args:
        statistic: from values ``(rows, O, positions)`` to ``(O,)`` sums over the rows of means over positions; with
            ``maps`` from ``(rows, O, height, width)``. Rows are images, or parts of images (Swin's windows).

    Returns:
        Only weights that the layout needs. Layers that are never called by themselves, or with ``maps`` have none, are
        not among the results.

    Raises:
        BadTensor: an activation is NaN or infinite.
    """
    images, _ = scene.sample(count)
    layers = _layers(scene)
    norms = _norm_behind(scene, list(layers))
    sums: dict[str, Tensor] = {}
    rows: dict[str, int] = {}
    waiting: dict[nn.Module, Tensor] = {}

    def gather(module: nn.Module, out: Any) -> None:
        values, name = _channels_second(module, out, maps), layers[module]
        if values is None:
            return
        if not torch.isfinite(values.sum()):
            raise BadTensor(f"What leaves '{name}' holds NaN or infinite values: these weights cannot be used.")
        found = statistic(values)
        sums[name] = sums[name] + found if name in sums else found
        rows[name] = rows.get(name, 0) + len(values)

    def layer(module: nn.Module, args: Any, out: Any) -> None:
        if module in norms:
            waiting[module] = out
        else:
            gather(module, out)

    def norm(_: nn.Module, args: tuple[Any, ...], out: Any) -> None:
        for module in [module for module, made in waiting.items() if args and args[0] is made]:
            del waiting[module]
            gather(module, out)

    places = [(module, layer) for module in layers]
    behind = [(module, norm) for module in norms_of(scene.model)]
    with mode(scene.model, False), measured_norms(scene.model), torch.no_grad(), hooked(places), hooked(behind):
        for part in parts(scene.model, images):
            scene.progress(part.start, len(images), "activations")
            scene.model(images[part])
    return {
        name: (sums[name] / rows[name]).view(-1, *(1,) * (weight.ndim - 1))
        for name, weight in scene.weights.items()
        if name in sums
    }


def _layers(scene: Scene) -> dict[nn.Module, str]:
    """Every module that multiplies with a weight whose score is needed, with the weight's name; tied ones share it."""
    weights, modules = prunable(scene.model), list(scene.model.modules())
    kinds = (nn.Linear, nn.modules.conv._ConvNd)
    return {
        module: name
        for name in scene.scored
        for module in modules
        if isinstance(module, kinds) and module.weight is weights[name]
    }


def _channels_second(module: nn.Module, out: Any, maps: bool) -> Tensor | None:
    """What left a layer as ``(rows, O, positions)``, with ``maps`` ``(rows, O, height, width)``; None where there is no
    such thing. A dense layer's channels are last, and what lies between is positions (tokens)."""
    if not isinstance(out, Tensor):
        return None
    values = out.float()
    if isinstance(module, nn.Linear):
        return None if maps else values.reshape(len(values), -1, values.shape[-1]).transpose(1, 2)
    if maps:
        return values if values.ndim == 4 else None
    return values.flatten(2)
