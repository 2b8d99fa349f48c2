"""A setting of the Prune page as the words of a link, and back: ``?v=1&model=lenet_5&sparsity=90``.

Everything that comes from a link is validated here. A stale or wrong link still opens: what could not be used is
replaced by the default, and a sentence says so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pages.choices.setting import DEFAULT, METHOD, Setting
from pruning.common.errors import PruningError, shortened
from pruning.common.levels import LEVELS
from pruning.criteria.compatibility import allocations_for, granularities_for
from pruning.criteria.kinds import granularities
from pruning.steps.prune import Prune
from pruning.study.study import Study
from pruning.zoo.kinds import models


def read_query(words: Mapping[str, str], others: Collection[str] = ()) -> tuple[Setting, list[str]]:
    """The setting that a link describes, and one sentence for each word that had to be changed.

    A link without words is the default setting. A link of another schema version is read as far as it is understood.

    Args:
        others: words of the link that belong to the page itself.
    """
    changes = Setting.strangers(words, others)
    setting, more = Setting.read(words, DEFAULT)
    setting = _mended(setting, more)
    seeds = models[setting.model].seeds
    if setting.weights not in seeds:
        listed, given = ", ".join(map(str, seeds)), shortened(setting.weights)
        more.append(f"{setting.model} has weights of training seeds {listed}, not {given}.")
        setting = setting.model_copy(update={"weights": seeds[0]})
    return setting, changes + more


def _mended(setting: Setting, changes: list[str]) -> Setting:
    """The setting without what does not go together, each change with its sentence."""
    for kind in METHOD:
        field = f"{kind}_options"
        try:
            options = setting.options(kind)
        except PruningError as error:
            changes.append(f"The link's {field} were left out. {error}")
            options = {}
        setting = setting.model_copy(update={field: options})
    try:
        setting.prune  # noqa: B018
    except PruningError as error:
        fallback = {
            "granularity": (granularities_for(setting.scorer, setting.scorer_options) or [DEFAULT.granularity])[0],
            "granularity_options": {},
            "allocation_options": {},
        }
        if setting.granularity in granularities_for(setting.scorer, setting.scorer_options):
            fallback = {"allocation_options": {}}
        setting = setting.model_copy(update=fallback)
        possible = allocations_for(setting.scorer, setting.granularity)
        if setting.allocation not in possible:
            setting = setting.model_copy(update={"allocation": possible[0]})
        changes.append(f"{error} Shown instead: {setting.method()}.")
    entry = granularities[setting.granularity](**setting.granularity_options)
    stops = [stop for stop in entry.stops() or () if stop < LEVELS]
    if stops and setting.sparsity not in stops:
        near = min(stops, key=lambda stop: abs(stop - setting.sparsity))
        changes.append(f"{setting.level_words} is between two patterns: {entry.said(near)} is shown instead.")
        setting = setting.at(near)
    return setting


def of_study(study: Study) -> Setting:
    """The setting that shows a study on the Prune page: its one level, or the default level for a curve."""
    prunes = [cell for cell in study.cells() if cell.recipe and isinstance(cell.recipe[0], Prune)]
    if not prunes:
        return Setting(model=study.base.model, data=study.base.data, weights=study.base.seed, device=study.base.device)
    cell = prunes[0]
    step = cell.recipe[0]
    assert isinstance(step, Prune)
    return Setting(
        model=cell.base.model,
        data=cell.base.data,
        weights=cell.base.seed,
        device=cell.base.device,
        scorer=step.scorer,
        scorer_options=step.options,
        granularity=step.granularity,
        granularity_options=step.granularity_options,
        reduction=step.reduction,
        allocation=step.allocation,
        allocation_options=step.allocation_options,
        seed=step.seed,
        sparsity=min(step.sparsity, LEVELS - 1) if len(prunes) == 1 else DEFAULT.sparsity,
    )
