"""How tests look at a page."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

PATIENCE = 120
"""Seconds that a page may take on a busy machine before a test gives up."""


def settled(page: AppTest) -> AppTest:
    """Wait for every job of the page, then draw it again (timers do not tick in AppTest)."""
    from pages.ui.server import engine

    for _ in range(12):
        assert not page.exception, page.exception[0].message
        waiting = [view.id for view in engine().views()]
        if not waiting:
            return page.run()
        for job in waiting:
            engine().wait(job, PATIENCE)
        page.run()
    return page


def texts(page: AppTest) -> str:
    """All that a person can read, in one text."""
    parts = [*page.header, *page.subheader, *page.markdown, *page.caption, *page.info, *page.warning, *page.metric]
    return "\n".join(str(part.value) for part in parts)
