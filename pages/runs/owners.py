"""Whose runs are, in words that anybody may read."""

from __future__ import annotations

import pandas as pd


def whose(owners: pd.Series, me: str) -> pd.Series:
    """Owners as anybody may read them: who a person is to the provider is nobody else's business."""
    people = owners.str.contains(" ", regex=False) & owners.str.contains("://", regex=False)
    return owners.mask(people, "another person").mask(owners == me, "you" if " " in me else me)
