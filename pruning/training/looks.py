"""Looks along a training: losses, accuracies, sparsities, and what of the masks changed."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from pruning.network.passes import BATCH, mode
from pruning.network.weights import layer_label
from pruning.training.images import Loaded, loaded
from pruning.training.session import Session


class Looks:
    """When a session is looked at (``steps``, counted after each), and what is noted then.

    The validation images are read once for all looks, and for all networks that train at the same time.
    """

    def __init__(self, session: Session, device: torch.device) -> None:
        spec = session.spec
        self.session = session
        self.steps = {max(1, round(spec.steps * look / spec.looks)) for look in range(1, spec.looks + 1)}
        self.images: Loaded | None = None
        if spec.validation:
            self.images = loaded(str(session.state.base.data_name), "validation", spec.validation, device)

    def look(self, loss: float, accuracy: float) -> None:
        """Note how the training stands; ``loss`` and ``accuracy`` are those of the training images since the last."""
        session, state = self.session, self.session.state
        record: dict[str, Any] = {
            "step": session.step,
            "train_loss": loss,
            "train_accuracy": accuracy,
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
        """Loss and accuracy on the first images of the validation split, in eval mode."""
        loss, right = 0.0, 0
        with mode(self.session.model, False), torch.inference_mode():
            for images, labels in zip(held.images.split(BATCH), held.labels.split(BATCH), strict=True):
                logits = self.session.model(images)
                loss += float(F.cross_entropy(logits, labels, reduction="sum"))
                right += int((logits.argmax(1) == labels).sum())
        count = len(held.labels)
        return {"validation_loss": loss / count, "validation_correct": right, "validation_count": count}
