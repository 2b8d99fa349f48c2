"""Size, honestly: counts, bytes of files that were really made, and the sentence where people are disappointed."""

from __future__ import annotations

import streamlit as st

from pages.choices.setting import Setting
from pages.shared.answers import SIZE, ask
from pages.shared.plain import plain
from pages.shared.show import show
from pruning.results.charts.size_bars import size_bars
from pruning.results.charts.words import tip
from pruning.results.frames import counts_frame, size_frame
from pruning.results.sentences import disappointment


def busy(setting: Setting, old: Setting | None) -> bool:
    """Whether the files are being made; asks for them."""
    pending = ask(setting.study(SIZE), "size").pending
    return pending or (old is not None and ask(old.study(SIZE), "size_pinned").pending)


def size_panel(setting: Setting, old: Setting | None) -> bool:
    """Parameters, bytes and MACs at the chosen level; returns whether they are under way."""
    answer = ask(setting.study(SIZE), "size")
    if answer.error:
        st.info(plain(answer.error))
        return False
    if answer.value is not None and "macs" in answer.value:
        st.session_state["size"] = (setting.model, answer.value)
    model, value = st.session_state.get("size", ("", None))
    if value is None or model != setting.model:
        st.caption("Making the files …")
        return True
    baseline = ask(old.study(SIZE), "size_pinned") if old is not None else None
    pinned = size_frame(baseline.value) if baseline is not None and baseline.value else None
    left, right = st.columns([3, 2], gap="medium")
    with left:
        show(size_bars(size_frame(value), pinned), "sizes", width=440, dim=answer.pending)
    with right:
        st.markdown(disappointment(value))
        table = counts_frame(value)
        st.dataframe(
            table,
            hide_index=True,
            placeholder="–",
            key="counts",
            column_config={
                "what": st.column_config.TextColumn("counted"),
                "dense": st.column_config.NumberColumn("dense", format="localized"),
                "non-zero": st.column_config.NumberColumn("non-zero", format="localized"),
                "ratio": st.column_config.NumberColumn("ratio", format="%.1f ×", help=tip("compression ratio")),
            },
        )
        st.caption("Bytes are lengths of files made by this page (zstd level 3). MACs are counted, per image.")
    return answer.pending or bool(baseline and baseline.pending)
