"""Networks that differ in their seed alone: what is kept of them, so that exemplars and tests can be shown later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pruning.common.bits import array_of, text_of
from pruning.results.failures.answers import Answers

SPLITS = ("test", "validation")


def summary(values: Sequence[Mapping[str, Any]], networks: int) -> dict[str, Any]:
    """What is kept of ``networks`` dense and as many compressed networks.

    Args:
        values: results of the measure ``logits``, network by network, dense ones first: each on test, then validation.

    Returns:
        For each split ``count``, ``labels``, and the answers of all networks, dense ones first, four or eight bits an
        answer: ``answers``, a text that ``pruning.common.bits.array_of`` reads.
    """
    found: dict[str, Any] = {"networks": networks, "classes": values[0]["classes"]}
    for at, split in enumerate(SPLITS):
        read = [Answers.read(value) for value in values[at :: len(SPLITS)]]
        every = np.stack([one.answers for one in read]).astype(np.uint8 if values[0]["classes"] <= 256 else np.uint16)
        # As differences from the first network most are zero, which takes next to no room.
        every[1:] -= every[:1]
        found[split] = {
            "count": len(read[0]),
            "labels": text_of(read[0].labels.astype(np.uint16)),
            "answers": text_of(every),
        }
    return found


def networks_of(kept: Mapping[str, Any], split: str) -> tuple[list[Answers], list[Answers]]:
    """Dense and compressed networks from what ``summary`` kept; of classes alone."""
    part, count = kept[split], 2 * kept["networks"]
    kind = "uint8" if kept["classes"] <= 256 else "uint16"
    every = array_of(part["answers"], kind, count, part["count"])
    every[1:] += every[:1]
    labels = array_of(part["labels"], "uint16", part["count"]).astype(np.int64)
    found = [Answers(labels, one.astype(np.int64)) for one in every]
    return found[: kept["networks"]], found[kept["networks"] :]
