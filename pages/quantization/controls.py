"""The choices of the page Quantization: from the address, through the widgets, back into the address."""

from __future__ import annotations

import streamlit as st

from pages.choices.quantization import GROUPS, OFFERED, Formats
from pages.choices.setting import Setting
from pages.shared import fields, state
from pages.shared.server import EMBEDDED
from pruning.results.charts.words import tip

PAGE, EVERY = "quantization", ""
"""Choices are the same whatever the model is."""
ROUNDING = {"nearest": "nearest", "gptq": "GPTQ"}
ORDER = {"no": "no", "before": "before", "after": "after"}


def current() -> tuple[Setting, list[str]]:
    """The setting to show, and what of the address had to be changed; its choices go into the widgets."""
    state.begin_with(Setting(model=EMBEDDED))
    return fields.beside_setting(PAGE, Formats, each=False)


def controls() -> Formats:
    """Draw the page's own controls at the top of the sidebar; returns what is chosen."""
    own = fields.Fields(PAGE, EVERY, Formats())
    with st.sidebar:
        bits = own.pick("Bits of a weight", "bits", {bits: str(bits) for bits in OFFERED}, help=tip("bits"))
        if bits == 16:
            own.pick("Format of 16 bits", "half", {"float16": "float16", "bfloat16": "bfloat16"})
        else:
            own.pick("Rounding", "rounding", ROUNDING, help=tip("GPTQ"))
            words = {group: str(group) if group else "channel" for group in GROUPS}
            own.pick("Inputs that share a scale", "group", words, help=tip("scale group"))
            own.tick("Symmetric levels", "symmetric")
        order = own.pick("Prune weights too", "prune", ORDER, help="Before or after they are rounded.")
        if order == "no":
            st.caption("Sparsity and criterion below count once weights are pruned too.")
    return chosen()


def chosen() -> Formats:
    """What is chosen."""
    return fields.chosen(PAGE, EVERY, Formats())


def publish(setting: Setting) -> None:
    """Write the setting and the choices into the address of the browser."""
    state.publish(setting, chosen().words(setting.model))
