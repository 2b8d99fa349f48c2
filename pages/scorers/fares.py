"""How scorers fare on an embedded model: the table that comes with the program, else what the store has."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from pages.choices.setting import DEFAULT, Setting
from pages.shared.answers import TEST
from pages.shared.server import store
from pruning.common.environment import ASSETS
from pruning.common.levels import in_percent
from pruning.common.limits import ENTRIES, PAGE_TABLES
from pruning.common.memory import remembered
from pruning.criteria.compatibility import allocations_for, granularities_for
from pruning.criteria.kinds import granularities, scorers

ORDERINGS = ASSETS / "orderings"
"""Tables of all scorers and their controls on the embedded models; made by ``assets/orderings.py``."""
CONTROLS = {"": "itself", "shuffled": "shuffled within each layer", "inverted": "inverted"}


def _file(model: str) -> tuple[str, int]:
    """Where a model's table is and when it was written (ns): by both it is remembered; 0 where there is none."""
    path = ORDERINGS / f"{model}.json"
    return str(path), path.stat().st_mtime_ns if path.is_file() else 0


@remembered(PAGE_TABLES)
def _read(path: str, _modified: int) -> dict[str, Any]:
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def orderings(model: str) -> tuple[pd.DataFrame, str]:
    """The bundled table of a model, a line for each seed, and a label that says where it is from; empty without one.
    Everybody shares the table, so nobody changes it.

    Columns: scorer, control ("" for the criterion itself), granularity, allocation, seed (of what is drawn),
    training_seed, level (per mille), accuracy (0..1), count.
    """
    return _orderings(*_file(model))


@remembered(PAGE_TABLES)
def _orderings(path: str, modified: int) -> tuple[pd.DataFrame, str]:
    columns = ["scorer", "control", "granularity", "allocation", "seed", "training_seed", "level", "accuracy", "count"]
    if not modified:
        return pd.DataFrame(columns=columns), ""
    content = _read(path, modified)
    rows = [row | {"accuracy": row["correct"] / row["count"]} for row in content["rows"] if "error" not in row]
    table = pd.DataFrame(rows, columns=columns)
    images = ", ".join(f"{count:,}" for count in sorted(table["count"].unique()))
    label = (
        f"Stored with the program: {images} {content['split']} images, {_runs(table)}, "
        f"made {content['date']} by `{content['made_by']}`."
    )
    return table, label


def _runs(table: pd.DataFrame) -> str:
    """Over what a mean is taken: draws of a scorer on one network's weights are no networks of their own."""
    return runs(int(table["training_seed"].nunique()), int(table["seed"].nunique()))


def runs(networks: int, draws: int) -> str:
    """So many trained networks, and so many draws on each where that is another number.

    >>> runs(3, 3), runs(1, 3), runs(1, 1)
    ('3 trained networks', '1 trained network, 3 draws', '1 trained network')
    """
    said = f"{networks} trained network{'s' if networks > 1 else ''}"
    return said if draws == networks else f"{said}, {draws} draws"


def claims(model: str) -> tuple[list[dict[str, Any]], str]:
    """What the bundled table of a model says of the literature's claims, as ``pruning.results.literature`` makes
    them, and where it is from; empty without one."""
    path, modified = _file(model)
    return (_read(path, modified).get("claims", []) if modified else []), orderings(model)[1]


def fares(name: str, model: str) -> pd.DataFrame:
    """A scorer beside its controls, random and magnitude, on the same units and budgets: mean, least, most of runs.
    Empty where no table comes with the model; everybody shares it, so nobody changes it."""
    return _fares(name, *_file(model))


@remembered(ENTRIES)
def _fares(name: str, path: str, modified: int) -> pd.DataFrame:
    table = _orderings(path, modified)[0]
    own = table[(table["scorer"] == name) & (table["control"] == "")]
    if own.empty:
        return pd.DataFrame()
    first = own.iloc[0]
    same = table[(table["granularity"] == first["granularity"]) & (table["allocation"] == first["allocation"])]
    rows = []
    wanted = [(name, control, words) for control, words in CONTROLS.items()]
    wanted += [(rival, "", scorers[rival].label) for rival in ("random", DEFAULT.scorer) if rival != name]
    for scorer, control, words in wanted:
        some = same[(same["scorer"] == scorer) & (same["control"] == control)]
        if len(some):
            share = 100 * some["accuracy"]
            levels = ", ".join(in_percent(level) for level in sorted(some["level"].unique()))
            rows.append((words, share.mean(), share.min(), share.max(), _runs(some), levels))
    return pd.DataFrame(rows, columns=["criterion", "mean", "least", "most", "runs", "levels"])


def removed(some: pd.DataFrame) -> str:
    """What was removed in rows of a table: "80 % of weights"."""
    said = [
        f"{', '.join(in_percent(level) for level in sorted(part['level'].unique()))} of {granularities[str(unit)].unit}"
        for unit, part in some.groupby("granularity", sort=False)
    ]
    return "; ".join(said)


def opened(setting: Setting, name: str) -> Setting:
    """The setting with this scorer, and a granularity and an allocation that go with it."""
    units = granularities_for(name)
    unit = setting.granularity if setting.granularity in units else units[0]
    budgets = allocations_for(name, unit)
    budget = setting.allocation if setting.allocation in budgets else budgets[0]
    kept = setting.scorer_options if name == setting.scorer else {}
    changed: dict[str, Any] = {"scorer": name, "scorer_options": kept, "granularity": unit, "allocation": budget}
    if unit != setting.granularity:
        changed["granularity_options"] = {}
    if (unit, budget) != (setting.granularity, setting.allocation):
        changed["allocation_options"] = {}
    return setting.model_copy(update=changed)


def stored(setting: Setting, names: list[str]) -> dict[str, dict[str, Any]]:
    """Test accuracies of scorers at the chosen level that the store has, by name."""
    keys = _keys(setting.model_copy(update={"layer": None, "pin": None}).model_dump_json())
    found = store().get(keys[name] for name in names)
    return {name: found[keys[name]].value for name in names if keys[name] in found}


@remembered(PAGE_TABLES)
def _keys(words: str) -> dict[str, str]:
    """The key of every scorer's accuracy at a setting; hashing some thirty specifications takes a while."""
    setting = Setting.model_validate_json(words)
    every = {name: opened(setting, name).study(TEST) for name in scorers.names()}
    return {name: study.cells()[0].measure_key(TEST) for name, study in every.items()}
