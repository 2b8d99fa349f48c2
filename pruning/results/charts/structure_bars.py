"""How many output channels does each layer keep, and how many were taken out?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from pruning.results.charts.base import NBSP, ROW, Chart, amount, labels, need, percent, plain
from pruning.results.charts.marks import top_down
from pruning.results.charts.palette import INK, KEPT, REMOVED
from pruning.results.charts.sketch import Sketch

WIDE = 40
"""Where one layer has so many times the channels of another, bars are shares of their layer instead of counts."""


def structure_bars(layers: pd.DataFrame) -> Chart:
    """A bar a layer: channels kept, and behind them those removed; a layer that went with its block is struck out.

    Args:
        layers: ``layer``, ``order`` (forward order), ``channels`` and ``kept`` (output channels before and after),
            ``gone`` (whether the whole layer was left out) and ``alone`` (why nothing was removed, or an empty text).

    Raises:
        BadValue: when a column is missing.
    """
    need(layers, ("layer", "order", "channels", "kept", "gone", "alone"), "layers")
    layers = layers.sort_values("order")
    names = [str(name) for name in layers["layer"]]
    whole, kept = layers["channels"].to_numpy(np.int64), layers["kept"].to_numpy(np.int64)
    gone, alone = layers["gone"].to_numpy(bool), [str(why) for why in layers["alone"]]
    table = pd.DataFrame(
        {
            "layer": names,
            "channels_count": whole,
            "kept_count": kept,
            "removed_count": whole - kept,
            "left_alone_because": alone,
        }
    )
    shares = bool(len(whole)) and bool(whole.max() > WIDE * whole.min())
    scale = 100 / np.maximum(whole, 1) if shares else np.ones(len(whole))

    def draw(theme: str) -> Sketch:
        figure = Sketch()
        said = [f"{k:,} of {w:,}" if k < w else f"{w:,}" for k, w in zip(kept, whole, strict=True)]
        why = [f"<br>left alone: {plain(reason)}" if reason else "" for reason in alone]
        hover = [[n, k, w, y] for n, k, w, y in zip(map(plain, names), kept, whole, why, strict=True)]
        common = {
            "y": names,
            "orientation": "h",
            "customdata": hover,
            "width": 0.72,
            "hovertemplate": "%{customdata[0]}<br><b>%{customdata[1]:,} of %{customdata[2]:,} channels kept</b>"
            "%{customdata[3]}<extra></extra>",
        }
        figure.add_bar(x=kept * scale, name="kept", marker={"color": KEPT.colour(theme)}, **common)
        figure.add_bar(
            x=(whole - kept) * scale,
            name="removed",
            text=said,
            textposition="outside",
            cliponaxis=False,
            textfont={"color": INK[theme]},
            constraintext="none",
            marker={
                "color": REMOVED.tint(theme, 0.45),
                "line": {"width": 0},
                "pattern": {
                    "shape": ["x" if lost else "/" for lost in gone],
                    "size": 6,
                    "solidity": 0.25,
                    "fgcolor": REMOVED.colour(theme),
                    "fillmode": "overlay",
                },
            },
            **common,
        )
        ticks = [f"<s>{label}</s>" if lost else label for label, lost in zip(labels(names, 22), gone, strict=True)]
        end = 100.0 if shares else float(whole.max(initial=1))
        title = "output channels (% of the layer's)" if shares else "output channels"
        figure.update_layout(
            height=int(np.clip(24 * len(names), 110, 1400)) + 96,
            barmode="stack",
            bargap=0.2,
            margin={"t": 8, "r": 92},
            legend={**ROW, "traceorder": "normal"},
            xaxis={"range": [0, end], "title": {"text": title}},
            yaxis=top_down(names, ticks),
        )
        return figure

    title = _title(names, whole, kept, gone)
    return Chart(
        name="structure-bars",
        title=title,
        alt=f"Bars for {len(names)} layers in forward order: output channels kept and removed. {title}.",
        table=table,
        draw=draw,
    )


def _title(names: list[str], whole: np.ndarray, kept: np.ndarray, gone: np.ndarray) -> str:
    """The finding: how much went, and where most."""
    lost = whole - kept
    if not lost.any():
        return f"All {amount(whole.sum())} output channels stay"
    if gone.any():
        return (
            f"{int(gone.sum())} of {len(names)} layers {'is' if gone.sum() == 1 else 'are'} left out with their blocks"
        )
    share = lost / np.maximum(whole, 1)
    most = int(share.argmax())
    text = f"{amount(lost.sum())} of {amount(whole.sum())} output channels are gone"
    touched = share[lost > 0]
    if touched.max() - touched.min() < 0.01:
        return f"{text}: {percent(float(touched.mean()), 0)} of every layer that can give"
    return f"{text}; {names[most]} keeps {amount(kept[most])}{NBSP}of{NBSP}{amount(whole[most])}"
