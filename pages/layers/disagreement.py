"""Scorers against each other: one layer's units by two of them, and a matrix of all pairs."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.choices.setting import DEFAULT, Setting
from pages.shared.answers import Answer, ask, look
from pages.shared.estimates import FORWARD, Estimate, light, passes
from pages.shared.offers import TITLE, offer, progress, rankings
from pages.shared.plain import plain
from pages.shared.show import show
from pages.shared.state import place, widget
from pruning.common.options import option_list
from pruning.criteria.kinds import Solver, scorers
from pruning.results.charts.agreement_matrix import MOST_NUMBERS, What, agreement_matrix
from pruning.results.charts.score_scatter import score_scatter
from pruning.results.charts.words import tip
from pruning.study.study import MeasureSpec, Study

COUNTS = ("both_kept", "both_removed", "only_first", "only_second")
POINTS = ("first_score", "second_score", "first_rank", "second_rank", "first_removed", "second_removed")
WHAT = {"jaccard": "overlap of what they remove", "spearman": "rank correlation"}
NETWORK = "the whole network"


def layer_choice(setting: Setting, names: list[str]) -> str:
    """The layer to look into; the same one as on the Prune page."""
    chosen = setting.layer if setting.layer in names else names[len(names) // 2]
    key = widget("layer", chosen)
    if st.session_state[key] not in names:
        st.session_state[key] = chosen
    return str(st.selectbox("Layer", names, place("layer", names), key=key))


def other_scorer(setting: Setting) -> str | None:
    """The scorer to compare with: chosen in a list, first one that needs something else than the setting's own."""
    names = rankings(setting)
    if not names or issubclass(scorers[setting.scorer], Solver):
        return None
    needs = scorers[setting.scorer].needs
    differing = [name for name in names if scorers[name].needs != needs]
    if st.session_state.get("layers_other") not in names:
        st.session_state["layers_other"] = (differing or names)[0]
    return str(st.selectbox("Compare with", names, key="layers_other", format_func=lambda name: scorers[name].label))


def _pair(setting: Setting, layer: str, other: str) -> Study:
    return setting.study(MeasureSpec(name="two_scores", options={"layer": layer, "other": other}))


def busy_pair(setting: Setting, layer: str, other: str) -> bool:
    """Whether the two scores are on their way; asks for them."""
    return ask(_pair(setting, layer, other), "two_scores").pending


def pair(setting: Setting, layer: str, other: str) -> bool:
    """The scatter; returns whether it is still under way."""
    answer = ask(_pair(setting, layer, other), "two_scores")
    if answer.error:
        st.info(plain(answer.error), icon=":material/info:")
        return False
    names = [scorers[name].label for name in (setting.scorer, other)]
    if answer.value is not None and "first_rank" in answer.value:
        st.session_state["pair"] = (setting.model, names, answer.value)
    model, names, value = st.session_state.get("pair", ("", names, None))
    if value is None or model != setting.model:
        st.caption("Scoring by both …")
        return True
    counts, points = {key: value[key] for key in COUNTS}, pd.DataFrame({key: value[key] for key in POINTS})
    chart = score_scatter(points, counts, value["layer"], *names, value["unit"], value["spearman"])
    show(chart, "pair", width=TITLE, dim=answer.pending)
    shown = f"{len(points):,} of {value['units']:,} {value['unit']} are drawn" if len(points) < value["units"] else ""
    st.caption(
        " ".join(
            part
            for part in (
                f"{shown}; the counts are of all." if shown else "",
                "Ranks within the layer:"
                " 0 % is the lowest score. Dotted lines: where each scorer cuts this layer at the chosen sparsity.",
            )
            if part
        )
    )
    return answer.pending


def _all(setting: Setting) -> Study:
    """The comparison of all rankings: the same one whichever of them is chosen, unless it has options of its own."""
    entry = scorers[setting.scorer]
    wraps = any(option["registry"] for option in option_list(entry))
    if not setting.scorer_options and not wraps:
        setting = setting.model_copy(update={"scorer": DEFAULT.scorer, "seed": DEFAULT.seed})
    return setting.study(MeasureSpec(name="agreement"))


def _estimate(setting: Setting) -> Estimate:
    """How long scoring by all of them takes."""
    samples = MeasureSpec(name="agreement").build().samples
    each = {"weights": 0, "activations": 1, "gradients": 1 / FORWARD}
    return passes(setting.model, setting.device, samples * sum(each[scorers[name].needs] for name in rankings(setting)))


def matrix_answer(setting: Setting) -> Answer:
    """The comparison as it stands; a short one starts by itself."""
    return look(_all(setting), "agreement", light(setting) or _estimate(setting).quick)


def matrix(setting: Setting, layers: list[str]) -> bool:
    """The matrix of all pairs; returns whether it is still under way."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    what = row.segmented_control(
        "Compare",
        list(WHAT),
        default="jaccard",
        format_func=WHAT.__getitem__,
        key="layers_what",
        required=True,
        help=f"{tip('Jaccard overlap')} {tip('rank correlation')}",
    )
    place = row.selectbox("In", [NETWORK, *layers], key="layers_place")
    answer = matrix_answer(setting)
    value = answer.value
    if value is not None and len(value.get("scorers", [])) > 1:
        st.session_state["matrix"] = (setting.model, value)
    model, shown = st.session_state.get("matrix", ("", None))
    if shown is not None and model == setting.model:
        _draw(shown, str(what), str(place), dim=value is None and answer.pending)
    elif answer.pending:
        st.caption("Scoring by one after another …")
    progress(answer, "Scoring by all", "agreement")
    offer(_all(setting), answer, "Compare all scorers", _estimate(setting), "agreement_start")
    return answer.pending


def _draw(value: dict, what: str, place: str, dim: bool) -> None:
    """One matrix, and what could not be compared."""
    places = [NETWORK, *value["layers"]]
    at = places.index(place) if place in places else 0
    units = sum(value["compared"]) if at == 0 else value["compared"][at - 1]
    names = [scorers[name].label for name in value["scorers"]]
    words = "the network" if at == 0 else places[at]
    controls = [scorers[n].label for n in value["scorers"] if scorers[n].family == "control"]
    kind: What = "spearman" if what == "spearman" else "jaccard"
    removed = value["removed"][at]
    chart = agreement_matrix(value[kind][at], names, kind, words, value["level"], removed, units, controls)
    show(chart, "matrix", width=TITLE, dim=dim)
    if len(names) > MOST_NUMBERS:
        st.caption("The number of each pair, and what chance would give, shows when you point at its cell.")
    if sum(value["compared"]) < sum(value["units"]):
        st.caption(f"A sample of {sum(value['compared']):,} of {sum(value['units']):,} {value['unit']}.")
    if place not in places:
        st.caption(f"{place} leads no {value['unit']} here: the whole network is shown.")
    if value["skipped"]:
        with st.popover(f"{len(value['skipped'])} scorers do not apply here", type="tertiary", icon=":material/info:"):
            labels = [scorers[name].label for name in value["skipped"]]
            table = pd.DataFrame({"scorer": labels, "why": list(value["skipped"].values())})
            st.dataframe(table, hide_index=True, placeholder="–", key="agreement_skipped")
