"""Progress of a recipe with several trainings goes along all of them, and partial results hold all rows so far."""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import Mock

from pruning.common.progress import Desk
from pruning.measures.kinds import measures
from pruning.steps.prune import Prune
from pruning.steps.rewind import Rewind
from pruning.steps.train import Train
from pruning.study.run import run
from pruning.study.study import MeasureSpec, Network, Study
from pruning.zoo.base import Base
from tests.helpers.invented import Images
from tests.helpers.networks import small, state

TRACE = MeasureSpec(name="trace")
ROUND = Train(steps=4, batch=20, validation=20, looks=2)


def told(*recipe: Any) -> tuple[list[tuple[float, float]], list[list[int]], list[dict[str, Any]]]:
    """Done and total at each report, the steps of the rows of each partial result, and the rows at the end."""
    reports: list[tuple[float, float]] = []
    partials: list[list[int]] = []

    def progress(done: float, total: float, note: str = "", partial: dict[str, Any] | None = None) -> None:
        reports.append((done, total))
        if partial:
            partials.append([row["total"] for row in partial["records"]])

    study = Study(base=Base(model="lenet_300_100", mark="init"), recipe=recipe, measures=(TRACE,))
    (row,) = run(study, None, progress)
    return reports, partials, row["value"]["rows"]


def test_progress_goes_along_all_trainings(images: Images) -> None:
    reports, partials, rows = told(Prune(sparsity=400), ROUND, Prune(sparsity=700), Rewind(), ROUND, ROUND)
    done = [d for d, _ in reports]
    assert {total for _, total in reports} == {12} and done == sorted(done) and done[-1] == 12
    assert partials == [[2], [2, 4], [2, 4, 6], [2, 4, 6, 8], [2, 4, 6, 8, 10], [2, 4, 6, 8, 10, 12]]
    assert [row["total"] for row in rows] == partials[-1]


def test_a_recipe_without_training_is_told_as_it_is(images: Images) -> None:
    reports, partials, rows = told(Prune(sparsity=400, scorer="gradient_x_weight"))
    assert not partials and not rows and {total for _, total in reports} != {0}


def test_a_trace_is_stored_with_the_images_that_were_trained_on_for_it(images: Images) -> None:
    """Prefixes that are there are not trained again, and their images are none of the time that was measured."""

    def stored(*recipe: Any) -> int:
        shelf = Mock()
        shelf.get.return_value, shelf.read.return_value = {}, None
        run(Study(base=Base(model="lenet_300_100", mark="init"), recipe=recipe, measures=(TRACE,)), shelf)
        return shelf.put.call_args.kwargs["images"]

    assert stored(ROUND, Rewind(), ROUND) == 2 * 4 * 20
    assert stored(ROUND, Rewind(), ROUND, Rewind(), ROUND) == 4 * 20
    assert stored(ROUND, Rewind(), ROUND) == 0


def test_networks_that_were_trained_together_have_images_each(images: Images) -> None:
    train, shelf = ROUND.model_copy(update={"samples": 100}), Mock()
    shelf.get.return_value, shelf.read.return_value = {}, None
    networks = tuple(
        Network(base=Base(model="lenet_300_100", mark="init", seed=seed), recipe=(train,)) for seed in (0, 1)
    )
    run(Study(networks=networks, measures=(TRACE, MeasureSpec(name="accuracy", options={"count": 60}))), shelf)
    found = [(call.kwargs["measure"], call.kwargs["images"]) for call in shelf.put.call_args_list]
    assert found == [("trace", 4 * 20), ("accuracy", 60)] * 2


def test_infinite_losses_of_a_diverged_training_can_be_stored() -> None:
    after = state(small())
    wild = {"total": 5, "step": 5, "train_loss": 5.7e31, "validation_loss": float("nan"), "removed": [1, 2, 3]}
    after.trace, after.diverged = [wild, wild | {"train_loss": float("inf")}], 5
    value = measures["trace"]().measure(after, Desk())
    json.dumps(value, allow_nan=False)
    assert [row["train_loss"] for row in value["rows"]] == [5.7e31, None] and value["diverged"] == 5
    assert value["rows"][0]["validation_loss"] is None and value["rows"][0]["removed"] == [1, 2, 3]
