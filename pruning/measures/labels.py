"""The right classes of a split, so that what networks got right can be counted class by class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pruning.common.progress import Desk
from pruning.measures.kinds import OnImages, measures

if TYPE_CHECKING:
    from pruning.state import State


@measures.register
class Labels(OnImages):
    """Result: ``count`` and ``labels``, a text that ``pruning.common.bits.array_of`` reads as uint16 ``(count,)``."""

    name = "labels"
    label = "Right classes"
    summary = "The right class of each image of a split; no network is asked."

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        import numpy as np

        from pruning.common.bits import text_of
        from pruning.zoo.match import split_of

        state.base.task.need_classes(state.base.model)
        labels = split_of(state.base, self.split).labels[: self.count].numpy()
        return {"count": len(labels), "labels": text_of(labels.astype(np.uint16))}
