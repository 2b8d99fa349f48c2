"""The controls of the page Recover: which strategies, how many steps, and how they train."""

from __future__ import annotations

from typing import cast

import streamlit as st

from pages.choices.setting import Setting
from pages.choices.training import Recovery, first_ways
from pages.recover.work import offered
from pages.shared.computing import computing
from pages.shared.fields import OPTIMISERS, SCHEDULES, Fields
from pruning.results.charts.words import tip
from pruning.steps.train import Train
from pruning.study.methods.defaults import defaults_of
from pruning.study.methods.recovery_plan import RecoveryPlan
from pruning.study.methods.strategies import STRATEGIES
from pruning.training.schedules import Growth

GROWTHS = {"geometric": "same share of what is left", "linear": "straight line", "cubic": "cubic, fast first"}


def training(setting: Setting, norm: bool) -> tuple[RecoveryPlan, list[str]]:
    """Draw the controls; returns the plan and the names of the strategies to compare, in their order."""
    fields = Fields("recover", setting.model, Recovery.of(setting.model))
    st.divider()
    reasons = offered(setting, norm)
    usable = {name: STRATEGIES[name].label for name, reason in reasons.items() if not reason}
    names = fields.several(
        "Strategies to compare",
        "ways",
        usable,
        first_ways(usable),
        help="Each trains for the same number of steps, as a job of its own.",
    )
    for name in fields.kept.get("ways") or ():
        if reasons[name]:
            st.caption(f"Left out: {reasons[name]}")
    for sentence in filter(None, (STRATEGIES[name].ignores(setting.prune) for name in names)):
        st.caption(sentence)
    steps = fields.number(
        "Training steps for each",
        "steps",
        step=100,
        help="One step is one batch through the optimiser. All strategies get the same number in total.",
    )
    with st.popover("What are these?", width="stretch"):
        for name, label in usable.items():
            st.markdown(f"**{label}.** {STRATEGIES[name].says}")
        for reason in filter(None, reasons.values()):
            st.caption(reason)
    with st.expander("Strategy options"):
        rounds = fields.number("Rounds (iterative)", "rounds", steps, help=tip("iterative pruning"))
        growth = fields.choice("Sparsity grows by the", "growth", GROWTHS)
        begins = fields.number("Gradual pruning begins after a share of", "begins", format="%.2f")
        ends = fields.number("… and is done after", "ends", format="%.2f")
        every = fields.number("… pruning again every so many steps", "every")
        temperature = fields.number("Temperature (distillation)", "temperature", help=tip("distillation"))
        mixing = fields.number("Share of the teacher in the loss", "mixing")
        penalty = fields.number("Weight of the penalty on channels", "penalty", format="%.2e")
    with st.expander("Training options"):
        train = _train(fields, defaults_of(setting.model).fine, steps)
        peak = fields.number(
            "Original learning rate (rewinding)",
            "peak",
            format="%.4g",
            help="Highest rate of the dense network's own training. " + tip("learning-rate rewinding"),
        )
    train = train.model_copy(update=computing(fields, setting.model, setting.device))
    plan = RecoveryPlan(
        prune=setting.prune,
        fine=train,
        peak=peak,
        rounds=rounds,
        growth=cast(Growth, growth),
        temperature=temperature,
        mixing=mixing,
        penalty=penalty,
        begins=begins,
        ends=ends,
        every=every,
    )
    return plan, names


def _train(fields: Fields, fine: Train, steps: int) -> Train:
    """How every strategy trains; good defaults per model."""
    optimiser = fields.choice("Optimiser", "optimiser", OPTIMISERS)
    lr = fields.number("Learning rate of fine-tuning", "lr", format="%.4g")
    schedule = fields.choice("Schedule of fine-tuning", "schedule", SCHEDULES)
    batch = fields.number("Batch size", "batch")
    decay = fields.number("Weight decay", "decay", format="%.4g")
    crop = fields.number("Random shifts (pixels)", "crop")
    flip = fields.tick("Random mirror images", "flip")
    samples = fields.number("Training images used (0: all)", "samples", step=1000)
    looks = fields.number("Validation checks", "looks")
    seed = fields.number("Seed", "train_seed", help=tip("seed"))
    return Train.model_validate(
        fine.model_dump()
        | {
            "steps": steps,
            "optimiser": optimiser,
            "lr": lr,
            "schedule": schedule,
            "batch": batch,
            "crop": crop,
            "weight_decay": decay,
            "flip": flip,
            "samples": samples,
            "looks": looks,
            "seed": seed,
        }
    )
