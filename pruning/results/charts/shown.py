"""Figures for the screen, built once: thirty people who look at the same chart share the work, and so does every look
again.
"""

from __future__ import annotations

import io
import json
import pickle
import types
from hashlib import blake2b
from typing import Any

import plotly.graph_objects as go

from pruning.common.limits import FIGURES
from pruning.common.memory import Recent
from pruning.results.charts.base import SCREEN_WIDTH, Chart

_texts: Recent[str] = Recent(FIGURES, "figures")
"""As text: two hundred objects a figure would be looked through at each garbage collection."""


def shown(chart: Chart, theme: str = "light", width: int = SCREEN_WIDTH) -> go.Figure:
    """The chart for the screen, from memory where a chart of the same content was drawn before.

    A chart whose drawing holds what has no content to name (an open file, a generator) is drawn anew each time.

    Raises:
        BadValue: for a theme that is neither "light" nor "dark".
    """
    try:
        name = content(chart)
    except (pickle.PicklingError, TypeError, AttributeError):
        return _unchecked(chart.spec(theme, width))
    text = _texts.get_or_make(f"{theme} {width} {name}", lambda: _text(chart.spec(theme, width)))
    return _unchecked(json.loads(text))


def _text(spec: dict[str, Any]) -> str:
    text = _unchecked(spec).to_json(validate=False)  # arrays become short base64 texts
    assert text is not None
    return text


def _unchecked(spec: dict[str, Any]) -> go.Figure:
    """Charts are checked by their tests; here it would take plotly three milliseconds for each, and ten for some."""
    return go.Figure(spec, _validate=False)


def content(chart: Chart) -> str:
    """A name for all that a chart's figure is made of: its words, and what its drawing holds, numbers in full.

    Raises:
        TypeError, AttributeError, pickle.PicklingError: when something in it has no content to name.
    """
    buffer = io.BytesIO()
    _Namer(buffer, protocol=5).dump((chart.name, chart.title, chart.draw))
    return blake2b(buffer.getbuffer(), digest_size=16).hexdigest()


class _Namer(pickle.Pickler):
    """Takes apart the functions that are made while the program runs: which they are, and the values they hold."""

    def reducer_override(self, held: Any) -> Any:
        if not isinstance(held, types.FunctionType) or "<locals>" not in held.__qualname__:
            return NotImplemented
        cells = [cell.cell_contents for cell in held.__closure__ or ()]
        return tuple, (
            (
                held.__module__,
                held.__qualname__,
                held.__code__.co_firstlineno,
                cells,
                held.__defaults__,
                held.__kwdefaults__,
            ),
        )
