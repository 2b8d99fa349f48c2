"""What the page Lottery ticket shows: progress, the verdict in words and numbers, the two curves of the paper."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st

from pages.lottery import connectivity
from pages.lottery.work import TicketProgress, begin, estimate, look
from pages.shared.jobs import progress
from pages.shared.offers import TITLE, button
from pages.shared.plain import plain
from pages.shared.show import show
from pruning.common.levels import LEVELS
from pruning.results.charts.levels import level_percent
from pruning.results.charts.ticket_curves import ticket_curves
from pruning.results.charts.words import tip
from pruning.results.tickets import Stored, means_frame, rows_frame, sentence, verdicts
from pruning.steps.train import Train
from pruning.study.methods.tickets import Experiment
from pruning.zoo.kinds import models

FEW = 3  # seeds below which an ordering is no claim
LATE = 0.9  # share of the steps from which on an early stop says little


def panel(experiment: Experiment) -> bool:
    """The session's own experiment; returns whether it is under way."""
    found = look(experiment)
    table = rows_frame(found.rows)
    _headline(table, models[experiment.model].label)
    _work(experiment, found)
    for error in found.standing.errors:
        st.warning(plain(error), icon=":material/error:")
    if len(table):
        _results(table, experiment.levels, experiment.train.steps, bool(found.standing.running))
        train = experiment.train
        used = f"{train.samples:,}" if train.samples else "all"
        st.caption(
            "Pruned by magnitude, each layer the same share, the output layer at half the rate. "
            f"{len(experiment.seeds)} seeds; each network trains {train.steps:,} steps of {train.batch} images from "
            f"{used} training images{_augmented(train)}. The arms of one seed see the images in the same order, seeds "
            "do not; small dense networks of a round, and those of convolutions as products, train as one, bit for "
            "bit as alone. Accuracy on 10,000 test images after the last step; the early stop is chosen on "
            f"{train.validation:,} validation images."
        )
    pending = connectivity.section(experiment, table)
    return bool(found.standing.running) or pending


def _augmented(train: Train) -> str:
    """What is done to the images, in words."""
    done = [f"shifts of up to {train.crop} pixels"] if train.crop else []
    done += ["mirror images"] if train.flip else []
    return f", with random {' and '.join(done)}" if done else ""


def stored_panel(one: Stored) -> None:
    """An experiment that comes with the program."""
    _headline(one.rows, str(one.about["name"]))
    st.caption(
        f"Stored with the program: made by `{one.about.get('made_by', 'a script')}` on {one.about.get('date', '?')}, "
        f"{one.about.get('machine', 'machine not noted')}. Nothing is computed here."
    )
    _results(one.rows, [], int(one.rows["steps"].max()), False)


def _headline(table: pd.DataFrame, name: str) -> None:
    """The verdict at the sparsest level that most seeds have reached."""
    other = "redrawn" if (table["arm"] == "redrawn").any() else "shuffled"
    found = verdicts(table, other)
    if found.empty:
        question = f"{name}: does a winning ticket exist, and is it the initial weights that win?"
        st.header(question, anchor=False, help=tip("winning ticket"))
        return
    whole = found[found["seeds"] == found["seeds"].max()]
    st.header(sentence(whole.iloc[-1].to_dict(), other), anchor=False, help=tip("winning ticket"))


def _work(experiment: Experiment, found: TicketProgress) -> None:
    """Start, progress, cancel, continue."""
    time = estimate(experiment, found)
    if found.standing.running:
        words = f"{len(found.rows)} of {found.total} networks trained, {time.words('left')}"
        progress(found.standing.running, found.share, words, "lottery_cancel")
    if len(found.standing.running) == len(found.missing):
        return
    waiting = found.total - len(found.rows)
    if not found.rows and not found.standing.running and not found.standing.stopped:
        st.info(
            "Nothing here yet: run this example. Dense networks are trained, pruned by magnitude, set back to their "
            "initial weights, and trained again, round after round. Each ticket is compared with the same mask on "
            "other initial weights and with a random mask.",
            icon=":material/school:",
        )
    verb = "Continue" if found.rows or found.standing.stopped else "Start"
    if found.standing.running:
        return
    button(
        f"{verb}: train {waiting} networks",
        partial(begin, experiment, found.missing),
        "lottery_start",
        time,
        type="primary",
        help="In the background, round by round; what is finished is never trained twice.",
    )


def _results(table: pd.DataFrame, levels: Sequence[int], steps: int, pending: bool) -> None:
    """Both curves, the verdicts as numbers, and what diverged."""
    means = means_frame(table)
    show(ticket_curves(table, means, "accuracy", levels, steps, pending), "tickets", width=TITLE)
    _verdicts(table)
    show(ticket_curves(table, means, "early", levels, steps, pending), "early", width=TITLE)
    if means["early"].mean() > LATE * steps:
        st.caption(
            f"Most validation losses are still falling after {steps:,} steps, so that the early stop is near the end "
            "for every arm: train longer to see who learns faster."
        )
    lost = table["diverged"].notna().sum()
    if lost:
        st.warning(f"{lost} of {len(table)} networks diverged: their loss was no number any more.")
    st.caption("Line: mean over seeds; band: from the lowest to the highest seed; faint: single seeds.")


def _verdicts(table: pd.DataFrame) -> None:
    """Ticket minus each control, per density, with the paired interval over seeds, and who won."""
    names = {"redrawn": "re-initialised", "shuffled": "random mask", "dense": "dense"}
    rows = [
        {
            "level": row["level"],
            "weights": level_percent(LEVELS - row["level"]),
            "ticket minus": words,
            "points": 100 * row["difference"],
            "95 % interval": "one seed" if row["seeds"] < 2 else f"{100 * row['low']:+.1f} to {100 * row['high']:+.1f}",
            "won": f"{row['wins']} of {row['seeds']}",
        }
        for other, words in names.items()
        for row in verdicts(table, other).to_dict("records")
    ]
    if not rows:
        return
    st.dataframe(
        pd.DataFrame(rows).sort_values("level", kind="stable").drop(columns="level"),
        hide_index=True,
        placeholder="–",
        key="lottery_verdicts",
        width="stretch",
        height=min(40 + 35 * len(rows), 610),
        column_config={"points": st.column_config.NumberColumn("points", format="%+.1f")},
    )
    seeds = table["seed"].nunique()
    few = f" {seeds} seeds are too few for a claim: take at least {FEW}." if seeds < FEW else ""
    st.caption(
        "Points of test accuracy, seed against seed; the interval is that of the paired t-test over seeds, and wide "
        f"where seeds are few.{few}"
    )
