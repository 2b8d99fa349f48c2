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
from pages.shared.plain import plain
from pages.shared.show import show
from pruning.measures.accuracy import FLIPS
from pruning.results.charts.flips import flips
from pruning.study.study import MeasureSpec, Study
from pruning.zoo.match import class_name


def settled(pruned: Answer) -> bool:
    """Whether the list of changed images will stay as it is: it is full, or all images were looked at, however few."""
    return pruned.value is not None and (pruned.origin != "partial" or len(pruned.value["flips"]) >= FLIPS)


def _pictures(setting: Setting, pruned: Answer) -> Answer | None:
    """The images whose prediction changed, as soon as their list will not change any more."""
    value: Mapping[str, Any] | None = pruned.value
    if not value or not value["flips"] or not settled(pruned):
        return None
    spec = MeasureSpec(name="pictures", options={"positions": tuple(item["position"] for item in value["flips"])})
    return ask(Study(base=setting.base, recipe=(), measures=(spec,)), "pictures")


def busy(setting: Setting, norm: bool) -> bool:
    """Whether the flipped images are on their way."""
    pruned = answers(setting, norm)["pruned"]
    pictures = _pictures(setting, pruned)
    return pruned.pending or (pictures is not None and pictures.pending)


def flipped(setting: Setting, norm: bool) -> bool:
    """Twelve test images whose prediction changed."""
    pruned = answers(setting, norm)["pruned"]
    value, pictures = pruned.value, _pictures(setting, pruned)
    if value is None or pictures is None or pictures.value is None or "images" not in pictures.value:
        if pictures is not None and pictures.error:
            st.info(plain(pictures.error))
        elif value and not value["flips"] and settled(pruned):
            st.caption(f"No prediction changed on {value['count']:,} images.")
        elif not pruned.error:
            st.caption("Looking for images whose prediction changed …")
        return pruned.pending or (pictures is not None and pictures.pending)
    table = pd.DataFrame(value["flips"])
    for column in ("label", "before", "after"):
        table[column] = [class_name(setting.model, setting.base.data_name or "", label) for label in table[column]]
    st.caption(f"{value['changed']:,} of {value['count']:,} predictions changed; here the first {len(table)}.")
    show(flips(np.stack(pictures.value["images"]), table), "flips", width=440)
    return pruned.pending
