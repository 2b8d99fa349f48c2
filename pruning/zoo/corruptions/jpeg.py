"""Compressed too hard: JPEG by Pillow, at qualities 40 to 3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.zoo.kinds import Corruption, corruptions

if TYPE_CHECKING:
    from torch import Generator, Tensor


@corruptions.register
class Jpeg(Corruption):
    name = "jpeg"
    label = "JPEG"
    summary = "Compressed too hard, by JPEG at qualities 40 to 3."
    rank = 90

    def change(self, pictures: Tensor, severity: int, generator: Generator) -> Tensor:
        import io

        import numpy as np
        import torch
        from PIL import Image

        quality = (40, 25, 15, 8, 3)[severity - 1]
        made = []
        for picture in (255 * pictures).round().byte().permute(0, 2, 3, 1).cpu().numpy():
            file = io.BytesIO()
            Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture).save(file, "JPEG", quality=quality)
            made.append(np.atleast_3d(np.asarray(Image.open(file))))
        return torch.from_numpy(np.stack(made)).permute(0, 3, 1, 2).to(pictures) / 255
