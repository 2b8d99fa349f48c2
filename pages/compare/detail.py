"""One way to a smaller network: its steps, its numbers, the page it is at home on, and how to make it again."""

from __future__ import annotations

import json
from functools import partial
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from pages.choices.commands import opening, study_command
from pages.choices.compare import Wish
from pages.compare import files as compare_files
from pages.compare.controls import SELECTED
from pages.compare.tasks import ApproachJob, estimate, tasks
from pages.compare.work import KnownApproaches
from pages.shared.estimates import left
from pages.shared.jobs import progress
from pages.shared.offers import button
from pruning.common.levels import percent_digits, share_in_percent
from pruning.results.sentences import amount
from pruning.results.tradeoffs import gap_words
from pruning.steps.quantize import Quantize
from pruning.study.methods.approaches import Approach
from pruning.study.recipe import prunes
from pruning.study.words import recipe_in_words

PICK = "compare_pick"


def _picked(key: str) -> None:
    st.session_state[SELECTED] = st.session_state[key]


def detail(wish: Wish, known: KnownApproaches, table: pd.DataFrame, name: str) -> None:
    """The approach ``name``; a click on the picture, or the list, chooses another."""
    labels = dict(zip(table["name"], table["label"], strict=True))
    names = list(labels)
    st.subheader("One way in detail", anchor=False)
    key = f"{PICK}_{name}"  # each choice, and each click on the picture, begins a new list that stands at it
    st.selectbox(
        "Way",
        names,
        names.index(name),
        key=key,
        format_func=labels.__getitem__,
        label_visibility="collapsed",
        on_change=_picked,
        args=(key,),
    )
    task, row = tasks(wish.plan)[name], table[table["name"] == name].iloc[0]
    left, right = st.columns(2, gap="medium")
    with left:
        lines = recipe_in_words(task.approach.recipe, task.approach.int8)
        st.markdown("\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1)))
        st.markdown(
            f"**{share_in_percent(row['accuracy'])}** on test ({100 * row['low']:.1f} to {100 * row['high']:.1f}), "
            f"{gap_words(row)} from dense; on validation {100 * row['validation_gap']:+.1f}. "
            f"**{amount(row['bytes'])}** {_files(known, name)}"
        )
        _home(wish, task.approach)
    with right:
        _again(wish, task, known)


def _files(known: KnownApproaches, name: str) -> str:
    """Which file that is, and what others have."""
    result = known.results[name]
    if result.approach.int8:
        return "as an ONNX file with int8 weights and activations, not compressed."
    files = result.sizes["files"]
    others = ", ".join(
        f"{form.replace('_', ' + ')} {amount(size)}" for form, size in files.items() if form != result.sizes["file"]
    )
    return f"as *{result.sizes['file'].replace('_', ' + ')}* ({others})."


def _home(wish: Wish, approach: Approach) -> None:
    """The page on which this kind of step is at home, opened on this setting."""
    prune = next(iter(prunes(approach.recipe).values()), None)
    quantize = next((step for step in approach.recipe if isinstance(step, Quantize)), None)
    words, links = {"v": "1", "model": wish.model}, []
    if prune is not None:
        pruned = words | {
            "granularity": prune.granularity,
            "allocation": prune.allocation,
            "sparsity": percent_digits(prune.sparsity),
        }
        if prune.allocation_options:
            pruned["allocation_options"] = json.dumps(prune.allocation_options, separators=(",", ":"))
        page = "structure" if prune.granularity == "channel" else "prune"
        address = f"/{'' if page == 'prune' else page}?{urlencode(pruned)}"
        links.append(f"[Open the pruning on {page.capitalize()}]({address})")
    if quantize is not None or approach.int8:
        bits = {"bits": "8"} if quantize is None else {"bits": str(quantize.bits), "rounding": quantize.rounding}
        links.append(f"[Open the format on Quantization](/quantization?{urlencode(words | bits)})")
    if links:
        st.markdown(" · ".join(links))


def _again(wish: Wish, task: ApproachJob, known: KnownApproaches) -> None:
    """The model itself, and the command that makes it again."""
    found, name = compare_files.files(task), f"{wish.model}-{task.approach.name}"
    under_way = {view.id: view for view in known.making}.get(task.files.key)
    if under_way is not None:
        words = f"Making the model, {left([under_way])}"
        progress([under_way], under_way.share, words, "compare_files_cancel")
    elif not found:
        make, icon = partial(compare_files.make, task), ":material/deployed_code:"
        button("Make the model here", make, "compare_make", estimate([task], wish.plan), icon=icon)
    row = st.container(horizontal=True)
    for path in found:
        suffix = "".join(path.suffixes)
        row.download_button(
            f"Download {amount(path.stat().st_size)} ({suffix})",
            path.read_bytes,
            f"{name}{suffix}",
            on_click="ignore",
            key=f"compare_file_{task.approach.name}_{suffix}",
            icon=":material/download:",
        )
    if found and not task.approach.int8:
        st.code(opening(f"{name}{''.join(found[0].suffixes)}", task.study.base), language="python")
    file = f"compare-{name}.json"
    st.caption("Train and measure it from the command line, with its study as a file:")
    st.code(study_command(file), language="bash")
    st.download_button(
        "Download the study",
        task.study.model_dump_json(indent=1),
        file,
        "application/json",
        on_click="ignore",
        key=f"compare_study_{task.approach.name}",
        icon=":material/download:",
    )
