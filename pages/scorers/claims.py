"""What the literature says of scorers, and what of it holds on an embedded model, as ``assets/orderings`` says."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.choices.setting import Setting
from pages.scorers.fares import claims
from pruning.criteria.kinds import scorers
from pruning.results.charts.base import percent
from pruning.zoo.kinds import models

VERDICTS = {"fails": "does not hold", "tie": "tie", "mixed": "mixed", "holds": "holds"}
"""The words for each verdict; the surprises come first."""
COUNTED = {"holds": "hold", "mixed": "are mixed", "tie": "tie", "fails": "do not hold"}
"""The same of several."""


def panel(setting: Setting) -> None:
    """A table of claims, folded away; nothing where the model has none stored."""
    every, label = claims(setting.model)
    found = [one for one in every if one["verdict"] in VERDICTS]
    if not found:
        return
    counts = {verdict: sum(one["verdict"] == verdict for one in found) for verdict in COUNTED}
    said = ", ".join(f"{count} {COUNTED[verdict]}" for verdict, count in counts.items() if count)
    model = models[setting.model].label
    run = "seed" if len(models[setting.model].seeds) > 1 else "draw"  # of one network's weights
    st.subheader("Does the literature hold?", anchor=False)
    with st.expander(f"What the literature says, tried on {model}: {said}"):
        rows = sorted(found, key=lambda one: list(VERDICTS).index(one["verdict"]))
        table = pd.DataFrame(
            {
                "claim": [_named(one["claim"], one["scorer"]) for one in rows],
                "here it": [VERDICTS[one["verdict"]] for one in rows],
                "left": [percent(one["left"]) for one in rows],
                "right": [percent(one["right"]) for one in rows],
                f"{run}s won": [f"{one['wins']} of {one['seeds']}" for one in rows],
            }
        )
        st.dataframe(table, hide_index=True, placeholder="–", width="stretch", key="scorers_claims")
        st.caption(
            f"{label} Left and right: mean accuracies of what the claim names, at the sparsity where magnitude keeps "
            "half of its margin over chance; for layers, the sparsity at which the first one is empty. It holds where "
            f"every {run} and more than a point of the mean say so; one point or less is a tie."
        )


def _named(claim: str, scorer: str) -> str:
    """A claim with the scorer's label for its name."""
    return claim.replace(scorer, scorers[scorer].label, 1)
