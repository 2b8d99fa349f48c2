"""Names made of content: the same work has the same key, on every machine and in every session.

    state key    hash(model, data, seed, mark, backend, steps[:n])
    measure key  hash(state key, what is measured and how; for timings also the machine)

Defaults are left out before hashing, so that a new option with a default changes no key.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import BaseModel

LENGTH = 24
"""Hexadecimal digits of a key (96 bits: in practice no two contents share one)."""


def plain(value: Any) -> Any:
    """JSON-ready content of a value: specifications without what equals its default, tuples as lists."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_defaults=True)
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def canonical(value: Any) -> str:
    """The one text of a value: JSON, sorted, without spaces; NaN is refused.

    >>> canonical({"b": (1, 2), "a": None})
    '{"a":null,"b":[1,2]}'
    """
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(*parts: Any) -> str:
    """Key of the parts, in their order.

    >>> from pruning.steps.prune import Prune
    >>> digest(Prune()) == digest(Prune(sparsity=800))  # 800 is the default, which is left out
    True
    >>> digest("state", 1) == digest(1, "state")
    False
    """
    return hashlib.sha256(canonical(list(parts)).encode()).hexdigest()[:LENGTH]
