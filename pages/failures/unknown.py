"""Unknown inputs: are they told from known ones, and how often is an answer to them confidently wrong?"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.choices.failures import UNKNOWN, Suspicion
from pages.choices.setting import Setting
from pages.failures.work import pair, read, several
from pages.shared.collect import table_button
from pages.shared.estimates import passes
from pruning.results.failures.unknown import SURE, unknown_table
from pruning.zoo.kinds import corruptions


def panel(setting: Setting, chosen: Suspicion) -> bool:
    """A table of all kinds of unknown inputs, for both networks."""
    studies = [chosen.unknown(setting, small) for small in (False, True)]
    time = passes(setting.model, setting.device, 6 * UNKNOWN)
    now = several(studies, "Show both networks unknown inputs", time, "Unknown inputs", "unknown")
    known = pair(setting, chosen).two("test")
    answers = [read(study, now) for study in studies]
    if known is None or answers[0] is None or answers[1] is None:
        return bool(now.running)
    kinds = [corruptions[str(spec.options["corruption"])].label for spec in studies[0].measures]
    both = dict(zip(("dense", "compressed"), known, strict=True))
    other = {
        kind: {"dense": dense, "compressed": small}
        for kind, dense, small in zip(kinds, answers[0], answers[1], strict=True)
    }
    table = unknown_table(both, other)
    st.markdown(_finding(table))
    shown = pd.DataFrame(
        {
            "unknown inputs": table["kind"],
            "network": table["network"],
            "told apart by": table["score"],
            "AUROC": table["auroc"].round(3),
            "95 %": [f"{low:.3f} to {high:.3f}" for low, high in table[["low", "high"]].to_numpy()],
            f"answered with {SURE:.0%} or more confidence (%)": (100 * table["sure"]).round(1),
        }
    )
    st.dataframe(shown, hide_index=True, placeholder="–", key="failures_unknown_table")
    table_button("Unknown inputs, told from known ones", shown, "failures_unknown")
    st.caption(
        f"{UNKNOWN} inputs of each kind against {len(known[0]):,} test images; AUROC 1: always told apart, 0.5: never. "
        "Intervals by Hanley and McNeil. Energy is the logsumexp of the logits."
    )
    return bool(now.running)


def _finding(table: pd.DataFrame) -> str:
    """On how many kinds the compressed network is surer of the unknown than the dense one."""
    sure = table[table["score"] == "confidence"].pivot(index="kind", columns="network", values="sure")
    more = sure[sure["compressed"] > sure["dense"]]
    worst = sure["compressed"].idxmax()
    return (
        f"**On {len(more)} of {len(sure)} kinds of unknown inputs the compressed network is confidently wrong more "
        f"often than the dense one**; most often on *{str(worst).lower()}*: "
        f"{100 * sure.loc[worst, 'compressed']:.1f} % of "
        f"them, dense {100 * sure.loc[worst, 'dense']:.1f} %."
    )
