"""The methods of the literature as recipes: flat tuples of steps. No torch."""

from __future__ import annotations

from typing import Literal

from pruning.steps.prune import Prune
from pruning.steps.rewind import Rewind
from pruning.steps.shuffle import Shuffle
from pruning.steps.train import Train
from pruning.study.recipe import AnyStep, Recipe
from pruning.training.schedules import Growth

Mark = Literal["init", "early", "dense"]


def one_shot(prune: Prune, train: Train) -> Recipe:
    """Prune once, then fine-tune (Han et al. 2015, the single round)."""
    return (prune, train)


def iterative(prune: Prune, train: Train, count: int, growth: Growth = "geometric") -> Recipe:
    """Prune and train in ``count`` rounds, with a fresh score each; the training steps are shared among the rounds.

    The rounds together have exactly ``train.steps`` steps, and each goes on in the data order where the last one ended,
    so that methods compare on equal budgets and equal images.

    >>> steps = iterative(Prune(sparsity=900), Train(steps=100), 3)
    >>> [(step.kind, getattr(step, "sparsity", None)) for step in steps]
    [('prune', 536), ('train', None), ('prune', 785), ('train', None), ('prune', 900), ('train', None)]
    """
    steps: list[AnyStep] = []
    for number, step in enumerate(prune.in_rounds(count, growth)):
        first, end = (part * train.steps // count for part in (number, number + 1))
        part = train.model_copy(update={"steps": end - first, "first": train.first + first})
        steps += [step, part]
    return tuple(steps)


def rewound(prune: Prune, train: Train, mark: Mark) -> Recipe:
    """Prune, set the survivors back to an earlier value, train again (Renda et al. 2020, weight rewinding)."""
    return (prune, Rewind(mark=mark), train)


def ticket(prune: Prune, train: Train, levels: tuple[int, ...], mark: Mark = "init") -> Recipe:
    """Iterative magnitude pruning with rewinding, ending in the trained ticket of the last level.

    Frankle & Carbin 2019: train, prune, rewind to the initial weights, and again. Deeper networks start from, and are
    rewound to, an early step instead (mark ``early``; Frankle et al. 2020).

    >>> [step.kind for step in ticket(Prune(), Train(), levels=(500, 750))]
    ['train', 'prune', 'rewind', 'train', 'prune', 'rewind', 'train']
    """
    steps: list[AnyStep] = [train]
    for level in levels:
        steps += [prune.at(level), Rewind(mark=mark), train]
    return tuple(steps)


def redrawn(recipe: Recipe, seed: int) -> Recipe:
    """A ticket's control: the same mask on other initial weights."""
    return (*recipe[:-2], Rewind(mark="init", redraw=seed), recipe[-1])


def shuffled(recipe: Recipe, seed: int) -> Recipe:
    """A ticket's control: its own initial weights under a random mask of the same layer densities."""
    return (*recipe[:-2], Shuffle(seed=seed), *recipe[-2:])
