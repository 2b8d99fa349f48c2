"""One layer's weights beside the levels that they may take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from pruning.common.progress import Desk
from pruning.measures.kinds import Measure, measures

if TYPE_CHECKING:
    from pruning.state import State

FEW = 64
"""Bins where there are hardly fewer levels; else a level has a bin or several."""


@measures.register
class QuantizedLayer(Measure):
    """One layer at the last rounding of a recipe: its weights in steps of their own scale, so that all channels share
    one grid, whose levels are whole numbers.

    Result: ``layer``; ``bits``; ``edges`` and ``counts``: histogram of the weights before, in steps, without those
    that were masked then; ``levels`` (whole steps from zero) and ``level_counts``: how many weights went to each;
    ``masked``: weights that were masked before; ``zeros``: of the others, how many became zero; ``scale``: lowest,
    median and highest step. Floating-point formats have no steps: weights as they are, no ``levels``, ``scale`` None.
    """

    name = "quantized_layer"
    label = "Levels of a layer"
    summary = "Histogram of a layer's weights, with the levels that they are rounded to."
    stored = False

    layer: str = Field("", description="Name of the layer; empty: the first one.")

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        import numpy as np

        from pruning.common.errors import UnknownName
        from pruning.compression.quantization.loss import rounding
        from pruning.network.weights import layer_label

        before, after = rounding(state)
        names = {layer_label(name): name for name in state.order}
        if self.layer and self.layer not in names:
            raise UnknownName("layer", self.layer, names)
        name = names[self.layer] if self.layer else state.order[0]
        kept, weight = after.formats[name], before.weights[name].float().cpu().flatten(1)
        mask = before.masks[name].cpu().flatten(1).numpy() if name in before.masks else np.ones(weight.shape, bool)
        said: dict[str, Any] = {"layer": layer_label(name), "bits": kept.bits, "masked": int((~mask).sum())}
        if kept.scale is None or kept.zero is None:
            values = weight.numpy()[mask]
            extent = float(np.abs(values).max(initial=0)) or 1.0
            edges, levels, scale = np.linspace(-extent, extent, FEW + 1), np.zeros(0, int), None
            codes, where = after.weights[name].cpu().flatten(1).numpy()[mask], np.zeros(0, int)
        else:
            step = kept.scale.float().cpu().repeat_interleave(kept.group, 1)[:, : weight.shape[1]]
            zero = kept.zero.cpu().repeat_interleave(kept.group, 1)[:, : weight.shape[1]]
            values = (weight / step).numpy()[mask]
            codes = (kept.codes.cpu().flatten(1).int() - zero.int()).numpy()[mask]
            levels, where = np.unique(codes, return_counts=True)
            low, high = (int(levels.min()), int(levels.max())) if len(levels) else (0, 0)
            a_level = max(1, FEW // (high - low + 1))
            edges = np.linspace(low - 0.5, high + 0.5, (high - low + 1) * a_level + 1)
            scale = [float(x) for x in np.quantile(kept.scale.float().cpu().numpy(), (0.0, 0.5, 1.0))]
        return said | {
            "edges": edges,
            "counts": np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0],
            "levels": levels,
            "level_counts": where,
            "zeros": int((codes == 0).sum()),
            "scale": scale,
        }
