"""A look inside one layer: its mask as an image, its densities, the histogram of its weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pruning.common.progress import Desk
from pruning.measures.kinds import Measure, measures

if TYPE_CHECKING:
    import numpy as np

    from pruning.criteria.ranking import Ranking
    from pruning.state import State

BINS = 81


@measures.register
class Layer(Measure):
    """One layer of the pruned network.

    Result: ``shape``; ``mask`` uint8 ``(rows, columns)``, at most 512 each, share kept times 255 (rows are outputs,
    columns inputs times kernel positions); ``sampled``, whether a pixel stands for several weights; ``output_density``
    and ``input_density`` float (0..1) per channel; histogram ``edges`` ``(82,)`` of the weights before pruning,
    ``kept`` and ``removed`` counts; ``threshold``: the highest score of a single weight that the last pruning step
    removed, or None.
    """

    name = "layer"
    label = "Inside a layer"
    summary = "Mask, density per channel, histogram of the weights."
    stored = False

    layer: str

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        import numpy as np

        from pruning.common.errors import UnknownName
        from pruning.criteria.ranking import MASKED
        from pruning.network.weights import layer_label

        names = {layer_label(name): name for name in state.order}
        if self.layer not in names:
            raise UnknownName("layer", self.layer, names)
        name = names[self.layer]
        weight = state.start.weights[name].float().cpu().numpy()
        mask = state.masks[name].cpu().numpy() if name in state.masks else np.ones(weight.shape, bool)
        flat = mask.reshape(len(mask), -1)
        extent = float(np.abs(weight).max()) or 1.0
        edges = np.linspace(-extent, extent, BINS + 1)
        threshold = None
        ranking = state.plan.ranking if state.plan is not None else None
        if ranking is not None and mask.size > mask.sum() and _single(ranking, name, weight):
            dropped = ranking.scores[name].cpu().numpy()[~mask]
            threshold = float(dropped.max()) if dropped.max() > MASKED else None
        return {
            "layer": self.layer,
            "shape": list(weight.shape),
            "mask": _image(flat),
            "sampled": max(flat.shape) > _side(),
            "output_density": flat.mean(1),
            "input_density": np.moveaxis(mask, 1, 0).reshape(mask.shape[1], -1).mean(1),
            "edges": edges,
            "kept": np.histogram(weight[mask], edges)[0],
            "removed": np.histogram(weight[~mask], edges)[0],
            "threshold": threshold,
        }


def _single(ranking: Ranking, name: str, weight: np.ndarray) -> bool:
    """Whether the ranking has one score for each weight of this layer."""
    return name in ranking.scores and ranking.scores[name].shape == weight.shape


def _side() -> int:
    from pruning.common.limits import MASK_PIXELS

    return MASK_PIXELS


def _image(mask: np.ndarray) -> np.ndarray:
    """The mask as share kept per pixel, 0..255, at most 512 pixels a side; a pixel averages whole cells."""
    import numpy as np

    image = mask.astype(np.float32)
    for axis in (0, 1):
        if image.shape[axis] > _side():
            edges = np.linspace(0, image.shape[axis], _side() + 1).astype(int)[:-1]
            counts = np.diff(np.append(edges, image.shape[axis]))
            image = np.add.reduceat(image, edges, axis) / np.expand_dims(counts, 1 - axis)
    return np.round(image * 255).astype(np.uint8)
