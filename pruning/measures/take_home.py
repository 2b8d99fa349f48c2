"""The pruned network as a zip to take home: its file, its masks, a model card, and what a fresh process said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from pruning.common.progress import Desk
from pruning.measures.kinds import Measure, measures

if TYPE_CHECKING:
    from torch import Tensor, nn

    from pruning.state import State

SUFFIX = {"state_dict": ".pth", "program": ".pt2", "onnx": ".onnx", "safetensors": ".safetensors"}
EXAMPLES = 3
"""Random inputs by which a file is compared with its network."""


@measures.register
class TakeHome(Measure):
    """A zip: ``model.pth`` (or another ending), ``masks.safetensors`` where there are masks, ``README.md`` (a card
    as Hugging Face has them) and ``facts.json``. The file was read by a fresh process without this package before.

    A state dict lies under the keys of the file it came from, with the same names of tensors, and has its shapes where
    nothing was removed; the other forms are
    of the network without its masked channels, heads and blocks, where the recipe has such. Result: ``path`` in the
    store, ``bytes``; ``check``, that process's word in a sentence; ``file_bytes``, ``difference``, ``examples``.
    """

    name = "take_home"
    label = "To take home"
    summary = "The pruned network's file with its masks, a model card, and a check in a fresh process."
    stored = False

    form: Literal["state_dict", "program", "onnx", "safetensors"] = Field(
        "state_dict", description="State dict with the network's own keys, torch.export, ONNX, or safetensors."
    )

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        import json

        from pruning.common.hashing import digest
        from pruning.compression.fresh_process import tried
        from pruning.compression.removal.remove import smaller
        from pruning.compression.state_dicts import masks_file
        from pruning.measures.tools.facts import facts
        from pruning.measures.tools.model_card import card
        from pruning.zoo.added.kept import form_of

        keep = desk.keeper()
        model = state.model if self.form == "state_dict" else smaller(state)[0]
        about = facts(state, desk, model) | {"container": list(form_of(state.base.model)[0])}
        desk.progress(0, 3, "writing the file")
        data = self._file(state, model, about)
        desk.progress(1, 3, "reading it in a fresh process")
        found = tried(data, SUFFIX[self.form], *self._expected(state, model))
        name, check = f"model{SUFFIX[self.form]}", found.words()
        desk.progress(2, 3, "packing")
        parts = {name: data, "README.md": card(about, name, len(data), check).encode()}
        if state.masks:
            parts["masks.safetensors"] = masks_file(state.masks)
        parts["facts.json"] = json.dumps(about | {"check": check}, indent=1).encode()
        kept = keep("home", digest("home", state.key, self.form), _zip(parts), ".zip")
        numbers = {"difference": found.difference, "examples": found.examples, "file_bytes": len(data)}
        return kept | {"check": check, **numbers}

    def _file(self, state: State, model: nn.Module, about: dict[str, Any]) -> bytes:
        from pruning.compression.removal import exports, files
        from pruning.compression.state_dicts import state_dict_file
        from pruning.zoo.added.kept import form_of

        match self.form:
            case "state_dict":
                return state_dict_file(model, *form_of(state.base.model))
            case "safetensors":
                return files.delivery(state)[1]["plain"]
            case "program":
                return exports.program(model, state.base.input_shape)
            case "onnx":
                return exports.noted(exports.onnx(model, state.base.input_shape), about)

    def _expected(self, state: State, model: nn.Module) -> tuple[Tensor, Tensor, list[str] | None]:
        """Inputs, and what the network gives for them; or nothing, the sums of its tensors, and their names."""
        import copy

        import torch

        from pruning.compression.files import once
        from pruning.network.inputs import drawn
        from pruning.tasks.outputs import tensor_of
        from pruning.zoo.added.kept import form_of

        if self.form in ("state_dict", "safetensors"):
            tensors = (
                model.state_dict() if self.form == "state_dict" else dict(sorted(once(model.state_dict()).items()))
            )
            prefix = form_of(state.base.model)[1] if self.form == "state_dict" else ""
            sums = [float(tensor.detach().double().sum()) for tensor in tensors.values()]
            return torch.zeros(0), torch.tensor(sums, dtype=torch.float64), [prefix + name for name in tensors]
        inputs = drawn(model, state.base.input_shape, EXAMPLES, torch.Generator().manual_seed(5))
        with torch.inference_mode():
            return inputs, tensor_of(copy.deepcopy(model).to("cpu").eval()(inputs)), None


def _zip(parts: dict[str, bytes]) -> bytes:
    """Files in one zip, the same bytes every time."""
    import io
    import zipfile

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()
