"""The controls of the page Lottery ticket: what to show, and an experiment with good defaults."""

from __future__ import annotations

import streamlit as st

from pages.ui.method import choice
from pages.ui.recover_fields import OPTIMISERS, SCHEDULES, Fields
from pages.ui.server import EMBEDDED, devices
from pages.ui.state import PREFIX
from pruning import registry
from pruning.charts.words import tip
from pruning.defaults import TICKET, defaults_of
from pruning.recipe import Train
from pruning.tickets import Experiment, levels_of

MARKS = {"init": "their initial values", "early": "an early step"}
QUICK_SHARE, QUICK_ROUNDS = 50, 5
"""Per cent of the remaining weights that go in a round of the quick experiment, and how many rounds it has."""


def experiment() -> Experiment:
    """Draw the controls in the sidebar; returns the experiment that they describe.

    Raises:
        PruningError: options that do not go together, in one sentence.
    """
    kept: str = st.session_state.get("lottery_model", EMBEDDED)
    st.session_state.setdefault(PREFIX + "lottery_model", kept)
    names = [name for name in registry.models.names() if registry.models[name].data]
    model = choice("Model", "lottery_model", registry.models, kept, tip("model"), names)
    st.session_state["lottery_model"] = model
    st.caption(registry.models[model].summary)
    fields, quick = Fields("lottery", model), _quick(model)
    seeds = fields.number("Seeds", "seeds", 1, 10, 3, help="The claim is an ordering over several seeds: at least 3.")
    share = fields.number(
        "Share of the remaining weights that goes in a round (%)", "share", 5, 90, QUICK_SHARE,
        help="Frankle and Carbin take 20 %; the quick experiment 50 %, to be sparse in five rounds.",
    )  # fmt: skip
    rounds = fields.number("Rounds", "rounds", 1, 40, QUICK_ROUNDS)
    with st.expander("Training options"):
        train = _train(fields, quick)
        mark = "init"
        if registry.models[model].embedded:
            seen = len(registry.models[model].seeds)
            mark = fields.choice("Survivors go back to", "mark", MARKS, "init", help=tip("rewinding"))
            if mark == "early" and seeds > seen:
                st.caption(f"Early weights are stored for {seen} seeds: {seen} are used.")
                seeds = seen
        found = devices()
        device = fields.choice("Device", "device", found, "cpu") if len(found) > 1 else "cpu"
    return Experiment.model_validate(
        {
            "model": model, "mark": mark, "train": train, "levels": levels_of(share / 100, rounds),
            "seeds": tuple(range(seeds)), "device": device,
        }
    )  # fmt: skip


def _quick(model: str) -> Train:
    """The quick training of a model; deeper ones keep their own schedule."""
    if model == EMBEDDED:
        return TICKET
    found = defaults_of(model)
    return found.original.model_copy(update={"samples": TICKET.samples if registry.models[model].embedded else 0})


def _train(fields: Fields, quick: Train) -> Train:
    """How every network of the experiment trains."""
    steps = fields.number("Training steps of each network", "steps", 10, 200_000, quick.steps, step=100)
    batch = fields.number("Batch size", "batch", 2, 4096, quick.batch)
    samples = fields.number("Training images used (0: all)", "samples", 0, 1_000_000, quick.samples, step=1000)
    optimiser = fields.choice("Optimiser", "optimiser", OPTIMISERS, quick.optimiser)
    lr = fields.number("Learning rate", "lr", 1e-6, 10.0, quick.lr, format="%.4g")
    schedule = fields.choice("Schedule", "schedule", SCHEDULES, quick.schedule)
    decay = fields.number("Weight decay", "decay", 0.0, 1.0, quick.weight_decay, format="%.4g")
    looks = fields.number(
        "Looks at validation", "looks", 1, 200, quick.looks, help="The early stop is the best of these looks."
    )
    return Train.model_validate(
        quick.model_dump()
        | {
            "steps": steps, "batch": batch, "samples": samples, "optimiser": optimiser, "lr": lr,
            "schedule": schedule, "weight_decay": decay, "looks": looks,
        }
    )  # fmt: skip
