"""Files of a small network: safetensors that say in their header how to build it, and the whole description as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load
from torch import nn

from pruning.common.errors import BadTensor, Missing, PruningError, reason
from pruning.common.json_text import read_object
from pruning.compression.files import (
    HEADER_BYTES,
    beginning,
    bitmask,
    compressed,
    decompressed,
    metadata_of,
    plain,
    read_bitmask,
)
from pruning.compression.quantization.packing import opened, quantized
from pruning.compression.removal.fit import fit
from pruning.compression.removal.remove import Removed, smaller
from pruning.state import Architecture, State
from pruning.zoo.checkpoints import initial

VERSION = 1
MISFITS = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What reading and fitting raise where a header says something else than the tensors."""


def small_file(done: Removed, state: State) -> bytes:
    """The small network as a safetensors file: ``load_small`` needs nothing else, least of all the original weights."""
    return plain(done.model, _header(state, done.architecture))


def delivery(state: State) -> tuple[nn.Module, dict[str, bytes]]:
    """The network as it would be delivered, and its files by form, each of which ``load_small`` reads.

    Masked channels, heads and blocks are removed where the recipe has such; quantized weights stay as they are, since
    packed codes are not cut. Forms: ``plain``; ``bitmask``, one bit a weight and the values that are not zero;
    ``packed``, quantized weights in as many bits as they have.
    """
    model, architecture = (state.model, state.architecture) if state.formats else smaller(state)
    metadata = _header(state, architecture)
    files = {"plain": plain(model, metadata), "bitmask": bitmask(model, metadata)}
    return model, files | ({"packed": quantized(model, state.formats, metadata)} if state.formats else {})


@dataclass(frozen=True)
class Smallest:
    """The file of fewest bytes.

    Attributes:
        form: its name.
        data: its content.
        sizes: bytes of every file that was made to find it, by form.
    """

    form: str
    data: bytes
    sizes: dict[str, int]


def smallest(files: dict[str, bytes], zstd_level: int) -> Smallest:
    """Of files by form, and each of them compressed (``FORM_zstd``), the one of fewest bytes; of equals the first."""
    zipped = ((f"{form}_zstd", compressed(data, zstd_level)) for form, data in files.items())
    sizes: dict[str, int] = {}
    best: tuple[str, bytes] | None = None
    for form, data in chain(files.items(), zipped):
        sizes[form] = len(data)
        best = (form, data) if best is None or len(data) < len(best[1]) else best
    assert best is not None
    return Smallest(*best, sizes)


def description(done: Removed, state: State, facts: Mapping[str, Any] | None = None) -> str:
    """The architecture as JSON: what the file's header says, and beside it which indices of the original were kept.

    ``kept`` holds, for each parameter and dimension that was cut, the kept indices; ``shapes`` every tensor's shape;
    ``left`` what was left alone and why; ``recipe`` the steps that led here; ``facts`` what else is to be known.
    """
    whole = _said(state, done.architecture)
    whole["recipe"] = [step.model_dump(mode="json") for step in state.recipe]
    whole["shapes"] = {name: list(tensor.shape) for name, tensor in done.model.state_dict().items()}
    whole["kept"] = {name: {str(dim): kept for dim, kept in dims.items()} for name, dims in done.cuts.kept.items()}
    whole["left"] = done.left
    if facts is not None:
        whole["facts"] = dict(facts)
    return json.dumps(whole, indent=1)


def _header(state: State, architecture: Architecture) -> dict[str, str]:
    """The text by which a file says how to build its network."""
    return {"architecture": json.dumps(_said(state, architecture))}


def _said(state: State, architecture: Architecture) -> dict[str, Any]:
    """All that must be known beside the tensors."""
    said = {
        "format": "pruning.small",
        "version": VERSION,
        "model": architecture.family or state.base.model,
        "input_shape": list(state.base.input_shape),
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
        packed = Path(path).read_bytes()
        metadata = metadata_of(beginning(packed))
        header = read_object(metadata.get("architecture", "{}"))
    except (OSError, MemoryError, *MISFITS) as error:
        raise BadTensor(f"The file {path} is damaged ({reason(error)}).") from None
    if header.get("format") != "pruning.small" or header.get("version") != VERSION:
        raise BadTensor(f"{path} is no small network of this program: its header lacks the architecture (version 1).")
    try:
        model = initial(header["model"], 0, _scaled(header)).eval()
    except PruningError:
        raise
    except MISFITS as error:
        raise BadTensor(f"The file {path} does not fit its own description ({reason(error)}).") from None
    try:
        data = decompressed(packed, _most(model))
        read = read_bitmask if metadata.get("format") == "bitmask" else opened if "quantized" in metadata else load
        tensors = read(data)
    except (SafetensorError, MemoryError, *MISFITS) as error:
        raise BadTensor(f"The file {path} is damaged ({reason(error)}).") from None
    try:
        fit(model, tensors, _heads(header), tuple(header["blocks"]))
        _check(model, tensors)
    except PruningError:
        raise
    except MISFITS as error:
        raise BadTensor(f"The file {path} does not fit its own description ({reason(error)}).") from None
    return model


def _most(model: nn.Module) -> int:
    """Bytes that no file of a smaller network than this one exceeds: eight for each number, and a header's."""
    return 8 * sum(tensor.numel() for tensor in model.state_dict().values()) + HEADER_BYTES


def _scaled(header: dict[str, Any]) -> tuple[int, int] | None:
    """Width and depth of a smaller relative, in per cent; a larger one than the model itself would fill the memory."""
    if "scaled" not in header:
        return None
    width, depth = header["scaled"]
    if not (type(width) is type(depth) is int and 0 < width <= 100 and 0 < depth <= 100):
        raise ValueError("width and depth lie between 1 and 100 per cent")
    return width, depth


def _heads(header: dict[str, Any]) -> dict[str, int]:
    """Number of heads by the name of a layer."""
    heads = header["heads"]
    if not isinstance(heads, dict) or not all(type(count) is int and count > 0 for count in heads.values()):
        raise ValueError("its numbers of heads are none")
    return heads


def _check(model: nn.Module, tensors: dict[str, Any]) -> None:
    """Every tensor of the file stands in the network; shared ones stand in the file once."""
    held = {name for name, _ in [*model.named_parameters(), *model.named_buffers()]} & set(model.state_dict())
    if held != set(tensors):
        odd = sorted(held ^ set(tensors))
        raise BadTensor(f"The file and the network it names differ in {len(odd)} tensors, such as '{odd[0]}'.")
