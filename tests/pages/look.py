"""How tests look at a page."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from pages.shared.navigation import listed
from pruning.criteria.kinds import scorers

PATIENCE = 120
"""Seconds that a page may take on a busy machine before a test gives up."""
FIRST_OF_FAMILY = [
    *{scorers[name].family: name for name in reversed(scorers.names())}.values(),
    "sparse_gpt",
]
"""One scorer of each family, and a solver: that the others' numbers are right is tested without pages."""


def turn_to(page: AppTest, name: str) -> AppTest:
    """The page of that name is drawn at the next run; also at the first one, when AppTest knows no page by its path."""
    page._page_hash = calc_hash("" if name == listed()[0].name else name)  # the first page has the address itself
    return page


def settled(page: AppTest) -> AppTest:
    """Draw the page until it neither waits for a job nor asks for another one (timers do not tick in AppTest)."""
    from pages.shared.server import engine

    for _ in range(50):
        assert not page.exception, page.exception[0].message
        waiting = [view.id for view in engine().views()]
        for job in waiting:
            engine().wait(job, PATIENCE)
        page.run()
        if not waiting and not engine().views():
            return page
    raise AssertionError("The page asks for more and more.")


def texts(page: AppTest) -> str:
    """All that a person can read, in one text."""
    parts = [*page.header, *page.subheader, *page.markdown, *page.caption, *page.info, *page.warning, *page.metric]
    return "\n".join(str(part.value) for part in parts)
