"""Fixtures of the charts' tests."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.results.charts.tables import shuffled_profile, small_curve


@pytest.fixture
def profile() -> pd.DataFrame:
    """Three layers at every level, rows shuffled."""
    return shuffled_profile()


@pytest.fixture
def curve() -> pd.DataFrame:
    """Seven measured points of two variants."""
    return small_curve()
