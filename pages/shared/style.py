"""The few rules that Streamlit's own options do not give."""

from __future__ import annotations

import streamlit as st

CSS = """
<style>
.block-container { padding-top: 3.6rem; padding-bottom: 2rem; }
[data-testid="stMetricValue"] { font-size: 1.5rem; }
h2 { font-size: 1.65rem !important; line-height: 1.25 !important; padding-top: 0.2rem !important; }
[class*="st-key-old_"] { opacity: 0.45; transition: opacity 0.2s; }
[class*="st-key-take_"] { margin-top: -0.9rem; }
/* On a narrow screen two charts side by side are too small to read: stack them. */
@media (max-width: 1150px) {
  [data-testid="stMain"] [data-testid="stHorizontalBlock"]:has(> [data-testid="stColumn"]) { flex-wrap: wrap; }
  [data-testid="stMain"] [data-testid="stColumn"] { min-width: 100%; }
}
</style>
"""


def style() -> None:
    """Put the rules into the page."""
    st.html(CSS)
