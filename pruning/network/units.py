"""What is removed together: a layout says which entries of which parameters form which unit.

A **group** is a set of units that are counted and budgeted together (the weights of a layer, the channels of a layer
and of all layers joined to it). A **unit** may hold entries of several parameters: a filter, its bias, its norm's
entries, and the slices of the next layers that read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from pruning.common.levels import LEVELS
from pruning.network.weights import layer_label

Reduction = Literal["sum", "mean", "l2", "max"]


@dataclass(frozen=True)
class Member:
    """Entries of one parameter that belong to units of a group.

    Attributes:
        parameter: its name in the model.
        unit: int64, with as many dimensions as the parameter and size 1 along those where it does not vary: the
            number of the unit each entry belongs to, -1 for none. None: every entry is a unit, in order.
        scored: whether the scores of these entries count towards the unit's.
    """

    parameter: str
    unit: Tensor | None
    scored: bool = True


@dataclass(frozen=True)
class Group:
    """Units that are counted together.

    Attributes:
        shape: of the units' scores; their number is its product.
        members: the entries that form the units.
        leads: name of the weight that stands for the group (its shape enters ERK).
        statistics: entries of buffers that go when units are removed, and are not masked: of norms without scale and
            shift, whose other parameters would have said it.
    """

    shape: tuple[int, ...]
    members: tuple[Member, ...]
    leads: str
    statistics: tuple[Member, ...] = ()

    @property
    def count(self) -> int:
        """Number of units."""
        return int(np.prod(self.shape))

    @property
    def single(self) -> bool:
        """Whether every entry of one weight is its own unit."""
        return self.members[0].unit is None


@dataclass(frozen=True)
class Layout:
    """All groups of a network, in forward order, and the weights that are left alone, each with the reason why."""

    groups: dict[str, Group]
    skipped: dict[str, str] = field(default_factory=dict)
    pattern: int | None = None
    """M of an N:M pattern along the input channels, where the granularity is one."""

    @classmethod
    def singles(cls, shapes: Mapping[str, tuple[int, ...]]) -> Layout:
        """Every weight by itself."""
        return cls({name: Group(tuple(shape), (Member(name, None),), name) for name, shape in shapes.items()})

    def why(self) -> str:
        """Why weights are left alone: each reason once, with the layers that it is true of where there are several."""
        layers: dict[str, list[str]] = {}
        for name, reason in self.skipped.items():
            layers.setdefault(reason, []).append(layer_label(name))
        if len(layers) < 2:
            return next(iter(layers), "it has no prunable weight")
        said = [
            f"{names[0]}{f' and {len(names) - 1} more' if names[1:] else ''}: {reason}"
            for reason, names in layers.items()
        ]
        return "; ".join(said[:4]) + (f"; and {len(said) - 4} other reasons" if len(said) > 4 else "")

    def reduced(
        self, scores: Mapping[str, Tensor], reduction: Reduction, masks: Mapping[str, Tensor], masked: float
    ) -> dict[str, Tensor]:
        """Scores per unit, float32 of each group's shape, on the CPU or device of the scores.

        Args:
            scores: per weight, of its shape, or with size 1 along dimensions over which a score is shared (a score
                per output channel has the shape ``(O, 1, …)``).
            reduction: sum, mean, Euclidean norm or maximum over the unit's scored entries that are not masked.
            masks: masks that the network has already.
            masked: the score of a unit whose scored entries are all masked.
        """
        return {name: _reduced(group, scores, reduction, masks, masked) for name, group in self.groups.items()}

    def expanded(self, unit_masks: Mapping[str, Tensor], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
        """Masks per parameter, bool, True = kept: an entry is kept where every unit that holds it is kept."""
        masks: dict[str, Tensor] = {}
        for name, group in self.groups.items():
            keep = unit_masks[name].flatten()
            for member in group.members:
                shape = shapes[member.parameter]
                if member.unit is None:
                    mask = keep.view(shape)
                else:
                    unit = member.unit.to(keep.device)
                    mask = torch.where(unit < 0, True, keep[unit.clamp(min=0)]).expand(shape)
                old = masks.get(member.parameter)
                masks[member.parameter] = mask if old is None else old & mask
        return {name: mask.contiguous() for name, mask in masks.items()}

    def removed_weights(
        self,
        unit_levels: Mapping[str, np.ndarray],
        shapes: Mapping[str, tuple[int, ...]],
        masks: Mapping[str, Tensor] | None = None,
    ) -> np.ndarray:
        """Entries masked of each weight at every level, ``(weights, 1001)`` int64.

        Args:
            unit_levels: for each group the lowest level at which each unit is removed, 1001 where it never is.
            shapes: the weights to be counted, and their shapes.
            masks: masks that the network has already: their entries count from level 0 on, whatever their unit.
        """
        first: dict[str, np.ndarray] = {}
        for name, group in self.groups.items():
            levels = np.append(unit_levels[name].ravel(), LEVELS + 1)
            for member in group.members:
                if member.parameter not in shapes:
                    continue
                if member.unit is None:
                    here = levels[:-1].reshape(shapes[member.parameter])
                else:
                    here = levels[member.unit.cpu().numpy()]  # -1, no unit, is the last: never
                old = first.get(member.parameter)
                first[member.parameter] = here if old is None else np.minimum(old, here)
        table = np.zeros((len(shapes), LEVELS + 1), dtype=np.int64)
        for row, (name, shape) in enumerate(shapes.items()):
            if masks is not None and name in masks:
                later = first.get(name, np.array(LEVELS + 1))
                first[name] = np.where(masks[name].cpu().numpy(), np.broadcast_to(later, shape), 0)
            if name in first:
                each = int(np.prod(shape)) // first[name].size
                table[row] = np.cumsum(np.bincount(first[name].ravel(), minlength=LEVELS + 2))[: LEVELS + 1] * each
        return table


def _reduced(
    group: Group, scores: Mapping[str, Tensor], reduction: Reduction, masks: Mapping[str, Tensor], masked: float
) -> Tensor:
    """The unit scores of one group."""
    if group.single:
        (member,) = group.members
        # In float32 first: in a shorter format the lowest score would be minus infinity.
        values = scores[member.parameter].float()
        if member.parameter in masks:
            values = torch.where(masks[member.parameter].to(values.device), values, masked)
        return values.reshape(group.shape)
    total = alive = torch.zeros(0)
    for member in group.members:
        if not member.scored or member.parameter not in scores or member.unit is None:
            continue
        values = scores[member.parameter].float()
        unit = member.unit.to(values.device)
        if not len(total):
            fill = -torch.inf if reduction == "max" else 0.0
            total = torch.full((group.count + 1,), fill, dtype=torch.float64, device=values.device)
            alive = torch.zeros(group.count + 1, dtype=torch.float64, device=values.device)
        keep = torch.ones((1,) * values.ndim, dtype=torch.bool, device=values.device)
        if (mask := masks.get(member.parameter)) is not None:
            keep = mask.to(values.device)
            # A score that many entries share counts once, as long as one of them is left.
            for axis in [i for i, size in enumerate(values.shape) if size == 1 and keep.shape[i] > 1]:
                keep = keep.any(axis, keepdim=True)
        _gather(total, alive, values, unit, keep, reduction)
    found, left = total[:-1], alive[:-1]
    if reduction == "mean":
        found = found / left.clamp(min=1)
    elif reduction == "l2":
        found = found.sqrt()
    return torch.where(left > 0, found, masked).float().reshape(group.shape)


def _gather(total: Tensor, alive: Tensor, values: Tensor, unit: Tensor, keep: Tensor, reduction: Reduction) -> None:
    """Add the scores of one member to its units; entries of no unit fall into the last place."""
    shape = torch.broadcast_shapes(values.shape, unit.shape, keep.shape)
    place = torch.where(unit < 0, len(total) - 1, unit).expand(shape).flatten()
    values, keep = values.expand(shape).flatten(), keep.expand(shape).flatten()
    alive.index_add_(0, place, keep.double())
    if reduction == "max":
        total.scatter_reduce_(0, place, torch.where(keep, values, -torch.inf).double(), "amax")
    else:
        values = torch.where(keep, values, 0.0).double()
        total.index_add_(0, place, values.square() if reduction == "l2" else values)
