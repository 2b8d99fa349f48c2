"""Structure: what removing the masked units for good takes out of each layer, and what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pruning.common.progress import Desk
from pruning.measures.kinds import Measure, measures

if TYPE_CHECKING:
    from pruning.compression.removal.remove import Removed
    from pruning.state import State


@measures.register
class Structure(Measure):
    """The network with its masked channels, heads and blocks really removed; everything is counted on it.

    Result: ``layers`` in forward order, each with ``name``, output channels and parameters of its weight before and
    after (``channels``, ``channels_left``, ``weights``, ``weights_left``) and MACs of one image (``macs``,
    ``macs_left``), zero in a removed block; ``heads``: for each attention layer ``name`` and ``kept``, a bool per head;
    ``blocks``: ``name`` and ``kept`` of each block that could be removed (both empty unless the recipe prunes such
    units); ``parameters`` and ``macs``, the whole network's, and ``bytes`` of safetensors files that were really made,
    each of ``dense`` and ``small``, bytes also of ``masked``; ``left``: layers left alone, with the reason;
    ``difference`` of outputs between the small and the masked network on random images, relative to the largest.
    """

    name = "structure"
    label = "Structure"
    summary = "Channels, heads and blocks that are really removed, and the size of the network without them."

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        from pruning.compression.files import plain
        from pruning.compression.removal.files import small_file
        from pruning.compression.removal.remove import removed
        from pruning.network.macs import macs
        from pruning.network.weights import layer_label

        done = removed(state)
        shape = state.base.input_shape
        (each, whole), (each_left, whole_left) = macs(state.model, shape), macs(done.model, shape)
        before = state.weights
        after = {name: p for name, p in done.model.named_parameters() if name in before}
        return {
            "layers": [
                {
                    "name": layer_label(name),
                    "channels": len(weight),
                    "channels_left": len(after[name]) if name in after else 0,
                    "weights": weight.numel(),
                    "weights_left": after[name].numel() if name in after else 0,
                    "macs": round(each[name]),
                    "macs_left": round(each_left.get(name, 0.0)),
                }
                for name, weight in before.items()
            ],
            "heads": _heads(state, done),
            "blocks": _blocks(state, done),
            "parameters": {
                "dense": sum(p.numel() for p in state.model.parameters()),
                "small": sum(p.numel() for p in done.model.parameters()),
            },
            "macs": {"dense": round(whole), "small": round(whole_left)},
            "bytes": {
                "dense": len(plain(state.start.model)),
                "masked": len(plain(state.model)),
                "small": len(small_file(done, state)),
            },
            "left": done.left,
            "difference": done.difference,
        }


def _heads(state: State, done: Removed) -> list[dict[str, Any]]:
    """Which heads of each attention layer are kept."""
    from pruning.compression.removal.cuts import attention

    return [
        {"name": attention(state.model, name), "kept": kept.tolist()}
        for name, kept in done.units.keep.get("head", {}).items()
    ]


def _blocks(state: State, done: Removed) -> list[dict[str, Any]]:
    """Which of the removable blocks are kept."""
    from pruning.network.groups.blocks import removable_blocks

    kept = [flag for mask in done.units.keep.get("layer_block", {}).values() for flag in mask.tolist()]
    names = removable_blocks(state.model, state.base.input_shape) if kept else []
    return [{"name": name, "kept": flag} for name, flag in zip(names, kept, strict=True)]
