"""Why these classes: gradient norm, curvature and margin in the dense network beside the damage."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from pages.choices.failures import COUNTS, Suspicion
from pages.choices.setting import Setting
from pages.failures.work import namer, pair
from pages.shared.answers import look
from pages.shared.collect import table_button
from pages.shared.estimates import Estimate, training
from pages.shared.offers import offer, progress
from pruning.common.errors import BadValue
from pruning.results.failures.classes import class_table
from pruning.results.failures.reasons import relation
from pruning.study.study import MeasureSpec, Study

TRAITS = {"gradient": "gradient norm", "curvature": "largest curvature", "margin": "margin (mean chance)"}
EACH = 50


def panel(setting: Setting, chosen: Suspicion) -> bool:
    """A table of traits and damage, and how they go together."""
    spec = MeasureSpec(name="class_traits", options={"split": "validation", "count": COUNTS["validation"]})
    study = Study(base=setting.base, recipe=(), measures=(spec,))
    answer, two = look(study), pair(setting, chosen).two("test")
    if answer.pending:
        progress(answer, "Differentiating class by class", "failures_why")
    offer(study, answer, "Look at each class in the dense network", _time(setting), "failures_why_start")
    if two is None or not answer.complete or answer.value is None:
        return answer.pending
    traits = pd.DataFrame({name: answer.value[name] for name in ("labels", "images", *TRAITS)})
    table = class_table(*two)[["label", "shift"]].merge(traits, left_on="label", right_on="labels")
    lines = []
    for name, words in TRAITS.items():
        try:
            found = relation(table[name].to_numpy(), -table["shift"].to_numpy())
        except BadValue as error:
            st.caption(str(error))
            return answer.pending
        sure = "" if found.low > 0 or found.high < 0 else ": no more than chance could do"
        lines.append(f"- {words[0].upper()}{words[1:]} and recall lost: rank correlation {found.words()}{sure}.")
    st.markdown("\n".join(lines))
    name_of = namer(setting)
    shown = pd.DataFrame(
        {
            "class": [name_of(label) for label in table["label"]],
            "recall lost (points)": np.round(-100 * table["shift"], 1),
            **{words: table[name].round(4) for name, words in TRAITS.items()},
        }
    )
    st.dataframe(shown, hide_index=True, placeholder="–", key="failures_why_table")
    table_button("Traits of each class in the dense network, and recall lost by pruning", shown, "failures_why")
    st.caption(
        f"Traits of the dense network, on at most {EACH} validation images of each class; recall lost on "
        f"{len(two[0]):,} test images. Intervals by Bonett and Wright. Traits as in Tran et al. 2022."
    )
    return answer.pending


def _time(setting: Setting) -> Estimate:
    """About as long as training on as many images a few times over."""
    return training(setting.model, setting.device, 10 * EACH * 15)
