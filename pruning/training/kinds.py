"""The base class of what happens to masks while a network trains (gradual pruning, regrowth …), and its registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pruning.common.registry import Entry, Registry

if TYPE_CHECKING:
    from torch import Tensor

    from pruning.training.session import Session


class Dynamics(Entry):
    """What changes masks, gradients or loss while a network trains: gradual pruning, regrowth, penalties.

    It keeps nothing itself: what must survive an interruption goes into ``session.memory``, which checkpoints hold.
    """

    revives: ClassVar[bool] = False
    """Whether it may switch a mask entry on again."""
    norm: ClassVar[bool] = False
    """Whether it needs a network with BatchNorm."""
    own: ClassVar[bool] = False
    """Whether what goes is chosen by a criterion of its own, whatever scorer is asked for."""
    criterion: ClassVar[str] = ""
    """The scorer that belongs to it: what is pruned after the training, whatever scorer is asked for."""

    @property
    def settled(self) -> bool:
        """Whether it leaves gradients, weights and masks to the optimiser."""
        return all(getattr(type(self), hook) is getattr(Dynamics, hook) for hook in ("gradients", "after"))

    def begin(self, session: Session) -> None:
        """Before the first step, of a new training and of a continued one."""

    def penalty(self, session: Session) -> Tensor | None:
        """A term added to the loss."""
        return None

    def gradients(self, session: Session) -> None:
        """After the backward pass, before the optimiser's step."""

    def after(self, session: Session) -> None:
        """After the optimiser's step; the masks are applied afterwards."""


dynamics: Registry[Dynamics] = Registry("way of training", "pruning.training.dynamics")
