"""Data that a notebook has wrapped with a network: ``wrapped:<hash>``, in the process where it was, and only there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakValueDictionary

from pruning.common.errors import BadValue, Missing
from pruning.common.sources import Source
from pruning.zoo.kinds import SPLITS, Dataset, data_sources

if TYPE_CHECKING:
    from pruning.zoo.kinds import Split


class WrappedDataset(Dataset):
    """Examples that lie in memory."""

    embedded = False
    splits: ClassVar[dict[str, Split]]

    def load(self, split: str) -> Split:
        if split not in self.splits:
            raise BadValue(f"There is no split '{split}': choose {', '.join(SPLITS)}.")
        return self.splits[split]


_held: WeakValueDictionary[str, type[WrappedDataset]] = WeakValueDictionary()
"""As long as somebody holds the class: whoever wrapped the data does."""


@data_sources.register
class WrappedData(Source):
    """What ``pruning.wrap`` was given. Nobody lists it: it is one person's, and goes with the notebook."""

    name = "wrapped"
    label = "Wrapped in a notebook"
    example = "wrapped:1f2e3d"

    def entry(self, rest: str) -> type[Any]:
        found = _held.get(rest)
        if found is None:
            raise Missing(
                f"The data {self.name}:{rest} is not in this process: it was wrapped in another notebook or session. "
                "Wrap it again (pruning.wrap(model, data)); the same examples get the same name."
            )
        return found


def hold(splits: dict[str, Split], key: str, **about: object) -> type[WrappedDataset]:
    """The class under which this process knows some data; the same one where it knows it already.

    Args:
        key: made of all examples.
        about: the class variables of a ``Dataset``.
    """
    found = _held.get(key)
    if found is None:
        content = {"__module__": __name__, "name": f"{WrappedData.name}:{key}", "splits": splits, **about}
        found = _held[key] = type("HeldData", (WrappedDataset,), content)
    return found
