"""One way to a smaller network: its steps, its numbers, the page it is at home on, and how to make it again."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from pages.ui.compare_work import Known, works
from pruning import registry
from pruning.approaches import Approach, study_of
from pruning.choosing import Wish
from pruning.recipe import Prune, Quantize
from pruning.sentences import amount
from pruning.step_words import recipe_in_words
from pruning.tradeoffs import gap_words


def detail(wish: Wish, known: Known, table: pd.DataFrame, name: str) -> None:
    """The approach ``name``; a click on the picture, or the list, chooses another."""
    labels = dict(zip(table["name"], table["label"], strict=True))
    names = list(labels)
    st.subheader("One way in detail", anchor=False)
    key = f"compare_pick_{name}"  # a click makes a new list that begins with the clicked one
    name = str(st.selectbox("Way", names, names.index(name), key=key, format_func=labels.__getitem__,
                            label_visibility="collapsed"))  # fmt: skip
    work, row = works(wish.plan)[name], table[table["name"] == name].iloc[0]
    left, right = st.columns(2, gap="medium")
    with left:
        lines = recipe_in_words(work.approach.recipe, work.approach.int8)
        st.markdown("\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1)))
        st.markdown(
            f"**{100 * row['accuracy']:.1f} %** on test ({100 * row['low']:.1f} to {100 * row['high']:.1f}), "
            f"{gap_words(row)} from dense; on validation {100 * row['validation_gap']:+.1f}. "
            f"**{amount(row['bytes'])}** {_files(known, name)}"
        )
        _home(wish, work.approach)
    with right:
        _again(wish, work.approach)


def _files(known: Known, name: str) -> str:
    """Which file that is, and what others have."""
    result = known.results[name]
    if result.approach.int8:
        return "as an ONNX file with int8 weights and activations."
    files = result.sizes["files"]
    others = ", ".join(f"{form.replace('_', ' + ')} {amount(size)}" for form, size in files.items()
                       if form != result.sizes["file"])  # fmt: skip
    return f"as *{result.sizes['file'].replace('_', ' + ')}* ({others})."


def _home(wish: Wish, approach: Approach) -> None:
    """The page on which this kind of step is at home, opened on this setting."""
    prune = next((step for step in approach.recipe if isinstance(step, Prune)), None)
    words = {"v": "1", "model": wish.model}
    if prune is not None:
        words |= {"granularity": prune.granularity, "allocation": prune.allocation,
                  "sparsity": f"{prune.sparsity / 10:g}"}  # fmt: skip
        page = "structure" if prune.granularity == "channel" else "prune"
        st.markdown(f"[Open the pruning on {page.capitalize()}](/{'' if page == 'prune' else page}?{urlencode(words)})")
    elif any(isinstance(step, Quantize) for step in approach.recipe) or approach.int8:
        st.markdown(f"[Open on Quantization](/quantization?{urlencode(words)})")


def _again(wish: Wish, approach: Approach) -> None:
    """The command that makes it again, and its study as a file."""
    file = f"compare-{wish.model}-{approach.name}.json"
    st.caption("Make it again, and measure it, from the command line:")
    st.code(f"python -m pruning run {file}", language="bash")
    st.download_button(
        "Download the study", partial(_study, wish, approach), file, "application/json",
        on_click="ignore", key=f"compare_study_{approach.name}", icon=":material/download:",
    )  # fmt: skip
    entry = registry.models[wish.model]
    st.caption(f"{entry.label}: {entry.summary}")


def _study(wish: Wish, approach: Approach) -> str:
    return study_of(wish.plan.base, approach).model_dump_json(indent=1)
