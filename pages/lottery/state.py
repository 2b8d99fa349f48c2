"""The experiment of the page Lottery ticket: from the address, through the widgets, back into the address."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from pages.choices.training import Ticket
from pages.choices.words import refused
from pages.shared import address, fields
from pages.shared.server import EMBEDDED, devices
from pages.shared.state import PREFIX
from pruning.common.errors import PruningError
from pruning.zoo.kinds import models as model_registry

PAGE = "lottery"
OWN = "Your experiment"


def models() -> list[str]:
    """Models with a data set to train on."""
    return [name for name in model_registry.names() if model_registry[name].data]


def current(stored: Collection[str]) -> list[str]:
    """Read an address that this session did not write itself; what of it had to be changed, each in a sentence.

    Args:
        stored: names of the experiments that come with the program.
    """
    if not (words := address.fresh(PAGE)):
        return address.changes(PAGE)
    changes = Ticket.strangers(words, ("model", "device", "shown"))
    model = _model(words.get("model", EMBEDDED), changes)
    more = fields.read(PAGE, model, Ticket.of(model), words)
    choices = fields.chosen(PAGE, model, Ticket.of(model))
    if choices.mark == "early" and not model_registry[model].embedded:
        more.append(f"{model_registry[model].label} has no early weights: survivors go back to their initial ones.")
        fields.put(PAGE, model, choices.model_copy(update={"mark": "init"}))
    st.session_state.pop(PREFIX + "lottery_model", None)
    st.session_state["lottery_model"] = model
    st.session_state["lottery_device"] = _device(words.get("device", "cpu"), changes)
    if (shown := words.get("shown", OWN)) not in (OWN, *stored):
        changes.append(refused("experiment", shown, "does not come with the program; your own is shown."))
        shown = OWN
    st.session_state["lottery_kept"] = shown
    st.session_state.pop("lottery_shown", None)
    return address.changed(PAGE, changes + more)


def _model(name: str, changes: list[str]) -> str:
    try:
        model_registry[name]
        if name in models():
            return name
        why = f"No data set here fits {name}."
    except PruningError as error:
        why = str(error)
    changes.append(refused("model", name, f"cannot be used, {EMBEDDED} is shown instead. {why}"))
    return EMBEDDED


def _device(name: str, changes: list[str]) -> str:
    if name in devices():
        return name
    changes.append(refused("device", name, "is not there, cpu is taken instead."))
    return "cpu"


def words() -> dict[str, str]:
    """What is chosen, as words of the address."""
    model, shown = st.session_state.get("lottery_model", EMBEDDED), st.session_state.get("lottery_kept", OWN)
    if shown != OWN:
        return {"v": str(Ticket.version), "shown": shown}
    found = fields.chosen(PAGE, model, Ticket.of(model)).query(model)
    if model != EMBEDDED:
        found["model"] = model
    if (device := st.session_state.get("lottery_device", "cpu")) != "cpu":
        found["device"] = device
    return found


def publish() -> None:
    """Write the experiment into the address of the browser."""
    address.publish(PAGE, words())
