"""Tables as CSV files that spreadsheets open rightly, and run nothing of."""

from __future__ import annotations

import pandas as pd

FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that Excel and others compute."""


def csv_bytes(table: pd.DataFrame) -> bytes:
    """A table as the bytes of a CSV file in UTF-8, with the mark by which Excel knows it.

    A text that a spreadsheet would run as a formula (``=HYPERLINK(…)``) gets an apostrophe before it.
    """
    return _defused(table).to_csv(index=False, lineterminator="\n").encode("utf-8-sig")


def _defused(table: pd.DataFrame) -> pd.DataFrame:
    texts = {name: column for name, column in table.items() if not pd.api.types.is_numeric_dtype(column)}
    marks = {name: column.astype(object).map(_is_formula) for name, column in texts.items()}
    changed = {
        name: texts[name].astype(object).where(~mark, "'" + texts[name].astype(str))
        for name, mark in marks.items()
        if mark.any()
    }
    return table.assign(**{str(name): column for name, column in changed.items()})


def _is_formula(cell: object) -> bool:
    return isinstance(cell, str) and cell.startswith(FORMULAS)
