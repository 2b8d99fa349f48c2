"""Do two retrainings reach the same minimum? Linear mode connectivity of the tickets at one density, and of dense."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from pages.lottery.work import at_once, look, one_network
from pages.shared import jobs as background
from pages.shared.estimates import Estimate, passes
from pages.shared.offers import TITLE, button
from pages.shared.plain import plain
from pages.shared.show import show
from pages.shared.standing import Standing, standing, whole
from pruning.common.levels import LEVELS
from pruning.common.limits import PAGE_TABLES
from pruning.common.memory import remembered
from pruning.results.charts.error_barrier import error_barrier
from pruning.results.charts.levels import level_percent
from pruning.results.charts.words import tip
from pruning.results.connectivity import (
    LINE,
    barrier_sentence,
    barriers_frame,
    finished_levels,
    line_cells,
    lines_frame,
)
from pruning.results.tickets import rows_frame
from pruning.study.methods.tickets import Experiment, TicketCell
from pruning.study.study import Study

LEVEL = "lottery_valley_level"


@dataclass(frozen=True)
class ConnectivityLines:
    """How the lines of one density stand: (arm, seed, value) of those measured, and what of the others is going on."""

    values: list[tuple[str, int, dict[str, Any]]]
    standing: Standing

    @property
    def frame(self) -> pd.DataFrame:
        return lines_frame(self.values)


@remembered(PAGE_TABLES)
def _cells(experiment: Experiment, level: int) -> list[tuple[TicketCell, Study]]:
    return line_cells(experiment, level)


def lines(experiment: Experiment, level: int) -> ConnectivityLines:
    """What is measured, under way, and failed."""
    cells = [(cell, whole(study)) for cell, study in _cells(experiment, level)]
    now = standing(wanted for _, wanted in cells)
    found = {cell: now.found[key].value for cell, wanted in cells for key in wanted.keys if key in now.found}
    return ConnectivityLines([(cell.arm, cell.seed, value) for cell, value in found.items()], now)


def levels(experiment: Experiment, table: pd.DataFrame) -> list[int]:
    """Densities that can be looked at, the sparsest first."""
    return finished_levels(experiment, table)[::-1]


def busy(experiment: Experiment) -> bool:
    """Whether lines of the chosen density are being measured."""
    offered = levels(experiment, rows_frame(look(experiment).rows))
    return bool(offered) and bool(lines(experiment, _level(offered)).standing.running)


def _level(offered: Sequence[int]) -> int:
    level: int | None = st.session_state.get(LEVEL)
    return offered[0] if level is None or level not in offered else level


def section(experiment: Experiment, table: pd.DataFrame) -> bool:
    """Draw the section once a ticket is there; returns whether anything of it is under way."""
    offered = levels(experiment, table)
    if not offered:
        return False
    st.subheader("Do two retrainings reach the same minimum?", anchor=False, help=tip("linear mode connectivity"))
    if st.session_state.get(LEVEL) not in offered:
        st.session_state.pop(LEVEL, None)
    level = int(
        st.selectbox(
            "Weights remaining in the ticket",
            offered,
            key=LEVEL,
            width=260,
            format_func=lambda level: level_percent(LEVELS - level),
        )
    )
    found = lines(experiment, level)
    for error in found.standing.errors:
        st.warning(plain(error), icon=":material/error:")
    _work(found, experiment)
    if found.values:
        show(error_barrier(found.frame, level, bool(found.standing.running)), "valley", width=TITLE)
        st.markdown(barrier_sentence(barriers_frame(found.frame)))
    if found.values or found.standing.running:
        st.caption(
            "A child is trained once more from the same start and mask on another data order. Barrier: the highest "
            f"error on the line minus the mean of both ends, at {LINE.build().points} places on "
            f"{LINE.build().count:,} test images. Below 2 points Frankle et al. 2020 call a network stable to the "
            "noise of SGD. Thick: mean over seeds; faint: single seeds."
        )
    return bool(found.standing.running)


def estimate(experiment: Experiment, count: int) -> Estimate:
    """The time until so many lines are there: for each a second child is trained, and images pass at each place."""
    line = LINE.build()
    places = passes(experiment.model, experiment.device, line.points * line.count)
    return (one_network(experiment, look(experiment)) + places) * (count / min(at_once(), count))


def _work(found: ConnectivityLines, experiment: Experiment) -> None:
    """Start, progress, cancel."""
    total = len(found.values) + len(found.standing.lacking)
    if found.standing.running:
        done = len(found.values) + sum(view.share for view in found.standing.running)
        words = f"{len(found.values)} of {total} lines measured"
        background.progress(found.standing.running, done / total, words, "lottery_valley_cancel")
        return
    if not found.standing.lacking:
        return
    steps = experiment.train.steps
    button(
        f"Measure {len(found.standing.lacking)} lines",
        partial(background.begin_all, found.standing.lacking),
        "lottery_valley_start",
        estimate(experiment, len(found.standing.lacking)),
        help=f"Dense and ticket of each seed: a second child trains for {steps:,} steps, in the background.",
    )
