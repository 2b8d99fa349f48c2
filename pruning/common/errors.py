"""Errors a person can act on: each message says what was wrong and what would be right."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterable
from typing import Any

SHOWN = 12
"""Known names that a message lists; more than these would hide the sentence."""
LETTERS = 80
"""Letters that a message repeats of what a person gave: a link may hold thousands."""


def shortened(given: object, letters: int = LETTERS) -> str:
    """What a person gave, as a message repeats it."""
    try:
        return str(given)[:letters]
    except (ValueError, RecursionError):  # a number of 5,000 digits; lists without end
        return "a value that is too large to be shown"


class PruningError(Exception):
    """Base of every error that is shown to a person as one sentence, never as a stack trace."""


class UnknownName(PruningError, KeyError):
    """A name that is not registered.

    Args:
        kind: what was looked for, in the singular ("scorer").
        name: the name as given.
        known: the names that exist.

    >>> print(UnknownName("scorer", "magnitude_11", ["magnitude_l1", "random"]))
    There is no scorer 'magnitude_11'. Did you mean 'magnitude_l1'? Known: magnitude_l1, random.
    """

    def __init__(self, kind: str, name: object, known: Iterable[str]) -> None:
        names, name = sorted(known), shortened(name)
        near = difflib.get_close_matches(name, names, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        shown = ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
        self.message = f"There is no {kind} '{name}'.{hint} Known: {shown or 'none'}."
        super().__init__(self.message)

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return unknown, (self.message,)


def unknown(message: str) -> UnknownName:
    """An ``UnknownName`` as it was before it went from one process to another."""
    error = UnknownName.__new__(UnknownName, message)
    error.message = message
    return error


class BadValue(PruningError, ValueError):
    """A value outside its bounds, or of the wrong kind."""


class Refused(BadValue):
    """A stranger's file that is not read: damaged, too large, or made to do harm; the sentence says which."""


class Incompatible(PruningError):
    """A combination of choices that does not exist (a scorer that cannot score this granularity, say)."""


class Unreachable(Incompatible):
    """A level of sparsity that bounds or layers that are left alone do not allow; the sentence names the highest."""


class Missing(PruningError):
    """Something that must be on this machine and is not: weights, a data set, a device, a library."""


class BadTensor(PruningError):
    """Weights or scores that cannot be ranked: NaN or infinity, a shape that does not fit."""


WRONG_INPUT: tuple[type[PruningError], ...] = (UnknownName, BadValue, Incompatible)
"""What somebody must ask for differently; the others are about this machine: something is missing, or damaged."""


class StoreError(PruningError):
    """The store cannot be read: another schema version, a damaged artefact, a full disk."""


class Cancelled(PruningError):
    """The work was cancelled by a person; what was stored until then is kept."""


def without_secrets(text: str) -> str:
    """A text without the passwords of addresses in it: ``postgresql://user:…@host/base?password=…``."""
    text = re.sub(r"(?<=://)([^/@\s:]*):[^@\s]*@", r"\1:…@", text)
    return re.sub(r"(?i)\b(password|passwd|pwd)=[^&\s'\"]*", r"\1=…", text)


def reason(error: BaseException) -> str:
    """What an error says of itself in one line, at most 200 letters; its kind, where it says nothing."""
    said = " ".join(str(error).split()).rstrip(".")
    return said[:200] or type(error).__name__


def with_kind(error: BaseException) -> str:
    """An error's kind and, where it says anything, its words: "KeyError: 'a'"."""
    return f"{type(error).__name__}{f': {error}' if str(error) else ''}"


def unforeseen(error: BaseException) -> str:
    """The sentence shown for an error that is none of the above."""
    text = with_kind(error)
    if isinstance(error, MemoryError) or any(word in text for word in ("allocate memory", "out of memory")):
        return (
            "The work needs more memory than this worker has: ask for fewer levels or networks at once, or give "
            "workers more (PRUNING_WORKER_MEMORY)."
        )
    if isinstance(error, ModuleNotFoundError):
        return lacking(error)
    return f"Internal error: {text}"


def lacking(error: ModuleNotFoundError) -> str:
    """The sentence for a library that is not installed, or for a file of the program that is not there."""
    name = (error.name or "").partition(".")[0]
    if not name or name == "pruning":
        return f"The program is not complete ({error}): install it anew."
    return (
        f"The library '{name}' is not installed in this Python ({sys.executable}). Install all that is needed with "
        "`pip install -r requirements.txt` in the program's folder, or use the Python that `make run` has set up: "
        "`.venv/bin/python -m pruning`."
    )
