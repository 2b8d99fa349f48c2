"""Accuracy of a state beside the state it started from, on the same images."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from pruning.common.progress import Desk
from pruning.measures.kinds import OnImages, measures

if TYPE_CHECKING:
    from pruning.measures.tools.predictions import Predictions
    from pruning.state import State

FLIPS = 12
"""Images whose prediction changed that are named in a result."""
PARTIAL_SECONDS = 0.15
"""Time between two partial results: making one takes as long as evaluating a batch of a small network."""


@measures.register
class Accuracy(OnImages):
    """Correct predictions of the state and of its start, image by image.

    Result: ``count`` images; ``correct`` and ``dense_correct``; ``lost`` (right before, wrong now) and ``gained``
    (the reverse), from which a paired interval follows; ``changed`` predictions, and up to twelve of them in the
    order of the split: position, label, class and confidence before and after.
    """

    name = "accuracy"
    label = "Accuracy"
    summary = "Share of images classified correctly, beside the dense network on the same images."

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        from pruning.measures.tools.predictions import predict
        from pruning.zoo.match import split_of

        total = min(self.count, len(split_of(state.base, self.split)))
        desk.progress(0, total, "first images")
        result: dict[str, Any] = {}
        shown = -PARTIAL_SECONDS
        dense, before = predict(state.start, self.split, total, desk), None
        for after in predict(state, self.split, total, desk):
            if state.parent is None:
                before = after
            while before is None or len(before) < len(after):
                before = next(dense)
                desk.progress(min(len(before), len(after)), total, "images")
            if len(after) < total and time.monotonic() - shown < PARTIAL_SECONDS:
                desk.progress(len(after), total, "images")
                continue
            shown, result = time.monotonic(), _compared(before, after)
            desk.progress(len(after), total, "images", result)
        return result


def _compared(before: Predictions, after: Predictions) -> dict[str, Any]:
    """The result on the first images, as many as both have."""
    n = min(len(before), len(after))
    labels, old, new = after.labels[:n], before.classes[:n], after.classes[:n]
    was, now = old == labels, new == labels
    changed = (old != new).nonzero().squeeze(1)
    named = changed[:FLIPS]
    lists = (named, labels[named], old[named], before.confidences_of(named), new[named], after.confidences_of(named))
    flips = [
        {
            "position": position,
            "label": label,
            "before": first,
            "before_confidence": round(first_confidence, 4),
            "after": last,
            "after_confidence": round(last_confidence, 4),
        }
        for position, label, first, first_confidence, last, last_confidence in zip(
            *(values.tolist() for values in lists), strict=True
        )
    ]
    return {
        "count": n,
        "correct": int(now.sum()),
        "dense_correct": int(was.sum()),
        "lost": int((was & ~now).sum()),
        "gained": int((~was & now).sum()),
        "changed": len(changed),
        "flips": flips,
    }
