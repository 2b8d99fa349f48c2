"""Robustness: accuracy under corruptions at five severities, and what can be pruned before it fails there."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.choices.failures import LEVELS, OF_SETTING, STRONG, Suspicion, known_corruptions
from pages.choices.setting import Setting
from pages.failures.work import Two, pair, read, several
from pages.shared import fields
from pages.shared.estimates import passes
from pages.shared.offers import TITLE
from pages.shared.profile import profile_of
from pages.shared.show import show
from pages.shared.standing import whole
from pruning.common.levels import in_percent
from pruning.results.charts.damage_dots import damage_dots
from pruning.results.charts.severity_curve import severity_curve
from pruning.results.failures.answers import Answers, paired
from pruning.results.failures.candidates import of_corruptions
from pruning.results.failures.classes import CERTAIN
from pruning.results.failures.severities import POINTS, prune_potential, severity_table
from pruning.results.failures.shifts import holm
from pruning.study.study import Study
from pruning.zoo.kinds import SEVERITIES, corruptions


def corrupted(setting: Setting, chosen: Suspicion, found: dict, studies: list[Study]) -> dict[tuple, Two]:
    """Both networks' answers by split, corruption and severity, as far as they are known."""
    keys = [whole(study).keys for study in studies]
    known = {}
    for spec, dense, small in zip(studies[0].measures, *keys, strict=True):
        if dense in found and small in found:
            about = spec.options
            pair_of = tuple(Answers.read(found[key].value) for key in (dense, small))
            known[about.get("split", "test"), about["corruption"], about["severity"]] = paired(*pair_of)
    return known


def panel(setting: Setting, chosen: Suspicion) -> bool:
    """All corruptions at one severity, one of them at all severities, and the prune potential."""
    own = fields.Fields("failures", "", Suspicion())
    own.pick("Images under each corruption", "images", {1000: "1,000", 10_000: "10,000"})
    chosen = chosen.model_copy(update={"images": own.kept["images"]})
    studies = [chosen.weather(setting, small) for small in (False, True)]
    passed = chosen.images * len(studies[0].measures) * 2
    time = passes(setting.model, setting.device, passed)
    now = several(studies, "Measure all corruptions", time, "Corrupting images", "weather")
    known, clean = corrupted(setting, chosen, now.found, studies), pair(setting, chosen).two("test")
    if known and clean is not None:
        _all(known, clean, chosen)
        _one(known, clean, chosen)
    potential = _potential(setting, chosen)
    return bool(now.running) or potential


def _all(known: dict[tuple, Two], clean: Two, chosen: Suspicion) -> None:
    """What each corruption costs beyond the clean loss."""
    pairs = {
        corruptions[name].label: two for (split, name, at), two in known.items() if (split, at) == ("test", STRONG)
    }
    if not pairs:
        return
    found = of_corruptions(pairs, *clean)
    table = pd.DataFrame(
        {
            "name": [label for label in pairs],
            "shift": [one.moved for one in found],
            "low": [one.low for one in found],
            "high": [one.high for one in found],
            "count": [one.count for one in found],
            "certain": holm([one.p_value for one in found]) < CERTAIN,
        }
    ).sort_values("shift", kind="stable", ignore_index=True)
    lost = table[table["certain"] & (table["shift"] < found[0].whole)]
    title = f"{len(lost)} of {len(table)} corruptions cost the compressed network more than clean images do"
    whole_said = "compressed minus dense (points of accuracy)"
    show(damage_dots(table, found[0].whole, whole_said, title, "corruptions"), "corruptions", width=TITLE)
    st.caption(
        f"At severity {STRONG} of 5, on the first {found[0].count:,} test images. The line is the loss on the same "
        "images without corruption; squares differ from it (paired t test, Holm's correction)."
    )


def _one(known: dict[tuple, Two], clean: Two, chosen: Suspicion) -> None:
    """One corruption at all severities."""
    names = [name for name in known_corruptions() if all(("test", name, at) in known for at in SEVERITIES)]
    if not names:
        return
    label = {name: corruptions[name].label for name in names}
    name = st.selectbox("Corruption", names, key="failures_corruption", format_func=label.__getitem__)
    count = len(known["test", name, 1][0])
    answers = {(name, at): known["test", name, at] for at in SEVERITIES}
    answers[name, 0] = (clean[0].first(count), clean[1].first(count))
    show(severity_curve(severity_table(answers), label[name]), "severity", width=TITLE)
    st.caption(f"{corruptions[name].summary} The same {count:,} test images and the same chance for both networks.")


def _potential(setting: Setting, chosen: Suspicion) -> bool:
    """The highest level that loses at most half a point, clean and corrupted."""
    st.subheader("How much can be pruned before bad weather shows it?", anchor=False)
    if chosen.way not in OF_SETTING:
        st.caption("The prune potential is of pruned networks: choose one that is pruned by the controls.")
        return False
    study = chosen.potential(setting, profile_of(setting).norm)
    dense = chosen.potential(setting.at(0), profile_of(setting).norm).at_levels((0,))
    each = len(study.measures) * chosen.images
    time = passes(setting.model, setting.device, each * (len(LEVELS) + 1))
    now = several([dense, study], "Measure the prune potential", time, "Pruning to several levels", "potential")
    before, after = read(dense, now), read(study, now)
    if before is None or after is None:
        return bool(now.running)
    names, width = ["clean", *(corruptions[name].label for name in known_corruptions())], len(study.measures)
    rows = []
    for place, name in enumerate(names):
        shares = {level: float(after[at * width + place].right.mean()) for at, level in enumerate(LEVELS)}
        best = prune_potential(shares, float(before[place].right.mean()))
        rows.append((name, best, round(100 * float(before[place].right.mean()), 1)))
    table = pd.DataFrame(rows, columns=["images", "level", "dense accuracy (%)"])
    table.insert(1, "prune potential", [in_percent(level) if level else "none" for level in table.pop("level")])
    st.dataframe(table, hide_index=True, placeholder="–", key="failures_potential_table")
    st.caption(
        f"The highest of {', '.join(map(in_percent, LEVELS))} up to which at most {POINTS:g} points are lost, right "
        f"after pruning, without training; severity {STRONG}, {chosen.images:,} test images."
    )
    return bool(now.running)
