"""Failures: who pays if the compressed network is shipped, how sure that is, and what to watch."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.failures import classes, confidence, controls, exemplars, groups, unknown, watch, weather, why
from pages.failures.work import pair
from pages.shared.controls import controls as setting_controls
from pages.shared.live import live
from pages.shared.plain import plain
from pruning.common.errors import PruningError

TITLE, ICON, GROUP, PLACE = "Failures", ":material/report:", "Deploy", 75

PANELS = {
    "classes": ("Classes", classes.panel),
    "exemplars": ("Exemplars", exemplars.panel),
    "groups": ("Groups", groups.panel),
    "confidence": ("Confidence", confidence.panel),
    "weather": ("Robustness", weather.panel),
    "unknown": ("Unknown inputs", unknown.panel),
    "why": ("Why", why.panel),
    "watch": ("Watch list", watch.panel),
}


def page() -> None:
    """Read the controls, ask for results, draw the panel that is open and nothing else."""
    st.session_state["charts"] = {}
    setting, changes = controls.current()
    chosen = controls.controls(setting)
    setting = setting_controls(setting)
    for sentence in changes:
        st.warning(plain(sentence), icon=":material/link_off:")
    try:
        chosen.compressed(setting)
        setting.base.task.need_classes(setting.model)
    except PruningError as error:
        st.header("Who pays?", anchor=False)
        st.info(plain(str(error)), icon=":material/info:")
        controls.publish(setting)
        return
    live(partial(classes.headline, setting, chosen), "failures_headline", pair(setting, chosen).pending, page=False)
    name = controls.panel({name: label for name, (label, _) in PANELS.items()})
    draw = partial(PANELS[name][1], setting, chosen)
    live(draw, f"failures_{name}", True, page=False)
    controls.publish(setting)


if __name__ == "__main__":
    page()
