"""Which scorers say the same? A matrix of all pairs: overlap of what they remove, or correlation of their ranks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from pruning.common.errors import BadValue
from pruning.results.charts.base import Chart, plain, short
from pruning.results.charts.levels import level_percent
from pruning.results.charts.palette import KEPT, PAPER, REMOVED, SEQUENCE
from pruning.results.charts.sketch import Sketch

What = Literal["jaccard", "spearman"]
WORDS: dict[str, str] = {"jaccard": "overlap of the removed units (Jaccard)", "spearman": "rank correlation (Spearman)"}
SHORT = {"jaccard": "overlap", "spearman": "rank correlation"}
MOST_NUMBERS = 10
"""Scorers up to which numbers fit the cells, and slanted names their columns, on a narrow screen too."""


def agreement_matrix(
    matrix: Sequence[Sequence[float | None]],
    scorers: Sequence[str],
    what: What,
    place: str,
    level: int,
    removed: Sequence[int] = (),
    units: int = 0,
    controls: Sequence[str] = (),
) -> Chart:
    """The matrix of one part of the network.

    Args:
        matrix: ``(scorers, scorers)``, symmetric; None where there is no number.
        scorers: their labels.
        what: "jaccard" (0..1) or "spearman" (-1..1).
        place: "the network", or a layer's name.
        level: sparsity, per mille.
        removed, units: how many of the part's units each scorer removes; they give the overlap that chance alone has.
        controls: labels of those that know nothing: the title leaves them out.

    Raises:
        BadValue: for another measure, or a matrix that is not square.
    """
    if what not in WORDS:
        raise BadValue(f"The matrix shows 'jaccard' or 'spearman', not '{what}'.")
    cells = np.array([[np.nan if value is None else value for value in row] for row in matrix], dtype=np.float64)
    cells = cells.reshape(len(matrix), -1)
    if cells.shape != (len(scorers), len(scorers)):
        raise BadValue(f"The matrix of {len(scorers)} scorers must be square, not {' x '.join(map(str, cells.shape))}.")
    chance = _chance(removed, units) if what == "jaccard" and len(removed) == len(scorers) else None

    def draw(theme: str) -> Sketch:
        low = 0 if what == "jaccard" else -1
        # Blue for alike, orange for the reverse, as between kept and removed; the middle is the paper itself.
        scale = SEQUENCE if what == "jaccard" else [[0, REMOVED.light], [0.5, PAPER[theme]], [1, KEPT.light]]
        names = [plain(short(name, 24)) for name in scorers]
        extra = np.full(cells.shape, np.nan) if chance is None else chance
        numbers = [["" if np.isnan(value) else f"{value:.2f}" for value in row] for row in cells]
        figure = Sketch()
        figure.add_heatmap(
            z=cells,
            x=list(range(len(names))),
            y=list(range(len(names))),
            zmin=low,
            zmax=1,
            colorscale=scale,
            text=numbers if len(names) <= MOST_NUMBERS else None,
            texttemplate="%{text}",
            xgap=1,
            ygap=1,
            textfont={"size": 12},
            hoverongaps=False,
            customdata=extra,
            colorbar={"thickness": 14, "title": {"text": SHORT[what], "side": "right"}},
            hovertext=[[f"{one}<br>{other}" for other in names] for one in names],
            hovertemplate="%{hovertext}<br><b>%{z:.3f}</b>"
            + ("<br>by chance %{customdata:.3f}" if chance is not None else "")
            + "<extra></extra>",
        )
        side = int(np.clip(26 * len(names), 150, 760))
        ticks = {"tickvals": list(range(len(names))), "ticktext": names, "showgrid": False, "ticklen": 3}
        figure.update_layout(
            height=side + 150,
            margin={"t": 10, "b": 10},
            xaxis={**ticks, "tickangle": -50 if len(names) <= MOST_NUMBERS else -90, "range": [-0.5, len(names) - 0.5]},
            yaxis={**ticks, "range": [len(names) - 0.5, -0.5]},
        )
        return figure

    title = _title(cells, scorers, what, place, level, chance, controls)
    rows, columns = np.triu_indices(len(scorers), 1)
    table = pd.DataFrame(
        {
            "first_scorer": [scorers[row] for row in rows],
            "second_scorer": [scorers[column] for column in columns],
            what: cells[rows, columns],
            "part": place,
            "level_permille": level,
        }
    )
    if chance is not None:
        table["by_chance"] = np.round(chance[rows, columns], 4)
    return Chart(
        name=f"agreement-{what}",
        title=title,
        alt=f"Matrix of {len(scorers)} scorers ({', '.join(scorers)}): {WORDS[what]} in {place}. {title}.",
        table=table,
        draw=draw,
    )


def _chance(removed: Sequence[int], units: int) -> np.ndarray:
    """Jaccard overlap of sets of these sizes that were drawn independently of each other: ``(scorers, scorers)``."""
    sizes = np.asarray(removed, dtype=np.float64)
    both = sizes[:, None] * sizes[None] / max(1, units)
    either = sizes[:, None] + sizes[None] - both
    return np.divide(both, either, out=np.full_like(both, np.nan), where=either > 0)


def _title(
    cells: np.ndarray,
    scorers: Sequence[str],
    what: str,
    place: str,
    level: int,
    chance: np.ndarray | None,
    controls: Sequence[str],
) -> str:
    """The finding: the most and the least alike pair, and what chance would give."""
    rows, columns = np.triu_indices(len(scorers), 1)
    telling = [
        scorers[row] not in controls and scorers[column] not in controls
        for row, column in zip(rows, columns, strict=True)
    ]
    rows, columns = rows[telling], columns[telling]
    values = cells[rows, columns]
    if not len(values) or np.isnan(values).all():
        why = "nothing is removed" if what == "jaccard" and level == 0 else "there is nothing to compare"
        return f"In {place} {why}"

    def pair(at: int) -> str:
        return f"{scorers[rows[at]]} and {scorers[columns[at]]} ({values[at]:.2f})"

    most, least = int(np.nanargmax(values)), int(np.nanargmin(values))
    verb = "remove" if what == "jaccard" else "rank"
    if most == least:
        said = f"In {place} {pair(most)} are the only pair"
    else:
        said = f"In {place} {pair(most)} {verb} most alike, {pair(least)} least"
    usual = float(np.nanmedian(chance[rows, columns])) if chance is not None else np.nan
    at = f" at {level_percent(level)}" if what == "jaccard" else ""
    return said + (f"; two random choices{at} overlap by {usual:.2f}" if np.isfinite(usual) else "")
