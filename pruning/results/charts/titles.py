"""Titles of charts in lines."""

from __future__ import annotations

import textwrap

from pruning.common.limits import TITLES
from pruning.common.memory import remembered
from pruning.results.charts.palette import TITLE_SIZE

EM = 0.5  # mean width of a letter of a semi-bold sans font, in font sizes; wide, so that nothing is cut


def title_lines(title: str, width: float, size: float = TITLE_SIZE) -> list[str]:
    """A title in lines that fit ``width`` px at ``size`` px."""
    return _break(title, max(12, int((width - 16) / (EM * size))))


@remembered(TITLES)
def _break(text: str, most: int) -> list[str]:
    """Text in as few lines of at most ``most`` letters as it needs, of about equal length: no last word alone."""
    lines, low = textwrap.wrap(text, most) or [""], 12
    while low < most:  # the narrowest that needs no more lines
        middle = (low + most) // 2
        if len(evener := textwrap.wrap(text, middle)) == len(lines):
            most, lines = middle, evener
        else:
            low = middle + 1
    return lines
