"""The controls of the page Recover: which strategies, how many steps, and how they train."""

from __future__ import annotations

from typing import Any, cast

import streamlit as st

from pages.ui.recover_work import offered
from pages.ui.state import first, widget
from pruning.charts.words import tip
from pruning.defaults import defaults_of
from pruning.links import Setting
from pruning.recipe import Train
from pruning.schedules import Growth
from pruning.strategies import FIRST, STRATEGIES, Plan

OPTIMISERS = {"sgd": "SGD, momentum 0.9", "adam": "Adam", "adamw": "AdamW"}
SCHEDULES = {"cosine": "cosine", "one_cycle": "rise and fall", "steps": "steps", "constant": "constant"}
GROWTHS = {"geometric": "same share of what is left", "linear": "straight line", "cubic": "cubic, fast first"}
MOST_STEPS = 200_000


def _kept(model: str) -> dict[str, Any]:
    """What was chosen on this page for a model: widgets are forgotten when another page is open."""
    return st.session_state.setdefault("recover_kept", {}).setdefault(model, {})


class Fields:
    """Widgets of one model, each with the model's default until something else is chosen."""

    def __init__(self, model: str) -> None:
        self.kept, self.prefix = _kept(model), f"recover_{model}_"

    def _key(self, name: str, default: Any) -> str:
        return widget(self.prefix + name, self.kept.get(name, default))

    def first(self, name: str) -> Any:
        return first(self.prefix + name)

    def number(self, label: str, name: str, low: Any, high: Any, default: Any, **more: Any) -> Any:
        """A number within bounds; whole if its default is."""
        key = self._key(name, default)
        kind = type(default)
        value = kind(st.number_input(label, kind(low), kind(high), kind(self.first(name)), key=key, **more))
        self.kept[name] = value
        return value

    def choice(self, label: str, name: str, words: dict[str, str], default: str, **more: Any) -> str:
        key, options = self._key(name, default), list(words)
        index = options.index(self.first(name))
        self.kept[name] = str(st.selectbox(label, options, index, key=key, format_func=words.__getitem__, **more))
        return self.kept[name]

    def tick(self, label: str, name: str, default: bool) -> bool:
        key = self._key(name, default)
        self.kept[name] = bool(st.toggle(label, self.first(name), key=key))
        return self.kept[name]

    def several(self, label: str, name: str, words: dict[str, str], default: list[str], **more: Any) -> list[str]:
        key = self._key(name, default)
        st.session_state[key] = [one for one in st.session_state[key] if one in words]
        chosen = st.multiselect(label, list(words), key=key, format_func=words.__getitem__, **more)
        self.kept[name] = [one for one in words if one in chosen]
        return self.kept[name]


def training(setting: Setting, norm: bool) -> tuple[Plan, list[str]]:
    """Draw the controls; returns the plan and the names of the strategies to compare, in their order."""
    model, found = setting.model, defaults_of(setting.model)
    fields, fine = Fields(model), found.fine
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
