"""What a network answers to each image, and how sure it is: the one pass that all looks at failures are made of."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, model_validator

from pruning.common.errors import BadValue
from pruning.common.progress import Desk
from pruning.measures.kinds import Calibrated, OnImages, measures

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from pruning.state import State

ALL_CLASSES = 100
"""Up to so many classes the chances of all are kept."""
HIGHEST = 20
"""Of more classes so many are kept, the likeliest of each image."""
PARTIAL_SECONDS = 1.0


@measures.register
class Logits(OnImages, Calibrated):
    """Answers and chances of classes on the first images of a split, clean or corrupted.

    Result: ``count`` images of ``classes`` classes; texts that ``pruning.common.bits.array_of`` reads: ``labels`` and
    ``answers``, uint16 ``(count,)``; unless only classes are kept, ``chances``, float16 ``(count, kept)``, the natural
    logarithms of the softmax, and ``energies``, float16 ``(count,)``, the logsumexp of the logits. Of more than 100
    classes the 20 likeliest are kept, with their numbers in ``columns``, uint16, and the label's in ``label_chances``.
    """

    name = "logits"
    label = "Answers and chances"
    summary = "Answer, chances of classes and energy, image by image, clean or corrupted."

    int8: bool = Field(False, description="Of the int8 file in ONNX Runtime, in place of the network itself.")
    corruption: str = Field("", description="Name of a corruption; empty: the images as they are.")
    severity: int = Field(0, ge=0, le=5, description="Of the corruption.")
    keep: Literal["chances", "classes"] = Field("chances", description="Whether chances are kept, too.")

    @model_validator(mode="after")
    def _known(self) -> Logits:
        from pruning.zoo.kinds import corruptions

        if self.corruption:
            corruptions[self.corruption]
        if bool(self.corruption) != bool(self.severity):
            raise BadValue("A corruption has a severity from 1 to 5, and clean images have none.")
        return self

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        import torch

        from pruning.network.inputs import BATCH
        from pruning.zoo.corrupted import Corrupted
        from pruning.zoo.match import split_of

        state.base.task.need_classes(state.base.model)
        images: Any = split_of(state.base, self.split)
        if self.corruption:
            images = Corrupted(state.base, images, self.corruption, self.severity)
        total, seen, parts = min(self.count, len(images)), 0, []
        call, shown = self._caller(state, desk), time.monotonic()
        while seen < total:
            with torch.inference_mode():
                x, y = images.batch(seen, min(seen + BATCH, len(images)))  # always whole batches: the same last digits
                parts.append((y[: total - seen], call(x).float().cpu()[: total - seen]))
            seen = min(seen + BATCH, total)
            partial = None
            if seen < total and time.monotonic() - shown > PARTIAL_SECONDS:
                partial, shown = self._result(parts), time.monotonic()
            desk.progress(seen, total, "images", partial)
        return self._result(parts)

    def _caller(self, state: State, desk: Desk) -> Callable[[Tensor], Tensor]:
        """From inputs to logits: the network, or its int8 file."""
        import torch

        from pruning.network.forward import forward_of
        from pruning.network.passes import like

        if self.int8:
            from pruning.compression.removal.onnx_runtime import onnx_file
            from pruning.compression.removal.onnx_session import caller, package

            package()
            call = caller(onnx_file(state, self.form("int8"), desk), torch.get_num_threads())
            return lambda x: torch.from_numpy(call(x.numpy()))
        forward, task = forward_of(state.model.eval()), state.base.task
        return lambda x: task.forward(forward, like(state.model, x))  # ty: ignore[invalid-argument-type]

    def _result(self, parts: list[tuple[Tensor, Tensor]]) -> dict[str, Any]:
        import numpy as np
        import torch

        from pruning.common.bits import text_of

        labels, logits = map(torch.cat, zip(*parts, strict=True))
        chances, labels = logits.log_softmax(1), labels.long()
        classes = logits.shape[1]
        result: dict[str, Any] = {"count": len(labels), "classes": classes}
        result |= {"labels": text_of(labels.numpy().astype(np.uint16))}
        result |= {"answers": text_of(logits.softmax(1).max(1).indices.numpy().astype(np.uint16))}
        if self.keep == "classes":
            return result
        result["energies"] = text_of(_half(logits.logsumexp(1)))
        if classes > ALL_CLASSES:
            kept = chances.topk(HIGHEST, 1)
            result["columns"] = text_of(kept.indices.numpy().astype(np.uint16))
            result["label_chances"] = text_of(_half(chances.gather(1, labels[:, None])[:, 0]))
            chances = kept.values
        return result | {"chances": text_of(_half(chances))}


def _half(values: Tensor) -> Any:
    """As float16, ends of its range in place of what lies beyond."""
    import torch

    return torch.nan_to_num(values, nan=-6e4).clamp(-6e4, 6e4).half().numpy()
