"""How long does a pass take, dense, masked and with the masked units removed, and what do the MACs promise?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from pruning.common.errors import BadValue
from pruning.results.charts.base import NBSP, ROW, Chart, need, plain, whiskers
from pruning.results.charts.palette import CONTROL, DENSE, INK, KEPT
from pruning.results.charts.sketch import Sketch
from pruning.results.speed import factor, speed_up

WORDS = {"dense": "dense", "masked": "masked (zeros)", "small": "small (removed)"}
"""The variants, in the order of the bars."""


def latency_bars(times: pd.DataFrame, promised: float, threads: int) -> Chart:
    """Bars of median times relative to the dense network's, with quartiles, and a mark where the MACs' ratio lies.

    Args:
        times: ``batch`` (images a pass), ``variant`` ("dense", "masked", "small"), ``median_ms``, ``low_ms`` and
            ``high_ms`` (quartiles) and ``samples``; all measured in one run.
        promised: MACs of the dense network over those of the small one: the theoretical speed-up.
        threads: with which it was measured.

    Raises:
        BadValue: when a column is missing, or the dense time of a batch size.
    """
    need(times, ("batch", "variant", "median_ms", "low_ms", "high_ms", "samples"), "times")
    batches = list(dict.fromkeys(int(batch) for batch in times["batch"]))
    dense = times[times["variant"] == "dense"].set_index("batch")["median_ms"]
    if times.empty or set(batches) - set(dense.index):
        raise BadValue("A time is shown relative to the dense network's, which was not measured.")
    base = times["batch"].map(dense).to_numpy(np.float64)
    table = times.rename(columns={"batch": "batch_images"}).reset_index(drop=True)
    table["percent_of_dense"] = np.round(100 * times["median_ms"].to_numpy(np.float64) / base, 2)
    table["macs_percent_of_dense"] = round(100 / promised, 2)
    table["threads"] = threads

    def draw(theme: str) -> Sketch:
        figure = Sketch()
        rows = [f"{batch} image{'s' if batch > 1 else ''}" for batch in batches]
        fills = {
            "dense": {"color": DENSE.tint(theme, 0.65)},
            "masked": {
                "color": KEPT.tint(theme, 0.35),
                "pattern": {
                    "shape": "/",
                    "fgcolor": KEPT.colour(theme),
                    "fillmode": "overlay",
                    "size": 6,
                    "solidity": 0.2,
                },
            },
            "small": {"color": KEPT.colour(theme)},
        }
        for variant, word in WORDS.items():
            found = times[times["variant"] == variant].set_index("batch").reindex(batches)
            scale = 100 / dense.reindex(batches)
            middle = found["median_ms"] * scale
            figure.add_bar(
                y=rows,
                x=middle,
                name=word,
                orientation="h",
                marker=fills[variant],
                error_x=whiskers(middle, found["low_ms"] * scale, found["high_ms"] * scale, INK[theme]),
                customdata=[
                    [milliseconds(m), milliseconds(low), milliseconds(high), n]
                    for m, low, high, n in zip(
                        found["median_ms"], found["low_ms"], found["high_ms"], found["samples"], strict=True
                    )
                ],
                hovertemplate=f"{word}, %{{y}} a pass<br><b>%{{customdata[0]}}</b> (quartiles %{{customdata[1]}} to "
                "%{customdata[2]}, %{customdata[3]} samples)<extra></extra>",
            )
            # Times stand in a column of their own, where no bar and no whisker runs through them.
            for place, (row, median) in enumerate(zip(rows, found["median_ms"], strict=True)):
                offset = (list(WORDS).index(variant) - 1) * 0.8 / 3
                figure.add_annotation(
                    x=1,
                    xref="paper",
                    xanchor="right",
                    xshift=78,
                    y=place + offset,
                    yref="y",
                    showarrow=False,
                    text=milliseconds(median),
                    name=f"{variant} {plain(row)}",
                )
        figure.add_vline(x=100 / promised, line={"color": CONTROL.colour(theme), "dash": "dot", "width": 2.5})
        figure.add_scatter(
            x=[None],
            y=[None],
            mode="lines",
            name="theory: MACs of the small network",
            line={"color": CONTROL.colour(theme), "dash": "dot", "width": 2.5},
        )
        figure.update_layout(
            height=80 * len(batches) + 170,
            barmode="group",
            bargap=0.2,
            bargroupgap=0,
            margin={"t": 8, "r": 86},
            legend={**ROW, "traceorder": "normal"},
            xaxis={
                "range": [0, 130],
                "dtick": 25,
                "title": {"text": f"time of a pass (% of dense), {threads} thread{'s' if threads > 1 else ''}"},
            },
            yaxis={"range": [len(batches) - 0.5, -0.5], "showgrid": False, "tickvals": rows},
        )
        return figure

    title = _title(times, batches, promised)
    return Chart(
        name="latency-bars",
        title=title,
        alt=f"Bars of measured times of a pass at {', '.join(map(str, batches))} images, relative to the dense "
        f"network, for the dense, the masked and the small network. {title}.",
        table=table,
        draw=draw,
    )


def milliseconds(value: float) -> str:
    """A time in words: 0.4213 -> "0.42 ms"."""
    if value != value:
        return ""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}{NBSP}ms"


def _title(times: pd.DataFrame, batches: list[int], promised: float) -> str:
    """What the removal really buys at the smallest and the largest batch, beside what the operations promise."""
    rows, ends = times.to_dict("records"), list(dict.fromkeys((batches[0], batches[-1])))
    found = {batch: speed_up(rows, batch) for batch in ends}
    said = [f"{one.words()} at {batch}" for batch, one in found.items() if one.real]
    lost = [str(batch) for batch, one in found.items() if not one.real]
    spread = f"no measurable speed-up at {' and '.join(lost)}"
    images = "image a pass" if batches[-1] == 1 else "images a pass"
    if not said:
        return f"{spread[0].upper()}{spread[1:]} {images}; in theory {factor(promised)} times faster"
    text = f"Measured {' and '.join(said)} {images}; in theory {factor(promised)} times"
    return f"{text}; {spread}" if lost else text
