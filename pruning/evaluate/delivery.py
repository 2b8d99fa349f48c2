"""The network as a file to take home, in the form that a person wants, or in the smallest there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from pruning.entries import Desk, Measure
from pruning.registry import measures

if TYPE_CHECKING:
    from pruning.state import State


@measures.register
class Delivery(Measure):
    """A file of the network as it would be delivered: ``path`` in the store, ``bytes``, ``form``.

    ``pruning.surgery.load_small`` reads each of them. The smallest is the one that the measure ``footprint`` counts.
    """

    name = "delivery"
    label = "Delivery"
    summary = "The network as a file: plain safetensors, or the smallest form there is."
    stored = False

    form: Literal["plain", "smallest"] = Field("plain", description="Plain safetensors, or the smallest form.")
    zstd_level: int = Field(19, ge=1, le=19, description="Effort of the compression.")

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        from pruning.encoding import compressed
        from pruning.errors import StoreError
        from pruning.surgery.files import delivery

        if desk.save is None:
            raise StoreError("A file to take home needs a store to be written to.")
        made = delivery(state)[1]
        form, suffix = "plain", ".safetensors"
        if self.form == "smallest":
            made |= {f"{form}_zstd": compressed(data, self.zstd_level) for form, data in made.items()}
            form = min(made, key=lambda form: len(made[form]))
            suffix = ".safetensors.zst" if form.endswith("_zstd") else suffix
        path = desk.save("delivery", state.key, made[form], suffix)
        return {"path": str(path), "bytes": len(made[form]), "form": form}
