"""As right as it is sure? Accuracy against confidence, bin by bin, of two networks."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from pruning.results.charts.base import ROW, Chart, need
from pruning.results.charts.palette import CONTROL, DENSE, KEPT
from pruning.results.charts.sketch import Sketch

LOOKS = {"dense": DENSE, "compressed": KEPT}


def calibration_bins(bins: Mapping[str, pd.DataFrame], errors: Mapping[str, float]) -> Chart:
    """A line a network, and the diagonal on which a network is as right as it is sure.

    Args:
        bins: by network ("dense", "compressed"), as ``pruning.results.failures.calibration.bins_of`` makes them.
        errors: the expected calibration error of each, 0..1.

    Raises:
        BadValue: when a column is missing.
    """
    for one in bins.values():
        need(one, ("confidence", "accuracy", "count"), "bins")

    def draw(theme: str) -> Sketch:
        figure = Sketch()
        figure.add_scatter(
            x=[0, 100],
            y=[0, 100],
            mode="lines",
            name="as sure as right",
            showlegend=True,
            hoverinfo="skip",
            line={"color": CONTROL.colour(theme), "dash": CONTROL.dash},
        )
        for name, table in bins.items():
            role = LOOKS[name]
            largest = max(1, int(table["count"].max())) if len(table) else 1
            figure.add_scatter(
                x=(100 * table["confidence"]).tolist(),
                y=(100 * table["accuracy"]).tolist(),
                mode="lines+markers",
                name=name,
                showlegend=True,
                cliponaxis=False,
                line={"color": role.colour(theme), "dash": role.dash, "width": 2},
                marker={
                    "symbol": role.symbol,
                    "color": role.colour(theme),
                    "size": [6 + 10 * (count / largest) ** 0.5 for count in table["count"]],
                },
                customdata=table["count"].tolist(),
                hovertemplate=f"{name}, %{{customdata:,}} images<br>sure %{{x:.1f}} %<br><b>right %{{y:.1f}} %</b>"
                "<extra></extra>",
            )
        figure.update_layout(
            height=380,
            legend=ROW,
            xaxis={"range": [0, 102], "title": {"text": "confidence (%)"}},
            yaxis={"range": [0, 102], "title": {"text": "accuracy (%)"}},
        )
        return figure

    title = _title(errors)
    tables = [table.assign(network=name) for name, table in bins.items()]
    every = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    shares = {f"{one}_percent": (100 * every[one]).round(3) for one in ("confidence", "accuracy")} if tables else {}
    return Chart(
        name="calibration",
        title=title,
        alt=f"Accuracy against confidence of {' and '.join(bins)}. {title}.",
        table=pd.DataFrame({"network": every["network"], **shares, "images_count": every["count"]} if tables else {}),
        draw=draw,
    )


def _title(errors: Mapping[str, float]) -> str:
    """Which network is nearer to being as right as it is sure."""
    if set(errors) != {"dense", "compressed"}:
        return "Is a network as right as it is sure?"
    old, new = (round(100 * errors[name], 1) for name in ("dense", "compressed"))
    word = "improves" if new < old else "worsens" if new > old else "stays"
    change = f"from {old:g} to {new:g} points" if new != old else f"at {new:g} points"
    return f"Calibration {word}: confidence is off by {change}" if new == old else f"Calibration {word}: off {change}"
