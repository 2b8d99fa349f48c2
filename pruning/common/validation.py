"""Validation that ends in one plain sentence."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ValidationError

from pruning.common.errors import LETTERS, BadValue, PruningError, shortened


def checked(what: str, cls: type[BaseModel], values: dict[str, Any]) -> Any:
    """An instance of ``cls`` made of ``values``, or a ``BadValue`` whose one sentence names field and bound.

    >>> from pruning.zoo.base import Base
    >>> checked("the base", Base, {"model": "lenet_5", "seed": -1})
    Traceback (most recent call last):
        ...
    pruning.common.errors.BadValue: In the base: seed: input should be greater than or equal to 0 (given: -1).
    """
    try:
        return cls(**values)
    except ValidationError as error:
        raise BadValue(explain(what, error)) from None


def options_of(what: str, cls: type[BaseModel], values: dict[str, Any]) -> dict[str, Any]:
    """Options as ``cls`` reads them, without its defaults: naming a default asks for the same work as leaving it out.

    >>> from pruning.criteria.kinds import allocations
    >>> options_of("uniform", allocations["uniform"], {"cap": 900, "floor": 0})
    {'cap': 900}
    """
    return checked(f"the options of {what}", cls, values).model_dump(mode="json", exclude_defaults=True)


_LONG = re.compile(rf"\S{{{LETTERS + 1},}}")
"""What pydantic repeats of an input within its own words."""
SENTENCES = 3
"""Wrong fields that a message names; of more it gives the number."""


def explain(what: str, error: ValidationError) -> str:
    """A pydantic error as one plain sentence for each wrong field."""
    lines, whole = [], []
    items = error.errors(include_url=False)
    for item in items:
        at, cause = item["loc"], item.get("ctx", {}).get("error")
        if item["type"] == "too_short" and any(other["loc"][: len(at)] == at != other["loc"] for other in items):
            continue  # only because its items are wrong, which the message says anyway
        if isinstance(cause, PruningError):
            whole.append(str(cause))
            continue
        place = shortened(".".join(str(part) for part in at)) or what
        given = item.get("input")
        shown = (
            "" if isinstance(given, dict | list | tuple | BaseModel) or given is None else f" (given: {_shown(given)})"
        )
        told = _LONG.sub(lambda word: word[0][:LETTERS], item["msg"])
        lines.append(f"{place}: {told[0].lower()}{shortened(told[1:], 400)}{shown}.")
    said = ([f"In {what}: " + " ".join(lines[:SENTENCES])] if lines else []) + list(dict.fromkeys(whole))[:SENTENCES]
    more = max(len(lines) - SENTENCES, 0) + max(len(set(whole)) - SENTENCES, 0)
    return " ".join([*said, *([f"And {more} more like these."] if more else [])])


def _shown(given: Any) -> str:
    """A value as Python writes it, cut."""
    if isinstance(given, str):
        return repr(shortened(given))
    try:
        return shortened(repr(given))
    except (ValueError, RecursionError):
        return shortened(given)
