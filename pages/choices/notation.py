"""How one field of a specification is a word of an address: read, written, and said in a sentence. No Streamlit."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pruning.common.errors import BadValue, PruningError
from pruning.common.levels import LEVELS, in_percent, percent_digits, read_percent
from pruning.common.registry import Registry

DEEPEST = 8
"""Levels of JSON: a list of curves with tables has four. What is much deeper is no option and exhausts who walks it."""
UNREADABLE = (ValueError, OverflowError, RecursionError)
"""What reading a number or JSON ends in where the text is none, too long, or too deep."""


def _written(value: Any) -> str:
    """A value as a word, by its type."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, tuple | list):
        return ",".join(map(str, value)) or "none"
    return json.dumps(value, separators=(",", ":")) if isinstance(value, dict) else str(value)


def _said(value: Any) -> str:
    """A default in a sentence."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "the usual choice" if value is None else str(value)


@dataclass(frozen=True)
class Notation:
    """How the values of a field are read from a word, written as one, and said in a sentence.

    Attributes:
        read: raises one of ``UNREADABLE`` where a text is not in this notation; bounds are the specification's.
        expected: the sentence that is said then.
    """

    read: Callable[[str], Any] = str
    write: Callable[[Any], str] = _written
    said: Callable[[Any], str] = _said
    expected: str = "It cannot be read."

    def value(self, text: str) -> Any:
        """The value of a word.

        Raises:
            PruningError: the text is not in this notation.
        """
        try:
            return self.read(text)
        except PruningError:
            raise
        except UNREADABLE:
            raise BadValue(self.expected) from None


def _level(text: str, most: int) -> int:
    try:
        float(text)
    except ValueError:
        raise BadValue("A number was expected.") from None
    try:
        return read_percent(text, most)
    except ValueError as error:  # its sentence says the range
        raise BadValue(str(error)) from None


def json_of(text: str) -> Any:
    """What a text in JSON holds."""
    value = json.loads(text)
    json.dumps(value, ensure_ascii=False).encode()  # half a character can be neither shown nor written
    if not _shallow(value, DEEPEST):
        raise RecursionError
    return value


def _shallow(value: Any, levels: int) -> bool:
    """Whether a value has no more levels of lists and objects than these."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels >= 0 and all(_shallow(one, levels - 1) for one in inner)


TEXT = Notation()
NUMBER = Notation(int, expected="A number was expected.")
SPARSITY = Notation(lambda text: _level(text, LEVELS - 1), percent_digits, in_percent)
"""Per mille, written in percent; a network that lost everything is none any more."""
LEVEL = Notation(lambda text: _level(text, LEVELS), percent_digits, in_percent)
"""The same with everything as the highest."""
SEVERAL = Notation(lambda text: tuple(part for part in text.split(",") if part != "none"))
JSON = Notation(json_of, expected="JSON was expected.")


def named(entries: Registry[Any]) -> Notation:
    """The notation of a field that names a registered thing."""

    def known(text: str) -> str:
        entries[text]
        return text

    return Notation(known, said=lambda value: "none" if value is None else str(value))
