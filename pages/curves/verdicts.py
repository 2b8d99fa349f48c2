"""Right and wrong, image by image, of all runs at one level: what is stored, and what is asked for."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.choices.curves import View
from pages.curves.work import ALL, CurveWork, estimate, spec, works
from pages.shared.answers import ask
from pages.shared.jobs import under_way
from pages.shared.server import store
from pruning.common.bits import unpacked
from pruning.study.study import Study


def study_at(view: View, work: CurveWork) -> Study:
    """Right and wrong on all images at the level."""
    return work.setting.curve(spec("verdicts", view.split, ALL), (view.at,), recalibrate=work.recalibrate)


def right_at(view: View) -> dict[tuple[str, int, int], np.ndarray]:
    """For each curve, training seed and draw which images are right, as far as it is stored."""
    found = {}
    for work in works(view):
        if view.at not in work.levels:
            continue
        keys = [work.keys[name][view.at] for name in ("verdicts", "few_verdicts")]
        stored = store().get(keys)
        best = next((stored[key].value for key in keys if key in stored), None)
        if best is not None:
            found[work.curve, work.setting.weights, work.setting.prune.seed] = unpacked(best)
    return found


def lacking_at(view: View) -> list[CurveWork]:
    """Runs whose verdicts on all images are not stored."""
    lacking = [work for work in works(view) if view.at in work.levels]
    stored = store().get([work.keys["verdicts"][view.at] for work in lacking])
    return [work for work in lacking if work.keys["verdicts"][view.at] not in stored]


def busy(view: View) -> bool:
    """Whether verdicts are on their way; asks for them where that is quick."""
    lacking = [work for work in lacking_at(view) if not coming(work)]
    wanted = st.session_state.get("pairs_wanted") == name(view)
    if not lacking or not (wanted or estimate(view, len(lacking)).quick):
        return False
    return any(
        [
            ask(study_at(view, work), f"pair_{number}").pending
            for number, work in enumerate(works(view))
            if work in lacking
        ]
    )


def coming(work: CurveWork) -> bool:
    """Whether the run's curve is being measured on all images, verdicts with it."""
    return bool(under_way([work.full]))


def name(view: View) -> str:
    return view.model_dump_json(exclude={"axis"})
