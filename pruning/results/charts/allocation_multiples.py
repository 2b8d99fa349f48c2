"""How do the allocations share one sparsity? One small chart an allocation: what each layer keeps."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pruning.common.levels import LEVELS, to_percent
from pruning.results.charts.base import Chart, labels, need, percent, plain
from pruning.results.charts.levels import check_level, level_percent
from pruning.results.charts.marks import top_down
from pruning.results.charts.palette import CONTROL, INK, KEPT, REMOVED
from pruning.results.charts.panels import axis, panels, place
from pruning.results.charts.sketch import Sketch

COLUMNS = 3


def allocation_multiples(layers: pd.DataFrame, level: int, chosen: str | None = None, columns: int = COLUMNS) -> Chart:
    """Density per layer, one panel an allocation, all with the same axes.

    Args:
        layers: one row an allocation and layer: ``allocation`` (its label; panels stand in the order of the rows),
            ``layer``, ``order`` (forward order), ``weights`` and ``removed``.
        level: the sparsity asked for, per mille.
        chosen: the label of the allocation in use, which is set in bold.
        columns: panels side by side.

    Raises:
        BadValue: when a column is missing.
    """
    check_level(level)
    need(layers, ("allocation", "layer", "order", "weights", "removed"), "allocations")
    layers = layers.reset_index(drop=True)
    layers = layers.assign(density=1 - layers["removed"] / layers["weights"].clip(lower=1))
    charts = {str(name): rows.sort_values("order") for name, rows in layers.groupby("allocation", sort=False)}
    names = [str(name) for name in next(iter(charts.values()))["layer"]] if charts else []

    def draw(theme: str) -> Sketch:
        across = max(1, min(columns, len(charts)))
        down = max(1, -(-len(charts) // across))
        each = int(np.clip((26 if len(names) < 12 else 17) * len(names), 84, 900))
        heads = [f"<b>{plain(name)}</b>" if name == chosen else plain(name) for name in charts]
        height = down * (each + 44) + 50
        figure = Sketch()
        count = panels(figure, down, across, heads, 0.035, min(44 / height, 0.9 / max(1, down - 1)))
        for number, (name, rows) in enumerate(charts.items()):
            density, empty = rows["density"].to_numpy(), (rows["removed"] == rows["weights"]).to_numpy()
            figure.add_bar(
                x=100 * density,
                y=list(rows["layer"].astype(str)),
                orientation="h",
                name=plain(name),
                width=0.72,
                marker={"color": KEPT.colour(theme), "opacity": 1 if chosen in (None, name) else 0.75},
                text=["empty" if gone else percent(share, 0) for gone, share in zip(empty, density, strict=True)],
                textposition="outside",
                cliponaxis=False,
                constraintext="none",
                textfont={"size": 12, "color": [REMOVED.colour(theme) if gone else INK[theme] for gone in empty]},
                showlegend=False,
                customdata=rows[["removed", "weights"]],
                hovertemplate="%{y}<br><b>%{x:.1f} % kept</b><br>%{customdata[0]:,} of %{customdata[1]:,} removed"
                f"<extra>{plain(name)}</extra>",
                **place(number),
            )
            line = {"color": CONTROL.colour(theme), "dash": "dot", "width": 1.5}
            figure.add_vline(to_percent(LEVELS - level), place(number)["xaxis"], line=line)
        x, y = {"range": [0, 122], "tick0": 0, "dtick": 50, "showgrid": True}, top_down(names, labels(names, 16))
        for number in range(count):
            lowest = {"showticklabels": True} if len(charts) - across <= number < len(charts) else {}
            figure.update_layout(**{axis("x", number): x | lowest, axis("y", number): y})
        figure.update_layout(**{axis("x", across * (down - 1)): {"title": {"text": "kept of the layer (%)"}}})
        figure.update_layout(height=height, margin={"t": 34, "b": 10}, bargap=0.2)
        return figure

    title = _title(layers, level)
    table = pd.DataFrame(
        {
            "allocation": layers["allocation"].astype(str),
            "layer": layers["layer"].astype(str),
            "order": layers["order"],
            "level_permille": level,
            "weights_count": layers["weights"],
            "removed_count": layers["removed"],
            "kept_percent": (100 * layers["density"]).round(4),
        }
    ).reset_index(drop=True)
    return Chart(
        name="allocations",
        title=title,
        alt=f"Small bar charts of {len(charts)} allocations ({', '.join(charts)}): share of each of {len(names)} "
        f"layers that is kept at {level_percent(level)} sparsity; a dotted line marks the network's share. {title}.",
        table=table,
        draw=draw,
    )


def _title(layers: pd.DataFrame, level: int) -> str:
    """The finding: the layer about which the allocations differ most."""
    at = level_percent(level)
    if layers["allocation"].nunique() < 2:
        return f"What each layer keeps at {at} sparsity"
    spread = layers.groupby("layer", sort=False)["density"].agg(["min", "max"])
    layer = str((spread["max"] - spread["min"]).idxmax())
    rows = layers[layers["layer"].astype(str) == layer]
    most, least = rows.loc[rows["density"].idxmax()], rows.loc[rows["density"].idxmin()]
    if most["density"] - least["density"] < 0.005:
        return f"At {at} sparsity all allocations share alike"
    return (
        f"At {at} sparsity the allocations differ most about {layer}: {most['allocation']} keeps "
        f"{percent(most['density'], 0)} of it, {least['allocation']} {percent(least['density'], 0)}"
    )
