"""Levels in per cent, written and read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pruning.common.levels import LEVELS, in_percent, percent_digits, read_percent, share_in_percent, to_percent


@given(st.integers(0, LEVELS))
def test_a_level_is_written_and_read_back(level: int) -> None:
    assert read_percent(percent_digits(level)) == level
    assert in_percent(level) == f"{percent_digits(level)} %" and float(percent_digits(level)) == to_percent(level)


def test_levels_read_well() -> None:
    assert [in_percent(level) for level in (0, 5, 800, 975, LEVELS)] == ["0 %", "0.5 %", "80 %", "97.5 %", "100 %"]
    assert share_in_percent(918, 1000) == "91.8 %"


@pytest.mark.parametrize("text", ["-0.1", "100.1", "nan", "inf", "97.55", "much"])
def test_what_is_no_level_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_percent(text)


def test_the_highest_level_may_be_another() -> None:
    with pytest.raises(ValueError, match=r"between 0 and 99\.9 percent"):
        read_percent("100", LEVELS - 1)
