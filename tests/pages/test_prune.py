"""The Prune page: first view, every control, links good and bad, pin, keep, two people at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from pages.choices.links import read_query
from pages.choices.setting import DEFAULT, Setting
from pages.shared.server import engine, store
from pruning.criteria.compatibility import allocations_for, granularities_for
from pruning.criteria.kinds import allocations, granularities, scorers
from pruning.results.frames import STOPS
from pruning.study.study import MeasureSpec
from tests.pages.look import FIRST_OF_FAMILY, settled, texts

FAST = {"v": "1", "model": "lenet_300_100"}
Visit = Callable[..., AppTest]


def value(setting: Setting) -> dict:
    """The accuracy that the store holds for a setting."""
    spec = MeasureSpec(name="accuracy")
    key = setting.study(spec).cells()[0].measure_key(spec)
    return store().get([key])[key].value


def test_first_view_shows_the_default_with_its_measured_numbers(visit: Visit) -> None:
    page = visit()
    measured = value(DEFAULT)
    share = f"{100 * measured['correct'] / measured['count']:.1f} %"
    dense = f"{100 * measured['dense_correct'] / measured['count']:.1f} %"
    assert share in page.header[0].value and f"dense {dense}" in page.header[0].value
    assert page.sidebar.select_slider(key="w_sparsity").value == DEFAULT.sparsity
    assert {"dense", "pruned"} <= {metric.label.casefold().split(",")[0] for metric in page.metric}
    assert page.query_params["v"] == "1"


def test_slider_changes_link_headline_and_numbers(visit: Visit) -> None:
    page = visit(**FAST)
    before = page.header[0].value
    page.sidebar.select_slider(key="w_sparsity").set_value(990)
    settled(page.run())
    assert page.query_params["sparsity"] == "99"
    measured = value(Setting(model="lenet_300_100", sparsity=990))
    assert page.header[0].value != before
    assert f"{100 * measured['correct'] / measured['count']:.1f} %" in page.header[0].value
    assert measured["count"] == 10_000


def test_slider_is_finer_where_networks_give_way() -> None:
    assert STOPS[0] == 0 and STOPS[-1] == 999 and list(STOPS) == sorted(set(STOPS))
    assert all(level in STOPS for level in range(950, 1000))


def choose(page: AppTest, **names: str) -> None:
    """Choose in the sidebar's lists, one after another: each list offers only what goes with those above it."""
    for field, name in names.items():
        box = page.sidebar.selectbox(key=f"w_{field}")
        if box.value != name:
            box.set_value(name)
            page.run()


def shows(page: AppTest, **names: str) -> None:
    """The page's link says these choices, and its headline the number that they give, or a sentence says why not."""
    setting, changes = read_query(dict(page.query_params.items()))
    assert not changes and not page.exception
    assert {field: getattr(setting, field) for field in names} == names
    if page.header and "keeps" in page.header[0].value:
        measured = value(setting)
        assert f"{100 * measured['correct'] / measured['count']:.1f} %" in page.header[0].value
    else:
        assert page.info, texts(page)


def test_every_scorer_is_explained() -> None:
    def script() -> None:
        from pages.shared.method import explained
        from pruning.criteria.kinds import scorers

        for name in scorers.names():
            explained(name)

    page = AppTest.from_function(script).run()
    assert not page.exception
    assert [latex.value.strip("$\n") for latex in page.latex] == [scorers[name].formula for name in scorers.names()]
    for name in scorers.names():
        assert all(words in texts(page) for words in (scorers[name].fails, scorers[name].reference))


def test_every_scorer_has_its_own_choices(visit: Visit) -> None:
    """All in one session, without waiting for numbers: work that a new choice replaces is cancelled."""
    page = visit(**FAST)
    for scorer in scorers.names():
        choose(page, scorer=scorer)
        assert not page.exception, scorer
        assert page.sidebar.selectbox(key="w_granularity").options == [
            granularities[name].label for name in granularities_for(scorer)
        ]
        draws = "w_seed" in [field.key for field in page.sidebar.number_input]
        assert draws == scorers[scorer].draws, scorer
    for job in engine().views():
        engine().cancel(job.id, job.owner)


@pytest.mark.parametrize("scorer", FIRST_OF_FAMILY)
def test_every_family_of_scorers_shows_its_numbers(visit: Visit, scorer: str) -> None:
    page = visit(**FAST)
    choose(page, scorer=scorer)
    settled(page.run())
    shows(page, scorer=scorer)


@pytest.mark.parametrize("allocation", allocations.names())
def test_every_allocation(visit: Visit, allocation: str) -> None:
    page = visit(**FAST)
    choose(page, allocation=allocation)
    settled(page.run())
    shows(page, allocation=allocation)


@pytest.mark.parametrize("granularity", granularities.names())
def test_every_granularity(visit: Visit, granularity: str) -> None:
    page = visit(**FAST)
    choose(page, granularity=granularity)
    settled(page.run())
    shows(page, granularity=granularity)
    allowed = allocations_for("magnitude_l1", granularity)
    boxes = page.sidebar.selectbox(key="w_allocation").options
    assert boxes == [allocations[name].label for name in allowed]


