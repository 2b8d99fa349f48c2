"""Validation that ends in one plain sentence."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError

from pruning.common.errors import BadValue, PruningError, shortened


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


def explain(what: str, error: ValidationError) -> str:
    """A pydantic error as one plain sentence for each wrong field."""
    lines, whole = [], []
    items = error.errors()
    for item in items:
        at, cause = item["loc"], item.get("ctx", {}).get("error")
        if item["type"] == "too_short" and any(other["loc"][: len(at)] == at != other["loc"] for other in items):
            continue  # only because its items are wrong, which the message says anyway
        if isinstance(cause, PruningError):
            whole.append(str(cause))
            continue
        place = ".".join(shortened(part) for part in at) or what
        given = item.get("input")
        text = repr(shortened(given)) if isinstance(given, str) else shortened(repr(given))
        shown = "" if isinstance(given, dict | list | tuple | BaseModel) or given is None else f" (given: {text})"
        lines.append(f"{place}: {item['msg'][0].lower()}{item['msg'][1:]}{shown}.")
    return " ".join(([f"In {what}: " + " ".join(lines)] if lines else []) + whole)
