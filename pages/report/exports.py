"""The report as files, and its text on the page."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.shared.plain import plain
from pruning.common.errors import PruningError
from pruning.results.report.kinds import formats
from pruning.results.report.report import Report


def exports(report: Report) -> None:
    """A button a format; files are made when asked for."""
    st.subheader("Take it home", anchor=False)
    for name in formats:
        entry = formats[name]
        st.download_button(
            entry.label,
            partial(file, report, entry.suffix),
            f"report{entry.suffix}",
            entry.mime,
            key=f"report_{name}",
            on_click="ignore",
            icon=":material/download:",
            width="stretch",
            type="primary" if name == "pdf" else "secondary",
        )
        st.caption(entry.summary)


def file(report: Report, suffix: str) -> bytes:
    """The file; where it cannot be made it says why, in words."""
    try:
        return report.write(f"report{suffix}")
    except PruningError as error:
        return f"{error}\n".encode()


def preview(report: Report) -> None:
    """The document's text; figures are in the files."""
    from pruning.results.report.formats.markdown import MarkdownWriter

    try:
        document = report.document()
    except PruningError as error:
        st.info(plain(str(error)))
        return
    st.markdown(f"## {plain(document.title)}")
    st.markdown("\n\n".join(MarkdownWriter(document, pictures=False, files=False).blocks()))
