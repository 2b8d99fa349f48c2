"""Does the ticket win? Final accuracy, or the early-stop step, against the share of weights remaining."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pruning.common.errors import BadValue
from pruning.common.levels import LEVELS, to_percent
from pruning.results.charts.axes import layout
from pruning.results.charts.base import BELOW, Chart, amount, need, percent
from pruning.results.charts.curve_looks import STYLES
from pruning.results.charts.levels import level_percent
from pruning.results.charts.marks import band, note
from pruning.results.charts.palette import CONTROL, DENSE, KEPT, Role
from pruning.results.charts.sketch import Sketch

ROLES: dict[str, tuple[Role, str]] = {
    "ticket": (KEPT, "ticket: its own initial weights"),
    "redrawn": (STYLES[1], "re-initialised: same mask, other weights"),
    "shuffled": (CONTROL, "random mask, same layer densities"),
    "dense": (DENSE, "dense"),
}
SHORT = {"ticket": "the ticket", "redrawn": "re-initialised", "shuffled": "random mask", "dense": "dense"}
WHAT = {"accuracy": "test accuracy after the last step (%)", "early": "step of the lowest validation loss"}


def ticket_curves(
    rows: pd.DataFrame,
    means: pd.DataFrame,
    what: str = "accuracy",
    levels: Sequence[int] = (),
    steps: int = 0,
    pending: bool = False,
) -> Chart:
    """The curves of the four arms.

    Args:
        rows: ``seed``, ``arm``, ``level`` (per mille), ``accuracy`` (0..1), ``early_step``, one row a network.
        means: as ``pruning.study.methods.tickets.means_frame`` makes them.
        what: "accuracy" or "early".
        levels: all that are planned: how far the axis goes.
        steps: of one training: how high the axis of early stops goes.
        pending: more is on its way.

    Raises:
        BadValue: a column is missing, or another ``what``.
    """
    if what not in WHAT:
        raise BadValue(f"The curves show {' or '.join(WHAT)}, not '{what}'.")
    need(rows, ("seed", "arm", "level", "accuracy", "early_step"), "rows")
    need(means, ("arm", "level", "seeds", "accuracy", "low", "high", "early", "early_low", "early_high"), "means")
    names = ("accuracy", "low", "high") if what == "accuracy" else ("early", "early_low", "early_high")
    scale = 100 if what == "accuracy" else 1
    sparsest = max([*levels, *rows["level"], 900])
    least = 0.8 * to_percent(LEVELS - sparsest)
    top = max([steps, *means["early_high"].dropna()], default=1)

    def draw(theme: str) -> Sketch:
        figure = Sketch()
        for arm, (role, words) in reversed(ROLES.items()):  # what is asked about lies on top
            mean = means[means["arm"] == arm].sort_values("level")
            y, low, high = (scale * mean[name].to_numpy(np.float64) for name in names)
            if arm == "dense":
                if len(mean):
                    _dense(figure, y[0], low[0], high[0], least, role, theme, what)
                continue
            x = to_percent(LEVELS - mean["level"].to_numpy(np.float64))
            _arm(figure, x, y, low, high, mean["seeds"], role, words, theme, what)
            _seeds(figure, rows[rows["arm"] == arm], what, role.colour(theme))
        if pending or not len(rows):
            words = "more rounds are on their way …" if pending else "nothing trained yet"
            note(figure, words, theme, 0.98, 0.04, "right")
        figure.update_layout(
            height=430 + 22 * 3,
            margin={"t": 10, "b": 10, "r": 70},
            hovermode="closest",
            showlegend=True,
            legend={**BELOW, "traceorder": "reversed"},
            xaxis={**layout("remaining"), "range": [2.02, np.log10(least)]},
            yaxis={
                "range": _span(means, names[1], scale) if what == "accuracy" else [0, 1.05 * top],
                "title": {"text": WHAT[what]},
            },
        )
        return figure

    title = _title(means, what, pending)
    return Chart(
        name=f"tickets-{what}",
        title=title,
        alt=f"{WHAT[what]} against weights remaining from 100 to {least:.2g} %, logarithmic; ticket, re-initialised, "
        f"random mask and dense, mean over seeds with the range from lowest to highest. {title}.",
        table=pd.DataFrame(
            {
                "seed": rows["seed"],
                "arm": rows["arm"],
                "level_permille": rows["level"],
                "weights_remaining_percent": to_percent(LEVELS - rows["level"].astype(float)),
                "accuracy_percent": (100 * rows["accuracy"].astype(float)).round(4),
                "early_stop_step": rows["early_step"],
            }
        ).reset_index(drop=True),
        draw=draw,
    )


def _arm(
    figure: Sketch,
    x: np.ndarray,
    y: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    seeds: pd.Series,
    role: Role,
    words: str,
    theme: str,
    what: str,
) -> None:
    """Mean and band of one arm."""
    colour, unit = role.colour(theme), " %" if what == "accuracy" else ""
    if len(x) > 1:
        band(figure, x, low, high, role.tint(theme, 0.16), f"{words}, band")
    figure.add_scatter(
        x=x if len(x) else [None],
        y=y if len(x) else [None],
        mode="lines+markers",
        name=words,
        cliponaxis=False,
        line={"color": colour, "width": 2.5, "dash": role.dash},
        showlegend=True,
        marker={"symbol": role.symbol, "size": 9, "color": colour},
        customdata=[
            [f"{a:.2f}" if unit else f"{a:.0f}", f"{b:.2f}" if unit else f"{b:.0f}", count]
            for a, b, count in zip(low, high, seeds, strict=True)
        ],
        hovertemplate=f"<b>%{{y:.{2 if unit else 0}f}}{unit}</b> at %{{x:.3~g}} % of the weights<br>%{{customdata[0]}} "
        "to %{customdata[1]} over %{customdata[2]} seeds<extra>" + words + "</extra>",
    )


def _seeds(figure: Sketch, rows: pd.DataFrame, what: str, colour: str) -> None:
    """Single seeds, faint."""
    column, scale = ("accuracy", 100) if what == "accuracy" else ("early_step", 1)
    if rows["seed"].nunique() < 2:
        return
    for seed, group in rows.sort_values("level").groupby("seed"):
        figure.add_scatter(
            x=to_percent(LEVELS - group["level"].astype(float)),
            y=scale * group[column].astype(float),
            mode="lines",
            opacity=0.35,
            line={"color": colour, "width": 1},
            showlegend=False,
            hoverinfo="skip",
            name=f"seed {seed}",
        )


def _dense(figure: Sketch, y: float, low: float, high: float, least: float, role: Role, theme: str, what: str) -> None:
    """The unpruned network: a dashed line and its band over all densities."""
    if np.isnan(y):
        return
    ends = np.array([100, least])
    band(figure, ends, np.full(2, low), np.full(2, high), role.tint(theme, 0.08), "dense, band")
    figure.add_scatter(
        x=[100, least],
        y=[y, y],
        mode="lines",
        name="dense",
        showlegend=False,
        hoverinfo="skip",
        line={"color": role.colour(theme), "width": 2, "dash": role.dash},
    )
    figure.add_annotation(
        x=1,
        xref="paper",
        xanchor="left",
        y=y,
        showarrow=False,
        align="left",
        xshift=4,
        name="dense",
        text=f"dense<br>{percent(y / 100)}" if what == "accuracy" else f"dense<br>{amount(y)}",
        font={"color": role.colour(theme)},
    )


def _span(means: pd.DataFrame, low: str, scale: int) -> list[float]:
    """From a round number under the lowest value to one above the highest."""
    if means.empty:
        return [0, 100]
    bottom, top = scale * float(means[low].min()), scale * float(means["high"].max())
    step = 10 if top - bottom > 25 else 5 if top - bottom > 8 else 2
    return [step * np.floor((bottom - 0.2) / step), min(100, step * np.ceil((top + 0.2) / step))]


def _title(means: pd.DataFrame, what: str, pending: bool) -> str:
    """The arms at the sparsest level at which ticket and re-initialised are both known."""
    column = "accuracy" if what == "accuracy" else "early"
    by = means.dropna(subset=[column]).set_index(["arm", "level"])[column].to_dict()
    shared = [level for arm, level in by if arm == "ticket" and ("redrawn", level) in by]
    if not shared:
        return "The dense networks train first" if pending else "Nothing is trained yet"
    level = max(shared)

    def said(value: float) -> str:
        return percent(value) if what == "accuracy" else f"step {amount(value)}"

    parts = [f"{SHORT[arm]} {said(by[arm, level])}" for arm in ("redrawn", "shuffled") if (arm, level) in by]
    verb = "reaches" if what == "accuracy" else "stops early at"
    return (
        f"At {level_percent(LEVELS - level)} of the weights the ticket {verb} {said(by['ticket', level])}, "
        + ", ".join(parts)
    )
