"""Where do two scorers disagree? The units of one layer by both scorers' ranks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pruning.results.charts.base import NBSP, ROW, Chart, amount, need, percent, plain, short
from pruning.results.charts.palette import BASELINE, CONTROL, KEPT, REMOVED, Role
from pruning.results.charts.sketch import Sketch

OUTCOMES: tuple[tuple[str, bool, bool, Role], ...] = (
    ("both keep", False, False, KEPT),
    ("both remove", True, True, CONTROL),
    ("only {first} removes", True, False, REMOVED),
    ("only {second} removes", False, True, BASELINE),
)
"""Words, removed by the first, removed by the second, look."""


def score_scatter(
    points: pd.DataFrame,
    counts: Mapping[str, int],
    layer: str,
    first: str,
    second: str,
    unit: str = "weights",
    spearman: float | None = None,
) -> Chart:
    """Each unit at its rank within the layer by both scorers, 0 % the lowest score, which goes first.

    Args:
        points: ``first_score``, ``second_score``, ``first_rank``, ``second_rank`` (0..1), ``first_removed`` and
            ``second_removed``; a sample of the layer.
        counts: of the whole layer: ``both_kept``, ``both_removed``, ``only_first``, ``only_second``.
        layer: its name.
        first, second: labels of the scorers.
        unit: the noun for what is ranked.
        spearman: rank correlation in the whole layer.

    Raises:
        BadValue: when a column is missing.
    """
    columns = ("first_score", "second_score", "first_rank", "second_rank", "first_removed", "second_removed")
    need(points, columns, "scores")
    total = sum(counts.values())
    numbers = (counts["both_kept"], counts["both_removed"], counts["only_first"], counts["only_second"])
    gone = (points["first_removed"].to_numpy(bool), points["second_removed"].to_numpy(bool))
    cuts = (
        (counts["both_removed"] + counts["only_first"]) / max(1, total),
        (counts["both_removed"] + counts["only_second"]) / max(1, total),
    )

    def draw(theme: str) -> Sketch:
        figure = Sketch()
        size = float(np.clip(260 / np.sqrt(max(1, len(points))), 4, 9))
        for (words, in_first, in_second, role), number in zip(OUTCOMES, numbers, strict=True):
            some = points[(gone[0] == in_first) & (gone[1] == in_second)]
            name = words.format(first=short(first, 24), second=short(second, 24))
            figure.add_scattergl(
                x=100 * some["first_rank"],
                y=100 * some["second_rank"],
                mode="markers",
                name=f"{plain(name)} ({amount(number)})",
                showlegend=True,
                marker={"color": role.colour(theme), "symbol": role.symbol, "size": size, "opacity": 0.7},
                customdata=some[["first_score", "second_score"]],
                hovertemplate=f"{plain(first)}: %{{x:.1f}} %, score %{{customdata[0]:.3~g}}<br>"
                f"{plain(second)}: %{{y:.1f}} %, score %{{customdata[1]:.3~g}}<extra>{plain(name)}</extra>",
            )
        line = {"color": CONTROL.colour(theme), "width": 1.5, "dash": "dot"}
        figure.add_shape(type="line", x0=100 * cuts[0], x1=100 * cuts[0], y0=0, y1=100, line=line, name="cut")
        figure.add_shape(type="line", x0=0, x1=100, y0=100 * cuts[1], y1=100 * cuts[1], line=line, name="cut")
        axis = {"range": [-1, 101], "dtick": 25, "tick0": 0, "ticksuffix": f"{NBSP}%"}
        figure.update_layout(
            height=520,
            margin={"t": 10, "b": 10},
            xaxis={**axis, "title": {"text": f"rank by {plain(short(first, 32))} (highest is kept longest)"}},
            yaxis={**axis, "title": {"text": f"rank by {plain(short(second, 32))}"}},
            legend={**ROW, "itemsizing": "constant"},
        )
        return figure

    title = _title(counts, layer, first, second, unit, spearman)
    table = points[list(columns)].reset_index(drop=True)
    return Chart(
        name=f"two-scores-{layer}",
        title=title,
        alt=f"Scatter of {len(points):,} of {total:,} {unit} of {layer}: rank by {first} against rank by {second}, "
        f"both from 0 to 100 %; dotted lines mark where each scorer cuts. {title}.",
        table=table,
        draw=draw,
    )


def _title(counts: Mapping[str, int], layer: str, first: str, second: str, unit: str, spearman: float | None) -> str:
    """The finding: how often they disagree."""
    total = sum(counts.values())
    apart = counts["only_first"] + counts["only_second"]
    if not total:
        return f"{layer} has no {unit} to compare"
    rank = "" if spearman is None else f" (rank correlation {spearman:.2f})"
    if counts["both_kept"] == total:
        return f"In {layer} neither {first} nor {second} removes anything{rank}"
    if not apart:
        return f"In {layer} {first} and {second} remove the same {unit}{rank}"
    return (
        f"In {layer} {first} and {second} decide differently on {percent(apart / total)} of the {unit}: "
        f"{amount(apart)} of {amount(total)}{rank}"
    )
