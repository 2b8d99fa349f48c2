"""Steps that nobody waits for, as on a GPU: the same numbers as one by one. On a CPU here, graphs played by calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from pruning.common.errors import Cancelled
from pruning.common.progress import quiet
from pruning.state import State
from pruning.steps.prune import Prune
from pruning.steps.train import Train
from pruning.study.fold import state_of
from pruning.training import burst, cuda_graph
from pruning.training.trainee import Trainee
from pruning.training.trainings import together
from pruning.zoo.base import Base
from tests.helpers.invented import Images
from tests.helpers.networks import same, snapshot
from tests.training.test_together import pruned
from tests.training.test_training import Shelf

# The device holds learning rates in float32: one that float32 has exactly gives the same bits.
BASE: dict[str, Any] = {
    "steps": 23,
    "batch": 30,
    "lr": 2**-6,
    "schedule": "constant",
    "warmup": 0,
    "validation": 60,
    "looks": 3,
}


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Trainings here run as on a GPU; how many steps each burst had."""
    lengths: list[int] = []
    settle = burst.Burst._settle

    def counted(self: burst.Burst, count: int) -> None:
        lengths.append(count)
        settle(self, count)

    monkeypatch.setattr("pruning.training.loop.may_run_ahead", lambda trainees: True)
    monkeypatch.setattr(burst.Burst, "_settle", counted)
    monkeypatch.setattr(burst, "MOST", 5)
    return lengths


def both(works: list[tuple[Train, State, str]], monkeypatch: pytest.MonkeyPatch) -> tuple[list[State], list[State]]:
    """The states ahead, and step by step."""
    made = together(works, [quiet] * len(works))
    with monkeypatch.context() as usual:
        usual.setattr("pruning.training.loop.may_run_ahead", lambda trainees: False)
        return made, together(works, [quiet] * len(works))


def conv() -> State:
    return state_of(Base(model="lenet_5", mark="init"), ()).after(Prune(sparsity=500), "conv", quiet)


