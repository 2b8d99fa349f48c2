"""Data that people added under a name of their own: ``own:cats``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pruning.common.errors import BadValue, Missing, UnknownName, reason
from pruning.common.limits import ENTRIES
from pruning.common.memory import Recent
from pruning.common.sources import Source
from pruning.zoo.kinds import SPLITS, Dataset, data_sources
from pruning.zoo.own_data import kept
from pruning.zoo.preprocessing import Preprocessing

if TYPE_CHECKING:
    from pruning.zoo.kinds import Split

FACTS = ("label", "summary", "task")
LISTS = ("classes", "shape", "mean", "std", "columns")
_made: Recent[type[Any]] = Recent(ENTRIES, "added data")


class AddedData(Dataset):
    """What somebody added: pictures, rows of a table, or texts."""

    licence = "yours"
    rank = 60
    own = True
    kind: ClassVar[str]
    content: ClassVar[str]
    mean: ClassVar[tuple[float, ...]] = ()
    """Of the colours, from 0 to 1, over all pictures."""
    std: ClassVar[tuple[float, ...]] = ()
    columns: ClassVar[tuple[str, ...]] = ()
    """Names of a table's inputs."""

    def form(self) -> str:
        return self.content

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return kept.folder_of(self.name.partition(":")[2])

    def load(self, split: str) -> Split:
        from pruning.zoo.own_data.loading import loaded

        if split not in SPLITS:
            raise BadValue(f"There is no split '{split}': choose {', '.join(SPLITS)}.")
        try:
            height, width = self.shape[-2:] if self.mean else (0, 0)
            ready = Preprocessing((height, width), min(height, width), self.mean, self.std)
            return loaded(self.folder, split, self.shape[0], ready, self.columns)
        except (OSError, ValueError, EOFError) as error:
            raise Missing(f"The data in {self.folder} is damaged ({reason(error)}): add it again.") from None


@data_sources.register
class Own(Source):
    name = "own"
    label = "Your own"
    summary = "Data that people added to this server."
    example = "own:cats"
    rank = 1

    def entry(self, rest: str) -> type[AddedData]:
        said = kept.card_of(rest)
        if said.get("kind") == "texts":
            raise UnknownName("data of your own that networks here take, called", rest, [])
        key = (str(kept.folder_of(rest)), said["content"], said["label"])

        def make() -> type[AddedData]:
            about = {name: said[name] for name in (*FACTS, "kind", "content")}
            about |= {name: tuple(said[name]) for name in LISTS if name in said}
            about["sizes"] = tuple(sum(said["counts"][split].values()) for split in SPLITS)
            about |= {"__module__": __name__, "__doc__": said["summary"], "name": f"own:{rest}"}
            return type(f"own:{rest}", (AddedData,), about)

        return _made.get_or_make(key, make)

    def listed(self) -> list[str]:
        return [f"{self.name}:{name}" for name, said in kept.cards().items() if said.get("kind") != "texts"]
