"""From channels followed through the dependency graph to a group of units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pruning.network.groups.follow import Place
from pruning.network.groups.trial import Trial
from pruning.network.units import Group, Member

GROUPED = "a grouped convolution ties its channels to those of other layers"
OTHER = "its outputs reach a layer whose channels this program does not remove"

CONVOLUTIONS = nn.modules.conv._ConvNd
STATISTICS = ("running_mean", "running_var")
NORMS = nn.modules.batchnorm._NormBase | nn.PReLU


@dataclass(frozen=True, eq=False)
class Coupling:
    """A group of units, and what a proof needs to know of it.

    Attributes:
        producers: for each prunable weight whose output channels are units: which of them.
        readers: the members that are slices of the next layers' inputs.
    """

    group: Group
    producers: dict[str, set[int]]
    readers: tuple[Member, ...]


def coupled(
    trial: Trial,
    graph: Any,
    followed: tuple[dict[Place, dict[int, int]], set[tuple[int, int]]],
    leads: str,
    weights: dict[nn.Module, str],
) -> Coupling | str:
    """The units of channels that were followed through the graph, or why there are none."""
    found, ties = followed
    roots = np.array(sorted({root for known in found.values() for root in known.values()}))
    labels = np.arange(roots[-1] + 1)
    items = []
    for (node, handler), known in found.items():
        module: Any = node.module
        if not isinstance(module, nn.Parameter) and module not in trial.modules:
            continue  # an operation without parameters
        makes = graph.is_out_channel_pruning_fn(handler)
        index, root = np.array(list(known)), np.array(list(known.values()))
        if isinstance(module, CONVOLUTIONS) and module.groups > 1 and not _depthwise(module):
            channels = module.out_channels if makes else module.in_channels
            if (columns := _tied(channels, module.groups, index, root)) is None:
                return GROUPED
            ties = ties | {(column[0], other) for column in columns for other in column[1:]}
        items.append((node, makes, index, root))
    for one, other in ties:
        labels[labels == labels[other]] = labels[one]
    kept, order = np.unique(labels[roots], return_inverse=True)
    # Units in the order of their first channels.
    first = np.full(len(kept), len(roots))
    np.minimum.at(first, order, np.arange(len(roots)))
    numbers = np.full(len(labels), -1)
    numbers[roots] = np.argsort(np.argsort(first))[order]
    members: dict[tuple[Any, ...], tuple[Member, bool]] = {}
    producers: dict[str, set[int]] = {}
    prunable = set(weights.values())
    for node, makes, index, root in items:
        parts = _parts(node, makes)
        if parts is None:
            return OTHER
        for parameter, dim, reads in parts:
            name = trial.names[id(parameter)]
            scored = name in prunable and not reads and parameter.ndim > 1 and dim == 0
            unit = _unit(parameter, dim, index, numbers[root], node.module if reads else None)
            if scored:
                producers.setdefault(name, set()).update(index.tolist())
            key = (name, tuple(unit.shape), tuple(unit.flatten().tolist()))
            members.setdefault(key, (Member(name, unit, scored), reads))
    bare = tuple(member for node, _, index, root in items for member in _bare(trial, node.module, index, numbers[root]))
    made = Group((len(kept),), tuple(member for member, _ in members.values()), leads, bare)
    return Coupling(made, producers, tuple(member for member, reads in members.values() if reads))


def _depthwise(module: Any) -> bool:
    """Whether each channel is convolved by itself, so that its group goes with it."""
    return module.groups == module.in_channels == module.out_channels


def _tied(channels: int, groups: int, index: np.ndarray, root: np.ndarray) -> list[np.ndarray] | None:
    """Sets of roots that hold the same place in each group of a grouped convolution; None where one is missing."""
    place = np.full(channels, -1)
    place[index] = root
    table = place.reshape(groups, -1)
    if ((table < 0).any(0) & (table >= 0).any(0)).any():
        return None
    return [column for column in table.T if column[0] >= 0]


def _parts(node: Any, makes: bool) -> list[tuple[nn.Parameter, int, bool]] | None:
    """Parameters of a node that vary with its channels: (parameter, dimension, whether it reads them)."""
    module: Any = node.module
    if isinstance(module, nn.Parameter):
        return [(module, node.pruning_dim % module.ndim, False)]
    if isinstance(module, CONVOLUTIONS | nn.Linear):
        out = 1 if getattr(module, "transposed", False) else 0
        if not makes:
            return [(module.weight, 1 - out, True)]
        return [(p, out if p.ndim > 1 else 0, False) for p in (module.weight, module.bias) if p is not None]
    if isinstance(module, NORMS):
        affine = (module.weight, getattr(module, "bias", None))
        return [(p, 0, False) for p in affine if p is not None and p.numel() > 1]
    return None


def _bare(trial: Trial, module: Any, index: np.ndarray, units: np.ndarray) -> list[Member]:
    """The statistics of a norm without scale and shift, which no parameter stands for."""
    if not isinstance(module, nn.modules.batchnorm._NormBase) or module.weight is not None:
        return []
    name = next(name for name, other in trial.model.named_modules() if other is module)
    return [
        Member(f"{name}.{key}", _unit(buffer, 0, index, units, None), scored=False)
        for key in STATISTICS
        if (buffer := getattr(module, key)) is not None
    ]


def _unit(parameter: Tensor, dim: int, index: np.ndarray, units: np.ndarray, reader: Any) -> Tensor:
    """Number of the unit along one dimension of a parameter, size 1 along the others."""
    size = parameter.shape[dim]
    if reader is not None and getattr(reader, "groups", 1) > 1:
        index = index % size  # the same place in each group
    found = torch.full((size,), -1, dtype=torch.int64)
    found[torch.from_numpy(index)] = torch.from_numpy(units).long()
    return found.view([-1 if i == dim else 1 for i in range(parameter.ndim)])
