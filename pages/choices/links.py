"""A setting of the Prune page as the words of a link, and back: ``?v=1&model=lenet_5&sparsity=90``.

Everything that comes from a link is validated here. A stale or wrong link still opens: what could not be used is
replaced by the default, and a sentence says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pages.choices.setting import DEFAULT, VERSION, Setting
from pruning.common.errors import PruningError
from pruning.common.levels import LEVELS, in_percent, read_percent
from pruning.common.registry import Registry
from pruning.common.validation import checked, options_of
from pruning.criteria.compatibility import allocations_for, granularities_for
from pruning.criteria.kinds import allocations, granularities, scorers
from pruning.steps.prune import Prune
from pruning.study.study import Study
from pruning.zoo.kinds import datasets, models

_MEANS: dict[str, Registry[Any]] = {
    "model": models,
    "data": datasets,
    "scorer": scorers,
    "granularity": granularities,
    "allocation": allocations,
}


def read_query(words: Mapping[str, str]) -> tuple[Setting, list[str]]:
    """The setting that a link describes, and one sentence for each word that had to be changed.

    A link without words is the default setting. A link of another schema version is read as far as it is understood.
    """
    changes: list[str] = []
    given = dict(words)
    version = given.pop("v", str(VERSION))
    if version != str(VERSION):
        changes.append(f"The link has schema version {version}; this program reads version {VERSION}.")
    chosen: dict[str, object] = {}
    for name, text in given.items():
        if name not in Setting.model_fields:
            changes.append(f"The link's '{name}' is not known here and was left out.")
            continue
        try:
            value = _value(name, text)
            checked("the link", Setting, {name: value})
            chosen[name] = value
        except (PruningError, ValueError) as error:
            default = getattr(DEFAULT, name)
            shown = in_percent(default) if name == "sparsity" else "none" if default is None else default
            changes.append(f"The link's {name} '{text}' cannot be used, {shown} is shown instead. {_why(error)}")
    setting = _mended(Setting.model_validate(chosen), changes)
    seeds = models[setting.model].seeds
    if setting.weights not in seeds:
        changes.append(f"{setting.model} has weights of training seeds {_listed(seeds)}, not {setting.weights}.")
        setting = setting.model_copy(update={"weights": seeds[0]})
    return setting, changes


def _mended(setting: Setting, changes: list[str]) -> Setting:
    """The setting without what does not go together, each change with its sentence."""
    for kind in ("scorer", "granularity", "allocation"):
        field, name = f"{kind}_options", getattr(setting, kind)
        try:
            options_of(f"{kind} '{name}'", _MEANS[kind][name], getattr(setting, field))
        except PruningError as error:
            changes.append(f"The link's {field} were left out. {error}")
            setting = setting.model_copy(update={field: {}})
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


def _value(name: str, text: str) -> object:
    """The value that a word of a link means."""
    if name.endswith("_options"):
        return json.loads(text)
    if name == "sparsity":
        return read_percent(text, LEVELS - 1)
    if name in ("weights", "seed"):
        return int(text)
    if name in _MEANS:
        _MEANS[name][text]
    return text


def _why(error: Exception) -> str:
    text = str(error)
    if isinstance(error, PruningError):
        return text.removeprefix("In the link: ")
    return text if "percent" in text else "A number was expected."


def _listed(values: tuple[int, ...]) -> str:
    return ", ".join(map(str, values))


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


__all__ = ["DEFAULT", "VERSION", "Setting", "of_study", "read_query"]
