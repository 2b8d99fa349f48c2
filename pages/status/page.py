"""Status: how this server is doing, for its administrator: queue, workers, failures, bounds. No names, no secrets."""

from __future__ import annotations

import streamlit as st

from pages.shared.plain import plain
from pages.shared.server import engine, operator, owner, store
from pages.shared.told import told
from pages.status import tables
from pruning.common.errors import PruningError
from pruning.common.registry import complaints
from pruning.engine.jobs import JobView
from pruning.store.describe import sentence
from pruning.store.footprint import footprint

TITLE, ICON, GROUP, PLACE = "Status", ":material/monitor_heart:", "Operator", 110

EVERY = 3.0  # seconds between two looks
SHOWN = 200  # jobs that are listed
SHARE = st.column_config.ProgressColumn(format="%.0f %%", min_value=0, max_value=100)


@st.fragment(run_every=EVERY, key="status_live")
def status() -> None:
    """Look, and draw what there is."""
    with told():
        _status()


def _status() -> None:
    health, views = engine().health(), engine().views()
    try:
        room, stored = footprint(store()), store().failed(limit=SHOWN)
    except PruningError as error:
        st.header(str(error), anchor=False)
        return
    problems = [*health.problems(), *filter(None, [room.problem()]), *complaints()]
    st.header(tables.headline(health, problems), anchor=False)
    row = st.container(horizontal=True)
    for name, value in tables.figures(health, room).items():
        row.metric(name, value, width="content")
    words = {view.id: sentence(view.study) for view in views if view.study is not None}
    _jobs(views, words)
    st.subheader("Workers", anchor=False)
    listed = tables.workers(health, words)
    if listed.empty:
        st.caption("No worker has answered yet: starting takes some seconds.")
    else:
        st.dataframe(
            listed,
            hide_index=True,
            placeholder="–",
            key="status_workers",
            column_config={
                "process": st.column_config.NumberColumn(format="%d"),
                "memory (MB)": st.column_config.NumberColumn(
                    format="%.0f", help="Pages that workers share count in each."
                ),
            },
        )
    st.subheader("Recent failures", anchor=False)
    failed = tables.failures(health.failures, stored)
    if failed.empty:
        st.caption("None.")
    else:
        st.dataframe(
            failed,
            hide_index=True,
            placeholder="–",
            key="status_failures",
            column_config={
                "when": st.column_config.DatetimeColumn(format="D MMM, HH:mm:ss"),
            },
        )
    st.subheader("Limits", anchor=False)
    st.dataframe(
        tables.bounds(health, room),
        hide_index=True,
        placeholder="–",
        key="status_bounds",
        column_config={
            "full (%)": SHARE,
            "now": st.column_config.NumberColumn(format="%.0f"),
            "bound": st.column_config.NumberColumn(format="%.0f"),
        },
    )
    size = "" if room.database is None else f"The database has {room.database / tables.MB:,.1f} MB. "
    st.caption(
        f"{size}Server process {health.pid}. The same from outside: `python -m pruning health`, whose exit code is 0 "
        "when all is well, and the web server's own `/_stcore/health`."
    )


def _jobs(views: list[JobView], words: dict[str, str]) -> None:
    st.subheader("Jobs", anchor=False)
    if not views:
        st.caption("Nobody waits for anything.")
        return
    st.dataframe(
        tables.jobs(views[:SHOWN], words),
        hide_index=True,
        placeholder="–",
        key="status_jobs",
        column_config={
            "done (%)": SHARE,
            "running for (s)": st.column_config.NumberColumn(format="%.0f"),
        },
    )
    st.caption(
        "A page's own work comes first. Of sweeps, each person's first comes before anybody's second. What has run for "
        "a while makes room for another person's, and goes on later."
    )
    if operator():
        _cancel(views, words)


def _cancel(views: list[JobView], words: dict[str, str]) -> None:
    """An operator's way to end a job for everybody."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    ids = [view.id for view in views[:SHOWN]]
    chosen = row.selectbox("Job", ids, format_func=lambda one: plain(words.get(one, one)), key="status_job")
    if row.button("Cancel this job for everybody", key="status_cancel", icon=":material/cancel:") and chosen:
        engine().cancel(chosen, owner(), operator=True)
        st.rerun(scope="fragment")


if __name__ == "__main__":
    status()
