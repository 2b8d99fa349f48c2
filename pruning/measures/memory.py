"""Memory: how many bytes a pass holds at its highest moment, before and after removal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from pruning.common.progress import Desk
from pruning.measures.kinds import Measure, measures

if TYPE_CHECKING:
    from pruning.state import State


@measures.register
class Memory(Measure):
    """Peak bytes of one pass of the dense network and of the one without its masked units.

    Counted on a real pass: weights, buffers, images and all tensors alive at once; not what kernels take for
    themselves. The masked network holds what the dense one holds. Result: ``rows``, one per batch size: ``batch``
    (images), ``dense`` and ``small`` (bytes).
    """

    name = "memory"
    label = "Peak memory"
    summary = "Bytes alive at the highest moment of a pass, dense and with the masked units removed."

    batches: tuple[Annotated[int, Field(ge=1, le=1024)], ...] = Field(
        (1, 16, 64), min_length=1, max_length=8, description="Images in one pass."
    )

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:

        from pruning.compression.removal.remove import removed
        from pruning.network.inputs import drawn
        from pruning.network.passes import like
        from pruning.network.peak import peak_bytes

        shape = state.base.input_shape
        variants, rows = {"dense": state.start.model, "small": removed(state).model}, []
        for number, batch in enumerate(self.batches):
            desk.progress(number, len(self.batches), f"{batch} images a pass")
            images = like(state.model, drawn(state.model, shape, batch))
            rows.append({"batch": batch, **{name: peak_bytes(model, images) for name, model in variants.items()}})
        return {"rows": rows}
