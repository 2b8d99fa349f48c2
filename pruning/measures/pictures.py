"""Test images for people to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from pruning.common.progress import Desk
from pruning.measures.kinds import Measure, measures

if TYPE_CHECKING:
    from pruning.state import State


SIDE = 96


@measures.register
class Pictures(Measure):
    """Images of a split by position: ``images``, uint8 arrays ``(H, W)`` or ``(H, W, 3)``, at most 96 a side."""

    name = "pictures"
    label = "Pictures"
    stored = False

    split: str = "test"
    positions: tuple[int, ...] = Field(max_length=24)

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        from pruning.common.errors import BadValue, Incompatible
        from pruning.zoo.match import split_of

        images = split_of(state.base, self.split)
        for position in self.positions:
            if not 0 <= position < len(images):
                raise BadValue(f"The {self.split} split has images 0 to {len(images) - 1} (given: {position}).")
        shown = [state.base.task.show(images, i) for i in self.positions]
        if any("picture" not in one for one in shown):
            raise Incompatible(f"{state.base.model} sees {state.base.task.unit}, of which there are no pictures.")
        pictures = [one["picture"] for one in shown]
        return {"images": [p[:: -(-p.shape[0] // SIDE), :: -(-p.shape[1] // SIDE)] for p in pictures]}
