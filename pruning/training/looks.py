"""Looks along a training: losses, accuracies, sparsities, and what of the masks changed."""

from __future__ import annotations

from typing import Any

import torch

from pruning.network.inputs import at_once
from pruning.network.passes import mode
from pruning.network.weights import layer_label
from pruning.training.images import Loaded, loaded
from pruning.training.session import Session


class Looks:
    """When a session is looked at (``steps``, counted after each), and what is noted then.

    The validation images are read once for all looks, and for all networks that train at the same time.
    """

    def __init__(self, session: Session, device: torch.device) -> None:
        spec = session.spec
        self.session, self.task = session, session.state.base.task
        self.steps = {max(1, round(spec.steps * look / spec.looks)) for look in range(1, spec.looks + 1)}
        self.images: Loaded | None = None
        if spec.validation:
            self.images = loaded(session.state.base, "validation", spec.validation, device)

    def look(self, loss: float, quality: float, count: int) -> None:
        """Note how the training stands: mean loss and summed quality of so many training examples since the last."""
        session, state = self.session, self.session.state
        record: dict[str, Any] = {
            "step": session.step,
            **{
                name: value
                for name, value in self.task.noted("train", loss, quality, count).items()
                if "count" not in name
            },
            "lr": session.optimiser.param_groups[0]["lr"],
        }
        if self.images is not None:
            record |= self._validation(self.images)
        removed = {name: ~state.masks[name] for name in state.order if name in state.masks}
        record["layers"] = [layer_label(name) for name in state.order]
        record["removed"] = [int(removed[name].sum()) if name in removed else 0 for name in state.order]
        record["weights"] = [weight.numel() for weight in session.weights.values()]
        before = session.memory["masks_before"]
        record["gone"] = sum(int((off & before[n] if n in before else off).sum()) for n, off in removed.items())
        record["back"] = sum(int((~off & ~before[n]).sum()) for n, off in removed.items() if n in before)
        session.memory["masks_before"] = dict(state.masks)
        session.records.append(record)

    def _validation(self, held: Loaded) -> dict[str, Any]:
        """Loss and quality on the first examples of the validation split, in eval mode."""
        loss, quality = 0.0, 0.0
        with mode(self.session.model, False), torch.inference_mode():
            size = at_once(self.session.model, held.images)
            for images, labels in zip(held.images.split(size), held.labels.split(size), strict=True):
                outputs = self.task.forward(self.session.model, images)
                loss += float(self.task.summed_loss(outputs, labels))
                quality += float(self.task.quality(outputs, labels).sum())
        count = len(held.labels)
        return self.task.noted("validation", loss / count, quality, count)
