"""The trace of a training as tables: curves, layers over time, weights that came and went. No torch."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from pruning.results.intervals import wilson

Rows = Sequence[Mapping[str, Any]]
CURVES = ("strategy", "step", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "sparsity")
LAYERS = ("step", "since", "layer", "order", "weights", "removed")
CHURN = ("step", "since", "gone", "back", "sparsity")
RESULTS = ("strategy", "steps", "correct", "count", "accuracy", "low", "high", "validation")


def curves_frame(strategy: str, rows: Rows, weights: Sequence[int]) -> pd.DataFrame:
    """One row a look: ``step`` since the start of the recipe, losses, accuracies (0..1), sparsity (0..1)."""
    return pd.DataFrame(
        [
            {
                "strategy": strategy,
                "step": row["total"],
                "train_loss": row["train_loss"],
                "train_accuracy": row["train_accuracy"],
                "validation_loss": row.get("validation_loss"),
                "validation_accuracy": row["validation_correct"] / row["validation_count"]
                if row.get("validation_count")
                else None,
                "sparsity": sum(row["removed"]) / max(1, sum(weights)),
            }
            for row in rows
        ],
        columns=list(CURVES),
    )


def layers_frame(rows: Rows, layers: Sequence[str], weights: Sequence[int]) -> pd.DataFrame:
    """One row a look and layer: ``removed`` of its ``weights`` at ``step``; ``since`` is the look before."""
    found = []
    for before, row in zip([0, *(row["total"] for row in rows)], rows, strict=False):
        found += [
            (row["total"], before, name, order, weights[order], row["removed"][order])
            for order, name in enumerate(layers)
        ]
    return pd.DataFrame(found, columns=list(LAYERS))


def churn_frame(rows: Rows, weights: Sequence[int], start: int = 0) -> pd.DataFrame:
    """One row a look: weights that were masked (``gone``) and that came back (``back``) since the look before.

    A training counts its own changes only; what a pruning step removed between two trainings, or before the first, is
    what the counts of masked weights leave unexplained, and is added to ``gone``.

    Args:
        start: masked weights before the first step of the recipe.
    """
    found, masked, before = [], start, 0
    for row in rows:
        now = sum(row["removed"])
        between = max(0, now - masked - (row["gone"] - row["back"]))
        found.append((row["total"], before, row["gone"] + between, row["back"], now / max(1, sum(weights))))
        masked, before = now, row["total"]
    return pd.DataFrame(found, columns=list(CHURN))


def churn_export(churn: pd.DataFrame) -> pd.DataFrame:
    """The same as a file has it, with the unit in each name."""
    return pd.DataFrame(
        {
            "step": churn["step"],
            "removed_count": churn["gone"].to_numpy(np.int64),
            "revived_count": churn["back"].to_numpy(np.int64),
            "sparsity_percent": (100 * churn["sparsity"]).round(4),
        }
    )


def results_frame(
    results: Iterable[tuple[str, int, Mapping[str, Any]]], validation: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Final test accuracies with 95 % Wilson intervals, from (strategy, training steps, accuracy value).

    Args:
        validation: the last validation accuracy (0..1) by strategy: by it, not by test images, one is called the best.
    """
    found, seen = [], validation or {}
    for strategy, steps, value in results:
        low, high = wilson(value["correct"], value["count"])
        accuracy = value["correct"] / value["count"]
        last = seen.get(strategy, math.nan)
        found.append((strategy, steps, value["correct"], value["count"], accuracy, low, high, last))
    return pd.DataFrame(found, columns=list(RESULTS))
