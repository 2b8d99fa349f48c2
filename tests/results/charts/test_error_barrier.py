"""The chart of linear mode connectivity: means over seeds, faint single seeds, empty and pending."""

from __future__ import annotations

import pytest

from pruning.common.errors import BadValue
from pruning.results.charts.error_barrier import error_barrier
from pruning.results.connectivity import lines_frame

LINES = lines_frame(
    [("ticket", seed, {"places": [0, 0.5, 1], "errors": [0.1, 0.12 + 0.01 * seed, 0.1]}) for seed in (0, 1)]
    + [("dense", 0, {"places": [0, 0.5, 1], "errors": [0.1, 0.4, 0.1]})]
)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_thick_line_is_the_mean_over_seeds(theme: str) -> None:
    chart = error_barrier(LINES, 969)
    figure = chart.figure(theme)
    thick = {trace.name: list(trace.y) for trace in figure.data if trace.mode == "lines+markers"}
    assert thick["two children of the ticket"] == pytest.approx([10, 12.5, 10])
    assert thick["two children of dense"] == pytest.approx([10, 40, 10])
    assert sum(trace.mode == "lines" for trace in figure.data) == 2  # one seed needs no faint line
    assert figure.layout.yaxis.range[0] == 0 and figure.layout.yaxis.range[1] == 45
    assert len(chart.table) == 9 and set(chart.table["sparsity_percent"]) == {0.0, 96.9}
    assert "2.5 points for the ticket" in chart.title and "30.0 points for dense (two valleys)" in chart.title


def test_empty_pending_and_wrong_tables() -> None:
    empty = error_barrier(LINES.iloc[:0], 969, pending=True)
    assert empty.title == "No line is measured yet" and "on their way" in empty.figure().layout.annotations[0].text
    with pytest.raises(BadValue, match="lacks"):
        error_barrier(LINES.drop(columns="place"), 969)
