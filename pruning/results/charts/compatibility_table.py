"""What goes with what? A table of marks; the reason for each gap is its hover."""

from __future__ import annotations

import pandas as pd

from pruning.results.charts.base import BELOW, Chart, need, plain, short
from pruning.results.charts.palette import BASELINE, CONTROL, KEPT, RECALIBRATED, Role
from pruning.results.charts.sketch import Sketch

LOOKS: dict[str, Role] = {"yes": KEPT, "itself": RECALIBRATED, "masks": BASELINE, "no": CONTROL}
SYMBOLS = {"yes": "circle", "itself": "square", "masks": "diamond", "no": "line-ew"}


def compatibility_table(pairs: pd.DataFrame, rows: str, columns: str, meanings: dict[str, str]) -> Chart:
    """Rows against columns, one mark a pair.

    Args:
        pairs: ``row`` and ``column`` (labels; they stand in the order of their first appearance), ``kind`` (one of
            ``LOOKS``) and ``why`` (a sentence: how they go together, or why not).
        rows, columns: nouns ("criterion", "granularity").
        meanings: the kinds that may occur, each in a few words, for the legend.

    Raises:
        BadValue: when a column is missing.
    """
    need(pairs, ("row", "column", "kind", "why"), "compatibility")
    down, across = (list(dict.fromkeys(pairs[side].astype(str))) for side in ("row", "column"))

    def draw(theme: str) -> Sketch:
        figure = Sketch()
        for kind, words in meanings.items():
            some = pairs[pairs["kind"] == kind]
            colour = LOOKS[kind].colour(theme)
            thin = kind == "no"
            figure.add_scatter(
                x=[across.index(str(name)) for name in some["column"]],
                y=[down.index(str(name)) for name in some["row"]],
                mode="markers",
                name=plain(words),
                showlegend=True,
                marker={
                    "symbol": SYMBOLS[kind],
                    "size": 9 if thin else 13,
                    "color": colour,
                    "opacity": 0.55 if thin else 1,
                    "line": {"color": colour, "width": 1.5 if thin else 0},
                },
                customdata=some[["row", "column", "why"]].astype(str).map(plain),
                hovertemplate="%{customdata[0]} × %{customdata[1]}<br>%{customdata[2]}<extra></extra>",
            )
        figure.update_layout(
            height=30 * len(down) + 174 + 22 * len(meanings),
            margin={"t": 124, "b": 10, "r": 70},
            hovermode="closest",
            legend=BELOW,
            xaxis={
                "tickvals": list(range(len(across))),
                "ticktext": [plain(short(name, 20)) for name in across],
                "side": "top",
                "range": [-0.5, len(across) - 0.5],
                "tickangle": -45,
                "ticklabeloverflow": "allow",
            },
            yaxis={
                "tickvals": list(range(len(down))),
                "ticktext": [plain(short(name, 28)) for name in down],
                "range": [len(down) - 0.5, -0.5],
            },
        )
        return figure

    good = int((pairs["kind"] != "no").sum())
    title = f"{good} of {len(pairs)} pairs of {rows} and {columns} go together"
    return Chart(
        name=f"compatibility-{rows}-{columns}",
        title=title,
        alt=f"Table of marks: {len(down)} rows ({rows}) against {len(across)} columns ({columns}). {title}.",
        table=pairs.rename(columns={"row": rows, "column": columns}).reset_index(drop=True),
        draw=draw,
    )
