"""Report: what was added on other pages, put in order and taken home as a document."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.report.exports import exports, preview
from pages.report.order import order
from pages.shared.collect import items
from pages.shared.plain import plain
from pruning.common.errors import PruningError
from pruning.results.report.kinds import templates
from pruning.results.report.report import MOST_TEXT, MOST_TITLE, Report

TITLE, ICON, GROUP, PLACE = "Report", ":material/description:", "Yours", 105

KEPT = "report_words"


def page() -> None:
    """Title, text, template, items in order, files."""
    st.header("Report", anchor=False)
    if not items():
        _teach()
        return
    st.caption(
        "Methods, limitations, checklist, references and commands are written by the program, from the runs among the "
        "items. The list is kept while this tab is open."
    )
    left, right = st.columns([3, 2], gap="large")
    with left:
        report = _words()
        order()
    if report is None:
        return
    with right:
        exports(report)
    st.divider()
    with st.expander("Preview of the text", key="report_preview", on_change="rerun") as fold:
        if fold.open:
            preview(report)


def _words() -> Report | None:
    """The fields; the report as it is now, or None with a sentence why there is none."""
    kept = st.session_state.setdefault(KEPT, {"title": "", "text": "", "template": templates.names()[0]})
    names = templates.names()
    kept["template"] = st.selectbox(
        "Template",
        names,
        names.index(kept["template"]),
        format_func=lambda name: templates[name].label,
        key="report_template",
    )
    st.caption(templates[kept["template"]].summary)
    kept["title"] = st.text_input(
        "Title", kept["title"], MOST_TITLE, key="report_title", placeholder="default: the networks' names"
    )
    kept["text"] = st.text_area(
        "Your text (Markdown)",
        kept["text"],
        max_chars=MOST_TEXT,
        height=160,
        key="report_text",
        placeholder="Your question, and what you think the answer is.",
    )
    try:
        return Report(tuple(items()), kept["title"], kept["text"], kept["template"])
    except PruningError as error:
        st.info(plain(str(error)), icon=":material/info:")
        return None


def _teach() -> None:
    """An empty page says how it is filled."""
    st.info(
        "Nothing here yet. Under each chart, **Download** has **Add to report**; on **Prune** and **Runs** the button "
        "**Add to report** brings a run, of which the program writes methods, table, limitations and references.",
        icon=":material/post_add:",
    )
    row = st.container(horizontal=True)
    for name, title in {"prune": "Go to Prune", "runs": "Go to Runs"}.items():
        row.button(title, key=f"report_{name}", on_click=partial(st.session_state.__setitem__, "report_go", name))
    if goal := st.session_state.pop("report_go", ""):
        st.switch_page(f"pages/{goal}/page.py")


if __name__ == "__main__":
    page()
