"""The network as a file for download, in the form that a person wants, or in the smallest there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from pruning.common.progress import Desk
from pruning.measures.kinds import Measure, measures

if TYPE_CHECKING:
    from pruning.state import State


@measures.register
class Delivery(Measure):
    """A file of the network as it would be delivered: ``path`` in the store, ``bytes``, ``form``.

    ``pruning.load_small`` reads each of them. The smallest is the one that the measure ``footprint`` counts.
    """

    name = "delivery"
    label = "Delivery"
    summary = "The network as a file: plain safetensors, or the smallest form there is."
    stored = False

    form: Literal["plain", "smallest"] = Field("plain", description="Plain safetensors, or the smallest form.")
    zstd_level: int = Field(19, ge=1, le=19, description="Effort of the compression.")

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        from pruning.compression.removal.files import delivery, smallest

        keep, (_, made) = desk.keeper(), delivery(state)
        form, data = "plain", made["plain"]
        if self.form == "smallest":
            best = smallest(made, self.zstd_level)
            form, data = best.form, best.data
        suffix = ".safetensors.zst" if form.endswith("_zstd") else ".safetensors"
        return {**keep("delivery", state.key, data, suffix), "form": form}
