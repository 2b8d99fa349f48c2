"""The controls of the page Lottery ticket: what to show, and an experiment with good defaults."""

from __future__ import annotations

import streamlit as st

from pages.choices.training import Ticket, quick
from pages.lottery.state import models
from pages.shared.computing import computing
from pages.shared.fields import OPTIMISERS, SCHEDULES, Fields
from pages.shared.method import choice
from pages.shared.server import EMBEDDED, devices
from pages.shared.state import PREFIX, place, widget
from pruning.results.charts.words import tip
from pruning.steps.train import Train
from pruning.study.methods.tickets import Experiment, levels_of
from pruning.zoo.kinds import models as model_registry

MARKS = {"init": "their initial values", "early": "an early step"}


def experiment() -> Experiment:
    """Draw the controls in the sidebar; returns the experiment that they describe.

    Raises:
        PruningError: options that do not go together, in one sentence.
    """
    kept: str = st.session_state.get("lottery_model", EMBEDDED)
    st.session_state.setdefault(PREFIX + "lottery_model", kept)
    model = choice("Model", "lottery_model", model_registry, kept, tip("model"), models())
    st.session_state["lottery_model"] = model
    st.caption(model_registry[model].summary)
    fields = Fields("lottery", model, Ticket.of(model))
    seeds = fields.number("Seeds", "seeds", help="The claim is an ordering over several seeds: at least 3.")
    share = fields.number(
        "Share of the remaining weights that goes in a round (%)",
        "share",
        help="Frankle and Carbin take 20 %; the quick experiment 50 %, to be sparse in five rounds.",
    )
    rounds = fields.number("Rounds", "rounds")
    levels = levels_of(share / 100, rounds)
    if len(levels) < rounds:
        st.caption(f"{len(levels)} rounds: after these a round removes less than 0.1 % of all weights.")
    with st.expander("Training options"):
        train = _train(fields, quick(model))
        mark = "init"
        if model_registry[model].embedded:
            seen = len(model_registry[model].seeds)
            mark = fields.choice("Survivors go back to", "mark", MARKS, help=tip("weight rewinding"))
            if mark == "early" and seeds > seen:
                many = f"{seen} seeds; further ones differ" if seen > 1 else "one seed: the others differ"
                st.caption(f"Early weights are stored for {many} in the order of their data alone.")
        device = _device()
    train = train.model_copy(update=computing(fields, model, device))
    return Experiment.model_validate(
        {
            "model": model,
            "mark": mark,
            "train": train,
            "levels": levels,
            "seeds": tuple(range(seeds)),
            "device": device,
        }
    )


def _device() -> str:
    """Where there is more than one, which device trains."""
    found = devices()
    kept = st.session_state.get("lottery_device", "cpu")
    if len(found) > 1:
        key, names = widget("lottery_device", kept), list(found)
        index = place("lottery_device", names)
        kept = str(st.selectbox("Device", names, index, key=key, format_func=found.__getitem__))
    st.session_state["lottery_device"] = kept
    return kept


def _train(fields: Fields, usual: Train) -> Train:
    """How every network of the experiment trains."""
    steps = fields.number("Training steps of each network", "steps", step=100)
    batch = fields.number("Batch size", "batch")
    samples = fields.number("Training images used (0: all)", "samples", step=1000)
    optimiser = fields.choice("Optimiser", "optimiser", OPTIMISERS)
    lr = fields.number("Learning rate", "lr", format="%.4g")
    schedule = fields.choice("Schedule", "schedule", SCHEDULES)
    decay = fields.number("Weight decay", "decay", format="%.4g")
    looks = fields.number("Validation checks", "looks", help=tip("early stop"))
    return Train.model_validate(
        usual.model_dump()
        | {
            "steps": steps,
            "batch": batch,
            "samples": samples,
            "optimiser": optimiser,
            "lr": lr,
            "schedule": schedule,
            "weight_decay": decay,
            "looks": looks,
        }
    )
