"""Texts that people wrote, drawn as they are: names of runs, words of links, errors that repeat them."""

from __future__ import annotations

import re

JOINER = "\u2060"
"""A character without width: an address that holds it is no link any more."""
MARKS = re.compile(r"[\\`*\[\]<>$~#|]|:(?=[a-z])|!(?=\[)")
ADDRESSES = re.compile(r"(?<=:)//|(?<=www)\.", re.IGNORECASE)


def plain(text: object) -> str:
    """A text whose Markdown is shown and not followed: no link, picture, HTML, formula or icon of it is drawn.

    Whatever comes from a link, a name or an error goes through here before Streamlit draws it.
    """
    marked = MARKS.sub(lambda found: "\\" + found[0], " ".join(str(text).split()))
    return ADDRESSES.sub(lambda found: JOINER + found[0], marked)
