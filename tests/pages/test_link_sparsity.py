"""The sparsity of a link: any word opens the page, and what is said of it is in percent, as the person wrote it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.choices.links import read_query
from pages.choices.setting import DEFAULT


@pytest.mark.parametrize("text", ["-7", "100", "1e400", "inf", "-inf", "nan", "99.95", "-0.1"])
def test_outside_its_range_it_says_the_range_in_percent(text: str) -> None:
    setting, changes = read_query({"sparsity": text})
    assert setting == DEFAULT
    assert changes == [
        f"The link's sparsity '{text}' cannot be used, 80 % is shown instead. "
        "A sparsity lies between 0 and 99.9 percent."
    ]


@pytest.mark.parametrize("text", ["97.53", "0.04", "99.93"])
def test_between_two_levels_it_says_how_fine_they_are(text: str) -> None:
    setting, (sentence,) = read_query({"sparsity": text})
    assert setting == DEFAULT and "with at most one decimal" in sentence


WORDS = st.one_of(
    st.text(max_size=12), st.floats().map(str), st.integers(-2000, 2000).map(lambda tenths: str(Decimal(tenths) / 10))
)


@given(WORDS)
def test_any_word_opens_the_page(text: str) -> None:
    setting, changes = read_query({"sparsity": text})
    if changes:
        assert setting == DEFAULT and len(changes) == 1 and "80 % is shown instead" in changes[0]
    else:
        assert setting.sparsity == pytest.approx(10 * float(text), abs=1e-5)


@given(st.integers(0, 999))
def test_each_level_is_read_as_it_is_written(level: int) -> None:
    setting, changes = read_query({"sparsity": f"{level / 10:g}"})
    assert setting.sparsity == level and not changes