def test_a_link_whose_parts_do_not_go_together_is_mended_and_said(visit: Visit) -> None:
    page = visit(**FAST, granularity="n_m", allocation="global")
    assert any("N:M" in warning.value and "uniform" in warning.value for warning in page.warning)
    assert page.query_params["allocation"] == "uniform"


def test_weights_of_another_training_seed_are_other_weights(visit: Visit) -> None:
    page = visit(**FAST)
    first = value(Setting(model="lenet_300_100"))
    page.sidebar.button_group(key="w_weights").set_value(2)
    settled(page.run())
    assert page.query_params["weights"] == "2"
    assert value(Setting(model="lenet_300_100", weights=2))["dense_correct"] != first["dense_correct"]


def test_a_layer_is_looked_into_and_enters_the_link(visit: Visit) -> None:
    page = visit(**FAST)
    page.selectbox(key="w_layer").set_value("fc3")
    settled(page.run())
    assert page.query_params["layer"] == "fc3"


def test_layer_collapse_is_called_out(visit: Visit) -> None:
    page = visit(v="1", model="lenet_5", sparsity="99.7")
    assert any("Layer collapse" in warning.value and "`fc2`" in warning.value for warning in page.warning)
    page.sidebar.select_slider(key="w_sparsity").set_value(900)
    settled(page.run())
    assert not any("Layer collapse" in warning.value for warning in page.warning)


def test_a_stale_link_opens_and_says_what_was_changed(visit: Visit) -> None:
    page = visit(v="9", model="lenet5", sparsity="170", foo="1")
    said = "\n".join(warning.value for warning in page.warning)
    assert "schema version 9" in said and "'lenet_5'" in said and "170" in said and "foo" in said
    assert page.sidebar.select_slider(key="w_sparsity").value == DEFAULT.sparsity


def test_a_device_that_is_not_there_is_a_sentence(visit: Visit) -> None:
    page = visit(**FAST, device="cuda:7")
    assert "no device 'cuda:7'" in texts(page)


def test_a_model_without_weights_says_what_is_missing(visit: Visit, monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    page = visit(v="1", model="alexnet")
    said = texts(page)
    assert "alexnet" in said.casefold() and ".pth" in said


def test_a_model_that_no_data_fits_opens_without_an_error(visit: Visit) -> None:
    page = visit(v="1", model="efficientnet_b1")
    assert "efficientnet_b1" in texts(page) and "No data set here fits" in texts(page)


def test_data_that_does_not_fit_is_a_sentence_where_accuracy_stands(visit: Visit) -> None:
    page = visit(**FAST, data="cifar10")
    assert "32x32" in texts(page)
    assert "Which layers give way?" in [part.value for part in page.subheader]


def test_pin_shows_the_earlier_setting_beside_the_new_one(visit: Visit) -> None:
    page = visit(**FAST)
    page.sidebar.button(key="pin").click()
    settled(page.run())
    page.sidebar.select_slider(key="w_sparsity").set_value(950)
    settled(page.run())
    assert "sparsity" not in page.query_params["pin"]  # 80 % is the default and leaves the words
    assert any("Pinned: LeNet-300-100" in caption.value for caption in page.sidebar.caption)
    page.sidebar.button(key="unpin").click()
    settled(page.run())
    assert "pin" not in page.query_params


def test_keep_lists_the_setting_under_runs_and_opens_again(visit: Visit) -> None:
    page = visit(**FAST, sparsity="93")
    page.sidebar.button(key="keep").click()
    page.run()
    runs = store().runs()
    kept = runs[(runs["model"] == "lenet_300_100") & runs["kept"]]
    assert "93 %" in set(kept["sparsity"])
    measured = value(Setting(model="lenet_300_100", sparsity=930))
    row = kept[kept["sparsity"] == "93 %"].iloc[0]
    assert row["accuracy"] == measured["correct"] / measured["count"]


def test_two_people_see_their_own_settings(visit: Visit) -> None:
    one, two = visit(**FAST, sparsity="90"), visit(**FAST, sparsity="97")
    assert "90 %" in one.header[0].value and "97 %" in two.header[0].value
    settled(one.run())
    assert "90 %" in one.header[0].value


def test_same_link_gives_the_same_view(visit: Visit) -> None:
    page = visit(**FAST, sparsity="97.5", allocation="uniform", scorer="random", seed="3", axis="remaining")
    words = dict(page.query_params.items())
    again = visit(**words)
    assert again.header[0].value == page.header[0].value
    assert dict(again.query_params.items()) == words


def test_a_level_out_of_reach_is_said_and_not_shown(visit: Visit) -> None:
    page = visit(**FAST, allocation="uniform", allocation_options='{"ends":"half"}', sparsity="50")
    assert not page.exception
    said = texts(page)
    assert "at most 20.2 %" in said and "Out of reach" in said and "(out of reach)" in page.header[0].value
    assert not any("accuracy" in metric.label for metric in page.metric)
