"""What a report is put together of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from pruning.results.charts.base import Chart
from pruning.results.report.evidence import Evidence


@dataclass(frozen=True)
class Item:
    """One thing that was added.

    Attributes:
        kind: a chart, a table, a finding (a sentence in Markdown) or a run.
        source: a link to the page it is from, or nothing.
    """

    kind: Literal["chart", "table", "finding", "run"]
    title: str
    content: Chart | pd.DataFrame | str | Evidence
    source: str = ""
