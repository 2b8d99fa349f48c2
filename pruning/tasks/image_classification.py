"""Image classification: one of several classes for each picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pruning.tasks.classification import Classification
from pruning.tasks.kinds import tasks

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@tasks.register
class ImageClassification(Classification):
    """Inputs are normalised images ``(n, channels, height, width)``; the rest is as in any classification."""

    name = "image_classification"
    label = "Image classification"
    summary = "One of several classes for each picture."
    unit = "images"
    rank = 10

    def augment(self, inputs: Tensor, crop: int, flip: bool, lowest: float, generator: torch.Generator) -> Tensor:
        """Shifts over a border of the darkest value, and mirror images."""
        import torch
        from torch.nn import functional as F

        images, n = inputs, len(inputs)
        if crop:
            height, width = images.shape[-2:]
            padded = F.pad(images, [crop] * 4, value=lowest)
            shift = torch.randint(0, 2 * crop + 1, (2, n, 1), generator=generator).to(images.device)
            rows = shift[0] + torch.arange(height, device=images.device)
            columns = shift[1] + torch.arange(width, device=images.device)
            at = torch.arange(n, device=images.device)
            images = padded.movedim(1, -1)[at[:, None, None], rows[:, :, None], columns[:, None, :]].movedim(-1, 1)
        if flip:
            mirrored = (torch.rand(n, generator=generator) < 0.5).to(images.device)
            images = torch.where(mirrored.view(-1, 1, 1, 1), images.flip(3), images)
        return images

    def size(self, shape: tuple[int, ...]) -> str:
        channels, height, width = shape
        return f"{height}x{width} pixels in {'grey' if channels == 1 else 'colour'}"

    def show(self, split: Any, position: int) -> dict[str, Any]:
        return {"picture": split.picture(position)}
