"""The trace: how trainings went, look by look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pruning.common.progress import Desk
from pruning.measures.kinds import Measure, measures

if TYPE_CHECKING:
    from pruning.state import State


@measures.register
class Trace(Measure):
    """What was seen while the recipe trained.

    Result: ``rows``, one per look over all trainings so far: ``total`` steps since the start of the recipe, ``step`` of
    this training, ``lr``, ``train_loss`` and ``train_accuracy`` since the look before, ``validation_loss``,
    ``validation_correct`` of ``validation_count`` images, ``removed`` weights per layer, and how many weights went
    (``gone``) and came back (``back``) since the look before; ``layers`` and their ``weights``; ``diverged``: the step
    at which the loss was no number any more, or None. A loss that is infinite or no number is None in its row.
    """

    name = "trace"
    label = "Training trace"
    summary = "Losses, accuracies and sparsity along the training."

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        from pruning.network.weights import layer_label

        rows = [
            {key: _finite(value) for key, value in row.items() if key not in ("layers", "weights")}
            for row in state.trace
        ]
        return {
            "rows": rows,
            "layers": [layer_label(name) for name in state.order],
            "weights": [weight.numel() for weight in state.weights.values()],
            "diverged": state.diverged,
        }


def _finite(value: Any) -> Any:
    """A value that JSON can hold: a diverging network has infinite losses before its training stops."""
    from math import isfinite

    return None if isinstance(value, float) and not isfinite(value) else value
