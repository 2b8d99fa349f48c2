"""Lists of what is registered. Nothing here imports torch."""

from __future__ import annotations

from typing import Any

from pruning.cli.output import columns
from pruning.common.options import option_list
from pruning.common.registry import Registry
from pruning.criteria.kinds import allocations, granularities, scorers
from pruning.zoo.kinds import datasets, models

LISTS: dict[str, tuple[Registry[Any], tuple[str, ...]]] = {
    "models": (models, ("data", "input_shape", "classes", "seeds", "embedded")),
    "scorers": (scorers, ("family", "needs", "draws", "formula", "idea", "cost", "fails")),
    "granularities": (granularities, ()),
    "allocations": (allocations, ()),
    "datasets": (datasets, ("shape", "classes", "licence", "embedded", "megabytes")),
}
"""For each list its registry, and what an entry says about itself beside name, label, summary and reference."""
SHOWN: dict[str, tuple[str, ...]] = {
    "models": ("data", "seeds", "embedded"),
    "scorers": ("family", "needs", "draws"),
    "datasets": ("shape", "embedded", "megabytes"),
}
"""The columns of the list for people; ``--json`` gives all."""


def entries(kind: str) -> list[dict[str, Any]]:
    """Everything of one kind, in the order in which the app offers it."""
    known, fields = LISTS[kind]
    found = []
    for name in known:
        entry = known[name]
        about = {field: getattr(entry, field) for field in ("name", "label", "summary", "reference", *fields)}
        found.append(about | {"options": option_list(entry)})
    return found


def option_text(option: dict[str, Any]) -> str:
    """One option in a line: ``samples=1000 (10 to 50000): training images …``."""
    if option["choices"]:
        bounds = f" ({', '.join(map(str, option['choices']))})"
    elif option["minimum"] is not None or option["maximum"] is not None:
        low, high = option["minimum"], option["maximum"]
        bounds = f" ({low} or more)" if high is None else f" (up to {high})" if low is None else f" ({low} to {high})"
    else:
        bounds = ""
    return f"{option['name']}={option['default']}{bounds}: {option['help']}".rstrip(": ")


def list_text(kind: str) -> str:
    """The list for people, with the options below."""
    found, shown = entries(kind), SHOWN.get(kind, ())
    names = ["name", "label", *shown, "summary"]
    lines = [[_text(entry[name]) for name in names] for entry in found]
    text = columns([name.replace("_", " ") for name in names], lines)
    flag = {"granularities": "--granularity-option", "allocations": "--allocation-option"}.get(kind, "--option")
    common = [option for option in found[0]["options"] if all(option in entry["options"] for entry in found)]
    options = [
        f"  {entry['name']}: {option_text(option)}"
        for entry in found
        for option in entry["options"]
        if option not in common
    ]
    options += [f"  all: {option_text(option)}" for option in common]
    lines_below = ["", f"Options ({flag} name=value):", *options] if options else []
    broken = LISTS[kind][0].broken
    return "\n".join([text, *lines_below, *(["", *broken] if broken else [])])


def scorer_help() -> str:
    """The scorers and their options, for ``prune --help``."""
    lines = ["scorers and their options (--option name=value):"]
    for entry in entries("scorers"):
        lines.append(f"  {entry['name']}: {entry['summary']}")
        lines += [f"      {option_text(option)}" for option in entry["options"]]
    return "\n".join(lines)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return "x".join(map(str, value)) if len(value) == 3 and value[0] in (1, 3) else ",".join(map(str, value))
    return "-" if value is None else str(value)
