"""Verdicts: which images a state gets right, bit by bit, so that two networks can be compared on the same images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from pruning.entries import Desk, Measure
from pruning.registry import measures

if TYPE_CHECKING:
    from pruning.state import State


@measures.register
class Verdicts(Measure):
    """Which of the first images of a split are classified correctly.

    Result: ``count`` images; ``correct``, how many are right; ``right``: base64 of their bits in the order of the
    split, eight to a byte with the first image in the highest bit (``numpy.packbits``), the last byte filled with
    zeros. ``pruning.comparisons.unpacked`` reads it.
    """

    name = "verdicts"
    label = "Right and wrong, image by image"
    summary = "One bit an image: what pairs of networks are compared by."

    split: Literal["train", "validation", "test"] = Field("test", description="Validation for choices; test to report.")
    count: int = Field(10_000, ge=1, le=1_000_000, description="Images, from the start of the split.")

    def images(self) -> int:
        return self.count

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        import base64

        import numpy as np

        from pruning.predictions import predict, split_of

        total = min(self.count, len(split_of(state, self.split)))
        desk.progress(0, total, "first images")
        right = np.zeros(0, dtype=bool)
        for seen in predict(state, self.split, total, desk):
            right = seen.right.numpy()
            desk.progress(len(right), total, "images")
        packed = base64.b64encode(np.packbits(right).tobytes()).decode("ascii")
        return {"count": len(right), "correct": int(right.sum()), "right": packed}
