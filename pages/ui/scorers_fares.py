"""How scorers fare on an embedded model, and what they cost here: bundled tables, stored results, timings."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import streamlit as st

from pages.ui.layers_work import job, progress
from pages.ui.results import TEST, Answer
from pages.ui.server import engine, owner, store
from pruning import registry
from pruning.compatibility import allocations_for, granularities_for
from pruning.errors import PruningError
from pruning.links import DEFAULT, Setting
from pruning.settings import ROOT, machine
from pruning.specs import MeasureSpec, Study

ORDERINGS = ROOT / "assets" / "orderings"
"""Tables of all scorers and their controls on the embedded models; made by ``assets/orderings.py``."""
CONTROLS = {"": "itself", "shuffled": "shuffled within each layer", "inverted": "inverted"}


@st.cache_data(max_entries=8, show_spinner=False)
def _read(path: str, _modified: int) -> dict[str, Any]:
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def orderings(model: str) -> tuple[pd.DataFrame, str]:
    """The bundled table of a model, a line for each seed, and a label that says where it is from; empty without one.

    Columns: scorer, control ("" for the criterion itself), granularity, allocation, seed, level (per mille), accuracy
    (0..1), count.
    """
    path = ORDERINGS / f"{model}.json"
    columns = ["scorer", "control", "granularity", "allocation", "seed", "level", "accuracy", "count"]
    if not path.is_file():
        return pd.DataFrame(columns=columns), ""
    content = _read(str(path), path.stat().st_mtime_ns)
    rows = [row | {"accuracy": row["correct"] / row["count"]} for row in content["rows"] if "error" not in row]
    table = pd.DataFrame(rows, columns=columns)
    images = ", ".join(f"{count:,}" for count in sorted(table["count"].unique()))
    label = (
        f"Stored with the program: {images} {content['split']} images, {table['seed'].nunique()} seeds, "
        f"made {content['date']} by `{content['made_by']}`."
    )
    return table, label


def fares(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """A scorer beside its controls, random and magnitude, on the same units and budgets: mean, least, most of seeds."""
    own = table[(table["scorer"] == name) & (table["control"] == "")]
    if own.empty:
        return pd.DataFrame()
    first = own.iloc[0]
    same = table[(table["granularity"] == first["granularity"]) & (table["allocation"] == first["allocation"])]
    rows = []
    wanted = [(name, control, words) for control, words in CONTROLS.items()]
    wanted += [(rival, "", registry.scorers[rival].label) for rival in ("random", DEFAULT.scorer) if rival != name]
    for scorer, control, words in wanted:
        some = same[(same["scorer"] == scorer) & (same["control"] == control)]
        if len(some):
            share = 100 * some["accuracy"]
            levels = ", ".join(f"{level / 10:g} %" for level in sorted(some["level"].unique()))
            rows.append((words, share.mean(), share.min(), share.max(), len(some), levels))
    return pd.DataFrame(rows, columns=["criterion", "mean", "least", "most", "seeds", "sparsity"])


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
    keys = {name: opened(setting, name).study(TEST).cells()[0].measure_key(TEST) for name in names}
    found = store().get(keys.values())
    return {name: found[key].value for name, key in keys.items() if key in found}


def _cost(name: str) -> MeasureSpec:
    return MeasureSpec(name="scoring_cost", options={"scorer": name})


def costs(setting: Setting, names: list[str]) -> dict[str, dict[str, Any]]:
    """What scoring costs on this machine, by name, as far as it was measured."""
    study = Study(base=setting.base, recipe=(), measures=tuple(_cost(name) for name in names))
    (cell,) = study.cells()
    keys = {name: cell.measure_key(_cost(name)) for name in names}
    found = store().get(keys.values())
    return {name: found[key].value for name, key in keys.items() if key in found}


def said(cost: dict[str, Any] | None) -> str:
    """A timing in words."""
    if cost is None:
        return "not measured here yet"
    if cost["seconds"] is None:
        return f"does not apply: {cost['refused']}"
    return f"{cost['seconds']:.2g} s" if cost["seconds"] >= 0.001 else "under 1 ms"


def measuring(setting: Setting) -> bool:
    """Whether costs are being measured; the study is that of all scorers."""
    view = job(_every(setting))
    return view is not None and not view.finished


def _every(setting: Setting) -> Study:
    return Study(base=setting.base, recipe=(), measures=tuple(_cost(name) for name in registry.scorers.names()))


def cost_panel(setting: Setting) -> bool:
    """The way to measure the costs that are missing, and how far that is; returns whether it is under way."""
    study, names = _every(setting), registry.scorers.names()
    lacking = [name for name in names if name not in costs(setting, names)]
    view = job(study)
    st.caption(f"Costs are timed on {machine()}, {setting.device.upper()}: seconds to score the network once.")
    if view is not None and not view.finished:
        progress(Answer(job=view), "Timing one scorer after another", "costs")
        return True
    if view is not None and view.state == "failed":
        st.info(view.error, icon=":material/info:")
    label = registry.models[setting.model].label
    if lacking and st.button(
        f"Time {len(lacking)} scorers on {label}", key="costs_start", icon=":material/timer:",
        help="One after another on one worker; results are stored for this machine.",
    ):  # fmt: skip
        try:
            engine().submit(study, owner=owner(), durable=True)
        except PruningError as error:
            st.error(str(error))
            return False
        st.rerun()
    return False
