"""What a study is about, in the few words of a table's row."""

from __future__ import annotations

from typing import Any

from pruning.common.levels import in_percent, percent_digits
from pruning.study.recipe import prunes
from pruning.study.study import Study


def describe(study: Study) -> dict[str, str]:
    """``model``, ``scorer``, ``granularity``, ``allocation`` and ``sparsity`` of a study as text."""
    numbers = list(prunes(study.recipe))
    words = {
        field: _words([value for number in numbers for value in _values(study, number, field)])
        for field in ("scorer", "granularity", "allocation")
    }
    levels = " → ".join(_levels(_values(study, number, "sparsity")) for number in numbers)
    return {"model": _words(study.axes.get("model", (study.base.model,))), **words, "sparsity": levels}


def sentence(study: Study) -> str:
    """A study in one line: what is measured, on which model, pruned how. No names of people are in a study."""
    words = describe(study)
    parts = [words["model"], words["scorer"], words["granularity"] if words["granularity"] != "weight" else ""]
    if prunes(study.recipe):
        parts.append(words["sparsity"])
    measures = ", ".join(dict.fromkeys(spec.name.replace("_", " ") for spec in study.measures))
    return f"{measures}: {', '.join(part for part in parts if part)}"


def _values(study: Study, number: int, field: str) -> tuple[Any, ...]:
    """All values of one field of one step: its axis, else the step's own."""
    return study.axes.get(f"{number}.{field}") or (getattr(study.recipe[number], field),)


def _words(values: Any) -> str:
    return ", ".join(dict.fromkeys(str(value) for value in values))


def _levels(values: tuple[int, ...]) -> str:
    """Per mille as per cent: ``90 %``, ``50, 90 %``, ``0 to 99 % (12 levels)``."""
    levels = sorted(set(values))
    if len(levels) > 3:
        return f"{percent_digits(levels[0])} to {in_percent(levels[-1])} ({len(levels)} levels)"
    return ", ".join(percent_digits(level) for level in levels) + " %"
