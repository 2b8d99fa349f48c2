"""Where does the text break? Perplexity of a language model against the share of its weights that is gone."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pruning.results.charts.base import ROW, Chart, need, whiskers
from pruning.results.charts.curve_looks import STYLES
from pruning.results.charts.palette import CONTROL, INK
from pruning.results.charts.sketch import Sketch
from pruning.results.language import COLUMNS, breaking

MOST = 40.0
"""So many times the dense perplexity is the axis's upper end: beyond it text is noise."""
TICKS = [step * 10**power for power in range(5) for step in (1, 2, 3, 5)]
FACTOR = 1.5
"""Times the dense perplexity at which the title calls it broken."""


def perplexity_curve(frame: pd.DataFrame, level: int, labels: Mapping[str, str]) -> Chart:
    """One line a criterion with intervals over windows of text, on a logarithmic axis; the chosen level as a cursor.

    Args:
        frame: as ``pruning.results.language.curve`` makes it.
        level: the chosen one, per mille.
        labels: of criteria.

    Raises:
        BadValue: when a column is missing.
    """
    need(frame, COLUMNS, "frame")
    scorers = [name for name in labels if name in set(frame["scorer"])]
    dense = float(frame["dense"].iloc[0]) if len(frame) else 1.0

    def draw(theme: str) -> Sketch:
        figure = Sketch()
        for place, scorer in enumerate(scorers):
            role = CONTROL if scorer == "random" else STYLES[place]
            own = frame[frame["scorer"] == scorer].sort_values("level")
            figure.add_scatter(
                x=own["level"] / 10,
                y=own["perplexity"],
                mode="lines+markers",
                name=labels[scorer],
                showlegend=True,
                line={"color": role.colour(theme), "width": 2.5, "dash": role.dash},
                marker={"symbol": role.symbol, "size": 9, "color": role.colour(theme)},
                error_y=whiskers(own["perplexity"], own["low"], own["high"], role.colour(theme), width=3),
                hovertemplate=f"{labels[scorer]}, %{{x:g}} %<br><b>perplexity %{{y:,.1f}}</b><extra></extra>",
            )
        figure.add_vline(x=level / 10, line={"color": INK[theme], "width": 1, "dash": "dot"})
        figure.update_layout(
            height=380,
            margin={"t": 10, "b": 10},
            legend=ROW,
            xaxis={"range": [-2, 72], "dtick": 10, "title": {"text": "weights removed (%)"}},
            yaxis={
                "type": "log",
                "range": [float(np.log10(dense * 0.85)), float(np.log10(dense * MOST))],
                "tickvals": TICKS,
                "ticktext": [f"{tick:,}" for tick in TICKS],
                "title": {"text": "perplexity of a token (logarithmic)"},
            },
        )
        return figure

    title = _title(frame, labels)
    return Chart(
        name="perplexity-sparsity",
        title=title,
        alt=f"Perplexity against the share of weights removed, one line a criterion. {title}.",
        table=pd.DataFrame(
            {
                "criterion": [labels.get(name, name) for name in frame["scorer"]],
                "removed_percent": frame["level"] / 10,
                **{f"perplexity_{name}": np.round(frame[name], 3) for name in ("low", "high", "dense")},
                "perplexity": np.round(frame["perplexity"], 3),
                "agreement_percent": np.round(100 * frame["agree"], 2),
                "tokens_count": frame["tokens"],
            }
        ),
        draw=draw,
    )


def _title(frame: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """At which measured level each criterion passes the factor, the last of them first."""
    found = {name: level for name, level in breaking(frame, FACTOR).items() if level is not None and name != "random"}
    if not found:
        return "Where does the text break?"
    last = sorted(found, key=lambda name: (-found[name], list(labels).index(name)))
    said = [f"{labels[name]} {found[name] / 10:g} %" for name in last]
    return f"Perplexity passes {FACTOR:g} times dense at: {', '.join(said)}"
