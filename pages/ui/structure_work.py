"""Work of the page Structure: what is removed, then how fast it is, then what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.ui import state
from pages.ui.layers_work import look
from pages.ui.results import TEST, Answer, ask
from pruning import registry
from pruning.charts.words import tip
from pruning.links import Setting
from pruning.specs import MeasureSpec, Study
from pruning.structure_tables import MULTIPLES, REMOVABLE

STRUCTURE = MeasureSpec(name="structure")
FIRST = Setting(model="resnet_20", granularity="channel", allocation="uniform", sparsity=500)
"""The first view: half the channels of every layer."""
REPEAT = "latency_repeat"
"""How often this session asked for its times anew, as when the machine was busy with something else."""
LARGE = 100 * 100
"""Pixels above which 64 images at once fill gigabytes with activations."""


def first() -> tuple[Setting, list[str]]:
    """The setting to show and what of the link was changed. Single weights cannot be taken out: who comes with them
    from another page keeps the network and starts with half of its channels."""
    if "setting" not in st.session_state and not st.query_params:
        state.put(FIRST)
    setting, changes = state.current()
    if setting.granularity not in REMOVABLE:
        kept = {name: getattr(setting, name) for name in ("model", "data", "weights", "device")}
        setting = FIRST.model_copy(update=kept)
        state.put(setting)
    return setting, changes


def rounding(setting: Setting) -> Setting:
    """The multiple to which kept channels are rounded; other units are not rounded."""
    options = {name: value for name, value in setting.allocation_options.items() if name != "multiple"}
    if setting.granularity == "channel":
        now = setting.allocation_options.get("multiple", 1)
        key = state.widget("multiple", now)
        stops = sorted({*MULTIPLES, now, state.first("multiple")})
        chosen = st.segmented_control(
            "Kept channels in multiples of", stops, default=state.first("multiple"), key=key, required=True,
            help=tip("multiple"),
        )  # fmt: skip
        options |= {"multiple": chosen} if chosen != 1 else {}
    return setting.model_copy(update={"allocation_options": options})


@dataclass(frozen=True)
class Answers:
    """What there is to show of a setting; accuracy waits for the times, so as not to disturb them."""

    structure: Answer
    latency: Answer
    accuracy: Answer

    @property
    def pending(self) -> bool:
        return any(answer.pending for answer in (self.structure, self.latency, self.accuracy))


def large(setting: Setting) -> bool:
    """Whether the network takes images so large that 64 of them at once are too many."""
    _, height, width = registry.models[setting.model].input_shape
    return height * width > LARGE


def latency_study(setting: Setting) -> Study:
    """The times of this setting: at 1, 16 and 64 images, large images at 1 and 16."""
    options: dict[str, Any] = {"batches": (1, 16)} if large(setting) else {}
    if repeat := st.session_state.get(REPEAT, 0):
        options["repeat"] = repeat
    return setting.study(MeasureSpec(name="latency", options=options))


def answers(setting: Setting) -> Answers:
    """Ask one after the other: times that are taken while other work runs spread more than they need to."""
    structure = ask(setting.study(STRUCTURE), "structure")
    if structure.value is None or structure.error:
        return Answers(structure, Answer(), Answer())
    latency = look(latency_study(setting), "latency", registry.models[setting.model].embedded)
    if latency.pending or registry.models[setting.model].data is None:
        return Answers(structure, latency, Answer())
    return Answers(structure, latency, ask(setting.study(TEST), "structure_accuracy"))


def timing(setting: Setting) -> bool:
    """Whether the times of this setting are being taken now."""
    return look(latency_study(setting), "latency", automatic=False).pending


def busy(setting: Setting) -> bool:
    """Whether something is under way; asks for it."""
    return answers(setting).pending
