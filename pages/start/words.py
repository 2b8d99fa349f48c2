"""The start page in words: one measured example."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pruning.common.levels import share_in_percent


def example(network: str, gone: str, pruned: Mapping[str, Any], again: Mapping[str, Any] | None, data: str) -> str:
    """What pruning costs a network of ours, from measured values.

    Args:
        gone: what was removed, in words: "80 % of its weights".
        pruned: correct answers of the pruned and of the dense network, and how many examples there were.
        again: the same with BatchNorm recalibrated, if measured.
        data: name of the data set.

    >>> value = {"correct": 55, "dense_correct": 93, "count": 100}
    >>> print(example("ResNet-20", "80 % of its weights", value, None, "X"))
    Measured: ResNet-20 gets 93.0 % of 100 test images of X right; without 80 % of its weights, 55.0 %.
    """
    count = pruned["count"]
    text = (
        f"Measured: {network} gets {share_in_percent(pruned['dense_correct'], count)} of {count:,} test images of "
        f"{data} right; without {gone}, {share_in_percent(pruned['correct'], count)}"
    )
    if again is not None and again["count"] == count:
        text += f", and {share_in_percent(again['correct'], count)} once its BatchNorm statistics are measured anew"
    return f"{text}."