@pytest.mark.parametrize("kind", ["sgd", "adam"])
@pytest.mark.parametrize("others", [{}, {"during": "group_lasso"}, {"crop": 1}])
def test_the_same_bits_and_the_same_looks(
    kind: str, others: dict[str, Any], ahead: list[int], images: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = Train(**BASE, optimiser=kind, weight_decay=0.01, **others)
    works = [(train.model_copy(update={"seed": n}), pruned(500 + 100 * n), str(n)) for n in range(3)]
    works[2] = (works[2][0].model_copy(update={"steps": 9, "looks": 2}), *works[2][1:])
    for one, other in zip(*both(works, monkeypatch), strict=True):
        assert same(snapshot(one.model), snapshot(other.model)) and one.trace == other.trace
    assert ahead and max(ahead) <= 5 and sum(ahead) < 2 * 23  # the first step is torch's own


def test_convolutions_go_ahead_one_by_one(ahead: list[int], images: Images, monkeypatch: pytest.MonkeyPatch) -> None:
    works = [(Train(**BASE, seed=n), conv(), str(n)) for n in range(2)]
    for one, other in zip(*both(works, monkeypatch), strict=True):
        assert same(snapshot(one.model), snapshot(other.model)) and one.trace == other.trace
    assert sum(ahead) == 2 * 22


@pytest.mark.parametrize("kind", ["sgd", "adam"])
def test_one_that_diverges_in_a_burst_stays_as_it_was_before(
    kind: str, ahead: list[int], images: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Trainee.batch

    def batch(self: Trainee) -> tuple[Tensor, Tensor]:
        seen, labels = real(self)
        bad = self.session.spec.seed == 1 and self.session.step >= 4
        return seen * float("inf") if bad else seen, labels

    monkeypatch.setattr(Trainee, "batch", batch)
    monkeypatch.setattr(
        "pruning.training.trainee.batches_together",
        lambda batches, places: map(torch.stack, zip(*(batch(one) for one in trainees), strict=True)),
    )
    trainees: list[Trainee] = []
    begin = Trainee.__init__

    def noted(self: Trainee, *given: Any) -> None:
        begin(self, *given)
        trainees.append(self)

    monkeypatch.setattr(Trainee, "__init__", noted)
    monkeypatch.setattr("pruning.training.loop.fit_together", lambda models, *given: len(models) == 2)
    works = [(Train(**BASE, optimiser=kind, seed=n), pruned(500), str(n)) for n in range(2)]

    def run() -> list[State]:
        trainees.clear()
        return together(works, [quiet] * 2)

    made = run()
    monkeypatch.setattr("pruning.training.loop.may_run_ahead", lambda those: False)
    for one, other in zip(made, run(), strict=True):
        assert same(snapshot(one.model), snapshot(other.model)) and one.trace == other.trace
        assert one.diverged == other.diverged
    assert [one.diverged for one in made] == [None, 4]


def test_cancelled_between_bursts_goes_on_bit_for_bit(
    ahead: list[int], images: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pruning.training.trainee.SAVE_SECONDS", 0.0)
    works = [(Train(**BASE, optimiser="adam", seed=seed), pruned(500), str(seed)) for seed in (0, 1)]
    shelf = Shelf()

    def stop(done: float, *_: object) -> None:
        if done >= 10:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        together(works, [quiet, stop], shelf)
    assert shelf.files
    for one, other in zip(together(works, [quiet] * 2, shelf), together(works, [quiet] * 2), strict=True):
        assert same(snapshot(one.model), snapshot(other.model)) and one.trace == other.trace


class Player:
    """What stands for a graph: it does again what was captured, on the tensors that were captured."""

    def __init__(self, work: Callable[..., None], inputs: tuple[Tensor, ...]) -> None:
        self.work, self.inputs, self.played = work, inputs, 0

    def replay(self) -> None:
        self.played += 1
        self.work(*self.inputs)


@pytest.mark.parametrize("captured", [True, False])
def test_a_step_is_replayed_on_its_own_inputs_or_carried_out(captured: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    players: list[Player] = []

    def capture(work: Callable[..., None], inputs: tuple[Tensor, ...]) -> Player | None:
        if captured:
            players.append(Player(work, inputs))
        return players[-1] if captured else None

    monkeypatch.setattr(cuda_graph, "captured", capture)
    monkeypatch.setattr(cuda_graph, "aside", lambda work, inputs: work(*inputs))
    total = torch.zeros(3)
    again = cuda_graph.GraphReplay(lambda x: total.add_(x))
    for number in range(7):
        given = torch.full((3,), float(number))
        again(given)
        given.fill_(1e6)  # what comes later is no matter of a step that is done
    assert total.tolist() == [21.0] * 3
    assert [player.played for player in players] == ([7 - cuda_graph.WARM] if captured else [])


def test_graphs_replay_the_same_training(ahead: list[int], images: Images, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda_graph, "captured", Player)
    monkeypatch.setattr(cuda_graph, "aside", lambda work, inputs: work(*inputs))
    begin = burst.Burst.__init__

    def graphed(self: burst.Burst, *given: Any) -> None:
        begin(self, *given)
        self.step = cuda_graph.GraphReplay(self._step)

    monkeypatch.setattr(burst.Burst, "__init__", graphed)
    works = [(Train(**BASE, optimiser="adam", seed=n), pruned(500), str(n)) for n in range(3)]
    for one, other in zip(*both(works, monkeypatch), strict=True):
        assert same(snapshot(one.model), snapshot(other.model)) and one.trace == other.trace


def test_nothing_runs_ahead_on_a_cpu_nor_where_masks_change() -> None:
    class Fake:
        def __init__(self, device: str, during: str) -> None:
            from pruning.training.kinds import dynamics

            self.device, self.dynamics = torch.device(device), dynamics[during]()

    def allowed(*those: Fake) -> bool:
        return burst.may_run_ahead(those)  # type: ignore[arg-type]

    assert allowed(Fake("cuda", "static"), Fake("cuda", "group_lasso"))
    assert not allowed(Fake("cpu", "static"))
    for during in ("gradual", "rigl", "set", "movement", "quantized"):
        assert not allowed(Fake("cuda", "static"), Fake("cuda", during))
