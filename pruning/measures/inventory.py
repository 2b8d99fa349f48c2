"""The inventory: what of a network can be pruned, removed for good, or neither, with its share of all parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pruning.common.progress import Desk
from pruning.measures.kinds import Measure, measures

if TYPE_CHECKING:
    from pruning.state import State


@measures.register
class Inventory(Measure):
    """What can be done with a network's parameters.

    Result: ``parameters`` of the whole network; ``prunable``, those of weights that single pruning reaches, in
    ``layers`` layers; ``masked``, those that are masked already; ``left_alone``, modules whose weights no step prunes,
    each with ``name``, ``kind`` and ``parameters``; ``removable``, by granularity that can be removed for good:
    ``units`` in ``groups``, ``weights`` (prunable ones in layers of which units can go), and ``reasons``, the names of
    the layers that keep all of theirs, by the reason why.
    """

    name = "inventory"
    label = "What can be pruned"
    summary = "The share of parameters that can be pruned or removed, and what cannot, with the reason."

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        from pruning.compression.removal.cuts import LAYOUTS
        from pruning.network.weights import left_alone

        weights = state.weights
        value: dict[str, Any] = {
            "parameters": sum(p.numel() for p in state.model.parameters()),
            "prunable": sum(weight.numel() for weight in weights.values()),
            "layers": len(weights),
            "masked": sum(int((~mask).sum()) for name, mask in state.masks.items() if name in weights),
            "left_alone": [{"name": n, "kind": kind, "parameters": c} for n, kind, c in left_alone(state.model)],
            "removable": {},
        }
        for number, kind in enumerate(LAYOUTS):
            desk.progress(number, len(LAYOUTS), f"which {kind.replace('_', ' ')}s can be removed")
            value["removable"][kind] = _removable(state, kind)
        return value


def _removable(state: State, kind: str) -> dict[str, Any]:
    """The units of one granularity that can go, and the layers that keep theirs."""
    from pruning.common.errors import PruningError
    from pruning.criteria.kinds import granularities
    from pruning.network.weights import layer_label

    try:
        layout = granularities[kind]().layout(state.scene())
    except PruningError as error:
        return {"units": 0, "groups": 0, "weights": 0, "reasons": {str(error).rstrip("."): []}}
    weights = state.weights
    held = {m.parameter for group in layout.groups.values() for m in group.members if m.scored}
    reasons: dict[str, list[str]] = {}
    for name, why in layout.skipped.items():
        reasons.setdefault(why, []).append(layer_label(name))
    return {
        "units": sum(group.count for group in layout.groups.values()),
        "groups": len(layout.groups),
        "weights": sum(weights[name].numel() for name in held if name in weights),
        "reasons": reasons,
    }
