"""The Scorers page: made of the registrations, searched, timed, with stored results, and the way to Prune."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.choices.setting import Setting
from pages.scorers import costs, fares
from pages.scorers import table as scorers_table
from pages.shared.server import engine
from pruning.common.environment import machine
from pruning.criteria.compatibility import allocations_for, fits, granularities_for, refusal
from pruning.criteria.kinds import Solver, allocations, granularities
from pruning.criteria.kinds import scorers as scorer_registry
from tests.pages.look import PATIENCE, settled, texts, turn_to

Visit = Callable[..., AppTest]
LENET = Setting(model="lenet_300_100")


def at_scorers(visit: Visit, **words: str) -> AppTest:
    page = visit(**{"v": "1", "model": "lenet_300_100"} | words)
    return turn_to(page, "scorers").run()


@pytest.fixture
def untimed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Costs do not start by themselves: tests that look at something else need not wait."""
    monkeypatch.setattr(costs, "light", lambda setting: False)


def test_every_registration_is_on_the_page(visit: Visit, untimed: None) -> None:
    page = at_scorers(visit)
    assert not page.exception
    said, formulas = texts(page), [latex.value for latex in page.latex]
    for name in scorer_registry:
        entry = scorer_registry[name]
        assert any(entry.formula.strip() in formula for formula in formulas), name
        for text in (entry.idea, entry.fails, entry.cost, entry.reference):
            assert text in said, (name, text)
    solvers = sum(issubclass(scorer_registry[name], Solver) for name in scorer_registry)
    assert f"{len(scorer_registry)} scorers: {len(scorer_registry) - solvers} rank" in page.header[0].value
    families = [part.value.casefold() for part in page.subheader]
    assert {scorer_registry[name].family for name in scorer_registry} <= set(families)


def test_search_and_families(visit: Visit, untimed: None) -> None:
    page = at_scorers(visit)
    page.text_input(key="scorers_search").set_value("molchanov")
    page.run()
    shown = scorers_table.matching("molchanov", [])
    assert len(page.latex) == len(shown) < len(scorer_registry)
    page.text_input(key="scorers_search").set_value("no such words at all")
    page.run()
    assert "No scorer has all of these words" in texts(page) and not page.latex
    page.text_input(key="scorers_search").set_value("")
    page.button_group(key="scorers_family").set_value(["control"])
    page.run()
    assert len(page.latex) == sum(scorer_registry[name].family == "control" for name in scorer_registry)


def test_matching_reads_every_word() -> None:
    assert scorers_table.matching("", []) == scorer_registry.names()
    assert scorers_table.matching("HAN 2015 learning", []) == ["magnitude_l1"]  # not every "than"
    assert not scorers_table.matching("han 1811", []) and not scorers_table.matching("agnitude", [])
    for family in scorers_table.FAMILIES:
        assert all(scorer_registry[name].family == family for name in scorers_table.matching("", [family]))
    groups = scorers_table.by_family(scorer_registry.names())
    assert sorted(sum(groups.values(), [])) == sorted(scorer_registry)


def test_the_tables_say_what_compatibility_says() -> None:
    labels = {granularities[name].label: name for name in granularities}
    scorers = {scorer_registry[name].label: name for name in scorer_registry}
    pairs = scorers_table.criteria_pairs(scorer_registry.names())
    assert len(pairs) == len(scorers) * len(labels) and len(labels) == len(granularities)
    for row in pairs.itertuples():
        reason = fits(scorers[row.row], labels[row.column])
        assert (row.kind == "no") == (reason is not None) and (reason is None or row.why == reason)
    budgets = {allocations[name].label: name for name in allocations}
    for row in scorers_table.allocation_pairs().itertuples():
        known = row.kind != "no"
        assert known == (budgets[row.column] in allocations_for("magnitude_l1", labels[row.row]))


@pytest.mark.parametrize("name", scorer_registry.names())
def test_what_opens_on_prune_goes_together(name: str) -> None:
    for setting in (LENET, Setting(granularity="n_m", allocation="uniform"), Setting(scorer=name, sparsity=950)):
        target = fares.opened(setting, name)
        assert target.scorer == name and target.sparsity == setting.sparsity and target.model == setting.model
        assert refusal(name, target.granularity, target.allocation, {}, {}) is None
        assert target.granularity in granularities_for(name)


