"""Exemplars: images on which most pruned networks answer otherwise than most dense ones, over many seeds."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from pages.choices.failures import Suspicion, replicates
from pages.choices.setting import Setting
from pages.failures.work import namer
from pages.shared import jobs
from pages.shared.answers import look
from pages.shared.estimates import left, training
from pages.shared.offers import TITLE, button
from pages.shared.show import show
from pages.shared.standing import Standing, standing, whole
from pruning.common.environment import ASSETS
from pruning.results.charts.damage_dots import damage_dots
from pruning.results.charts.flips import MOST, flips
from pruning.results.failures.candidates import of_classes_of_many
from pruning.results.failures.classes import CERTAIN, class_table_of_many
from pruning.results.failures.exemplars import Exemplars, exemplars
from pruning.results.failures.seeds import networks_of, summary
from pruning.results.failures.watch import NOTHING, watch_list
from pruning.study.study import MeasureSpec, Study
from pruning.training.options import trained_on
from pruning.zoo.kinds import models


@st.cache_data(max_entries=4, show_spinner=False)
def _stored(model: str, stamp: float) -> dict[str, Any]:
    return json.loads((ASSETS / "failures" / f"{model}.json").read_text())


def stored(setting: Setting) -> dict[str, Any] | None:
    """What comes with the program for this setting: networks of many seeds."""
    file = ASSETS / "failures" / f"{setting.model}.json"
    if not file.exists():
        return None
    found = _stored(setting.model, file.stat().st_mtime)
    words = {name: word for name, word in setting.query().items() if name not in ("layer", "pin", "axis")}
    return found if found["setting"] == words else None


def panel(setting: Setting, chosen: Suspicion) -> bool:
    """Exemplars of this setting, stored or trained here."""
    kept, running = stored(setting), False
    if kept is None:
        kept, now = _here(setting, chosen)
        running = bool(now.running)
    if kept is None:
        return running
    dense, small = networks_of(kept, "test")
    found, name = exemplars(dense, small), namer(setting)
    count, model = kept["networks"], models[setting.model].label
    st.subheader(_finding(found, count), anchor=False)
    made = f" Stored with the program: made by `{kept['made_by']}` on {kept['date']}." if "made_by" in kept else ""
    st.caption(
        f"{count} dense {model} of the seeds 0 to {count - 1}, each pruned to {setting.level_words} and fine-tuned; "
        f"{len(found.which):,} test images. On exemplars {_share(found.agreement)} of the dense networks give their "
        f"own most frequent answer.{made}"
    )
    pending = _gallery(setting, found, name)
    table = class_table_of_many(dense, small)
    dots = table.assign(name=[name(label) for label in table["label"]], certain=table["p_holm"] < CERTAIN)
    lost = float(np.mean([one.right.mean() for one in small]) - np.mean([one.right.mean() for one in dense]))
    sure = int((dots["certain"] & (dots["beyond"] < 0)).sum())
    said = f"Over {count} networks of each kind, {sure} of {len(dots)} classes lost more than the whole"
    show(damage_dots(dots, lost, "change of mean recall (points)", said, "classes-seeds"), "seeds", width=TITLE)
    st.caption("Welch's t-test over networks of recall minus accuracy (Hooker et al. 2019), Holm's correction.")
    sides = [of_classes_of_many(*networks_of(kept, split), name) for split in ("validation", "test")]
    lines = watch_list(*sides, networks=count, counts=(kept["validation"]["count"], kept["test"]["count"]))
    st.markdown("\n".join(f"- {line.sentence()}" for line in lines.lines) or f"{NOTHING} over all these networks.")
    st.caption(f"{lines.scope()} {lines.about()}")
    return pending or running


def _share(value: float) -> str:
    return "none" if np.isnan(value) else f"{100 * value:.0f} %"


def _finding(found: Exemplars, count: int) -> str:
    """How many exemplars there are, and how hard they are for dense networks."""
    if not found.which.any():
        return f"No image is an exemplar: {count} pruned networks answer as {count} dense ones"
    text = f"{100 * found.share:.1f} % of the images are exemplars"
    if found.gap is None:
        return text
    on, off = (float(one.mean()) for one in (found.dense_on, found.dense_off))
    return f"{text}; dense networks get {100 * on:.1f} % of them right, and {100 * off:.1f} % of the others"


def _gallery(setting: Setting, found: Exemplars, name: Any) -> bool:
    """Some exemplars with both modal answers."""
    places = np.flatnonzero(found.which)[:MOST]
    if not len(places):
        return False
    spec = MeasureSpec(name="pictures", options={"positions": tuple(int(place) for place in places)})
    answer = look(Study(base=setting.base, recipe=(), measures=(spec,)), "failures_pictures", automatic=True)
    if answer.value is None or "images" not in answer.value:
        return answer.pending
    table = pd.DataFrame(
        {
            "position": places,
            "label": [name(label) for label in found.labels[places]],
            "before": [name(label) for label in found.before[places]],
            "before_confidence": found.votes_before[places],
            "after": [name(label) for label in found.after[places]],
            "after_confidence": found.votes_after[places],
        }
    )
    show(flips(np.stack(answer.value["images"]), table), "exemplars", width=TITLE)
    st.caption("Most frequent answers of dense and of pruned networks, and the share of networks that give them.")
    return answer.pending


def _here(setting: Setting, chosen: Suspicion) -> tuple[dict[str, Any] | None, Standing]:
    """Networks of many seeds that are trained on this machine."""
    study = replicates(setting, chosen.networks)
    wanted = whole(study)
    now = standing([wanted])
    if now.running:
        words = f"Training {2 * chosen.networks} networks, {left(now.running)}"
        jobs.progress(now.running, jobs.mean_share(now.running), words, "failures_cancel_seeds")
    elif now.lacking:
        images = sum(trained_on(one.recipe[-1:]) for one in study.networks)
        time = training(setting.model, setting.device, images)
        label = f"Train {chosen.networks} dense and {chosen.networks} pruned networks"
        button(label, partial(jobs.begin, study), "failures_seeds", time, type="primary")
        return None, now
    if not now.found.keys() >= set(wanted.keys):
        return None, now
    return summary([now.found[key].value for key in wanted.keys], chosen.networks), now
