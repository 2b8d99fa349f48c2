"""Controls wrap another criterion: which ones can be wrapped."""

from __future__ import annotations

from pruning import registry
from pruning.criteria import Scorer
from pruning.errors import Incompatible


def wrappable(name: str) -> str:
    """The name of a criterion that gives scores of its own.

    Raises:
        UnknownName: there is none of that name.
        Incompatible: it is a solver, or wraps another one itself.
    """
    entry = registry.scorers[name]
    if not issubclass(entry, Scorer):
        raise Incompatible(f"{entry.label} is a solver: it has no scores to be shuffled or inverted.")
    if "of" in entry.model_fields:
        raise Incompatible(f"{entry.label} wraps another criterion itself: name that one.")
    return name


def inner(name: str) -> Scorer:
    """The wrapped criterion, with its own defaults."""
    made = registry.scorers[wrappable(name)]()
    assert isinstance(made, Scorer)
    return made
