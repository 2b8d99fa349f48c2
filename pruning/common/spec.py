"""Specifications: frozen, validated, hashable descriptions of work, and what every step of a recipe is. No torch."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from pruning.common.hashing import canonical
from pruning.common.progress import Progress, Shelf, quiet
from pruning.common.registry import Entry

Options = dict[str, Any]
"""Options of a registered thing, by their names."""


class Spec(BaseModel):
    """A frozen specification that refuses what it does not know.

    >>> from pruning.zoo.base import Base
    >>> base = Base(model="lenet_5")
    >>> base == Base(model="lenet_5", seed=0), base in {Base(model="lenet_5"): "found"}
    (True, True)
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    def __hash__(self) -> int:
        return hash(canonical(self))


class Step(Spec, Entry):
    """One step of a recipe: what is asked for, how it is done, and how it is said, in one file.

    ``version`` rises when the same specification would give another result.
    """

    version: ClassVar[int] = 1
    kind: str

    def key_part(self) -> list[Any]:
        """What the step adds to a state's key."""
        return [self.kind, self.version, self.model_dump(mode="json", exclude_defaults=True)]

    def apply(self, state: Any, key: str, progress: Progress = quiet, shelf: Shelf | None = None) -> Any:
        """The state after this step (``pruning.state.State``), under that key; the given state stays as it was.

        Call ``state.after(step, key)``, which notes the step.

        Args:
            shelf: where steps that take long keep what they have done, to go on from it.

        Raises:
            Incompatible: the step does not apply to this network; the sentence says why.
        """
        raise NotImplementedError

    def words(self) -> str:
        """The step in a sentence, with what differs from the defaults."""
        raise NotImplementedError


def said(options: Options) -> str:
    """Options in brackets behind a name, or nothing: `` (cap 900, floor 10)``.

    >>> said({"cap": 900, "floor": 10})
    ' (cap 900, floor 10)'
    >>> said({})
    ''
    """
    return f" ({', '.join(f'{name} {value}' for name, value in options.items())})" if options else ""
