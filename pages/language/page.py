"""Language: a pruned language model writes beside the dense one, and perplexity is not the whole story."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.language import controls, panels
from pages.shared.live import live
from pages.shared.plain import plain
from pruning.zoo.kinds import models

TITLE, ICON, GROUP, PLACE = "Language", ":material/forum:", "Explore", 45


def page() -> None:
    """Read the controls, show what is stored, then ask for texts and tokens."""
    st.session_state["charts"] = {}
    changes = controls.current()
    reading = controls.controls()
    for sentence in changes:
        st.warning(plain(sentence), icon=":material/link_off:")
    panels.first_view(reading)
    if why := models[reading.model]().absence():  # ty: ignore[missing-attribute]
        st.info(plain(why), icon=":material/download:")
    else:
        reading = controls.prompt(reading)
        live(partial(panels.texts, reading), "language_texts", True, every=0.4, page=False)
        live(partial(panels.tokens, reading), "language_tokens", True, page=False)
    panels.behind(reading)
    controls.publish(reading)


if __name__ == "__main__":
    page()
