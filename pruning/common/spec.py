"""Specifications: frozen, validated, hashable descriptions of work, and what every step of a recipe is. No torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from pruning.common.hashing import canonical
from pruning.common.options import option_list
from pruning.common.progress import Progress, Shelf, quiet
from pruning.common.registry import Entry, registries

Options = dict[str, Any]
"""Options of a registered thing, by their names."""


class Spec(BaseModel):
    """A frozen specification that refuses what it does not know.

    >>> from pruning.zoo.base import Base
    >>> base = Base(model="lenet_5")
    >>> base == Base(model="lenet_5", seed=0), base in {Base(model="lenet_5"): "found"}
    (True, True)
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def __hash__(self) -> int:
        return hash(canonical(self))


class Step(Spec, Entry):
    """One step of a recipe: its settings, how it is applied, and how it is described, in one file."""

    kind: str

    def key_part(self, before: Sequence[Step] = ()) -> list[Any]:
        """What the step adds to a state's key, behind the steps before it.

        Kind, version and options; then, where one is above 1, the versions of the registered things that it uses.
        """
        recipe = (*before, self)
        used = {place: entry.version_in(recipe) for place, entry in self.uses().items()}
        newer = {place: version for place, version in used.items() if version > 1}
        options = self.model_dump(mode="json", exclude_defaults=True)
        return [self.kind, self.version_in(recipe), options, *([newer] if newer else [])]

    def may_mask(self) -> bool:
        """Whether later steps may find weights masked that were not before it."""
        return False

    def uses(self) -> dict[str, type[Entry]]:
        """The registered things whose results are part of its own, by the place that they have in it."""
        return {}

    def apply(self, state: Any, key: str, progress: Progress = quiet, shelf: Shelf | None = None) -> Any:
        """The state after this step (``pruning.state.State``), under that key; the given state stays as it was.

        Call ``state.after(step, key)``, which notes the step.

        Args:
            shelf: storage for files in which a long step saves its progress, so that it can continue later.

        Raises:
            Incompatible: the step does not apply to this network; the sentence says why.
        """
        raise NotImplementedError

    def words(self) -> str:
        """The step in a sentence, with what differs from the defaults."""
        raise NotImplementedError


def parts(steps: Iterable[Step]) -> list[list[Any]]:
    """What the steps of a recipe add to a key, in their order."""
    recipe = tuple(steps)
    return [step.key_part(recipe[:place]) for place, step in enumerate(recipe)]


def named(place: str, entry: type[Entry], options: Mapping[str, Any]) -> dict[str, type[Entry]]:
    """A registered thing, and those that its options name ("of" of a control), by place: "scorer", "scorer of"."""
    inner = [(one["name"], one["registry"], one["default"]) for one in option_list(entry) if one["registry"]]
    return {
        place: entry,
        **{f"{place} {name}": registries[kind][options.get(name, default)] for name, kind, default in inner},
    }


def said(options: Options) -> str:
    """Options in brackets behind a name, or nothing: `` (cap 900, floor 10)``.

    >>> said({"cap": 900, "floor": 10})
    ' (cap 900, floor 10)'
    >>> said({})
    ''
    """
    return f" ({', '.join(f'{name} {value}' for name, value in options.items())})" if options else ""
