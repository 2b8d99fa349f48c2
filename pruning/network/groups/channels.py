"""Channel groups: which filters, biases, norm entries and input slices go together.

torch-pruning's dependency graph says which indices of which layers belong together. It follows autograd's nodes and
takes what it does not know for element-wise, so its word is checked twice: channels that reach a norm which mixes them,
attention, or the network's output are left alone with that reason; and what remains is proved by a run, in which the
filters of masked channels are filled with random numbers and the output must not change.
"""

from __future__ import annotations

import threading
import warnings
from typing import Any

import torch
from torch import nn

from pruning.common.errors import Missing
from pruning.network.groups.coupling import Coupling, coupled
from pruning.network.groups.follow import follow, reach
from pruning.network.groups.heads import heads
from pruning.network.groups.proof import proved
from pruning.network.groups.trial import Trial, remembered
from pruning.network.units import Layout

_TRACING = threading.Lock()
"""torch-pruning keeps the dimension it prunes in objects that all its graphs share."""

LOST = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What torch-pruning raises where it does not follow a network (a channel shuffle: ZeroDivisionError)."""

UNFOLLOWED = "its channels could not be followed: torch-pruning does not know an operation that they pass"
UNTRACED = "the network could not be traced: torch-pruning does not follow its operations"
UNPROVED = "a test run showed that its channels cannot be removed alone: something else reads or reorders them"
INSIDE = "it is part of an attention layer, which is pruned by heads"
OUTPUT = "its outputs are the network's outputs"
ATTENTION = "its outputs enter attention, which is pruned by heads"
PRODUCT = "its outputs enter a product of matrices, which mixes channels"
UNCALLED = "the network never calls it as a layer of its own"


def channel_layout(model: nn.Module, order: tuple[str, ...], input_shape: tuple[int, ...]) -> Layout:
    """Groups of coupled output channels, in forward order, each under the name of its first producing weight.

    Args:
        order: names of the prunable weights in forward order.
        input_shape: of one image, ``(channels, height, width)``.

    Returns:
        One unit per channel, or per set of channels that only go together: a grouped convolution stays one only if
        each of its groups loses the same places. Only filters are scored. ``skipped`` names every weight whose own
        output channels are no units.

    Raises:
        Missing: torch-pruning is not installed.
    """
    return remembered("channel", model, order, input_shape, lambda: _traced(model, order, input_shape))


def _traced(model: nn.Module, order: tuple[str, ...], input_shape: tuple[int, ...]) -> Layout:
    trial = Trial.of(model, input_shape)
    skipped: dict[str, str] = {}
    try:
        with _TRACING, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = _couplings(trial, order, skipped)
    except LOST:
        return Layout({}, dict.fromkeys(order, UNTRACED))
    sound = proved(trial, found)
    for coupling in found:
        if coupling not in sound:
            skipped.update(dict.fromkeys(coupling.producers, UNPROVED))
    groups = {coupling.group.leads: coupling.group for coupling in sound}
    unit = {name for coupling in sound for name in coupling.producers}
    return Layout(groups, {name: skipped.get(name, UNTRACED) for name in order if name not in unit})


def _couplings(trial: Trial, order: tuple[str, ...], skipped: dict[str, str]) -> list[Coupling]:
    """What the graph says, less what is barred; reasons are added to ``skipped``."""
    try:
        import torch_pruning
    except ImportError:
        advice = "install it with 'pip install torch-pruning==1.6.1'"
        raise Missing(f"Channel groups are traced by torch-pruning, which is not here: {advice}.") from None
    with torch.inference_mode(False), torch.enable_grad():
        graph = torch_pruning.DependencyGraph().build_dependency(
            trial.model, trial.images, forward_fn=lambda m, x: m(x), verbose=False
        )
    modules = {name: trial.model.get_submodule(name.rpartition(".")[0]) for name in order}
    weights = {m: name for name, m in modules.items() if not isinstance(m, nn.MultiheadAttention)}
    names = {module: name for name, module in trial.model.named_modules()}
    covered: dict[str, set[int]] = {name: set() for name in order}
    found = []
    for name, module in modules.items():
        if name in skipped:
            continue
        if module not in graph.module2node or module not in weights:
            inside = any(map(heads, _above(trial.model, name)))
            skipped[name] = INSIDE if inside else UNTRACED if module in graph.module2node else UNCALLED
            continue
        left = [i for i in range(trial.model.get_parameter(name).shape[0]) if i not in covered[name]]
        if not left:
            continue
        start = (graph.module2node[module], graph.get_pruner_of_module(module).prune_out_channels)
        reached = reach(start)
        made = _barred(graph, reached, names) or _followed(trial, graph, start, left, name, weights)
        if isinstance(made, Coupling):
            for producer, indices in made.producers.items():
                covered[producer] |= indices
            found.append(made)
            continue
        for node, handler in reached:
            if node.module in weights and graph.is_out_channel_pruning_fn(handler):
                skipped.setdefault(weights[node.module], made)
    return found


def _followed(trial: Trial, graph: Any, start: Any, left: list[int], *about: Any) -> Coupling | str:
    """The units of a layer's channels; what cannot be followed costs this layer its units, and no other."""
    try:
        return coupled(trial, graph, follow(start, left), *about)
    except LOST:
        return UNFOLLOWED


def _above(model: nn.Module, name: str) -> list[nn.Module]:
    """The modules that hold a parameter, but for the network itself."""
    parts = name.split(".")[:-1]
    return [model.get_submodule(".".join(parts[:end])) for end in range(1, len(parts) + 1)]


def _barred(graph: Any, reached: list[tuple[Any, Any]], names: dict[nn.Module, str]) -> str | None:
    """Why channels that reach all this must be left alone, if so."""
    said = [_bar(node, names.get(node.module, "")) for node, how in reached if graph.is_out_channel_pruning_fn(how)]
    # An output stays whatever else joins it. A residual stream reaches norms and attention alike: the norm is why.
    reasons = sorted((r for r in said if r is not None), key=lambda r: (r != OUTPUT, r == ATTENTION))
    if reasons and reasons[0] == ATTENTION and not any(map(heads, names)):
        return PRODUCT
    return reasons[0] if reasons else None


def _bar(node: Any, name: str) -> str | None:
    """Why channels that pass this node cannot be removed."""
    module, operation = node.module, node.grad_fn.name() if node.grad_fn is not None else ""
    if isinstance(module, nn.LayerNorm | nn.GroupNorm) or "LayerNorm" in operation or "GroupNorm" in operation:
        kind = "GroupNorm" if isinstance(module, nn.GroupNorm) or "GroupNorm" in operation else "LayerNorm"
        return f"{kind} mixes its channels with one another{f' ({name})' if name else ''}"
    if isinstance(module, nn.MultiheadAttention) or "ScaledDotProduct" in operation or "Bmm" in operation:
        return ATTENTION
    return None if node.outputs else OUTPUT
