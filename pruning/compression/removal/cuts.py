"""What is to be cut: from masks to the indices that are kept along each dimension of each parameter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from pruning.network.groups.blocks import NAME as BLOCKS
from pruning.network.groups.blocks import block_layout, removable_blocks
from pruning.network.groups.channels import channel_layout
from pruning.network.groups.heads import head_layout
from pruning.network.units import Group, Layout
from pruning.network.weights import layer_label
from pruning.state import State

LAYOUTS = {"channel": channel_layout, "head": head_layout, "layer_block": block_layout}
"""The granularities whose units can be removed for good, and what finds these units."""

NOUNS = {"channel": "channels", "head": "heads"}
LAST = "all its {} are masked: one stays, with zero weights, since a layer needs at least one"


@dataclass(frozen=True)
class Cuts:
    """What is taken out of a network.

    Attributes:
        kept: for each parameter that is cut, and each dimension along which it is, the kept indices, ascending.
        heads: number of heads left in each attention module that loses some.
        blocks: modules that are left out: what enters them passes on.
    """

    kept: dict[str, dict[int, list[int]]] = field(default_factory=dict)
    heads: dict[str, int] = field(default_factory=dict)
    blocks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """The units of a state by granularity, which of them are kept, and what stays though it is masked.

    Attributes:
        layouts: by granularity.
        keep: by granularity and group, bool ``(units,)``, True = stays.
        held: layers that keep a masked unit, each with the reason.
    """

    layouts: dict[str, Layout]
    keep: dict[str, dict[str, Tensor]]
    held: dict[str, str]

    @property
    def groups(self) -> list[tuple[str, str]]:
        """Granularity and name of each group that loses units."""
        return [(kind, name) for kind, kept in self.keep.items() for name, mask in kept.items() if not bool(mask.all())]


def found(state: State, kinds: tuple[str, ...], input_shape: tuple[int, ...]) -> Found:
    """The units of these granularities, kept where any of their entries is.

    Args:
        kinds: names of granularities, of ``LAYOUTS``.
        input_shape: of one image, ``(channels, height, width)``.
    """
    layouts = {kind: LAYOUTS[kind](state.model, state.order, input_shape) for kind in kinds}
    keep: dict[str, dict[str, Tensor]] = {}
    held: dict[str, str] = {}
    for kind, layout in layouts.items():
        keep[kind] = {}
        for name, group in layout.groups.items():
            kept = _alive(group, state.masks)
            if kind in NOUNS and not bool(kept.any()):
                held[layer_label(group.leads)] = LAST.format(NOUNS[kind])
                kept[0] = True
            keep[kind][name] = kept
    return Found(layouts, keep, held)


def _alive(group: Group, masks: Mapping[str, Tensor]) -> Tensor:
    """Which units of a group have an entry that is not masked, bool ``(units,)``."""
    kept = torch.zeros(group.count, dtype=torch.bool)
    for member in group.members:
        assert member.unit is not None  # a channel, a head, a block holds more than one entry
        unit, mask = member.unit, masks.get(member.parameter)
        if mask is not None:
            unit = unit.expand(mask.shape)[mask.cpu()]
        kept[unit[unit >= 0]] = True
    return kept


def cuts(units: Found, groups: list[tuple[str, str]], model: nn.Module, input_shape: tuple[int, ...]) -> Cuts:
    """What removing the masked units of these groups takes out.

    Args:
        groups: granularity and name, of ``units.groups``.
        model: the network with all its units, for its attention modules and blocks.
        input_shape: of one image.
    """
    kept: dict[str, dict[int, Tensor]] = {}
    heads: dict[str, int] = {}
    blocks: list[str] = []
    for kind, name in groups:
        group, mask = units.layouts[kind].groups[name], units.keep[kind][name]
        if name == BLOCKS and kind == "layer_block":
            names = removable_blocks(model, input_shape)
            blocks = [block for block, stays in zip(names, mask.tolist(), strict=True) if not stays]
            continue
        if kind == "head":
            heads[attention(model, group.leads)] = int(mask.sum())
        for member in (*group.members, *group.statistics):
            assert member.unit is not None
            unit, sizes = member.unit.flatten(), list(member.unit.shape)
            dim = sizes.index(max(sizes))  # the one along which it varies
            stays = (unit < 0) | mask[unit.clamp(min=0)]
            along = kept.setdefault(member.parameter, {})
            # A concatenation is read by slices of several groups.
            along[dim] = along[dim] & stays if dim in along else stays
    indices = {
        name: {dim: stays.nonzero().flatten().tolist() for dim, stays in along.items() if not bool(stays.all())}
        for name, along in kept.items()
    }
    return Cuts({name: along for name, along in indices.items() if along}, heads, tuple(blocks))


def attention(model: nn.Module, weight: str) -> str:
    """Name of the attention module that a projection's weight belongs to."""
    from pruning.network.groups.heads import heads

    name = _owner(weight)
    while name and not heads(model.get_submodule(name)):
        name = _owner(name)
    return name


def _owner(name: str) -> str:
    return name.rpartition(".")[0]