def test_a_button_opens_the_scorer_on_prune(visit: Visit, untimed: None) -> None:
    page = at_scorers(visit, sparsity="90")
    page.button(key="open_magnitude_l2").click()
    page.run()  # AppTest does not follow a change of page: a browser test does
    turn_to(page, "prune")
    settled(page.run())
    assert "keeps" in page.header[0].value and page.query_params["scorer"] == "magnitude_l2"
    assert page.query_params["sparsity"] == "90"


def test_another_model_is_kept_for_the_other_pages(visit: Visit, untimed: None) -> None:
    page = at_scorers(visit)
    page.sidebar.selectbox(key="w_model").set_value("lenet_5")
    page.run()
    assert page.query_params["model"] == "lenet_5" and not page.exception
    assert "On LeNet-5" in texts(page)


def test_costs_are_timed_here_and_stored(visit: Visit) -> None:
    page = at_scorers(visit)
    for view in engine().views():
        engine().wait(view.id, PATIENCE)
    settled(page.run())
    found = costs.costs(LENET, scorer_registry.names())
    solvers = {name for name in scorer_registry if issubclass(scorer_registry[name], Solver)}
    assert set(found) == set(scorer_registry) - solvers  # these take minutes: they wait for the button
    assert [button.label for button in page.button if button.key == "costs_start"] == [
        f"Time {len(solvers)} scorers on LeNet-300-100"
    ]
    assert all(cost["machine"] == machine() for cost in found.values())
    table = page.dataframe[0].value
    for name, cost in found.items():
        row = table[table["scorer"] == scorer_registry[name].label].iloc[0]
        assert row["seconds here"] == cost["seconds"] or cost["seconds"] is None
    assert machine() in texts(page) and texts(page).count("not measured here yet") == len(solvers)


@pytest.mark.parametrize(
    ("cost", "words"),
    [
        (None, "not measured here yet"),
        ({"seconds": 0.0004}, "under 1 ms"),
        ({"seconds": 2.345}, "2.3 s"),
        ({"seconds": None, "refused": "It has no ReLU."}, "does not apply: It has no ReLU."),
    ],
)
def test_costs_in_words(cost: dict[str, Any] | None, words: str) -> None:
    assert costs.said(cost) == words


@pytest.mark.parametrize("model", ["lenet_5", "resnet_20"])
def test_what_does_not_hold_is_shown_first(visit: Visit, untimed: None, model: str) -> None:
    page = at_scorers(visit, model=model)
    claims, label = fares.claims(model)
    title = next(one.label for one in page.expander if one.label.startswith("What the literature says"))
    failed = [one for one in claims if one["verdict"] == "fails"]
    assert f"{len(failed)} do not hold" in title and failed and label
    table = next(frame.value for frame in page.dataframe if "here it" in frame.value)
    assert len(table) == len(claims) and set(table["here it"][: len(failed)]) == {"does not hold"}
    assert "(" in table["claim"][0] and "is more accurate than" in table["claim"][0]
    assert fares.claims("resnet18") == ([], "")


def test_the_bundled_table_is_shown_with_its_label(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def row(scorer: str, control: str, seed: int, correct: int) -> dict[str, Any]:
        return {
            "model": "lenet_5",
            "scorer": scorer,
            "control": control,
            "granularity": "weight",
            "seed": seed,
            "training_seed": seed,
            "allocation": "global",
            "level": 950,
            "correct": correct,
            "count": 1000,
        }

    rows = [row("magnitude_l1", "", seed, 600 + 50 * seed) for seed in range(3)]
    rows += [row("magnitude_l1", "inverted", 0, 100), row("random", "", 0, 200)]
    rows += [row("random", "", 0, 999) | {"allocation": "uniform"}, {"scorer": "obc", "error": "It did not work."}]
    content = {"rows": rows, "split": "validation", "date": "2026-11-24", "made_by": "python assets/orderings.py"}
    (tmp_path / "lenet_5.json").write_text(json.dumps(content))
    monkeypatch.setattr(fares, "ORDERINGS", tmp_path)
    table, label = fares.orderings("lenet_5")
    assert len(table) == 6 and "1,000 validation images, 3 trained networks" in label
    found = fares.fares("magnitude_l1", "lenet_5")
    assert list(found["criterion"]) == ["itself", "inverted", scorer_registry["random"].label]
    assert list(found["mean"]) == pytest.approx([65, 10, 20]) and list(found["runs"]) == [
        "3 trained networks",
        "1 trained network",
        "1 trained network",
    ]
    assert found["least"][0] == pytest.approx(60) and found["most"][0] == pytest.approx(70)
    assert fares.fares("snip", "lenet_5").empty and fares.fares("snip", "resnet_20").empty
    assert fares.orderings("resnet_20")[1] == ""
