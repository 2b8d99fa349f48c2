"""Lottery tickets: cells and prefixes, verdicts against scipy, early stops, stored experiments."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from scipy import stats

from pruning.results.tickets import ARMS, means_frame, read_stored, rows_frame, sentence, verdicts
from pruning.steps.prune import Prune
from pruning.steps.rewind import Rewind
from pruning.steps.shuffle import Shuffle
from pruning.steps.train import Train
from pruning.study.methods.tickets import REDRAW, Experiment, early_step, levels_of

EXPERIMENT = Experiment(train=Train(steps=40), levels=(500, 750, 875), seeds=(0, 1))


def row(seed: int, arm: str, level: int, correct: int, early: int | None = 100) -> dict[str, object]:
    return {
        "seed": seed,
        "arm": arm,
        "level": level,
        "correct": correct,
        "count": 1000,
        "early_step": early,
        "steps": 400,
        "diverged": None,
    }


TABLE = rows_frame(
    [row(seed, "dense", 0, 900 + seed) for seed in range(3)]
    + [row(s, "ticket", 969, c, e) for s, c, e in ((0, 870, 300), (1, 880, 320), (2, 876, None))]
    + [row(s, "redrawn", 969, c) for s, c in ((0, 850), (1, 862), (2, 877))]
    + [row(0, "ticket", 990, 700), row(0, "redrawn", 990, 720)]
)


def test_levels_take_a_share_of_what_is_left() -> None:
    assert levels_of(0.5, 5) == (500, 750, 875, 938, 969)
    assert levels_of(0.2, 3) == (200, 360, 488)
    deep = levels_of(0.9, 40)  # per mille ends at 999: no level twice, none full
    assert deep[-1] == 999 and len(set(deep)) == len(deep)


def test_every_network_once_round_by_round() -> None:
    cells = EXPERIMENT.cells()
    assert len(cells) == 2 * (1 + 3 * 3) == len({(c.seed, c.arm, c.level) for c in cells})
    assert [c.level for c in cells] == sorted(c.level for c in cells)
    assert {c.arm for c in cells} == set(ARMS)
    assert len({c.base.state_key(c.recipe) for c in cells}) == len(cells)


def test_a_round_goes_on_from_the_ticket_before_and_controls_differ_at_the_end_alone() -> None:
    cells = {(c.seed, c.arm, c.level): c for c in EXPERIMENT.cells()}
    recipe = {key: cell.recipe for key, cell in cells.items()}
    for seed in (0, 1):
        chain = [recipe[seed, "dense", 0], *(recipe[seed, "ticket", level] for level in EXPERIMENT.levels)]
        for before, after in zip(chain, chain[1:], strict=False):
            assert after[: len(before)] == before and [type(s) for s in after[len(before) :]] == [Prune, Rewind, Train]
        for level in EXPERIMENT.levels:
            own, other, random = (recipe[seed, arm, level] for arm in ("ticket", "redrawn", "shuffled"))
            assert other[:-2] == own[:-2] and other[-2] == Rewind(redraw=seed + REDRAW) and other[-1] == own[-1]
            assert random[:-3] == own[:-2] and random[-3] == Shuffle(seed=seed) and random[-2:] == own[-2:]
            assert cells[seed, "ticket", level].before == 40 * (1 + EXPERIMENT.levels.index(level))
    assert all(s.seed == seed for (seed, _, _), r in recipe.items() for s in r if isinstance(s, Train))


def test_rewinding_to_an_early_step_starts_there() -> None:
    early = EXPERIMENT.model_copy(update={"mark": "early"})
    for cell in early.cells():
        assert cell.base.mark == "early"
        assert all(s == Rewind(mark="early") for s in cell.recipe if isinstance(s, Rewind))
    # Other initial weights would start behind by the early steps: no such arm.
    assert {cell.arm for cell in early.cells()} == {"dense", "ticket", "shuffled"}


def test_seeds_without_early_weights_of_their_own_are_other_data_orders() -> None:
    deep = EXPERIMENT.model_copy(update={"mark": "early", "model": "resnet_20"})
    bases = {cell.seed: (cell.base.seed, cell.recipe[-1].seed) for cell in deep.cells()}  # type: ignore[union-attr]
    assert bases == {0: (0, 0), 1: (0, 1)}
    keys = [cell.study.cells()[0].state_key for cell in deep.cells()]
    assert len(set(keys)) == len(keys)


def test_the_early_stop_is_of_the_last_training_and_the_first_of_equals() -> None:
    losses = [(20, 20, 0.1), (40, 40, 0.2), (60, 20, 0.7), (80, 40, 0.5), (100, 60, 0.5)]
    rows = [{"total": t, "step": s, "validation_loss": loss} for t, s, loss in losses]
    assert early_step(rows, 40) == 40 and early_step(rows) == 20
    assert early_step(rows, 100) is None  # diverged before the first look
    assert early_step([{"total": 5, "step": 5}]) is None


def test_verdicts_are_the_paired_t_test() -> None:
    found = verdicts(TABLE).set_index("level")
    gaps = [0.020, 0.018, -0.001]
    low, high = stats.ttest_1samp(gaps, 0).confidence_interval(0.95)
    assert found["difference"][969] == pytest.approx(sum(gaps) / 3)
    assert (found["low"][969], found["high"][969]) == pytest.approx((low, high))
    assert (found["wins"][969], found["seeds"][969]) == (2, 3)
    assert math.isnan(found["low"][990]) and found["wins"][990] == 0 and found["seeds"][990] == 1
    against = verdicts(TABLE, "dense").set_index("level")
    assert against["difference"][969] == pytest.approx((870 - 900 + 880 - 901 + 876 - 902) / 3000)
    assert verdicts(TABLE, "shuffled").empty


def test_a_tie_is_no_win() -> None:
    assert verdicts(rows_frame([row(0, "ticket", 500, 800), row(0, "redrawn", 500, 800)]))["wins"].tolist() == [0]


def test_verdicts_in_words() -> None:
    above = {"level": 964, "difference": 0.019, "low": 0.008, "high": 0.030, "wins": 3, "seeds": 3}
    assert sentence(above) == (
        "At 3.6 % of the weights the ticket is 1.9 points above its re-initialisation "
        "(0.8 to 3.0 over 3 seeds, 3 of 3 won)"
    )
    below = above | {"difference": -0.019, "low": -0.030, "high": -0.008, "wins": 0}
    assert "1.9 points below a random mask (0.8 to 3.0 over 3 seeds, 0 of 3 won)" in sentence(below, "shuffled")
    alone = above | {"low": math.nan, "high": math.nan, "wins": 1, "seeds": 1}
    assert "one seed: no interval, 1 of 1 won" in sentence(alone)
    mixed = above | {"difference": -0.005, "low": -0.02, "high": 0.01}
    assert "0.5 points below" in sentence(mixed) and "(-1.0 to 2.0 over" in sentence(mixed)


def test_means_lowest_and_highest_by_arm_and_level() -> None:
    means = means_frame(TABLE).set_index(["arm", "level"])
    assert means.loc[("ticket", 969), "accuracy"] == pytest.approx((870 + 880 + 876) / 3000)
    assert tuple(means.loc[("ticket", 969), ["low", "high", "early", "early_low", "early_high"]]) == (
        0.87,
        0.88,
        310,
        300,
        320,
    )
    assert means.loc[("dense", 0), "seeds"] == 3


def test_stored_experiments_are_read_and_damaged_ones_left_out(tmp_path: Path) -> None:
    content = {"schema_version": 1, "name": "full", "model": "lenet_300_100", "rows": [row(0, "dense", 0, 900)]}
    (tmp_path / "a.json").write_text(json.dumps(content))
    (tmp_path / "b.json").write_text("{")
    (tmp_path / "c.json").write_text(json.dumps(content | {"schema_version": 2}))
    (tmp_path / "d.json").write_text(json.dumps(content | {"rows": [row(0, "other", 0, 900)]}))
    (one,) = read_stored(tmp_path)
    assert one.name == "full" and one.about["model"] == "lenet_300_100" and one.rows["accuracy"].tolist() == [0.9]
    assert read_stored(tmp_path / "none") == []


def test_the_output_layer_loses_half_the_share_of_what_is_left_in_each_round() -> None:
    """Frankle & Carbin 2019, figure 2: 20 % a round, 10 % for the output layer, so that 0.9^n of it remain."""
    from pruning.common.progress import quiet
    from pruning.steps.prune import Prune
    from pruning.study.fold import state_of
    from pruning.zoo.base import Base

    state, levels = state_of(Base(mark="init"), ()), levels_of(0.2, 15)
    own = Experiment().prune
    for number, level in enumerate(levels, 1):
        step = Prune.model_validate(own.model_dump() | {"sparsity": level})
        state = state.after(step, f"round {number}", quiet)
        left = {name: int(mask.sum()) for name, mask in state.masks.items()}
        whole = sum(left.values()) / 266_200
        assert whole == pytest.approx(1 - level / 1000, abs=1e-5)
        assert left["fc3.weight"] == pytest.approx(1000 * 0.9**number, abs=6)
        assert left["fc1.weight"] / 235_200 == pytest.approx(0.8**number, rel=0.03)
