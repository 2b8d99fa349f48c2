"""Is the compressed network as right as it is sure, and how far did its answers move?"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.choices.failures import Suspicion
from pages.choices.setting import Setting
from pages.failures.work import pair
from pages.shared.offers import TITLE
from pages.shared.show import show
from pruning.results.charts.calibration_bins import calibration_bins
from pruning.results.failures.answers import Answers
from pruning.results.failures.calibration import BINS, bins_of, calibration_error, calibration_table, moved

NAMES = ("dense", "compressed")


def panel(setting: Setting, chosen: Suspicion) -> bool:
    """Reliability, calibration errors before and after one temperature, and how far answers moved."""
    now = pair(setting, chosen)
    two, held = now.two("test"), now.two("validation")
    if two is None:
        return now.pending
    tests = dict(zip(NAMES, two, strict=True))
    errors = {name: calibration_error(one.confidence, one.right) for name, one in tests.items()}
    bins = {name: bins_of(one.confidence, one.right) for name, one in tests.items()}
    show(calibration_bins(bins, errors), "calibration", width=TITLE)
    validation: tuple[Answers | None, ...] = held if held is not None and now.complete else (None, None)
    table = calibration_table({name: (one, own) for (name, one), own in zip(tests.items(), validation, strict=True)})
    shown = pd.DataFrame(
        {
            "network": [f"{one}, scaled" if scaled else one for one, scaled in table[["network", "scaled"]].to_numpy()],
            "temperature": table["temperature"].round(2),
            "accuracy (%)": (100 * table["accuracy"]).round(1),
            "mean confidence (%)": (100 * table["confidence"]).round(1),
            "ECE, equal width (points)": (100 * table["ece_width"]).round(2),
            "ECE, equal mass (points)": (100 * table["ece_mass"]).round(2),
            "Brier score": table["brier"].round(4),
            "NLL (nats)": table["nll"].round(4),
        }
    )
    st.dataframe(shown, hide_index=True, placeholder="–", key="failures_calibration_table")
    st.caption(
        f"{len(two[0]):,} test images; ECE over {BINS} bins. Scaled: logits divided by the one temperature that makes "
        "the loss on validation images least; it changes no answer."
    )
    far = moved(*two)
    st.markdown(
        f"**{100 * far['changed']:.1f} % of the answers changed**: {100 * far['lost']:.1f} % were right and are wrong, "
        f"{100 * far['gained']:.1f} % the reverse, {100 * far['same']:.1f} % are wrong in another way. KL divergence "
        f"from dense: {far['kl']:.3f} nats an image."
    )
    return now.pending
