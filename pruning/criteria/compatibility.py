"""Which criterion goes with which granularity and allocation; made from what each declares in its own file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pruning.criteria.kinds import Scorer, Solver, allocations, granularities, scorers


def fits(scorer: str, granularity: str, options: Mapping[str, Any] | None = None) -> str | None:
    """Why a criterion does not go with a granularity, in one sentence; None where it does.

    >>> fits("magnitude_l1", "channel") is None
    True
    >>> print(fits("wanda", "channel"))
    Wanda gives masks of its own for: Single weights, N:M pattern; not for channels and neurons.
    """
    criterion, unit = scorers[scorer], granularities[granularity]
    if issubclass(criterion, Solver):
        if granularity not in criterion.granularities:
            known = ", ".join(granularities[name].label for name in criterion.granularities)
            return f"{criterion.label} gives masks of its own for: {known}; not for {unit.label.lower()}."
    elif issubclass(criterion, Scorer):
        gives = criterion.scores_of(options or {})
        if gives in ("weights", unit.takes):
            return None
        known = (granularities[name] for name in granularities)
        right = " or ".join(entry.label.lower() for entry in known if entry.takes == gives)
        return f"{criterion.label} scores {right} as a whole; it cannot rank {unit.label.lower()}."
    return None


def shares(scorer: str, granularity: str, allocation: str) -> str | None:
    """Why an allocation does not go with a criterion and a granularity, in one sentence; None where it does."""
    criterion, unit = scorers[scorer], granularities[granularity]
    budget = allocations[allocation]
    if issubclass(criterion, Solver) and budget.scored:
        return f"{criterion.label} has no scores to share by: {budget.label.lower()} needs them. Choose uniform, say."
    if unit.allocations is not None and allocation not in unit.allocations:
        known = ", ".join(allocations[name].label.lower() for name in unit.allocations)
        return f"{unit.label} go with the allocations: {known}; not with {budget.label.lower()}."
    return None


def refusal(
    scorer: str, granularity: str, allocation: str, scorer_options: Mapping[str, Any], options: Mapping[str, Any]
) -> str | None:
    """Why a combination does not exist, in one sentence; None where it does. ``options`` are the allocation's."""
    reason = fits(scorer, granularity, scorer_options) or shares(scorer, granularity, allocation)
    if reason is None and options.get("multiple", 1) != 1 and granularities[granularity].takes != "channels":
        return "Only channels are rounded to multiples: choose the channel granularity, or multiple 1."
    if reason is None and options.get("target", "units") != "units" and issubclass(scorers[scorer], Solver):
        return f"{scorers[scorer].label} removes a share of the weights; targets in MACs need a ranking."
    return reason


def reduces(scorer: str, granularity: str, options: Mapping[str, Any] | None = None) -> bool:
    """Whether scores of weights are reduced to scores of units, so that the reduction matters."""
    criterion = scorers[scorer]
    if not issubclass(criterion, Scorer) or criterion.scores_of(options or {}) == "blocks":
        return False
    return not granularities[granularity].single


def granularities_for(scorer: str, options: Mapping[str, Any] | None = None) -> list[str]:
    """The granularities that go with a criterion, in their order."""
    return [name for name in granularities.names() if fits(scorer, name, options) is None]


def allocations_for(scorer: str, granularity: str) -> list[str]:
    """The allocations that go with both, in their order.

    >>> "global" in allocations_for("magnitude_l1", "weight"), "global" in allocations_for("wanda", "weight")
    (True, False)
    """
    return [name for name in allocations.names() if shares(scorer, granularity, name) is None]
