"""Tables as files that spreadsheets read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def csv_bytes(table: pd.DataFrame) -> bytes:
    """A CSV file in UTF-8, with the mark by which Excel knows it."""
    return table.to_csv(index=False, lineterminator="\n").encode("utf-8-sig")
