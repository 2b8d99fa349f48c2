"""What a person may set of a registered thing, read from its dataclass: for widgets, command lines and help."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pruning.common.limits import ENTRIES
from pruning.common.registry import Entry


@lru_cache(maxsize=ENTRIES)  # a schema takes a millisecond, and pages ask for some forty
def option_list(entry: type[Entry]) -> tuple[dict[str, Any], ...]:
    """The options of an entry, not to be changed: name, type, default, bounds, choices, help.

    ``registry`` is given where a text is the name of something registered ("scorers"): a field says so by
    ``json_schema_extra={"registry": "scorers"}``.

    >>> from pruning.criteria.kinds import scorers
    >>> (samples,) = option_list(scorers["gradient_x_weight"])
    >>> samples["name"], samples["type"], samples["default"], samples["minimum"]
    ('samples', 'integer', 1000, 10)
    """
    properties = entry.model_json_schema().get("properties", {})
    return tuple(
        {
            "name": name,
            "type": about.get("type", "string"),
            "default": about.get("default"),
            "minimum": about.get("minimum", about.get("exclusiveMinimum")),
            "maximum": about.get("maximum", about.get("exclusiveMaximum")),
            "choices": about.get("enum"),
            "registry": about.get("registry"),
            "help": about.get("description", ""),
        }
        for name, about in properties.items()
    )
