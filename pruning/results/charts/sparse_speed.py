"""Do zeros pay without being removed? One linear layer in several forms of sparse execution."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pruning.common.errors import BadValue
from pruning.common.levels import in_percent, to_percent
from pruning.results.charts.base import ROW, Chart, need, whiskers
from pruning.results.charts.latency_bars import milliseconds
from pruning.results.charts.palette import BASELINE, CONTROL, DENSE, KEPT, RECALIBRATED
from pruning.results.charts.panels import axis, panels, place
from pruning.results.charts.sketch import Sketch
from pruning.results.speed import FORMS, SPARSE, crossover

LOOKS = {
    "masked": (CONTROL, "dot", "cross"),
    "csr": (KEPT, "solid", "circle"),
    "block": (RECALIBRATED, "dash", "square"),
    "n_m": (BASELINE, "solid", "triangle-up"),
}
TICKS = (0.0625, 0.125, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64)
LABELS = ("1/16", "1/8", "1/4", "1/2", "1", "2", "4", "8", "16", "32", "64")


def sparse_speed(sparse: pd.DataFrame, features: int, threads: int) -> Chart:
    """A panel a batch size, a line a form; above one it pays.

    Args:
        sparse: as ``pruning.results.speed.sparse_frame`` makes it: ``batch``, ``form`` ("dense", "masked", "csr",
            "block", "n_m"), ``level`` (per mille of zeros), ``faster``, ``faster_low``, ``faster_high``, ``median_ms``,
            ``samples``.
        features: inputs and outputs of the layer.
        threads: with which it was measured.

    Raises:
        BadValue: a column is missing, or nothing but dense was measured.
    """
    need(sparse, SPARSE, "sparse")
    sparse = sparse[sparse["form"] != "dense"].sort_values(["batch", "form", "level"]).reset_index(drop=True)
    if sparse.empty:
        raise BadValue("Sparse execution is compared with dense; no other form was measured.")
    batches = [int(batch) for batch in dict.fromkeys(sparse["batch"])]

    def draw(theme: str) -> Sketch:
        heads = [f"{batch} input{'s' if batch > 1 else ''} a pass" for batch in batches]
        figure = Sketch()
        panels(figure, 1, len(batches), heads, 0.03)
        named: set[str] = set()
        for number, batch in enumerate(batches):
            for form, (role, dash, symbol) in LOOKS.items():
                own = sparse[(sparse["batch"] == batch) & (sparse["form"] == form)]
                if own.empty:
                    continue
                colour = role.colour(theme)
                figure.add_scatter(
                    x=to_percent(own["level"]),
                    y=own["faster"],
                    mode="lines+markers",
                    name=FORMS[form],
                    legendgroup=form,
                    showlegend=form not in named,
                    line={"color": colour, "dash": dash, "width": 2.5},
                    cliponaxis=False,
                    marker={"symbol": symbol, "size": 8, "color": colour},
                    error_y=whiskers(own["faster"], own["faster_low"], own["faster_high"], colour, 1.2, 3),
                    customdata=[[milliseconds(t), n] for t, n in zip(own["median_ms"], own["samples"], strict=True)],
                    hovertemplate=f"{FORMS[form]}, %{{x:g}} % zeros<br><b>%{{y:.2f}} times as fast as dense</b><br>"
                    "%{customdata[0]}, %{customdata[1]} rounds<extra></extra>",
                    **place(number),
                )
                named.add(form)
        low, high = float(sparse["faster_low"].min()) * 0.85, max(1.3, float(sparse["faster_high"].max()) * 1.15)
        bounds = [np.log10(low), np.log10(high)]
        x = {"range": [48, 101], "tickvals": [50, 75, 100], "title": {"text": "zeros (%)"}}
        y = {"type": "log", "range": bounds, "tickvals": TICKS, "ticktext": LABELS}
        for number in range(len(batches)):
            figure.add_hline(
                1, place(number)["yaxis"], line={"color": DENSE.colour(theme), "dash": "dash", "width": 1.5}
            )
            figure.update_layout(**{axis("x", number): x, axis("y", number): y})
        figure.update_layout(
            height=400,
            margin={"t": 34, "b": 10},
            hovermode="closest",
            showlegend=True,
            legend=ROW,
            yaxis={"title": {"text": f"times as fast as dense, {threads} thread{'s' if threads > 1 else ''}"}},
        )
        return figure

    title = _title(sparse, batches)
    return Chart(
        name="sparse-speed",
        title=title,
        alt=f"Speed of a linear layer of {features} inputs and outputs relative to dense, against its share of zeros, "
        f"for {', '.join(FORMS[form] for form in LOOKS if form in set(sparse['form']))}. {title}.",
        table=pd.DataFrame(
            {
                "batch_inputs": sparse["batch"],
                "form": sparse["form"],
                "zeros_percent": to_percent(sparse["level"]),
                "times_as_fast_as_dense": sparse["faster"].astype(float).round(4),
                "quartile_low": sparse["faster_low"].astype(float).round(4),
                "quartile_high": sparse["faster_high"].astype(float).round(4),
                "median_ms": sparse["median_ms"].astype(float).round(5),
                "rounds": sparse["samples"],
            }
        ),
        draw=draw,
    )


def _title(sparse: pd.DataFrame, batches: list[int]) -> str:
    """From which sparsity on zeros pay at the largest and at the smallest batch, in the form that needs the fewest."""
    said = []
    for batch in dict.fromkeys((batches[-1], batches[0])):
        found = {form: crossover(sparse, batch, form) for form in FORMS}
        first = min(((at, form) for form, at in found.items() if at is not None), key=lambda one: one[0], default=None)
        where = f"at {batch} input{'s' if batch > 1 else ''} a pass"
        said.append(f"from {in_percent(first[0])} on {where} ({FORMS[first[1]]})" if first else f"never {where}")
    return f"Zeros pay without removal {', '.join(said)}"
