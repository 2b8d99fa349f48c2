"""Which layers suffer from fewer bits? Errors of weights and of outputs, layer by layer."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pruning.results.charts.base import NBSP, ROW, Chart, labels, need, percent
from pruning.results.charts.marks import top_down
from pruning.results.charts.palette import CONTROL, FAINT, KEPT, PAPER
from pruning.results.charts.sketch import Sketch


def rounding_errors(layers: pd.DataFrame, layer: str | None = None) -> Chart:
    """Two dots a layer, joined by a line.

    Args:
        layers: ``layer``, ``order`` (forward order), ``weight_error`` and ``output_error`` (relative, 0..1; NaN where
            it could not be seen), ``bytes`` (in the packed file).
        layer: the one that is looked at.

    Raises:
        BadValue: when a column is missing.
    """
    need(layers, ("layer", "order", "weight_error", "output_error", "bytes"), "layers")
    layers = layers.sort_values("order")
    names = [str(name) for name in layers["layer"]]
    weight, output = (100 * layers[name].to_numpy(np.float64) for name in ("weight_error", "output_error"))

    def draw(theme: str) -> Sketch:
        figure = Sketch()
        for name, one, other in zip(names, weight, output, strict=True):
            figure.add_shape(
                type="line",
                x0=one,
                x1=one if np.isnan(other) else other,
                y0=name,
                y1=name,
                layer="below",
                line={"color": FAINT[theme], "width": 4},
            )
        for what, values, role in (("of its weights", weight, CONTROL), ("of its outputs", output, KEPT)):
            figure.add_scatter(
                x=values,
                y=names,
                mode="markers",
                name=what,
                cliponaxis=False,
                showlegend=True,
                marker={
                    "color": role.colour(theme),
                    "size": 11,
                    "symbol": "circle" if role is KEPT else "diamond",
                    "line": {"color": PAPER[theme], "width": 1},
                },
                hovertemplate=f"%{{y}}<br><b>%{{x:.3~g}} %</b> {what}<extra></extra>",
            )
        top = float(np.nanmax(np.concatenate([weight, output]), initial=0)) or 1.0
        figure.update_layout(
            height=int(np.clip(24 * len(names), 110, 1400)) + 96,
            margin={"t": 8, "r": 20},
            legend=ROW,
            xaxis={"range": [0, 1.06 * top], "title": {"text": "relative error (%)"}},
            yaxis={**top_down(names, labels(names, 22, layer)), "type": "category"},
        )
        return figure

    title = "No layer's outputs could be seen"
    if np.isfinite(output).any():
        most = int(np.nanargmax(output))
        middle = percent(float(np.nanmedian(output)) / 100)
        title = f"{names[most]} suffers most: its outputs are {percent(output[most] / 100)} off (median{NBSP}{middle})"
    return Chart(
        name="rounding-errors",
        title=title,
        alt=f"Relative errors of weights and of outputs for {len(names)} layers in forward order. {title}.",
        table=pd.DataFrame(
            {
                "layer": names,
                "weight_error_percent": weight,
                "output_error_percent": output,
                "packed_bytes": layers["bytes"].to_numpy(np.int64),
            }
        ),
        draw=draw,
    )
