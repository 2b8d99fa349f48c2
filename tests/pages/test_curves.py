"""The Curves page: stored results at once, every control, addresses good and bad, failures beside results, pairs."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from pages.choices.curve_words import read_words
from pages.choices.curves import DEFAULT, MOST, Curve, View
from pages.curves.known import jobs, look
from pages.curves.work import FIRST, works
from pages.shared.server import engine, store
from pruning.common.bits import unpacked
from pruning.criteria.kinds import granularities
from pruning.results.frames import GRID
from tests.pages.look import settled, texts, turn_to

Visit = Callable[..., AppTest]
RANDOM = Curve(scorer="random")


def at_curves(visit: Visit, settle: bool = True, **words: str) -> AppTest:
    """Open the page with the words of a link."""
    page = visit(v="1", model="lenet_300_100")
    page.session_state["setting"] = None
    page.query_params.clear()
    for name, value in words.items():
        page.query_params[name] = value
    turn_to(page, "curves").run()
    return settled(page) if settle else page


def sharpened(page: AppTest) -> AppTest:
    """Ask for all images, where that is not so quick that it is done without asking."""
    for button in [button for button in page.button if button.key == "curves_measure"]:
        button.click()
        settled(page.run())
    return page


def of(*curves: Curve) -> str:
    return json.dumps([curve.model_dump(exclude_defaults=True) for curve in curves])


def table(page: AppTest) -> dict[str, dict[str, object]]:
    """The numbers under the chart, by curve."""
    return page.dataframe[0].value.set_index("curve").to_dict("index")


@pytest.mark.parametrize(
    "view",
    [
        DEFAULT,
        View(model="lenet_5", trained=(0, 2), draws=3, split="validation", axis="compression", at=975, curves=()),
        View(curves=(Curve(), RANDOM, Curve(allocation="uniform", allocation_options={"cap": 900}, recalibrate=True))),
    ],
)
def test_an_address_says_the_whole_view(view: View) -> None:
    words = view.query()
    assert read_words(words) == (view, [])
    assert (len(words) == 1) == (view == DEFAULT)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"curves": "[{"}, "cannot be used"),
        ({"curves": "7"}, "cannot be used"),
        ({"curves": "[" * 5000}, "cannot be used"),
        ({"curves": '[{"scorer":"magnitud_l1"}]'}, "Did you mean"),
        ({"curves": '[{"scorer":"random","depth":3}]'}, "depth"),
        ({"curves": '[{"allocation_options":{"cap":7000}}]'}, "1000"),
        ({"curves": '[{"granularity":"n_m","allocation":"global"}]'}, "N:M"),
        ({"curves": '["x"]'}, "One curve"),
        ({"trained": "7"}, "training seeds 0, 1, 2"),
        ({"trained": "a"}, "trained"),
        ({"draws": "99"}, "10"),
        ({"at": "170"}, "at"),
        ({"model": "lenet5"}, "lenet_5"),
        ({"data": "cifar11"}, "cifar10"),
        ({"axis": "depth"}, "axis"),
        ({"v": "9"}, "schema version 9"),
        ({"foo": "1"}, "'foo'"),
    ],
)
def test_a_bad_address_opens_and_says_what_was_changed(words: dict[str, str], said: str) -> None:
    view, changes = read_words({"v": "1", **words})
    assert len(changes) == 1 and said in changes[0] and "Traceback" not in changes[0]
    assert read_words(view.query()) == (view, [])


def test_more_curves_than_can_be_told_apart_are_cut_and_said() -> None:
    many = json.dumps([{"scorer": "random", "allocation_options": {"cap": cap}} for cap in range(500, 512)])
    view, changes = read_words({"curves": many})
    assert len(view.curves) == MOST and "first 8" in changes[0]


def test_the_same_curve_twice_is_one() -> None:
    assert read_words({"curves": "[{},{}]"})[0].curves == (Curve(),)
    assert DEFAULT.with_curve(Curve()) == DEFAULT


def test_seeds_of_training_and_of_the_draw() -> None:
    view = View(trained=(0, 2), draws=3, curves=(Curve(), RANDOM))
    runs = [(work.run, work.setting.weights, work.setting.prune.seed) for work in works(view)]
    assert runs[:2] == [("training seed 0", 0, 0), ("training seed 2", 2, 0)]
    assert [run[1:] for run in runs[2:]] == [(w, d) for w in (0, 2) for d in (0, 1, 2)]


def test_a_pattern_is_measured_where_it_exists_and_levels_of_the_first_picture_are_of_the_grid() -> None:
    assert set(FIRST) < set(GRID) and FIRST[0] == 0
    pattern = Curve(granularity="n_m", allocation="uniform")
    (work,) = works(View(curves=(pattern,)))
    stops = granularities["n_m"]().stops()
    assert stops is not None and work.levels == tuple(level for level in stops if level < 1000)


def test_first_view_is_stored_and_computes_nothing(visit: Visit) -> None:
    page = at_curves(visit, settle=False)
    found = look(DEFAULT)
    assert len(found) == 3 and not list(jobs(found))
    for _, has in found:
        assert not has.lacking and {point["origin"] for point in has.points} == {"bundled"}
    rows = table(page).values()
    assert len(rows) == 3 and all(row["images"] == 10_000 for row in rows) and "under way" not in texts(page)
    assert "larger than sampling error" in texts(page)
    assert page.query_params == {"v": ["1"]} or dict(page.query_params.items()) == {"v": "1"}


def test_one_click_adds_the_control_and_computes_nothing_that_is_stored(visit: Visit) -> None:
    page = at_curves(visit, curves=of(Curve()), v="1")
    page.button(key="curve_add_random_global").click()
    page.run()
    submitted = {view.study.key for view in engine().views() if view.study is not None}
    stored, added = works(View(curves=(Curve(), RANDOM)))
    assert not submitted & {key for work in (stored, added) for key in (work.first.key, work.full.key)}
    settled(page)
    assert list(table(page)) == ["Magnitude (L1), global", "Random (control), global"]
    assert not look(View(curves=(RANDOM,)))[0][1].lacking
    found = store().get([added.keys["full"][950], added.keys["verdicts"][950]])
    accuracy, verdict = (found[added.keys[name][950]].value for name in ("full", "verdicts"))
    assert unpacked(verdict).sum() == verdict["correct"] == accuracy["correct"]
    dense = store().get([stored.keys["full"][950]])[stored.keys["full"][950]].value
    points = 100 * (dense["correct"] - accuracy["correct"]) / 10_000
    assert f"by {points:.1f} points" in texts(page) and "larger than sampling error" in texts(page)
    assert json.loads(
        page.query_params["curves"][0] if isinstance(page.query_params["curves"], list) else page.query_params["curves"]
    ) == [{}, {"scorer": "random"}]
    page.button(key="curve_remove_1").click()
    settled(page.run())
    assert list(table(page)) == ["Magnitude (L1), global"]


@pytest.mark.parametrize("axis", ["compression", "macs", "bytes"])
def test_every_axis(visit: Visit, axis: str) -> None:
    page = at_curves(visit, axis=axis, v="1")
    assert not page.exception and page.query_params["axis"] in (axis, [axis])
    (point,) = [point for point in look(View(axis=axis))[0][1].points if point["level"] == 950]
    assert {"compression": 15, "macs": 0.049, "bytes": 1}[axis] < point[axis]


def test_every_control(visit: Visit) -> None:
    page = at_curves(visit, v="1", curves=of(RANDOM))
    page.sidebar.number_input(key="w_curves_draws").set_value(2)
    page.sidebar.button_group(key="w_curves_trained_lenet_300_100").set_value([0, 1])
    page.sidebar.radio(key="w_curves_split").set_value("validation")
    settled(page.run())
    words = {name: page.query_params[name] for name in page.query_params}
    view, changes = read_words({k: v[0] if isinstance(v, list) else v for k, v in words.items()})
    assert not changes and (view.draws, view.trained, view.split) == (2, (0, 1), "validation")
    assert table(page)["Random (control), global"]["seeds"] == 4
    sharpened(page)
    assert "5,000 images" in texts(page) and "right for picking" in texts(page)
    page.sidebar.selectbox(key="w_allocation").set_value("uniform")
    page.run()
    page.sidebar.button(key="curve_add").click()
    settled(page.run())
    assert list(table(page)) == ["Random (control), global", "Magnitude (L1), uniform"]
    page.select_slider(key="w_curves_at").set_value(900)
    settled(page.run())
    assert "at 90 % sparsity" in texts(page).replace("\u00a0", " ") and "2 seeds" in texts(page)
    page.sidebar.selectbox(key="w_curves_model").set_value("lenet_5")
    settled(page.run())
    assert "LeNet-5" in page.header[0].value and not page.exception


def test_an_empty_list_teaches(visit: Visit) -> None:
    page = at_curves(visit, v="1", curves="[]")
    assert "No curve is on the chart yet" in texts(page) and not page.exception


def test_a_failure_stands_beside_what_was_measured(visit: Visit) -> None:
    page = at_curves(visit, v="1", data="cifar10", curves=of(Curve(), RANDOM))
    said = texts(page)
    assert "Failed: Magnitude (L1), global (training seed 0)" in said and "32x32" in said and not page.exception


def test_the_setting_of_the_prune_page_is_the_first_curve(visit: Visit) -> None:
    page = visit(v="1", model="lenet_300_100", scorer="random", allocation="uniform")
    page.query_params.clear()
    turn_to(page, "curves").run()
    settled(page)
    assert list(table(page)) == ["Random (control), uniform", "Magnitude (L1), global"]
    page.query_params.clear()
    turn_to(page, "prune").run()
    assert not settled(page).exception and "Random" in str(page.sidebar.selectbox(key="w_scorer").value).title()
