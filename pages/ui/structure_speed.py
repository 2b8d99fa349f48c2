"""How speed follows the share removed: a curve that is measured when somebody asks for it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.ui.layers_work import TITLE, look, offer, progress
from pages.ui.results import Answer, known
from pages.ui.server import store
from pages.ui.show import show
from pages.ui.structure_work import STRUCTURE, large, latency_study, timing
from pruning import registry
from pruning.charts.speed_curve import speed_curve
from pruning.links import Setting
from pruning.specs import MeasureSpec, Study
from pruning.speed_tables import curve_frame, curve_seconds, curve_sentences

CURVE = "speed_curve"
"""Name of the measure."""
AGAIN = "speed_curve_repeat"
"""How often this session asked for the curve anew."""


def study(setting: Setting) -> Study:
    """The curve of a setting: the same one whatever the slider says."""
    options: dict[str, Any] = {"batches": (1, 16)} if large(setting) else {}
    if repeat := st.session_state.get(AGAIN, 0):
        options["repeat"] = repeat
    return setting.study(MeasureSpec(name=CURVE, options=options))


def answer(setting: Setting) -> Answer:
    """The curve as it stands; it never starts by itself."""
    return look(study(setting), CURVE, automatic=False)


def seconds(setting: Setting) -> float | None:
    """About how long the curve takes, from what the page has measured already."""
    (cell,) = setting.study(STRUCTURE).cells()
    found = store().get([cell.measure_key(STRUCTURE)])
    removal = next((item.seconds for item in found.values()), None)
    latency, measure = known(latency_study(setting)), study(setting).measures[0].build()
    value = latency["value"] if latency is not None else None
    return curve_seconds(removal, value, len(measure.levels), measure.batches, measure.seconds)


def panel(setting: Setting) -> bool:
    """The curve, what it says, or the button that asks for it; returns whether it is under way."""
    found = answer(setting)
    value, unit = found.value, registry.granularities[setting.granularity].unit
    st.subheader("How does speed follow the share removed?", anchor=False)
    if value is not None and value.get("rows"):
        curve = curve_frame(value)
        show(speed_curve(curve, setting.sparsity, unit, value["threads"]), "speed_curve", width=TITLE)
        st.markdown("\n".join(f"- {sentence}" for sentence in curve_sentences(curve)))
        st.caption(
            f"Dense and every small network timed by turns in one run, in float32 on {value['device'].upper()}, warm, "
            f"measured on {value['machine']}. Each round gives one ratio to dense: median and quartiles. Clearly "
            "faster or slower: both quartiles lie on one side of dense."
        )
        if not found.pending and st.button(
            "Measure again", key="speed_curve_again", icon=":material/replay:", type="tertiary",
            help="Other work on the machine spreads the times: measure anew when it is quiet.",
        ):  # fmt: skip
            st.session_state[AGAIN] = st.session_state.get(AGAIN, 0) + 1
            st.rerun()
    elif not found.pending:
        measure = study(setting).measures[0].build()
        levels = ", ".join(f"{level / 10:g}" for level in measure.levels)
        st.caption(
            f"{levels} % of the {unit} are removed for good, and all these networks timed beside the dense one, at "
            f"{' and '.join(map(str, measure.batches))} images a pass. It keeps a worker busy, so it waits for you."
        )
    progress(found, "Removing and timing", CURVE)
    if timing(setting):
        if value is None:
            st.caption("It can be asked for when the times above are there: two clocks at once disturb each other.")
    else:
        offer(study(setting), found, "Measure the curve", seconds(setting), "speed_curve_start")
    return found.pending
