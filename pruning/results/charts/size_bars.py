"""Does the file get smaller? Measured bytes of each way to write the model down."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pruning.common.errors import BadValue
from pruning.results.charts.base import NBSP, ROW, Chart, need, percent, plain
from pruning.results.charts.marks import top_down
from pruning.results.charts.palette import BASELINE, DENSE, KEPT
from pruning.results.charts.sketch import Sketch


def size_bars(sizes: pd.DataFrame, baseline: pd.DataFrame | None = None) -> Chart:
    """One bar a form of the file.

    Args:
        sizes: ``form`` and ``bytes`` (measured). Forms that begin with "dense" are the reference (the first of them
            is what the others are compared with); the form that holds "plain" is the pruned file as it is.
        baseline: the same columns for the pinned setting.

    Raises:
        BadValue: when a column is missing, or nothing was measured.
    """
    need(sizes, ("form", "bytes"), "sizes")
    if sizes.empty:
        raise BadValue("No file size was measured.")
    forms = [str(form) for form in sizes["form"]]
    count = sizes["bytes"].to_numpy(np.int64)
    dense = [form.startswith("dense") for form in forms]
    table = pd.DataFrame({"form": forms, "size_bytes": count})
    pinned = None
    if baseline is not None:
        need(baseline, ("form", "bytes"), "baseline")
        pinned = baseline.set_index(baseline["form"].astype(str))["bytes"].reindex(forms).to_numpy(np.float64)
        table["pinned_size_bytes"] = pinned
    # The dense file is the fixed end of the axis: no pruned form in use is much larger, whatever the slider says.
    reference = count[dense.index(True)] if any(dense) else count.max()
    unit, word = _unit(int(max(reference, count.max())))

    def draw(theme: str) -> Sketch:
        figure = Sketch()
        figure.add_bar(
            x=count / unit,
            y=forms,
            orientation="h",
            name="now",
            showlegend=False,
            width=0.66,
            marker={"color": [(DENSE if is_dense else KEPT).colour(theme) for is_dense in dense]},
            customdata=[f"{int(item):,}" for item in count],
            hovertemplate="%{y}<br><b>%{customdata} bytes</b><extra></extra>",
        )
        # The numbers stand in a column of their own, where neither a bar's end nor a pinned mark runs through them.
        for form, item in zip(forms, count, strict=True):
            figure.add_annotation(
                x=1,
                xref="paper",
                xanchor="right",
                y=form,
                text=size(int(item)),
                showarrow=False,
                name="size",
                xshift=84,
                align="right",
            )
        if pinned is not None:
            figure.add_scatter(
                x=pinned / unit,
                y=forms,
                mode="markers",
                name="pinned",
                marker={"symbol": "line-ns", "size": 22, "line": {"color": BASELINE.colour(theme), "width": 4}},
                customdata=[size(int(item)) if item == item else "" for item in pinned],
                hovertemplate="pinned: %{customdata}<extra></extra>",
            )
        figure.update_layout(
            height=34 * len(forms) + 60 + (30 if pinned is not None else 0),
            margin={"t": 8, "r": 92},
            legend=ROW,
            xaxis={
                "range": [0, 1.04 * max(reference, count.max()) / unit],
                "title": {"text": f"file size ({word})"},
                "nticks": 6,
            },
            yaxis=top_down(forms, [plain(form) for form in forms]),
        )
        return figure

    title = _title(forms, count, dense)
    said = ", ".join(f"{form} {size(int(item))}" for form, item in zip(forms, count, strict=True))
    return Chart(
        name="size-bars",
        title=title,
        alt=f"Bars of measured file sizes: {said}. {title}.",
        table=table,
        draw=draw,
    )


def _unit(largest: int) -> tuple[int, str]:
    """Decimal units, as on a disk's label: (bytes, name)."""
    return (1000, "kB") if largest < 10_000_000 else (1_000_000, "MB")


def size(count: int) -> str:
    """Bytes in words: 1104000 -> "1,104 kB"."""
    if count < 1000:
        return f"{count}{NBSP}B"
    unit, word = _unit(count)
    number = count / unit
    return f"{number:,.0f}{NBSP}{word}" if number >= 100 else f"{number:,.1f}{NBSP}{word}"


def _title(forms: list[str], count: np.ndarray, dense: list[bool]) -> str:
    """What the zeros save by themselves, and what the best form saves."""
    best = int(count.argmin())
    if not any(dense) or all(dense):
        return f"The smallest file is {forms[best]}: {size(int(count[best]))}"
    whole = int(count[dense.index(True)])
    plain_form = next((at for at, form in enumerate(forms) if "plain" in form and not dense[at]), None)
    pruned = [at for at in range(len(forms)) if not dense[at]]
    best = min(pruned, key=lambda at: count[at])
    gain = f"{forms[best]} {size(int(count[best]))}"
    if count[best] < whole:
        gain += f" ({percent(1 - count[best] / whole, 0)} less)"
    if plain_form is not None and abs(int(count[plain_form]) - whole) <= 0.01 * whole:
        if best == plain_form:
            return f"Zeros save nothing: {size(whole)} before and {size(int(count[best]))} after"
        return f"Zeros alone save nothing: {size(whole)} before and after; {gain}"
    return f"From {size(whole)} dense to {gain}"
