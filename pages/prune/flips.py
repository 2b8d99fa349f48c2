"""The images whose prediction changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from pages.choices.setting import Setting
from pages.prune.accuracy import answers
from pages.shared.answers import Answer, ask
from pages.shared.show import show
from pruning.results.charts.flips import flips
from pruning.study.study import MeasureSpec, Study
from pruning.zoo.kinds import datasets


def _pictures(setting: Setting, value: Mapping[str, Any] | None) -> Answer | None:
    """The images whose prediction changed, as soon as their list will not change any more."""
    if not value or not value["flips"] or (len(value["flips"]) < 12 and value["count"] < 1000):
        return None
    spec = MeasureSpec(name="pictures", options={"positions": tuple(item["position"] for item in value["flips"])})
    return ask(Study(base=setting.base, recipe=(), measures=(spec,)), "pictures")


def busy(setting: Setting, norm: bool) -> bool:
    """Whether the flipped images are on their way."""
    pruned = answers(setting, norm)["pruned"]
    pictures = _pictures(setting, pruned.value)
    return pruned.pending or (pictures is not None and pictures.pending)


def flipped(setting: Setting, norm: bool) -> bool:
    """Twelve test images whose prediction changed."""
    pruned = answers(setting, norm)["pruned"]
    value, pictures = pruned.value, _pictures(setting, pruned.value)
    if value is None or pictures is None or pictures.value is None or "images" not in pictures.value:
        if pictures is not None and pictures.error:
            st.info(pictures.error)
        elif value and not value["flips"]:
            st.caption(f"No prediction changed on {value['count']:,} images.")
        elif not pruned.error:
            st.caption("Looking for images whose prediction changed …")
        return pruned.pending or (pictures is not None and pictures.pending)
    data = datasets[setting.base.data_name or ""]()
    table = pd.DataFrame(value["flips"])
    for column in ("label", "before", "after"):
        table[column] = [data.class_name(label) for label in table[column]]
    st.caption(f"{value['changed']:,} of {value['count']:,} predictions changed; here the first {len(table)}.")
    show(flips(np.stack(pictures.value["images"]), table), "flips", width=440)
    return pruned.pending
