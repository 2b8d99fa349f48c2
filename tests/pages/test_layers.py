"""The Layers page: first view, every control, numbers as the store has them, the way to Prune and back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from pages.choices.links import read_query
from pages.choices.setting import Setting
from pages.layers import disagreement, scan, sharing
from pages.shared import answers
from pages.shared.answers import PROFILE, known
from pages.shared.estimates import light
from pages.shared.offers import rankings
from pages.shared.server import store
from pruning.criteria.compatibility import allocations_for
from pruning.criteria.kinds import Solver, allocations, scorers
from pruning.results.frames import scan_frame
from pruning.study.study import MeasureSpec
from tests.pages.conftest import ROOT
from tests.pages.look import FIRST_OF_FAMILY, PATIENCE, settled, texts, turn_to

Visit = Callable[..., AppTest]
FAST = {"v": "1", "model": "lenet_300_100"}
LENET = Setting(model="lenet_300_100")


def at_layers(visit: Visit, **words: str) -> AppTest:
    """The Layers page after the Prune page with this setting."""
    page = visit(**(FAST | words))
    return settled(turn_to(page, "layers").run())


def titles(page: AppTest) -> str:
    """The titles of all charts on the page."""
    return "\n".join(chart.title for chart in page.session_state["charts"].values()).replace("\u00a0", " ")


def test_first_view_has_every_part(visit: Visit) -> None:
    found = at_layers(visit)
    assert "LeNet-300-100" in found.header[0].value
    assert {"allocations", "pair", "matrix", "scan"} <= set(found.session_state["charts"])
    value = known(scan.study(LENET))
    assert value is not None
    dense = 100 * value["value"]["dense_correct"] / value["value"]["count"]
    assert f"dense {dense:.1f}".rstrip("0").rstrip(".") in texts(found).replace("\u00a0", " ")
    words, changes = read_query(dict(found.query_params.items()))
    assert not changes and words.model == "lenet_300_100"


def test_the_scan_is_the_same_for_every_level_and_allocation() -> None:
    others = [
        LENET.model_copy(update={"sparsity": level, "allocation": name})
        for level in (0, 950)
        for name in allocations_for(LENET.scorer, LENET.granularity)
    ]
    assert {scan.study(setting).key for setting in others} == {scan.study(LENET).key}
    other = LENET.model_copy(update={"scorer": "magnitude_l2"})
    assert scan.study(other).key != scan.study(LENET).key


def test_a_scan_in_parts_has_gaps() -> None:
    value = {"layers": ["a", "b"], "shares": [500, 900], "count": 10, "correct": [None, [9, 5]]}
    frame = scan_frame(value)
    assert list(frame["order"]) == [0, 0, 1, 1] and list(frame["share"]) == [500, 900] * 2
    assert frame["accuracy"].isna().tolist() == [True, True, False, False] and list(frame["accuracy"][2:]) == [0.9, 0.5]


def test_allocations_show_what_their_profiles_say(visit: Visit) -> None:
    found = at_layers(visit, sparsity="90")
    table = found.session_state["charts"]["allocations"].table
    names = [name for name in allocations_for("magnitude_l1", "weight") if name != "by_hand"]
    assert {allocations[name].label for name in names} <= set(table["allocation"])
    for name in ("global", "uniform"):
        variant = sharing.variants(LENET)[name]
        profile = known(variant.study(PROFILE))
        assert profile is not None
        rows = table[table["allocation"] == allocations[name].label]
        assert list(rows["removed_count"]) == [row[900] for row in profile["value"]["removed"]]


def test_the_slider_changes_what_is_compared(visit: Visit) -> None:
    page = at_layers(visit)
    page.sidebar.select_slider(key="w_sparsity").set_value(950)
    settled(page.run())
    assert "At 95 % sparsity" in titles(page) and page.query_params["sparsity"] == "95"
    spec = MeasureSpec(name="agreement")
    key = Setting(model="lenet_300_100", sparsity=950).study(spec).cells()[0].measure_key(spec)
    value = store().get([key])[key].value
    table = page.session_state["charts"]["matrix"].table
    assert value["level"] == 950 and table["jaccard"].iloc[0] == value["jaccard"][0][0][1]


def test_matrix_controls(visit: Visit) -> None:
    page = at_layers(visit)
    page.button_group(key="layers_what").set_value("spearman")
    page.selectbox(key="layers_place").set_value("fc3")
    settled(page.run())
    chart = page.session_state["charts"]["matrix"]
    assert chart.name == "agreement-spearman" and "In fc3" in chart.title
    assert set(chart.table["part"]) == {"fc3"}


@pytest.mark.parametrize("other", ["random", "magnitude_l2"])
def test_two_scorers_in_a_layer(visit: Visit, other: str) -> None:
    page = at_layers(visit)
    assert page.selectbox(key="layers_other").options == [scorers[name].label for name in rankings(LENET)]
    page.selectbox(key="layers_other").set_value(other)
    page.selectbox(key="w_layer").set_value("fc3")
    settled(page.run())
    chart = page.session_state["charts"]["pair"]
    assert "In fc3" in chart.title and scorers[other].label in chart.title
    assert page.query_params["layer"] == "fc3" and len(chart.table) == 1000


def test_the_scan_s_budgets_open_on_prune(visit: Visit) -> None:
    page = at_layers(visit)
    page.button(key="scan_use").click()
    page.run()  # AppTest does not follow a change of page: a browser test does
    turn_to(page, "prune")
    settled(page.run())
    assert page.query_params["allocation"] == "sensitivity" and "keeps" in page.header[0].value


@pytest.mark.parametrize("scorer", FIRST_OF_FAMILY)
def test_every_family_of_scorers_shows_its_layers_or_says_why_not(
    server: object, scorer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "light", lambda setting: False)  # what starts by itself is tested above
    for part in (scan, disagreement):
        monkeypatch.setattr(part, "look", lambda study, slot, automatic: answers.look(study, slot, False))
    page = turn_to(AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE), "layers")
    for name, value in (FAST | {"scorer": scorer}).items():
        page.query_params[name] = value
    settled(page.run())
    assert not page.exception
    if issubclass(scorers[scorer], Solver):
        assert "is a solver" in texts(page)
    else:
        assert page.info or {"pair", "allocations"} <= set(page.session_state["charts"]), texts(page)


def test_the_matrix_is_the_same_whichever_plain_scorer_is_chosen() -> None:
    keys = {disagreement._all(LENET.model_copy(update={"scorer": name})).key for name in ("lamp", "snip", "obc")}
    assert keys == {disagreement._all(LENET).key}
    own = LENET.model_copy(update={"scorer": "snip", "scorer_options": {"samples": 50}})
    assert disagreement._all(own).key not in keys
    assert disagreement._all(LENET.model_copy(update={"scorer": "shuffled"})).key not in keys


def test_large_models_wait_for_a_button_with_the_time(visit: Visit) -> None:
    setting = Setting(model="resnet_20")
    assert not light(setting) and light(LENET)
    page = visit(v="1", model="resnet_20")
    turn_to(page, "layers").run()
    assert not page.exception
    labels = [button.label for button in page.button]
    assert any(label.startswith("Scan the layers (about") for label in labels), labels


def test_the_setting_stays_between_pages(visit: Visit) -> None:
    page = at_layers(visit, sparsity="93", scorer="magnitude_l2")
    turn_to(page, "prune")
    settled(page.run())
    assert page.query_params["sparsity"] == "93" and page.query_params["scorer"] == "magnitude_l2"


def test_a_model_without_weights_is_a_sentence(visit: Visit) -> None:
    page = visit(v="1", model="alexnet")
    turn_to(page, "layers")
    settled(page.run())
    assert ".pth" in texts(page)
