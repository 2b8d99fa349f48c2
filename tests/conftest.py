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

LONG = ("pages", "browser", "engine", "cli")
"""Folders whose tests wait for a server or for workers: with two processes they come first, and the rest fills in."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long waits first; within a file the order stays."""
    root = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(root).parts[0]
        return LONG.index(folder) if folder in LONG else len(LONG)

    items.sort(key=place)
