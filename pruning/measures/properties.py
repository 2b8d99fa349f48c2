"""What each example is like: brightness, contrast and size of a picture, its subfolder, or the columns of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pruning.common.progress import Desk
from pruning.measures.kinds import OnImages, measures

if TYPE_CHECKING:
    from pruning.state import State

COLUMNS = 40
"""Columns of a table that are told."""


@measures.register
class Properties(OnImages):
    """Properties of the first examples of a split, by which they can be grouped; no network is asked.

    Result: ``count``; ``numbers``, by name a text that ``array_of`` reads as float16 ``(count,)``; ``words``, by name
    the distinct words and a text with the place of each example's, uint16. Of pictures: ``brightness`` (mean, 0..1),
    ``contrast`` (standard deviation, 0..0.5), ``size of the object`` (share of pixels nearer to the brightest than to
    the darkest twentieth where a picture's border is dark, else the reverse) and, of a folder, ``subfolder`` (of the
    file, below that of its class, if there are any). Of tables: their columns, at most 40.
    """

    name = "properties"
    label = "Properties of examples"
    summary = "Brightness, contrast, size and subfolder of pictures; columns of tables."

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        import numpy as np

        from pruning.common.bits import text_of
        from pruning.zoo.match import split_of

        split: Any = split_of(state.base, self.split)
        count = min(self.count, len(split))
        pictures = state.base.task.name == "image_classification"
        numbers = _of_pictures(split, count, desk) if pictures else _of_rows(split, count)
        words = _folders(split, count)
        texts = {name: text_of(np.asarray(values, dtype=np.float16)) for name, values in numbers.items()}
        return {"count": count, "numbers": texts, "words": words}


def _of_pictures(split: Any, count: int, desk: Desk) -> dict[str, Any]:
    import torch

    from pruning.network.inputs import BATCH
    from pruning.zoo.corrupted import scale_of

    black, white = scale_of(split)
    found: list[Any] = []
    for start in range(0, count, BATCH):
        desk.progress(start, count, "images")
        inputs = split.batch(start, min(start + BATCH, count))[0].float()
        grey = ((inputs - black) / (white - black)).clamp(0, 1).mean(1)
        flat = grey.flatten(1)
        middle = (flat.quantile(0.05, 1) + flat.quantile(0.95, 1)) / 2
        border = torch.cat([grey[:, 0], grey[:, -1], grey[:, :, 0], grey[:, :, -1]], 1).mean(1)
        bright = (flat > middle[:, None]).float().mean(1)
        size = torch.where(border <= middle, bright, 1 - bright)
        found.append(torch.stack([flat.mean(1), flat.std(1, correction=0), size], 1))
    names = ("brightness", "contrast", "size of the object")
    return dict(zip(names, torch.cat(found).T.numpy(), strict=True))


def _of_rows(split: Any, count: int) -> dict[str, Any]:
    if not hasattr(split, "row"):
        return {}
    rows = [split.row(position) for position in range(count)]
    return {name: [row[name] for row in rows] for name in list(rows[0])[:COLUMNS]} if rows else {}


def _folders(split: Any, count: int) -> dict[str, Any]:
    """The subfolder of each file below the folder of its class, where files lie in more than one."""
    import numpy as np

    from pruning.common.bits import text_of

    paths = getattr(split, "paths", ())[:count]
    if not paths:
        return {}
    parents = [path.parent.name for path in paths]
    above = {parent.parent for parent in (path.parent for path in paths)}
    if len(above) < 2:  # all files lie in the folders of their classes
        return {}
    known = sorted(set(parents))
    places = np.array([known.index(parent) for parent in parents], dtype=np.uint16)
    return {"subfolder": {"known": known, "places": text_of(places)}}
