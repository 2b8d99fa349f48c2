"""The architecture that a network is built like, found by words: of this program, torchvision, timm."""

from __future__ import annotations

import streamlit as st

from pages.shared.plain import plain
from pruning.common.errors import PruningError
from pruning.zoo.kinds import models, sources

PREFIX = "models_"
MOST = 50
"""Networks that a search offers at a time."""


def architecture_choice() -> str | None:
    """The network it is built like, found by words."""
    words = st.text_input(
        "Architecture", key=PREFIX + "words", placeholder="resnet18", help="Words of a name in torchvision or timm."
    ).strip()
    if not words:
        st.caption("About a thousand networks of timm and torchvision, and those of this program: write a few letters.")
        return None
    asked = words.lower().split()
    try:
        plain_names = [name for name in models if ":" not in name and not hasattr(models[name], "parameters")]
        names = [name for name in plain_names if all(word in name for word in asked)]
        for source in sources:
            names += sources[source]().found(words)
    except PruningError as error:
        st.warning(plain(error), icon=":material/error:")
        return None
    if not names:
        st.caption("No network has these words in its name.")
        return None
    names.sort(key=lambda name: (len(name), name))
    more = f" ({len(names) - MOST} more: add a word)" if len(names) > MOST else ""
    chosen = st.selectbox(f"{len(names)} found{more}", names[:MOST], key=PREFIX + "architecture")
    try:
        st.caption(plain(models[chosen].summary))
    except PruningError as error:
        st.warning(plain(error), icon=":material/error:")
        return None
    return str(chosen)
