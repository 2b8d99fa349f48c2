"""JSON that somebody else wrote: read with bounds, so that what is wrong with it ends in one sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pruning.common.errors import BadValue, reason, shortened

DEPTH = 32
"""Brackets within brackets: nothing here needs more than ten, and what copies or prints values ends at some hundred."""


def read_json(text: str | bytes) -> Any:
    """The content of a JSON text.

    Raises:
        BadValue: no JSON, a number of more digits than are read, or brackets within brackets without end.
    """
    try:
        content = json.loads(text)  # NaN is let through: who asks for a number refuses it, and names the field
        deep = not shallow(content)
    except RecursionError:
        deep = True
    except ValueError as error:  # also bytes that are no text
        known = isinstance(error, json.JSONDecodeError | UnicodeError)
        told = reason(error) if known else "it holds a number of more digits than are read"
        raise BadValue(f"This is not JSON: {told}.") from None
    if deep:
        raise BadValue(f"This is not JSON that is read here: it has more than {DEPTH} brackets within brackets.")
    return content


def read_object(text: str | bytes) -> dict[str, Any]:
    """The same for a text that must hold names and values.

    Raises:
        BadValue: as ``read_json``; or it is a list, a number or a text.
    """
    content = read_json(text)
    if not isinstance(content, dict):
        raise BadValue(f'A JSON object was expected ({{"name": …}}), not {shortened(repr(content))}.')
    return content


def shallow(value: Any, depth: int = DEPTH) -> bool:
    """Whether a value holds no more levels of lists and tables than these."""
    if not isinstance(value, Mapping | list | tuple):
        return True
    inner = value.values() if isinstance(value, Mapping) else value
    return depth > 0 and all(shallow(item, depth - 1) for item in inner)
