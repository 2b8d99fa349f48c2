"""Networks that were added: the list, and one of them in full with what can be pruned of it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from pages.choices.setting import Setting
from pages.shared import state
from pages.shared.answers import Answer, ask
from pages.shared.live import live
from pages.shared.plain import plain
from pages.shared.server import owner
from pruning.common.errors import PruningError
from pruning.common.limits import OWN_MB
from pruning.results.inventory import inventory_sentences, judged
from pruning.study.study import MeasureSpec, Study
from pruning.zoo.added import kept
from pruning.zoo.base import Base
from pruning.zoo.kinds import datasets, models

INVENTORY, ACCURACY = MeasureSpec(name="inventory"), MeasureSpec(name="accuracy")
CHOSEN = "models_chosen"
RUNS = (
    "What was measured of it stays under Runs and in the charts that were kept, as a record. It can be opened and "
    "computed again only when the same network is added again under this name."
)


def panel() -> None:
    """The list, and the chosen network below it."""
    found = kept.cards()
    if not found:
        st.caption(
            "Nothing here yet. Choose an architecture below and give the file of your weights: the network is then in "
            "every list, link and command."
        )
        return
    st.dataframe(_table(found), hide_index=True, placeholder="–", key="models_table")
    st.caption(f"{kept.used(owner()) / 1e6:,.0f} of your {OWN_MB:,} MB are taken.")
    names = list(found)
    wanted = st.session_state.pop("models_next", st.session_state.get(CHOSEN))  # what was just kept is shown
    st.session_state[CHOSEN] = wanted if wanted in names else names[0]
    name = str(st.selectbox("Look at", names, key=CHOSEN, format_func=lambda name: f"own:{name}"))
    _one(name, found[name])


def _table(found: dict[str, dict[str, Any]]) -> pd.DataFrame:
    rows = [
        {
            "name": f"own:{name}",
            "built like": said["architecture"],
            "parameters": said["parameters"],
            "outputs": said["classes"],
            "data": said.get("data") or "none here",
            "stated": "" if said.get("stated") is None else f"{100 * said['stated']:.1f} %",
            "MB": round(said["bytes"] / 1e6, 1),
            "for": "everybody" if said.get("shared") or not said.get("owner") else "you alone",
            "added": said["added"][:10],
        }
        for name, said in found.items()
    ]
    return pd.DataFrame(rows)


def _one(name: str, said: dict[str, Any]) -> None:
    """What is known of one network, and what can be done with it."""
    row = st.container(horizontal=True)
    if row.button("Prune it", type="primary", icon=":material/content_cut:", key="models_prune"):
        state.put(Setting(model=f"own:{name}"))
        st.switch_page("pages/prune/page.py")
    if said.get("owner") == owner():
        label = "Keep it to me" if said.get("shared") else "Share it"
        if row.button(label, icon=":material/group:", key="models_share"):
            _try(lambda: kept.share(name, not said.get("shared")))
    with row.popover("Remove", icon=":material/delete:", key="models_remove"):
        st.markdown(f"**Remove own:{plain(name)}?** {RUNS}")
        if st.button("Remove it", key="models_remove_now", type="primary"):
            _try(lambda: kept.remove(name))
    live(lambda: _report(name, said), "models_report", True, page=False)


def _try(change: Any) -> None:
    try:
        change()
    except PruningError as error:
        st.error(plain(error), icon=":material/error:")
        return
    st.rerun()


def _report(name: str, said: dict[str, Any]) -> bool:
    """What can be pruned, and the accuracy; returns whether it is under way."""
    full = f"own:{name}"
    try:
        base = Base(model=full)
        inventory = ask(Study(base=base, recipe=(), measures=(INVENTORY,)), "models_inventory")
        measured, data = Answer(), models[full].data
        classes = said["class_names"] or (datasets[data].classes if data else ())
        if data is not None:
            measured = ask(Study(base=base, recipe=(), measures=(ACCURACY,)), "models_accuracy")
    except PruningError as error:
        st.info(plain(error), icon=":material/info:")
        return False
    task = said["task"].replace("_", " ")
    shape = "x".join(map(str, said["input_shape"]))
    names = ", ".join(classes[:6]) + (" …" if len(classes) > 6 else "")
    outputs = f"{said['classes']} outputs{f' ({plain(names)})' if names else ''}"
    st.markdown(f"**{task[0].upper()}{task[1:]}**, inputs of {shape}, {outputs}.")
    for sentence in said["match"]["sentences"]:
        st.markdown(f"- {plain(sentence)}")
    for answer in (inventory, measured):
        if answer.error:
            st.info(plain(answer.error), icon=":material/info:")
    if inventory.value is None and not inventory.error:
        st.caption("Finding out what can be pruned …")
    elif inventory.value is not None:
        for sentence in inventory_sentences(inventory.value):
            st.markdown(f"- {plain(sentence)}")
    if measured.complete or data is None:
        st.markdown(f"- {judged(measured.value, said.get('stated'))}")
    elif measured.pending:
        st.caption("Measuring its accuracy …")
    return inventory.pending or measured.pending
