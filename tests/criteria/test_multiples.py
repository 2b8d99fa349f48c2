"""Channels kept in multiples that go by the width of their layer, and multiples as a command line writes them."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from pruning.criteria.budget import multiples, rounded
from tests.criteria.test_allocations import made, plan
from tests.helpers.networks import small, state


def test_channels_are_rounded_by_the_width_of_their_layer() -> None:
    sizes = np.array([4, 31, 32, 63, 64, 512])
    assert multiples("auto", sizes).tolist() == [[4], [4], [8], [8], [16], [16]]
    assert multiples(8, sizes).tolist() == [[8]] * 6
    found = plan("uniform", state(small()), "channel", multiple="auto")
    kept = found.ranking.sizes[:, None] - found.removed
    assert ((kept % 4 == 0) | (kept == found.ranking.sizes[:, None])).all() and found.removed.any()
    removed, zero = np.array([[1], [20], [30]]), np.zeros((3, 1), dtype=np.int64)
    whole = np.array([16, 40, 70])
    assert (whole[:, None] - rounded(removed, whole, multiples("auto", whole), zero, whole[:, None])).tolist() == [
        [16],
        [24],
        [48],
    ]


def test_a_multiple_is_read_from_text() -> None:
    assert made("uniform", multiple="8").multiple == 8 and made("uniform", multiple="auto").multiple == "auto"
    for wrong in ("3", "odd", ""):
        with pytest.raises(ValidationError):
            made("uniform", multiple=wrong)
