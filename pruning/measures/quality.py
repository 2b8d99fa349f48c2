"""How good a state is at its task, beside the state it started from, on the same examples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pruning.common.progress import Desk
from pruning.measures.kinds import OnImages, measures

if TYPE_CHECKING:
    from pruning.state import State


@measures.register
class Quality(OnImages):
    """The task's own number: accuracy of a classification, root mean squared error of a regression.

    Result: ``quality`` and ``dense_quality``, ``measured`` (its name), ``better`` ("higher" or "lower"), ``count`` and
    ``split``; beside them what the task says more (``details``): ``r2`` and ``dense_r2`` of a regression.
    """

    name = "quality"
    label = "Quality"
    summary = "The task's own number (accuracy, squared error …), beside the dense network on the same examples."

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        import torch

        from pruning.network.inputs import at_once
        from pruning.network.passes import like
        from pruning.zoo.match import split_of

        split, task = split_of(state.base, self.split), state.base.task
        count = min(self.count, len(split))
        nets = {"": state.model, "dense_": state.start.model}
        totals = dict.fromkeys(nets, 0.0)
        with torch.inference_mode():
            size = at_once(state.model, split.batch(0, 1)[0])
            for start in range(0, count, size):
                desk.progress(start, count, task.unit)
                inputs, targets = split.batch(start, min(start + size, count))
                for prefix, model in nets.items():
                    outputs = task.forward(model.eval(), like(model, inputs))
                    totals[prefix] += float(task.quality(outputs, targets.to(outputs.device)).sum())
        result: dict[str, Any] = {"measured": task.measured, "better": task.better, "count": count, "split": self.split}
        for prefix, total in totals.items():
            result[f"{prefix}quality"] = task.summary_of(total, count)
            result |= {prefix + name: value for name, value in task.details(total, split, count).items()}
        return result
