"""Which channels are empty? Share of weights kept in each output and each input channel of one layer."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pruning.common.errors import BadValue
from pruning.results.charts.base import ROW, Chart, need, percent
from pruning.results.charts.palette import KEPT, REMOVED
from pruning.results.charts.sketch import Sketch

PANELS = (("output", "x", "y", [0, 0.47]), ("input", "x2", "y2", [0.53, 1]))


def channel_density(density: pd.DataFrame, layer: str) -> Chart:
    """Two panels: outputs on the left, inputs on the right.

    Args:
        density: ``axis`` ("output" or "input"), ``index`` (channel) and ``density`` (share kept, 0..1).
        layer: its name.

    Raises:
        BadValue: when a column is missing, or an axis is neither output nor input.
    """
    need(density, ("axis", "index", "density"), "density")
    if not set(density["axis"]) <= {"output", "input"}:
        raise BadValue("The density table's axis is 'output' or 'input'.")
    density = density.sort_values(["axis", "index"], ascending=[False, True])
    sides = {axis: density[density["axis"] == axis] for axis, *_ in PANELS}

    def draw(theme: str) -> Sketch:
        figure = Sketch()
        for axis, x, y, domain in PANELS:
            side = sides[axis]
            index, share = side["index"].to_numpy(np.int64), side["density"].to_numpy(np.float64)
            figure.add_bar(
                x=index,
                y=100 * share,
                xaxis=x,
                yaxis=y,
                name="kept",
                marker={"color": KEPT.colour(theme)},
                width=0.9,
                showlegend=False,
                hovertemplate=f"{axis} %{{x}}<br><b>%{{y:.1f}} % kept</b><extra></extra>",
            )
            gone = index[share == 0]
            figure.add_scatter(
                x=gone if len(gone) else [None],
                y=np.zeros(len(gone)) if len(gone) else [None],
                xaxis=x,
                yaxis=y,
                mode="markers",
                name="empty channel",
                cliponaxis=False,
                showlegend=axis == "output",
                marker={"symbol": REMOVED.symbol, "size": 8, "color": REMOVED.colour(theme)},
                hovertemplate=f"{axis} %{{x}} is empty<extra></extra>",
            )
            width = int(index.max()) + 1 if len(index) else 1
            figure.layout[f"xaxis{x[1:]}"] = {
                "domain": domain,
                "anchor": y,
                "range": [-0.6, width - 0.4],
                "showgrid": False,
                "nticks": 5,
                "title": {"text": f"{axis} channel"},
                "tickformat": "d",
            }
            figure.layout[f"yaxis{y[1:]}"] = {
                "range": [0, 100],
                "dtick": 25,
                "anchor": x,
                "showticklabels": axis == "output",
                "ticks": "outside" if axis == "output" else "",
                "title": {"text": "weights kept (%)" if axis == "output" else ""},
            }
        figure.update_layout(
            height=310,
            margin={"t": 10, "b": 10},
            bargap=0,
            legend=ROW,
        )
        return figure

    title = _title(sides, layer)
    return Chart(
        name=f"channels-{layer}",
        title=title,
        alt=f"Two bar charts of the share of weights kept in each output and each input channel of {layer}. {title}.",
        table=pd.DataFrame(
            {
                "layer": layer,
                "axis": density["axis"].to_numpy(),
                "channel": density["index"].to_numpy(),
                "kept_percent": np.round(100 * density["density"].to_numpy(np.float64), 4),
            }
        ),
        draw=draw,
    )


def _title(sides: dict[str, pd.DataFrame], layer: str) -> str:
    said = [
        f"{int((side['density'] == 0).sum())} of {len(side)} {axis}"
        for axis, side in sides.items()
        if (side["density"] == 0).any()
    ]
    if said:
        return f"{' and '.join(said)} channels of {layer} are empty"
    out = sides["output"]["density"]
    if not len(out):
        return f"No channel of {layer} is empty"
    return f"No channel of {layer} is empty; the sparsest output keeps {percent(float(out.min()))}"
