"""Removal, proved: the small network gives the outputs of the masked one, or it is not given out."""

from __future__ import annotations

import copy
import weakref
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from pruning.common.errors import BadTensor, Incompatible
from pruning.common.limits import WORKER_REMOVALS
from pruning.common.memory import Recent
from pruning.compression.removal.cuts import LAYOUTS, Cuts, Found, cuts, found
from pruning.compression.removal.fit import cut
from pruning.compression.removal.outputs import NEAR, difference, output
from pruning.criteria.kinds import granularities
from pruning.criteria.method import Method
from pruning.network.inputs import drawn
from pruning.network.passes import like
from pruning.network.weights import layer_label
from pruning.state import Architecture, State

Group = tuple[str, str]
"""Granularity and name of a group of units."""
UNPROVED = "without its masked {} the network failed or gave other outputs in a test run: they stay masked"


@dataclass(frozen=True)
class Removed:
    """A network without its masked units.

    Attributes:
        model: smaller and dense, in eval mode, on the device of the state's; shares no tensor with it.
        architecture: what it is, with all that was taken out of it so far.
        cuts: what was taken out.
        units: the units of each granularity and which of them stay.
        left: layers none of whose own units were removed or could be, and layers that keep masked ones: name, why.
        difference: the largest difference between outputs of the small and of the masked network on two random
            images, relative to the largest output.
    """

    model: nn.Module
    architecture: Architecture
    cuts: Cuts
    units: Found
    left: dict[str, str]
    difference: float


def remove(state: State) -> Removed:
    """Take the masked channels, heads and blocks out of a state's network.

    Channels and heads go with all that is tied to them (bias, norm entries and statistics, slices of the next layers;
    Fang et al. 2023), masked blocks become identities. The masks zero biases and norm entries of a unit too, so that
    removal changes no output, at whatever level; where all units of a layer are masked, one of them stays.

    Raises:
        Incompatible: the recipe prunes no channels, heads or blocks.
        BadTensor: the masked network's output is not finite.
    """
    kinds = tuple(dict.fromkeys(step.granularity for step in state.recipe if isinstance(step, Method)))
    kinds = tuple(kind for kind in kinds if kind in LAYOUTS)
    if not kinds:
        names = ", ".join(granularities[kind].label.lower() for kind in LAYOUTS)
        raise Incompatible(f"Nothing can be removed for good: zeros stay where they are unless whole {names} go.")
    shape = state.base.input_shape
    device = next(state.model.parameters()).device
    twin = copy.deepcopy(state.model).to("cpu").eval()
    images = like(twin, drawn(twin, shape, 2, torch.Generator().manual_seed(3)))
    said = output(twin, images)
    if not bool(torch.isfinite(said).all()):
        raise BadTensor("The pruned network gives NaN or infinite outputs: nothing can be compared with it.")
    units = found(state, kinds, shape)

    def sound(groups: list[Group]) -> bool:
        small = _tried(twin, cuts(units, groups, state.model, shape))
        return small is not None and _distance(small, images, said) <= NEAR

    proved = _proved(units.groups, sound)
    what = cuts(units, proved, state.model, shape)
    small = cut(twin, what)
    left: dict[str, str] = {}
    for kind in kinds:
        left |= {layer_label(name): why for name, why in units.layouts[kind].skipped.items()}
    left |= units.held
    for kind, name in units.groups:
        if (kind, name) not in proved:
            leads = units.layouts[kind].groups[name].leads
            left[layer_label(leads)] = UNPROVED.format(granularities[kind].unit)
            units.keep[kind][name][:] = True
    architecture = state.architecture.without(what.heads, what.blocks)
    return Removed(small.to(device), architecture, what, units, left, _distance(small, images, said))


_removals: Recent[tuple[weakref.ref[State], Removed]] = Recent(WORKER_REMOVALS)


def removed(state: State) -> Removed:
    """As ``remove``, from memory if this very state's removal was proved lately: for those who only read it.

    A key alone is not trusted: states that were made by hand may share one, and a network may have been cut from a
    state whose memory is gone since. The state is held weakly, so that it may go when nobody needs it.
    """
    known = _removals.get(state.key)
    if known is not None and known[0]() is state:
        return known[1]
    done = remove(state)
    _removals.put(state.key, (weakref.ref(state), done))
    return done


def smaller(state: State) -> tuple[nn.Module, Architecture]:
    """The network as it is worth keeping, and what it is: without its masked channels, heads and blocks (as
    ``removed``) where the recipe prunes such, else the state's own."""
    try:
        done = removed(state)
    except Incompatible:
        return state.model, state.architecture
    return done.model, done.architecture


def _proved(groups: list[Group], sound: Callable[[list[Group]], bool]) -> list[Group]:
    """Those groups that can go together; all are tried at once, and halved where that fails."""
    if not groups or sound(groups):
        return groups
    if len(groups) == 1:
        return []
    half = len(groups) // 2
    one, other = _proved(groups[:half], sound), _proved(groups[half:], sound)
    return one + other if sound(one + other) else one


def _tried(model: nn.Module, what: Cuts) -> nn.Module | None:
    """The small network, or None where the cuts do not fit."""
    try:
        return cut(model, what)
    except (IndexError, RuntimeError, ValueError):
        return None


def _distance(small: nn.Module, images: Tensor, said: Tensor) -> float:
    """How far its outputs are from those of the masked network; infinite where the small network does not run."""
    try:
        return difference(output(small, images), said)
    except (IndexError, RuntimeError, ValueError, AttributeError):
        return float("inf")
