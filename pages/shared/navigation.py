"""Which pages there are: a page is a folder of ``pages/`` with a ``page.py``, whose first lines say how it is listed.

    TITLE, ICON, GROUP, PLACE = "Curves", ":material/show_chart:", "Explore", 20

The lines are read, not run, so that no page is imported before somebody opens it.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

PAGES = Path(__file__).resolve().parents[1]
NAMES = ("TITLE", "ICON", "GROUP", "PLACE")
GROUPS = ("Start", "Learn", "Explore", "Retrain", "Deploy", "Reference", "Yours", "Operator")
"""In the order in which people think: what goes, how accuracy comes back, what a device gets; then what helps."""


@dataclass(frozen=True, order=True)
class Listed:
    """A page in the navigation.

    Attributes:
        place: lower comes first; the lowest is what opens without a name in the address.
        name: its folder, and its name in the address.
        title, icon: as people see them.
        group: one of ``GROUPS``.
    """

    place: int
    name: str
    title: str
    icon: str
    group: str

    @property
    def path(self) -> str:
        """The file, from where the app is started."""
        return f"pages/{self.name}/page.py"


@cache
def listed() -> tuple[Listed, ...]:
    """All pages, in their order.

    Raises:
        ValueError: a page does not say how it is listed.
    """
    return tuple(sorted(_read(file) for file in PAGES.glob("*/page.py")))


def _read(file: Path) -> Listed:
    said: dict[str, Any] = {}
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).strip("()") == ", ".join(NAMES):
            said = dict(zip(NAMES, ast.literal_eval(node.value), strict=True))
    if not said:
        raise ValueError(f"{file} must begin with: {', '.join(NAMES)} = …")
    if said["GROUP"] not in GROUPS:
        raise ValueError(f"{file} is in the group '{said['GROUP']}': choose one of {', '.join(GROUPS)}.")
    return Listed(said["PLACE"], file.parent.name, said["TITLE"], said["ICON"], said["GROUP"])


def grouped() -> dict[str, list[Listed]]:
    """The pages of each group that has some."""
    return {group: found for group in GROUPS if (found := [page for page in listed() if page.group == group])}
