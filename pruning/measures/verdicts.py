"""Verdicts: which images a state gets right, bit by bit, so that two networks can be compared on the same images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pruning.common.progress import Desk
from pruning.measures.kinds import OnImages, measures

if TYPE_CHECKING:
    from pruning.state import State


@measures.register
class Verdicts(OnImages):
    """Which of the first images of a split are classified correctly.

    Result: ``count`` images; ``correct``, how many are right; ``right``: base64 of their bits in the order of the
    split, eight to a byte with the first image in the highest bit (``numpy.packbits``), the last byte filled with
    zeros. ``pruning.common.bits.unpacked`` reads it.
    """

    name = "verdicts"
    label = "Right and wrong, image by image"
    summary = "One bit an image: what pairs of networks are compared by."

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        import numpy as np

        from pruning.common.bits import packed
        from pruning.measures.tools.predictions import predict
        from pruning.zoo.match import split_of

        total = min(self.count, len(split_of(state.base, self.split)))
        desk.progress(0, total, "first images")
        right = np.zeros(0, dtype=bool)
        for seen in predict(state, self.split, total, desk):
            right = seen.right.numpy()
            desk.progress(len(right), total, "images")
        return packed(right)
