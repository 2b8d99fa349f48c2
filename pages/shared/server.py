"""The engine, shared by all sessions of this server, and who is looking."""

from __future__ import annotations

import uuid
from collections import OrderedDict

import streamlit as st

from pages.shared import persons
from pages.shared.streamlit_internals import connected, drawing, forget_left, session_id
from pruning.common import memory
from pruning.common.environment import Settings
from pruning.common.errors import PruningError
from pruning.common.limits import PEOPLE
from pruning.common.sources import ask_of
from pruning.engine.engine import Engine
from pruning.engine.journal import configure
from pruning.store.store import Store
from pruning.study.study import MeasureSpec, Study
from pruning.zoo.base import Base

_browsers: OrderedDict[str, str] = OrderedDict()
"""Streamlit's own names of the sessions that were here last."""
EMBEDDED = "lenet_300_100"
"""The smallest model: for questions about the machine, which need one."""


@st.cache_resource(show_spinner=False)
def engine() -> Engine:
    """The one engine; its workers start in the background."""
    settings = Settings.read()
    configure(settings.log)
    found = Engine(settings, care=True, present=there)
    found.start()
    memory.also(forget_left)
    ask_of(lambda: owner() if drawing() else None)
    return found


def store() -> Store:
    """The engine's store."""
    return engine().store


def devices() -> dict[str, str]:
    """Devices of the machine that computes, by name, with a label; only the CPU until the first worker has answered."""
    study = Study(base=Base(model=EMBEDDED), recipe=(), measures=(MeasureSpec(name="devices"),))
    try:
        view = engine().view(engine().submit(study, owner="server", durable=False))
    except PruningError:
        return {"cpu": "CPU"}
    if not view.rows:
        return {"cpu": "CPU"}
    value = view.rows[0]["value"]
    return dict(zip(value["devices"], value["labels"], strict=True))


def session() -> str:
    """Name of this browser session: its slots in the engine."""
    if "session" not in st.session_state:
        st.session_state["session"] = uuid.uuid4().hex[:12]
    name = st.session_state["session"]
    _browsers[name] = session_id()
    _browsers.move_to_end(name)
    while len(_browsers) > PEOPLE:
        _browsers.popitem(last=False)
    return name


def there(session: str) -> bool:
    """Whether a browser session is still connected; called from any thread."""
    return connected(_browsers.get(session, ""))


def owner() -> str:
    """Who keeps runs: the signed-in person, else everybody on this server together (or the session, with owners on)."""
    return persons.who() or (session() if engine().settings.owners else "local")


def person() -> str:
    """Whose turn a job takes where people wait for each other: the signed-in person's, else this browser session's."""
    return persons.who() or session()


def operator() -> bool:
    """Whether who looks at this page may end other people's work."""
    return persons.operator(engine().settings.operators)


def claim() -> None:
    """Runs that an earlier version kept under the mail address of who is signed in are theirs from now on."""
    address = persons.address()
    if address and st.session_state.get("claimed") != address:
        try:
            store().claim_address(address, persons.who())
            st.session_state["claimed"] = address
        except PruningError:  # the store is away: at a later visit
            return


def theme() -> str:
    """ "light" or "dark", as the browser shows the app."""
    return "dark" if st.context.theme.type == "dark" else "light"
