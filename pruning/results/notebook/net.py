"""A network in a notebook: its steps, what is measured of it, and the way back into somebody's own module."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pruning.common.errors import BadValue
from pruning.common.levels import LEVELS
from pruning.common.validation import checked
from pruning.criteria.compatibility import allocations_for
from pruning.results.notebook import outcomes
from pruning.results.notebook.outcome import Outcome
from pruning.steps.prune import Prune
from pruning.steps.quantize import Quantize
from pruning.steps.remove import Remove
from pruning.steps.train import Train
from pruning.study.recipe import level_of, prunes
from pruning.study.study import Study
from pruning.study.words import recipe_in_words
from pruning.zoo.base import Base

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from pruning.common.spec import Step

SHARES = (0.0, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
"""Sparsities of a curve, where no others are asked for."""
UNTOUCHED = "This is the network as it was wrapped. What prune gives is another one: pruned = net.prune(…); pruned.{}."


def level(share: float) -> int:
    """The level (per mille) that a share (0..1) means.

    >>> level(0.8), level(0.975)
    (800, 975)
    >>> level(80)
    Traceback (most recent call last):
        ...
    pruning.common.errors.BadValue: A sparsity is a share from 0 to 1 in steps of 0.001, such as 0.8; not 80.
    """
    found = share * LEVELS if isinstance(share, int | float) and 0 <= share <= 1 else -1
    if abs(found - round(found)) > 1e-6 or found < 0:
        raise BadValue(f"A sparsity is a share from 0 to 1 in steps of 0.001, such as 0.8; not {share}.")
    return round(found)


class Net:
    """A wrapped network after the steps of a recipe. ``prune``, ``train``, ``remove``, ``quantize`` and ``then`` each
    give another one, and leave this one as it is. Nothing is computed before somebody looks.

    Attributes:
        base: what the recipe starts from.
        recipe: the steps.
        notes: sentences on what was left out when it was wrapped.
    """

    def __init__(self, held: Any, base: Base, recipe: tuple[Step, ...] = (), family: list[Net] | None = None) -> None:
        self._held, self.base, self.recipe = held, base, recipe
        self.notes: tuple[str, ...] = held.notes
        self._family = [] if family is None else family
        self._family.append(self)

    def then(self, *steps: Step) -> Net:
        """The network after further steps, such as ``pruning.Rewind(...)``."""
        return Net(self._held, self.base, (*self.recipe, *steps), self._family)

    def prune(self, scorer: str = "magnitude_l1", sparsity: float = 0.8, **options: Any) -> Net:
        """The network with a share of its weights masked.

        Args:
            scorer: its name; ``pruning.scorers.names()`` lists them.
            sparsity: share of all prunable weights (0..1).
            options: of the step (``granularity="channel"``, ``allocation=…``, ``seed=…``), else of the scorer.

        Raises:
            UnknownName, BadValue, Incompatible: there is no such thing, or it does not go together.
        """
        return self.then(_prune(scorer, level(sparsity), options))

    def train(self, steps: int = 200, **options: Any) -> Net:
        """The network trained under its masks; options as ``pruning.Train`` has them (``lr=…``, ``batch=…``)."""
        return self.then(checked("the training", Train, {"steps": steps, **options}))

    def remove(self) -> Net:
        """The network without its masked channels, heads and blocks: smaller, with the same outputs."""
        return self.then(Remove())

    def quantize(self, bits: int = 8, **options: Any) -> Net:
        """The network with its weights rounded to few levels; options as ``pruning.Quantize`` has them."""
        return self.then(checked("the quantization", Quantize, {"bits": bits, **options}))

    def curve(
        self, scorers: Iterable[str] | str = ("magnitude_l1",), sparsities: Iterable[float] = SHARES, **options: Any
    ) -> Outcome:
        """Test accuracy against sparsity, one curve a scorer; options are those of the pruning step."""
        names = [scorers] if isinstance(scorers, str) else list(scorers)
        steps = {name: _prune(name, 0, options) for name in names}
        return outcomes.curve(self.base, self.recipe, steps, tuple(sorted({level(s) for s in sparsities})), self.notes)

    def layers(self) -> Outcome:
        """The layers: their weights, and how many of them are masked."""
        recipe = self.recipe if prunes(self.recipe) else (*self.recipe, Prune().at(0))
        return outcomes.layers(self.base, recipe, level_of(recipe), self.notes)

    def sensitivity(self, scorer: str = "magnitude_l1", count: int = 1000, **options: Any) -> Outcome:
        """Validation accuracy with one layer alone pruned, layer by layer and share by share."""
        return outcomes.sensitivity(self.base, (*self.recipe, _prune(scorer, 0, options)), count, self.notes)

    def compare(self) -> Outcome:
        """All networks that were made of this one so far, dense first: accuracy, bytes of the smallest file, MACs."""
        return outcomes.compare(self.base, tuple(dict.fromkeys(one.recipe for one in self._family)), self.notes)

    @cached_property
    def outcome(self) -> Outcome:
        """What was measured of this network: the same as its last line in a cell shows."""
        return outcomes.state(self.base, self.recipe, self.notes)

    @property
    def table(self) -> pd.DataFrame:
        """One line: what was removed, and accuracy beside the dense network's on the same examples."""
        return self.outcome.table

    def figure(self, theme: str = "light") -> go.Figure:
        """The layers after pruning, the curves of a training, or what was gained and lost."""
        return self.outcome.figure(theme)

    @property
    def study(self) -> Study:
        """What measures this network; ``pruning.run(net.study)``."""
        return self.outcome.study

    def state(self) -> Any:
        """The network itself with its masks: ``pruning.state.State``, whose ``model`` nobody may change."""
        from pruning.study.fold import state_of

        return state_of(self.base, self.recipe)

    def apply_to(self, model: Any) -> Any:
        """Write the weights of this network into a module: the one that was wrapped, or another of the same shapes.

        Raises:
            BadValue: nothing was done to the network, or its shapes are others, as after ``remove``.
        """
        if not self.recipe:
            raise BadValue(UNTOUCHED.format("apply_to(model)"))
        from pruning.zoo.wrapping.wrap import write

        write(self.state().model, model)
        return model

    def save(self, path: str | Path) -> str:
        """Take the network home: a file, and beside it its masks, a model card and facts (``best.masks.safetensors``,
        ``best.README.md``, ``best.facts.json``). The file was read by a fresh process without this package before.

        Args:
            path: its ending says the form: ``.pth`` or ``.pt`` (state dict with the keys of the module), ``.pt2``
                (torch.export), ``.onnx``, ``.safetensors``.

        Returns:
            What that process found, in a sentence.

        Raises:
            BadValue: another ending, or nothing was done to the network.
            Incompatible: the network cannot be written so.
        """
        if not self.recipe:
            raise BadValue(UNTOUCHED.format("save('best.pth')"))
        from pruning.results.notebook.saving import save

        return save(self.state(), Path(path))

    def __repr__(self) -> str:
        steps = " ".join(recipe_in_words(self.recipe))
        return f"<{self._held.model.label}: {steps}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return self.outcome._repr_mimebundle_(include, exclude)


def _prune(scorer: str, at: int, options: dict[str, Any]) -> Prune:
    """A pruning step; options that are no field of it are the scorer's. The usual allocation, or one that goes."""
    mine = {name: value for name, value in options.items() if name in Prune.model_fields}
    own = {name: value for name, value in options.items() if name not in mine}
    if "allocation" not in mine:
        fitting = allocations_for(scorer, mine.get("granularity", "weight"))
        usual = Prune.model_fields["allocation"].default
        mine["allocation"] = (
            usual if usual in fitting or not fitting else "uniform" if "uniform" in fitting else fitting[0]
        )
    options = {"options": own} if own else {}
    return checked("the pruning", Prune, {"scorer": scorer, "sparsity": at, **options, **mine})
