"""Draw docs/rooms.svg, the rooms of ``pruning/`` and who imports whom: ``python docs/rooms.py``.

Names, order and descriptions are those of ``ORDER`` in tests/test_architecture.py; the dots are read from the imports
in the code. tests/test_guide.py says when the picture is out of date.
"""

from __future__ import annotations

import html
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.test_architecture import CODE, ORDER, imports_of, room  # noqa: E402

PICTURE = ROOT / "docs" / "rooms.svg"
TOP = ("pages", "the dashboard: draws what comes back; no torch, no SQL")
ROW, LEFT, NAME, WIDE, CELL, HEAD = 34, 16, 136, 660, 26, 96
INK, FAINT, FLOOR, DOT = "#1f2328", "#59636e", "#f6f8fa", "#0072b2"


def described() -> dict[str, str]:
    """Each room with its line of ``ORDER``, from the first (imported by all) to the last."""
    source = (ROOT / "tests" / "test_architecture.py").read_text()
    lines = dict(re.findall(r'^    "(\w+)",  # (.+)$', source, flags=re.MULTILINE))
    return {name: lines[name] for name in ORDER}


def arrows() -> set[tuple[str, str]]:
    """Pairs of rooms of which the first imports from the second."""
    found = set()
    for path in CODE:
        own = room(".".join(path.relative_to(ROOT).with_suffix("").parts))
        others = {room(name) for name in imports_of(path)}
        found |= {(own, other) for other in others if other in ORDER and own not in (other, "pruning", "app")}
    return found


def drawing() -> str:
    """The picture as SVG: the last room on top, as a house is seen; one column for each room that may be imported."""
    floors = [(f"{TOP[0]}/", TOP[0], TOP[1])]
    floors += [(f"{name}.py" if name == "state" else f"{name}/", name, text) for name, text in described().items()][
        ::-1
    ]
    start, met = LEFT + WIDE + 20, arrows()
    width, height = start + CELL * len(ORDER) + 24, HEAD + ROW * len(floors) + 16
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="system-ui, sans-serif" font-size="14" role="img">',
        "<title>The rooms of pruning/: each imports only rooms below it</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="{HEAD - 40}" fill="{INK}" font-size="16" font-weight="600">Each room imports only '
        "rooms below it</text>",
        f'<text x="{LEFT}" y="{HEAD - 16}" fill="{FAINT}">A dot: the room of this row imports from the room of that '
        "column; a faint one: it may.</text>",
    ]
    for number, name in enumerate(ORDER):
        x = start + CELL * number + CELL / 2
        label = f'<text x="0" y="0" fill="{FAINT}" font-size="12">{name}</text>'
        parts.append(f'<g transform="translate({x + 4} {HEAD - 8}) rotate(-60)">{label}</g>')
    for row, (shown, name, text) in enumerate(floors):
        y = HEAD + ROW * row
        parts.append(
            f'<rect x="{LEFT}" y="{y}" width="{width - 2 * LEFT}" height="{ROW - 4}" rx="5" fill="{FLOOR}"/>'
            f'<text x="{LEFT + 12}" y="{y + 20}" fill="{INK}" font-weight="600">{shown}</text>'
            f'<text x="{LEFT + NAME}" y="{y + 20}" fill="{INK}">{html.escape(text, quote=False)}</text>'
        )
        for number, other in enumerate(ORDER):
            x, may = start + CELL * number + CELL / 2, name not in ORDER or number < ORDER.index(name)
            if (name, other) in met:
                parts.append(f'<circle cx="{x:g}" cy="{y + 15}" r="5" fill="{DOT}"/>')
            elif may:
                parts.append(f'<circle cx="{x:g}" cy="{y + 15}" r="1.5" fill="#afb8c1"/>')
    return "\n".join([*parts, "</svg>", ""])


if __name__ == "__main__":
    PICTURE.write_text(drawing())
    print(PICTURE)
