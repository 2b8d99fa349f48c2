"""A picture that moves: a small network whose weakest connections go, one after another, and come back."""

from __future__ import annotations

import random
from itertools import pairwise

LAYERS, GAP, ROOM = tuple(enumerate((5, 7, 7, 4))), 110, 34
"""Layers by number, with their neurons; pixels between layers and between neurons."""
GONE, SECONDS = 0.8, 9.0
"""The share of connections that go, and how long one turn takes."""


def picture() -> str:
    """The drawing as SVG; it stands still, with most connections gone, for whoever asks for little motion."""
    draw = random.Random(4)
    places = [[(40 + GAP * at, 130 + ROOM * (n - (size - 1) / 2)) for n in range(size)] for at, size in LAYERS]
    pairs = [(a, b) for left, right in pairwise(places) for a in left for b in right]
    lines = sorted(((draw.random(), *pair) for pair in pairs), key=lambda line: line[0])
    cut, parts = round(GONE * len(lines)), []
    for at, (weight, (x1, y1), (x2, y2)) in enumerate(lines):
        delay = 0.5 * SECONDS * at / cut - 0.3 * SECONDS
        look = f'class="gone" style="animation-delay:{delay:.2f}s"' if at < cut else ""
        ends = f'x1="{x1}" y1="{y1:g}" x2="{x2}" y2="{y2:g}"'
        parts.append(f'<line {ends} stroke-width="{0.6 + 2.6 * weight:.2f}" {look}/>')
    dots = [f'<circle cx="{x}" cy="{y:g}" r="8"/>' for layer in places for x, y in layer]
    width = 80 + GAP * (len(LAYERS) - 1)
    size = f'viewBox="0 0 {width} 260" width="{width}" height="260"'
    return f"""<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">
<title>A small network: four of five connections fade out, the strongest stay.</title>
<style>
line {{ stroke: #3a8fc7; }}
circle {{ fill: #e69f00; }}
.gone {{ opacity: 0.06; animation: gone {SECONDS}s linear infinite; }}
@keyframes gone {{ 0%, 30% {{ opacity: 1; }} 36%, 92% {{ opacity: 0.06; }} 100% {{ opacity: 1; }} }}
@media (prefers-reduced-motion: reduce) {{ .gone {{ animation: none; }} }}
</style>
{"".join(parts + dots)}</svg>"""
