"""Work of the page Structure: what is removed, then how fast it is, then what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.choices.setting import Setting
from pages.shared import state
from pages.shared.answers import TEST, Answer, ask, known, look
from pages.shared.jobs import under_way
from pages.shared.server import EMBEDDED
from pages.structure.words import FIRST, MULTIPLES, REMOVABLE
from pruning.results.charts.words import tip
from pruning.study.study import MeasureSpec, Study
from pruning.zoo.base import Base
from pruning.zoo.kinds import models

STRUCTURE = MeasureSpec(name="structure")
MEMORY = MeasureSpec(name="memory")
REPEAT = "latency_repeat"
"""How often this session asked for its times anew, as when the machine was busy with something else."""
LARGE = 100 * 100
"""Pixels above which 64 images at once fill gigabytes with activations."""


def first() -> tuple[Setting, list[str]]:
    """The setting to show and what of the link was changed. Single weights cannot be taken out: who comes with them
    from another page keeps the network and starts with half of its channels."""
    state.begin_with(FIRST)
    setting, changes = state.current()
    if setting.granularity not in REMOVABLE:
        kept = {name: getattr(setting, name) for name in ("model", "data", "weights", "device")}
        setting = FIRST.model_copy(update=kept)
        state.put(setting)
    return setting, changes


def rounding(setting: Setting, now: int | str) -> Setting:
    """The multiple to which kept channels are rounded; other units are not rounded.

    Args:
        now: what the setting or the link said, before the controls, which do not ask for it.
    """
    options = {name: value for name, value in setting.allocation_options.items() if name != "multiple"}
    if setting.granularity == "channel":
        key = state.widget("multiple", now)
        stops = [*MULTIPLES, *sorted({now, state.first("multiple")} - set(MULTIPLES))]
        chosen = st.segmented_control(
            "Kept channels in multiples of",
            stops,
            default=state.first("multiple"),
            key=key,
            required=True,
            help=tip("multiple"),
        )
        options |= {"multiple": chosen} if chosen != 1 else {}
    return setting.model_copy(update={"allocation_options": options})


@dataclass(frozen=True)
class StructureAnswers:
    """What there is to show of a setting; an accuracy that is not known yet waits for the times, so as not to disturb
    them."""

    structure: Answer
    memory: Answer = Answer()
    latency: Answer = Answer()
    accuracy: Answer = Answer()

    @property
    def pending(self) -> bool:
        return any(answer.pending for answer in (self.structure, self.memory, self.latency, self.accuracy))


def large(setting: Setting) -> bool:
    """Whether the network takes images so large that 64 of them at once are too many."""
    _, height, width = models[setting.model].input_shape
    return height * width > LARGE


def latency_study(setting: Setting) -> Study:
    """The times of this setting: at 1, 16 and 64 images, large images at 1 and 16."""
    return setting.study(_spec("latency", REPEAT, {"batches": (1, 16)} if large(setting) else {}))


def curve_study(setting: Setting) -> Study:
    """Speed against the share removed: the same study whatever the slider says."""
    return setting.study(_spec("speed_curve", "speed_curve_repeat", {"batches": (1, 16)} if large(setting) else {}))


def machine_study(setting: Setting, name: str) -> Study:
    """A question about the machine alone ("channel_times", "sparse_linear"): the same for all networks."""
    base = Base(model=EMBEDDED, device=setting.device)
    return Study(base=base, recipe=(), measures=(_spec(name, f"{name}_repeat", {}),))


def _spec(name: str, repeat: str, options: dict[str, Any]) -> MeasureSpec:
    """A timing; each "Measure again" of this session makes it another one."""
    again = st.session_state.get(repeat, 0)
    return MeasureSpec(name=name, options=options | ({"repeat": again} if again else {}))


def timing(setting: Setting, but: str = "") -> bool:
    """Whether any clock of this page runs now, except the one of that measure: two at once disturb each other."""
    machine = (machine_study(setting, name) for name in ("channel_times", "sparse_linear"))
    studies = (latency_study(setting), curve_study(setting), *machine)
    return bool(under_way(study for study in studies if study.measures[0].name != but))


def answers(setting: Setting) -> StructureAnswers:
    """Ask one after the other: times that are taken while other work runs spread more than they need to."""
    structure = ask(setting.study(STRUCTURE), "structure")
    if structure.value is None or structure.error:
        return StructureAnswers(structure)
    options = {"batches": (1, 16)} if large(setting) else {}
    memory = ask(setting.study(MEMORY.model_copy(update={"options": options})), "structure_memory")
    if memory.pending:
        return StructureAnswers(structure, memory)
    automatic = models[setting.model].embedded and not timing(setting, but="latency")
    latency = look(latency_study(setting), "latency", automatic)
    study = setting.study(TEST)
    if models[setting.model].data is None or (latency.pending and known(study) is None):
        return StructureAnswers(structure, memory, latency)
    return StructureAnswers(structure, memory, latency, ask(study, "structure_accuracy"))


def busy(setting: Setting) -> bool:
    """Whether something is under way; asks for it."""
    return answers(setting).pending
