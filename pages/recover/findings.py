"""What papers on recovery report, and what of it held in trainings that come with the program."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from pages.shared.collect import table_button
from pruning.common.environment import ASSETS
from pruning.common.levels import LEVELS
from pruning.results.charts.levels import level_percent
from pruning.results.literature import findings, read, words
from pruning.zoo.kinds import models

FOLDERS = (ASSETS / "reproduced", ASSETS / "lottery")
VERDICTS = {"holds": "holds", "mixed": "mixed", "fails": "does not hold"}
COUNTED = {"holds": "hold", "mixed": "mixed", "fails": "do not hold"}


@st.cache_data(max_entries=2, show_spinner=False)
def _table(stamp: tuple[tuple[str, float], ...]) -> tuple[pd.DataFrame, list[str]]:
    rows, about = read(*FOLDERS)
    made = [f"`{one['made_by']}` on {one['date']}, {one['machine']}" for one in about]
    return findings(rows), made


def panel() -> None:
    """A table of findings, folded away; nothing where no results are stored."""
    files: list[Path] = sorted(path for folder in FOLDERS for path in folder.glob("*.json"))
    table, made = _table(tuple((str(path), path.stat().st_mtime) for path in files))
    if table.empty:
        return
    counts = table["verdict"].value_counts()
    said = ", ".join(f"{counts[key]} {label}" for key, label in COUNTED.items() if key in counts)
    with st.expander(f"What papers report, tried here: {said}"):
        shown = pd.DataFrame(
            {
                "finding": table["finding"],
                "here it": [VERDICTS[verdict] for verdict in table["verdict"]],
                "source": table["reference"],
                "model": [models[name].label for name in table["model"]],
                "weights left": [level_percent(LEVELS - level) for level in table["level"]],
                "difference (95 % interval)": [words(line) for line in table.to_dict("records")],
                "seeds won": [f"{line['wins']} of {line['seeds']}" for line in table.to_dict("records")],
                "steps": table["steps"],
            }
        )
        st.dataframe(shown, hide_index=True, placeholder="–", width="stretch", key="recover_findings")
        table_button("What papers report on recovery, tried here", shown, "recover_findings")
        st.caption(
            "Stored with the program. Points of test accuracy (10,000 images), seed against seed, with the paired "
            "t-test's interval; it holds where the mean and every seed say so. Steps are few beside the papers'. Made "
            "by " + "; ".join(made) + "."
        )
