"""Networks that a notebook has wrapped: ``wrapped:<hash>``, in the process where they were, and only there."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakValueDictionary

from pruning.common.errors import Missing
from pruning.common.sources import Source
from pruning.zoo.kinds import Model, sources

if TYPE_CHECKING:
    from torch import nn


class WrappedModel(Model):
    """A network that lies in memory, with the weights it had when it was wrapped."""

    embedded = False
    held = True

    network: ClassVar[nn.Module]

    def build(self) -> nn.Module:
        return copy.deepcopy(self.network)


_held: WeakValueDictionary[str, type[WrappedModel]] = WeakValueDictionary()
"""As long as somebody holds the class: whoever wrapped the network does."""


@sources.register
class WrappedModels(Source):
    """What ``pruning.wrap`` was given. Nobody lists them: they are one person's, and go with the notebook."""

    name = "wrapped"
    label = "Wrapped in a notebook"
    example = "wrapped:1f2e3d"

    def entry(self, rest: str) -> type[Any]:
        found = _held.get(rest)
        if found is None:
            raise Missing(
                f"The network {self.name}:{rest} is not in this process: it was wrapped in another notebook or "
                "session. Wrap it again (pruning.wrap(model, data)); the same weights and data get the same name."
            )
        return found


def hold(network: nn.Module, key: str, **about: object) -> type[WrappedModel]:
    """The class under which this process knows a network; the same one where it knows it already.

    Args:
        network: that nobody changes any more.
        key: made of all that it computes, and of its data.
        about: the class variables of a ``Model``.
    """
    found = _held.get(key)
    if found is None:
        content = {"__module__": __name__, "name": f"{WrappedModels.name}:{key}", "network": network, **about}
        found = _held[key] = type("Held", (WrappedModel,), content)
    return found
