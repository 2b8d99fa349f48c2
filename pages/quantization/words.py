"""The page Quantization in words: its format, its finding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pages.choices.quantization import Formats
from pages.choices.setting import Setting
from pruning.common.levels import share_in_percent
from pruning.results.sentences import amount, interval
from pruning.zoo.kinds import models

SIZE_ONLY = "size only"


ONLY = (
    "Weights alone have fewer bits: the file is smaller, and no kernel here computes with packed codes, so that a pass "
    "takes as long as in float32."
)


def kind(formats: Formats) -> str:
    """The format in a few words: "4-bit weights", "bfloat16 weights"."""
    return f"{formats.half} weights" if formats.bits == 16 else f"{formats.bits}-bit weights"


def finding(
    setting: Setting, formats: Formats, accuracy: Mapping[str, Any] | None, value: Mapping[str, Any] | None
) -> str:
    """The page's finding: "ResNet-20 with 4-bit weights gets 91.2 % (90.6 to 91.8) of 10,000 test images right, dense
    93.0 %, in 170 kB instead of 1.10 MB"."""
    text = f"{models[setting.model].label} with {kind(formats)}"
    if formats.prune != "no":
        text += f", {setting.level_words} of them pruned {formats.prune},"
    if accuracy is not None and "correct" in accuracy:
        dense = share_in_percent(accuracy["dense_correct"], accuracy["count"])
        text += f" gets {interval(accuracy)} of {accuracy['count']:,} test images right (dense {dense})"
        text += "," if value is not None else ""
    if value is not None and "bytes" in value:
        text += f" in {amount(value['bytes'])} instead of {amount(value['float32'])}"
    return text
