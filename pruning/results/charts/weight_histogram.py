"""Which weights go, the small ones? The weights of one layer by value, kept and removed apart."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pruning.results.charts.base import ROW, Chart, need, percent
from pruning.results.charts.palette import INK, KEPT, REMOVED
from pruning.results.charts.sketch import Sketch


def weight_histogram(bins: pd.DataFrame, layer: str, threshold: float | None, score_is_magnitude: bool) -> Chart:
    """Stacked histogram of one layer's dense weights.

    Args:
        bins: ``left``, ``right`` (edges), ``kept`` and ``removed`` (counts).
        layer: its name.
        threshold: the magnitude below which weights go; drawn when the score is the magnitude and it is so. (Within
            N:M groups small weights stay beside smaller ones, and the score that divides them is a place in a row.)
        score_is_magnitude: whether the criterion is the weight's magnitude.

    Raises:
        BadValue: when a column is missing.
    """
    need(bins, ("left", "right", "kept", "removed"), "bins")
    bins = bins.sort_values("left")
    left, right = bins["left"].to_numpy(np.float64), bins["right"].to_numpy(np.float64)
    kept, removed = bins["kept"].to_numpy(np.int64), bins["removed"].to_numpy(np.int64)
    marked = threshold is not None and score_is_magnitude and _divides(left, right, kept, removed, threshold)
    # Removed and kept together are the dense weights, so this height stands still while the slider moves.
    tallest = 1.08 * max(1, int((kept + removed).max(initial=0)))
    reach = float(max(abs(left).max(initial=0), abs(right).max(initial=0))) or 1.0

    def draw(theme: str) -> Sketch:
        figure = Sketch()
        for counts, role, word, pattern in ((removed, REMOVED, "removed", "/"), (kept, KEPT, "kept", "")):
            figure.add_bar(
                x=(left + right) / 2,
                width=right - left,
                y=counts,
                name=word,
                customdata=np.column_stack([left, right]),
                marker={
                    "color": role.colour(theme),
                    "line": {"width": 0},
                    "pattern": {
                        "shape": pattern,
                        "size": 6,
                        "solidity": 0.25,
                        "fgcolor": "#000000",
                        "fillmode": "overlay",
                    },
                },
                hovertemplate="%{customdata[0]:.3~g} to %{customdata[1]:.3~g}<br><b>%{y:,} "
                + word
                + "</b><extra></extra>",
            )
        if marked and threshold is not None:
            for side in (-threshold, threshold):
                figure.add_shape(
                    type="line",
                    x0=side,
                    x1=side,
                    y0=0,
                    y1=1,
                    yref="paper",
                    name="threshold",
                    line={"color": INK[theme], "width": 2, "dash": "dot"},
                )
            figure.add_annotation(
                x=threshold,
                y=1,
                yref="paper",
                yanchor="bottom",
                xanchor="left",
                xshift=-8,
                showarrow=False,
                text=f"▾ ±{threshold:.3g}",
                name="threshold",
                font={"weight": 600},
            )
        figure.update_layout(
            height=350,
            barmode="stack",
            bargap=0,
            margin={"t": 26, "b": 10},
            legend={**ROW, "traceorder": "normal"},
            xaxis={"range": [-1.02 * reach, 1.02 * reach], "title": {"text": "weight before pruning"}, "nticks": 7},
            yaxis={"range": [0, tallest], "title": {"text": "weights (count)"}, "nticks": 5},
        )
        return figure

    title = _title(left, right, kept, removed, layer, threshold if marked else None)
    return Chart(
        name=f"weights-{layer}",
        title=title,
        alt=f"Histogram of the weights of {layer} before pruning, those kept and those removed stacked. {title}.",
        table=pd.DataFrame({"left": left, "right": right, "kept_count": kept, "removed_count": removed}),
        draw=draw,
    )


def _divides(left: np.ndarray, right: np.ndarray, kept: np.ndarray, removed: np.ndarray, threshold: float) -> bool:
    """Whether all that goes lies within the threshold and all that stays beyond it, as far as bins can tell."""
    ends = np.sort(np.abs([left, right]), axis=0)
    nearest = np.where((left <= 0) & (right >= 0), 0.0, ends[0])
    slack = 1e-6 * max(1.0, threshold)
    return not (kept[ends[1] < threshold - slack].any() or removed[nearest > threshold + slack].any())


def _title(
    left: np.ndarray, right: np.ndarray, kept: np.ndarray, removed: np.ndarray, layer: str, threshold: float | None
) -> str:
    total = int(kept.sum() + removed.sum())
    share = percent(int(removed.sum()) / max(1, total))
    if not removed.any():
        return f"{layer} keeps all its weights"
    if not kept.any():
        return f"{layer} keeps none of its weights"
    if threshold is not None:
        return f"{layer} loses the {share} of its weights that lie within ±{threshold:.3g}"
    # Another criterion: how often a removed weight is larger than the median kept one says how it differs.
    size = np.abs(left + right) / 2
    order = np.argsort(size, kind="stable")
    median = size[order][np.searchsorted(kept[order].cumsum(), kept.sum() / 2)]
    larger = int(removed[size > median].sum()) / int(removed.sum())
    return f"{layer} loses {share} of its weights; {percent(larger, 0)} of these are larger than the median kept one"
