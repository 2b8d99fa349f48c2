"""What configurations of Hugging Face say of a network's inputs: size, normalisation, padding. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pruning.common.errors import BadTensor, Missing, PruningError, reason
from pruning.common.json_text import read_object
from pruning.zoo.preprocessing import IMAGENET_MEAN, IMAGENET_STD

LENGTH = 128
"""Tokens of an example of a text classifier, at most."""
RESAMPLING = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic"}
"""Pillow's numbers for ways of scaling."""


def read_config(path: Path) -> dict[str, Any]:
    """A file of configuration.

    Raises:
        Missing: there is none.
        BadTensor: it is damaged.
    """
    try:
        return read_object(path.read_bytes())
    except OSError:
        raise Missing(f"There is no {path.name} in {path.parent}.") from None
    except PruningError as error:
        raise BadTensor(f"{path} cannot be read: {reason(error)}") from None


def of_pictures(config: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """What a classifier of pictures takes, by its configuration and that of its preparation."""
    told = folder / "preprocessor_config.json"
    about = read_config(told) if told.is_file() else {}
    cut = about.get("crop_size") or about.get("size") or config.get("image_size", 224)
    height, width = _sides(cut)
    resize = about.get("size", min(height, width))
    shorter = resize.get("shortest_edge", min(_sides(resize))) if isinstance(resize, dict) else min(_sides(resize))
    if "crop_pct" in about and about["crop_pct"]:
        shorter = int(min(height, width) / float(about["crop_pct"]))
    channels = int(config.get("num_channels", 3))
    return {
        "input_shape": [channels, height, width],
        "preprocessing": {
            "size": [height, width],
            "resize": int(shorter),
            "mean": list(about.get("image_mean") or IMAGENET_MEAN)[:channels],
            "std": list(about.get("image_std") or IMAGENET_STD)[:channels],
            "interpolation": RESAMPLING.get(about.get("resample", 2), "bilinear"),
        },
    }


def _sides(size: Any) -> tuple[int, int]:
    """Height and width, in any of the ways in which transformers writes them."""
    if isinstance(size, dict):
        edge = size.get("shortest_edge", size.get("longest_edge", 224))
        return int(size.get("height", edge)), int(size.get("width", edge))
    if isinstance(size, list):
        return int(size[0]), int(size[-1])
    return int(size), int(size)


def of_texts(config: Mapping[str, Any]) -> dict[str, Any]:
    """What a classifier of texts takes: so many ids of tokens."""
    pad = config.get("pad_token_id")
    return {
        "input_shape": [min(LENGTH, int(config.get("max_position_embeddings", LENGTH)))],
        "pad": pad if isinstance(pad, int) else 0,
    }
