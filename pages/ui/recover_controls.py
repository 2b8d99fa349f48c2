"""The controls of the page Recover: which strategies, how many steps, and how they train."""

from __future__ import annotations

from typing import cast

import streamlit as st

from pages.ui.recover_fields import OPTIMISERS, SCHEDULES, Fields
from pages.ui.recover_work import offered
from pruning.charts.words import tip
from pruning.defaults import defaults_of
from pruning.links import Setting
from pruning.recipe import Train
from pruning.schedules import Growth
from pruning.strategies import FIRST, STRATEGIES, Plan

GROWTHS = {"geometric": "same share of what is left", "linear": "straight line", "cubic": "cubic, fast first"}
MOST_STEPS = 200_000


def training(setting: Setting, norm: bool) -> tuple[Plan, list[str]]:
    """Draw the controls; returns the plan and the names of the strategies to compare, in their order."""
    model, found = setting.model, defaults_of(setting.model)
    fields, fine = Fields("recover", model), found.fine
    st.divider()
    reasons = offered(setting, norm)
    usable = {name: STRATEGIES[name].label for name, reason in reasons.items() if not reason}
    default = [name for name in FIRST if name in usable]
    names = fields.several(
        "Strategies to compare", "ways", usable, default,
        help="Each trains for the same number of steps, as a job of its own.",
    )  # fmt: skip
    steps = fields.number(
        "Training steps for each", "steps", 10, MOST_STEPS, fine.steps, step=100,
        help="One step is one batch through the optimiser. All strategies get the same number in total.",
    )  # fmt: skip
    with st.popover("What are these?", width="stretch"):
        for name, label in usable.items():
            st.markdown(f"**{label}.** {STRATEGIES[name].says}")
        for reason in filter(None, reasons.values()):
            st.caption(reason)
    with st.expander("Strategy options"):
        rounds = fields.number(
            "Rounds (iterative)", "rounds", 2, min(50, steps), min(found.rounds, steps), help=tip("iterative pruning")
        )
        growth = fields.choice("Sparsity grows by the", "growth", GROWTHS, "geometric")
        temperature = fields.number("Temperature (distillation)", "temperature", 0.5, 100.0, 4.0)
        mixing = fields.number("Share of the teacher in the loss", "mixing", 0.0, 1.0, 0.5)
    with st.expander("Training options"):
        train = _train(fields, fine, steps)
        peak = fields.number(
            "Original learning rate (rewinding)", "peak", 1e-5, 10.0, found.peak, format="%.4g",
            help="Highest rate of the dense network's own training; rewinding goes through its schedule again.",
        )  # fmt: skip
    plan = Plan(
        prune=setting.prune, fine=train, peak=peak, rounds=rounds, growth=cast(Growth, growth),
        temperature=temperature, mixing=mixing,
    )  # fmt: skip
    return plan, names


def _train(fields: Fields, fine: Train, steps: int) -> Train:
    """How every strategy trains; good defaults per model."""
    optimiser = fields.choice("Optimiser", "optimiser", OPTIMISERS, fine.optimiser)
    lr = fields.number("Learning rate of fine-tuning", "lr", 1e-6, 10.0, fine.lr, format="%.4g")
    schedule = fields.choice("Schedule of fine-tuning", "schedule", SCHEDULES, fine.schedule)
    batch = fields.number("Batch size", "batch", 2, 4096, fine.batch)
    decay = fields.number("Weight decay", "decay", 0.0, 1.0, fine.weight_decay, format="%.4g")
    crop = fields.number("Random shifts (pixels)", "crop", 0, 8, fine.crop)
    flip = fields.tick("Random mirror images", "flip", fine.flip)
    samples = fields.number("Training images used (0: all)", "samples", 0, 1_000_000, fine.samples, step=1000)
    looks = fields.number("Looks at validation", "looks", 1, 200, fine.looks)
    seed = fields.number("Seed", "seed", 0, 2**31 - 1, fine.seed, help=tip("seed"))
    return Train.model_validate(
        fine.model_dump()
        | {
            "steps": steps, "optimiser": optimiser, "lr": lr, "schedule": schedule, "batch": batch, "crop": crop,
            "weight_decay": decay, "flip": flip, "samples": samples, "looks": looks, "seed": seed,
        }
    )  # fmt: skip
