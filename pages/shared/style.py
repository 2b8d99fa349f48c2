"""The few rules that Streamlit's own options do not give."""

from __future__ import annotations

import streamlit as st

CAPTION = {"light": "#5C5F6B", "dark": "#B4B8C2"}
"""Small letters keep a contrast of 4.5:1 (WCAG 2.2, 1.4.3) on both grounds of a theme, page and sidebar."""
CSS = (
    f"""
<style>
:is([data-testid="stCaptionContainer"], [data-testid="stMetricDelta"]) {{
  color: light-dark({CAPTION["light"]}, {CAPTION["dark"]}) !important;
  opacity: 1 !important;
}}
</style>
"""
    + """
<style>
.block-container { padding-top: 0.4rem; padding-bottom: 2rem; }
/* The bar stands where the empty header would, which lets clicks through but for its own buttons. */
[data-testid="stHeader"], [data-testid="stHeader"] * { background: transparent; pointer-events: none; }
[data-testid="stHeader"] :is(button, button *, a) { pointer-events: auto; }
.st-key-bar { padding: 0.25rem 2.5rem 0.35rem 0; }
.st-key-present_row { position: absolute; right: 3rem; top: 0.3rem; width: auto; z-index: 999990; }
.st-key-bar a { padding: 0.2rem 0.5rem; min-height: 0; margin: 0; }
.st-key-bar_groups { gap: 0.25rem; }
.st-key-bar_pages { gap: 0.25rem; margin-top: 0.5rem; }
.st-key-bar_groups a > :has([data-testid="stIconMaterial"]):first-child { display: none; }
.st-key-bar_groups a, .st-key-bar_groups a:focus-visible { border-radius: 0; border-bottom: 3px solid transparent; }
.st-key-bar_here a { background: none !important; border-bottom-color: light-dark(#0072b2, #56b4e9) !important; }
.st-key-bar_here p, .st-key-bar_shown p { font-weight: 600; }
.st-key-bar_shown a { background: light-dark(#0072b222, #56b4e933) !important; }
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
)


def style() -> None:
    """Put the rules into the page."""
    st.html(CSS)
