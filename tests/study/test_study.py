"""What is asked for: bad values give one sentence that names field and bound; axes give cells."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from pruning.common.errors import BadValue, PruningError
from pruning.common.validation import checked
from pruning.steps.prune import Prune
from pruning.steps.recalibrate import Recalibrate
from pruning.study.study import MeasureSpec, Study, load_study
from pruning.zoo.base import Base

SIZE = (MeasureSpec(name="size"),)


def study(**content: Any) -> str:
    return json.dumps({"measures": [{"name": "size"}]} | content)


def pruned(**fields: Any) -> str:
    return study(recipe=[{"kind": "prune", **fields}])


BAD = {
    pruned(sparsity=1700): "recipe.0.prune.sparsity: input should be less than or equal to 1000 (given: 1700)",
    pruned(sparsity=-1): "recipe.0.prune.sparsity: input should be greater than or equal to 0 (given: -1)",
    pruned(sparsity=3.5): "recipe.0.prune.sparsity: input should be a valid integer",
    pruned(sparsity=float("nan")): "recipe.0.prune.sparsity: input should be a finite number",
    pruned(sparsity=None): "recipe.0.prune.sparsity: input should be a valid integer",
    pruned(seed=2**31): "recipe.0.prune.seed: input should be less than 2147483648",
    pruned(scorer="magnitud_l1"): "There is no scorer 'magnitud_l1'. Did you mean 'magnitude_l1'? Known:",
    pruned(allocation="globl"): "There is no allocation 'globl'. Did you mean 'global'?",
    pruned(granularity="weights"): "There is no granularity 'weights'. Did you mean 'weight'?",
    pruned(colour="red"): "recipe.0.prune.colour: extra inputs are not permitted (given: 'red')",
    pruned(options={"samples": 100}): "In the options of scorer 'magnitude_l1': samples: extra inputs",
    pruned(
        scorer="gradient_x_weight", options={"samples": 9}
    ): "In the options of scorer 'gradient_x_weight': samples: input should be greater than or equal to 10 (given: 9)",
    study(recipe=[{"kind": "prun"}]): "input tag 'prun' found using 'kind' does not match any of the expected tags",
    study(recipe=[{"kind": "recalibrate", "samples": 5}]): "samples: input should be greater than or equal to 10",
    study(base={"model": "lenet5"}): "There is no model 'lenet5'. Did you mean 'lenet_5'?",
    study(base={"data": "fashion"}): "There is no data set 'fashion'.",
    study(base={"mark": "middle"}): "base.mark: input should be 'init', 'early' or 'dense' (given: 'middle')",
    study(base={"device": "tpu"}): "base.device: string should match pattern",
    study(base={"seed": 10**30}): "base.seed: input should be less than 2147483648",
    study(measures=[]): "measures: tuple should have at least 1 item",
    study(measures=[{"name": "acuracy"}]): "There is no measure 'acuracy'. Did you mean 'accuracy'?",
    study(
        measures=[{"name": "accuracy", "options": {"split": "held out"}}]
    ): "In the options of measure 'accuracy': split: input should be 'train', 'validation' or 'test' (given: 'held",
    study(measures=[{"name": "layer"}]): "In the options of measure 'layer': layer: field required",
    study(axes={"1.sparsity": [100]}): "Axis '1.sparsity' names no step: the recipe has step 0 alone.",
    study(axes={"².sparsity": [100]}): "Axis '².sparsity' names no step",
    study(axes={"-1.sparsity": [100]}): "Axis '-1.sparsity' names no step",
    study(axes={"0.sparsity": [100]}, recipe=[]): "Axis '0.sparsity' names no step: the recipe has no steps.",
    study(axes={"2.seed": [1]}, recipe=[{"kind": "prune"}] * 2): "the recipe has steps 0 to 1.",
    study(axes={"0.colour": [1]}): "colour: extra inputs are not permitted",
    study(axes={"colour": [1]}): "colour: extra inputs are not permitted",
    study(axes={"0.sparsity": [0, 1700]}): "sparsity: input should be less than or equal to 1000 (given: 1700)",
    study(axes={"0.sparsity": []}): "A study has 1 to 5000 cells; this one has 0.",
    study(axes={"0.sparsity": [*range(1000)], "seed": [*range(6)]}): "this one has 6000.",
    study(axes={f"{i}.sparsity": [*range(1000)] for i in range(9)}): "A study has 1 to 5000 cells",
    study(axes=[1, 2]): "axes: input should be a valid dictionary",
    study(colour=1): "colour: extra inputs are not permitted",
    study(schema_version=2): "This study has schema version 2; this version of the program reads version 1.",
    study(schema_version=None): "This study has schema version None",
    "not json": "This is not JSON: Expecting value",
    "": "This is not JSON: Expecting value",
    "[" * 100_000: "This is not JSON that is read here: it has more than 32 brackets within brackets.",
    study(axes={"0.sparsity": [float("nan")]}): "An axis holds plain values",
    study(axes={"0.options": [float("inf")]}): "An axis holds plain values",
    study(axes={"x" * 5000 + ".sparsity": [1]}): f"Axis '{'x' * 80}' names no step",
    study(base={"model": "m" * 5000}): f"There is no model '{'m' * 80}'.",
    study(base={"device": "d" * 5000}): "d" * 79 + "",
    study(recipe=[{"kind": "k" * 5000}]): "k" * 79 + "",
    study(**{"c" * 5000: 1}): "c" * 80 + ": extra inputs are not permitted (given: 1)",
    study(schema_version="v" * 5000): "v" * 79 + "; this version",
    study(recipe=[{"kind": "prune"}] * 501): "recipe: tuple should have at most 500 items",
    study(measures=[{"name": "size"}] * 501): "measures: tuple should have at most 500 items",
    study(recipe=[{"kind": "prune", "seed": -1}] * 400): "And 397 more like these.",
    pruned(
        allocation="by_hand", allocation_options={"shares": {"conv1": "many"}}
    ): "shares.conv1: input should be a valid",
    "1" * 5000: "This is not JSON: it holds a number of more digits than are read.",
    "[]": "A study is a JSON object",
    "null": "A study is a JSON object",
}


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_a_bad_study_gets_one_sentence(text: str) -> None:
    with pytest.raises(PruningError) as caught:
        load_study(text)
    sentence = str(caught.value)
    assert BAD[text] in sentence
    assert "\n" not in sentence and "pydantic" not in sentence.lower() and sentence.endswith(".")
    assert len(sentence) < 400 and ".." not in sentence


WRONG_OPTION = study(measures=[{"name": "size", "options": {"z": 1}}])


@pytest.mark.parametrize("text", [pruned(options={"samples": 9}), WRONG_OPTION])
def test_one_mistake_is_one_complaint(text: str) -> None:
    with pytest.raises(BadValue) as caught:
        load_study(text)
    assert str(caught.value).count("In the ") == 1 and "at least 1 item" not in str(caught.value)


def test_two_mistakes_are_two_complaints() -> None:
    with pytest.raises(BadValue, match="sparsity: .*1700.* colour: ") as caught:
        load_study(study(recipe=[{"kind": "prune", "sparsity": 1700}], colour=1))
    assert str(caught.value).count("In the study") == 1


def test_checked_names_what_was_filled_in() -> None:
    with pytest.raises(BadValue, match="In the step: sparsity: input should be less than or equal to 1000"):
        checked("the step", Prune, {"sparsity": 1001})


def test_cells_in_the_order_of_the_axes() -> None:
    asked = Study(axes={"seed": (0, 2), "0.sparsity": (100, 900)}, measures=SIZE)
    cells = asked.cells()
    assert [(c.base.seed, c.recipe[0].sparsity) for c in cells] == [(0, 100), (0, 900), (2, 100), (2, 900)]
    assert cells[1].coordinates == {"seed": 0, "0.sparsity": 900}
    assert cells[1].state_key == Base().state_key((Prune(sparsity=900),))


def test_a_study_without_axes_is_one_cell() -> None:
    (cell,) = Study(measures=SIZE).cells()
    assert cell.recipe == (Prune(),) and cell.base == Base() and cell.coordinates == {}


def test_an_axis_of_a_later_step() -> None:
    recipe = (Prune(), Recalibrate(), Prune(sparsity=900))
    cells = Study(recipe=recipe, axes={"2.scorer": ("random", "magnitude_l2")}, measures=SIZE).cells()
    assert [c.recipe[2].scorer for c in cells] == ["random", "magnitude_l2"]
    assert all(c.recipe[:2] == recipe[:2] for c in cells)


def test_levels_are_those_of_the_last_pruning_step() -> None:
    twice = Study(recipe=(Prune(sparsity=300), Prune(sparsity=500), Recalibrate()), measures=SIZE)
    swept = twice.at_levels((600, 900))
    assert swept == twice.model_copy(update={"axes": {"1.sparsity": (600, 900)}})
    assert [cell.level for cell in (*twice.cells(), *swept.cells())] == [500, 600, 900]


def test_what_prunes_nothing_is_at_level_0_and_has_no_levels() -> None:
    dense = Study(recipe=(), measures=SIZE)
    assert dense.cells()[0].level == 0
    with pytest.raises(BadValue, match="prunes nothing"):
        dense.at_levels((600, 900))


def test_a_step_at_another_level_is_the_same_otherwise() -> None:
    step = Prune(scorer="random", seed=3, sparsity=900)
    assert step.at(500) == Prune(scorer="random", seed=3, sparsity=500) and step.share == 0.9
    assert step.in_rounds(2, "linear") == [step.at(450), step]


def test_axes_from_numpy_have_the_same_key() -> None:
    one = Study(axes={"0.sparsity": tuple(np.arange(100, 400, 100))}, measures=SIZE)
    two = Study(axes={"0.sparsity": (100, 200, 300)}, measures=SIZE)
    assert one == two and one.key == two.key and one.model_dump_json() == two.model_dump_json()


def test_a_study_survives_json() -> None:
    asked = Study(
        base=Base(model="resnet_20", device="cuda"),  # a device of another machine is a fine wish
        recipe=(Prune(scorer="gradient_x_weight", options={"samples": 50}), Recalibrate(samples=20)),
        axes={"0.sparsity": (100, 900), "seed": (0, 1)},
        measures=(MeasureSpec(name="accuracy", options={"count": 500}), *SIZE),
    )
    assert load_study(asked.model_dump_json()) == asked
    assert load_study("  " + asked.model_dump_json(indent=2) + "\n").key == asked.key
