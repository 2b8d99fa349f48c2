"""What all tests share: one torch thread, and Hypothesis that draws the same examples every time, without a clock."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, settings

torch.set_num_threads(1)

settings.register_profile(
    "steady",
    derandomize=True,
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("steady")

LONG = ("pages", "browser", "engine")
"""Folders whose tests share a server, an engine or a browser: each runs in one process, the longest first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With several processes (``-n 2 --dist loadgroup``): what shares a server stays together, the rest fills in."""
    root = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(root).parts[0]
        return LONG.index(folder) if folder in LONG else len(LONG)

    for item in items:
        if (at := place(item)) < len(LONG):
            item.add_marker(pytest.mark.xdist_group(LONG[at]))
    items.sort(key=place)
