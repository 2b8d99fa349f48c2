"""Start: what pruning is, one measured example, and the ways in."""

from __future__ import annotations

import streamlit as st

from pages.choices.setting import Setting, gone
from pages.shared.answers import TEST
from pages.shared.bar import page_of
from pages.shared.plain import plain
from pages.shared.server import store
from pages.start.picture import picture
from pages.start.words import example
from pruning.zoo.kinds import datasets, models

TITLE, ICON, GROUP, PLACE = "Start", ":material/home:", "Start", 0

# A page, what one does there, and a sentence. A way whose page is not there is left out.
WAYS = (
    ("lessons", "Learn", "Short lessons: look, guess, see, and do it yourself."),
    ("prune", "Measure", "Move a slider: see which layers give way, and what it costs."),
    ("compare", "Decide", "Pruning, quantization or distillation? Which one, for your device."),
)


def page() -> None:
    """A sentence, a picture, a measured example, and the ways in."""
    st.session_state["charts"] = {}
    left, right = st.columns([3, 2], gap="large", vertical_alignment="center")
    with left:
        st.header("See what can go from a neural network, and what it costs", anchor=False)
        st.write(
            "A trained network holds far more weights than it needs. *Pruning* takes out those that matter least: the "
            "network gets smaller and, where whole channels go, faster. This program prunes real networks while you "
            "watch, and measures every number it shows."
        )
        if said := _example():
            st.info(plain(said), icon=":material/science:")
    right.image(picture(), width="stretch")
    ways = [(found, *way) for name, *way in WAYS if (found := page_of(name)) is not None]
    for column, (found, verb, sentence) in zip(st.columns(max(1, len(ways)), gap="medium"), ways, strict=False):
        with column.container(border=True, height="stretch"):
            st.page_link(found, label=f"**{verb}**", icon=":material/arrow_forward:", width="stretch")
            st.caption(sentence)


def _example() -> str:
    """The network of a first visit, from what is stored; nothing where it is not."""
    setting = Setting()
    keys = [setting.study(TEST, recalibrate=again).cells()[0].measure_key(TEST) for again in (False, True)]
    known = store().get(keys)
    if keys[0] not in known or setting.base.data_name is None:
        return ""
    again = known[keys[1]].value if keys[1] in known else None
    network, data = models[setting.model].label, datasets[setting.base.data_name].label
    return example(network, gone(setting, None), known[keys[0]].value, again, data)


if __name__ == "__main__":
    page()
