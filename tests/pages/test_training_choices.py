"""Choices of the pages that train: every model's defaults are within bounds, words come back as they were written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.choices.training import Choices, Recovery, Ticket, first_ways, quick
from pruning.study.methods.defaults import TICKET, defaults_of
from pruning.study.methods.strategies import STRATEGIES
from pruning.zoo.kinds import models


@pytest.mark.parametrize("kind", [Recovery, Ticket])
@pytest.mark.parametrize("model", models.names())
def test_every_model_s_defaults_are_choices_and_need_no_word(kind: type[Choices], model: str) -> None:
    usual = kind.of(model)
    assert kind.model_validate(usual.model_dump()) == usual and usual.words(model) == {}
    train = defaults_of(model).fine if kind is Recovery else quick(model)
    assert (usual.steps, usual.batch, usual.lr, usual.decay) == (train.steps, train.batch, train.lr, train.weight_decay)


def test_every_number_has_bounds() -> None:
    for kind in (Recovery, Ticket):
        for name, field in kind.model_fields.items():
            if field.annotation in (int, float):
                low, high = kind.bounds(name)
                assert low < high and low <= field.default <= high
    assert Ticket.bounds("share") == (5, 90) and quick("lenet_300_100") == TICKET


@given(
    st.integers(50, 200_000),
    st.floats(1e-6, 10),
    st.integers(2, 50),
    st.booleans(),
    st.floats(0, 1),
    st.none() | st.lists(st.sampled_from(list(STRATEGIES)), unique=True),
)
def test_words_come_back_as_they_were_written(
    steps: int, lr: float, rounds: int, flip: bool, mixing: float, ways: list[str] | None
) -> None:
    usual = Recovery.of("lenet_5")
    chosen = usual.model_copy(
        update={
            "steps": steps,
            "lr": lr,
            "rounds": rounds,
            "flip": flip,
            "mixing": mixing,
            "ways": None if ways is None else tuple(ways),
        }
    )
    assert Recovery.read(chosen.words("lenet_5"), usual) == (chosen, [])


def test_rounds_are_bounded_by_steps_in_whatever_order_they_come() -> None:
    usual = Recovery.of("lenet_5")
    for words in ({"rounds": "40", "steps": "20"}, {"steps": "20", "rounds": "40"}):
        chosen, (said,) = Recovery.read(words, usual)
        assert (chosen.steps, chosen.rounds) == (20, usual.rounds)
        assert said == "The link's rounds '40' cannot be used, 5 is taken instead. " + (
            "40 rounds need at least as many steps, not 20."
        )


def test_first_ways_are_those_that_fit() -> None:
    assert first_ways({"one_shot": "", "rigl": ""}) == ["one_shot"]


def test_words_that_go_with_each_other_but_not_with_the_defaults_are_read() -> None:
    usual = Recovery.of("lenet_300_100")
    chosen, changes = Recovery.read({"begins": "0.8", "ends": "0.9", "rounds": "30", "steps": "40"}, usual)
    assert not changes and (chosen.begins, chosen.ends, chosen.rounds, chosen.steps) == (0.8, 0.9, 30, 40)
    assert Recovery.read(chosen.words("lenet_300_100"), usual) == (chosen, [])
