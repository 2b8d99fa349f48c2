"""Files of a small network: safetensors that say in their header how to build it, and the whole description as JSON."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load
from torch import nn

from pruning import registry
from pruning.encoding import bitmask, decompressed, metadata_of, plain, read_bitmask
from pruning.errors import BadTensor, Incompatible, Missing, PruningError
from pruning.quantization.packing import opened, quantized
from pruning.state import Architecture, State
from pruning.surgery.fit import fit
from pruning.surgery.remove import Removed, removed
from pruning.zoo.checkpoints import initial

VERSION = 1


def small_file(done: Removed, state: State) -> bytes:
    """The small network as a safetensors file: ``load_small`` needs nothing else, least of all the original weights."""
    architecture = state.architecture.without(done.cuts.heads, done.cuts.blocks)
    return plain(done.model, {"architecture": json.dumps(_architecture(state, architecture))})


def delivery(state: State) -> tuple[nn.Module, dict[str, bytes]]:
    """The network as it would be delivered, and its files by form, each of which ``load_small`` reads.

    Masked channels, heads and blocks are removed where the recipe has such; quantized weights stay as they are, since
    packed codes are not cut. Forms: ``plain``; ``bitmask``, one bit a weight and the values that are not zero;
    ``packed``, quantized weights in as many bits as they have.
    """
    model, architecture = state.model, state.architecture
    if not state.formats:
        with contextlib.suppress(Incompatible):  # nothing that can be removed
            done = removed(state)
            model, architecture = done.model, architecture.without(done.cuts.heads, done.cuts.blocks)
    metadata = {"architecture": json.dumps(_architecture(state, architecture))}
    files = {"plain": plain(model, metadata), "bitmask": bitmask(model, metadata)}
    return model, files | ({"packed": quantized(model, state.formats, metadata)} if state.formats else {})


def description(done: Removed, state: State) -> str:
    """The architecture as JSON: what the file's header says, and beside it which indices of the original were kept.

    ``kept`` holds, for each parameter and dimension that was cut, the kept indices; ``shapes`` every tensor's shape;
    ``left`` what was left alone and why; ``recipe`` the steps that led here.
    """
    architecture = state.architecture.without(done.cuts.heads, done.cuts.blocks)
    whole: dict[str, Any] = _architecture(state, architecture)
    whole["recipe"] = [step.model_dump(mode="json") for step in state.recipe]
    whole["shapes"] = {name: list(tensor.shape) for name, tensor in done.model.state_dict().items()}
    whole["kept"] = {name: {str(dim): kept for dim, kept in dims.items()} for name, dims in done.cuts.kept.items()}
    whole["left"] = done.left
    return json.dumps(whole, indent=1)


def _architecture(state: State, architecture: Architecture) -> dict[str, Any]:
    """All that must be known beside the tensors."""
    said = {
        "format": "pruning.small",
        "version": VERSION,
        "model": architecture.family or state.base.model,
        "input_shape": list(registry.models[state.base.model].input_shape),
        "heads": architecture.heads,
        "blocks": list(architecture.blocks),
    }
    return said | ({"scaled": [architecture.width, architecture.depth]} if architecture.family else {})


def load_small(path: str | Path) -> nn.Module:
    """The network of a file that ``small_file`` or ``delivery`` made, compressed or not, on the CPU in eval mode.

    The class of the model is built, and then fitted to the shapes in the file.

    Raises:
        Missing: there is no such file.
        BadTensor: the file is damaged, is none of these files, or does not fit its own description.
        UnknownName: the model is not registered here.
    """
    if not Path(path).is_file():
        raise Missing(f"There is no file {path}.")
    try:
        data = decompressed(Path(path).read_bytes())
        metadata = metadata_of(data)
        header = json.loads(metadata.get("architecture", "{}"))
        read = read_bitmask if metadata.get("format") == "bitmask" else opened if "quantized" in metadata else load
        tensors = read(data)
    except (SafetensorError, OSError, ValueError, RuntimeError, KeyError) as error:
        raise BadTensor(f"The file {path} is damaged ({error}).") from None
    if header.get("format") != "pruning.small" or header.get("version") != VERSION:
        raise BadTensor(f"{path} is no small network of this program: its header lacks the architecture (version 1).")
    try:
        model = initial(header["model"], 0, tuple(header["scaled"]) if "scaled" in header else None).eval()
        fit(model, tensors, header["heads"], tuple(header["blocks"]))
        _check(model, tensors)
    except PruningError:
        raise
    except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise BadTensor(f"The file {path} does not fit its own description ({error}).") from None
    return model


def _check(model: nn.Module, tensors: dict[str, Any]) -> None:
    """Every tensor of the file stands in the network; shared ones stand in the file once."""
    held = {name for name, _ in [*model.named_parameters(), *model.named_buffers()]} & set(model.state_dict())
    if held != set(tensors):
        odd = sorted(held ^ set(tensors))
        raise BadTensor(f"The file and the network it names differ in {len(odd)} tensors, such as '{odd[0]}'.")
