"""Files of a pruned network: plain, compressed, and with a bitmask in place of the zeros."""

from __future__ import annotations

import json
import math

import numpy as np
import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from pruning.common.json_text import read_object
from pruning.network.weights import prunable

ZSTD = b"\x28\xb5\x2f\xfd"
"""How a file that zstd compressed begins (RFC 8878, 3.1.1)."""
WINDOW = 2**27
"""Bytes that unpacking looks back: what RFC 8878 lets decoders ask at most of a file of level 19 and below."""
HEADER_BYTES, MOST_BYTES, PIECE = 16 * 2**20, 2**32, 2**20
"""Bytes of a safetensors header, of a file that was unpacked, and of what is unpacked at once."""


def plain(model: nn.Module, metadata: dict[str, str] | None = None) -> bytes:
    """The network's state as a safetensors file; shared tensors are written once."""
    return file(once(model.state_dict()), {"format": "pt", **(metadata or {})})


def file(tensors: dict[str, Tensor], metadata: dict[str, str]) -> bytes:
    """A safetensors file, the same every time: ``save`` shuffles the metadata, so that compressed sizes would vary."""
    data = save(tensors, metadata=metadata)
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end]) | {"__metadata__": dict(sorted(metadata.items()))}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data[end:]


def once(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Every tensor under the first of its names, in memory and contiguous."""
    seen: set[int] = set()
    tensors = {}
    for name, tensor in state.items():
        if tensor.data_ptr() in seen and tensor.numel():
            continue
        seen.add(tensor.data_ptr())
        tensors[name] = tensor.detach().cpu().contiguous()
    return tensors


def compressed(data: bytes, level: int) -> bytes:
    """The bytes compressed by zstd at a level from 1 to 19, with one thread."""
    import zstandard

    return zstandard.ZstdCompressor(level=level).compress(data)


def decompressed(data: bytes, most: int = MOST_BYTES) -> bytes:
    """What ``compressed`` made, as it was; other data as it is.

    Args:
        most: no more bytes than these are unpacked, whatever the file says of itself.

    Raises:
        ValueError: it is damaged, or has more than ``most`` bytes.
    """
    if data[:4] != ZSTD:
        return data
    read = _first(data, most + 1)
    if len(read) > most:
        raise ValueError(f"it would unpack to more than {most / 2**20:,.0f} MB")
    return read


def beginning(data: bytes) -> bytes:
    """The header of a safetensors file, compressed or not, without its tensors.

    Raises:
        ValueError: there is none, or one of more than ``HEADER_BYTES``.
    """
    start = _first(data, 8)
    end = 8 + int.from_bytes(start, "little")
    if len(start) < 8 or end > HEADER_BYTES:
        raise ValueError("no header")
    return _first(data, end)


def _first(data: bytes, count: int) -> bytes:
    """The first bytes of a file, unpacked piece by piece: memory is taken for what is there, not for what is said."""
    if data[:4] != ZSTD:
        return data[:count]
    import zstandard

    pieces, left = [], count
    try:
        with zstandard.ZstdDecompressor(max_window_size=WINDOW).stream_reader(data) as stream:
            while left and (piece := stream.read(min(left, PIECE))):
                pieces.append(piece)
                left -= len(piece)
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from None
    return b"".join(pieces)


def metadata_of(data: bytes) -> dict[str, str]:
    """The texts in the header of a safetensors file.

    Raises:
        ValueError: this is none.
    """
    end = 8 + int.from_bytes(data[:8], "little")
    if not 8 < end <= len(data):
        raise ValueError("no header")
    found = read_object(data[8:end]).get("__metadata__", {})
    if not isinstance(found, dict):
        raise ValueError("its header's texts have no names")
    return {str(name): str(text) for name, text in found.items()}


def bitmask(model: nn.Module, metadata: dict[str, str] | None = None) -> bytes:
    """A sparse file: for each prunable weight one bit per entry and the entries that are not zero, the rest plain.

    Itself a safetensors file: ``NAME.bits`` uint8, ``NAME.values`` in the weight's number format, shapes in the header.
    Shared tensors are written once. A weight that was kept but is zero, of either sign, is a zero of the file.
    """
    weights = {name: w.detach().cpu() for name, w in prunable(model).items()}
    shared = {w.data_ptr() for w in prunable(model).values()}
    rest = {name: t for name, t in model.state_dict().items() if t.data_ptr() not in shared}
    tensors = once(rest)
    for name, weight in weights.items():
        flat = weight.flatten()
        bits = np.packbits((flat != 0).numpy())
        tensors[f"{name}.bits"] = torch.from_numpy(bits)
        tensors[f"{name}.values"] = flat[flat != 0]
    shapes = {name: list(w.shape) for name, w in weights.items()}
    return file(tensors, {"format": "bitmask", "shapes": json.dumps(shapes), **(metadata or {})})


def read_bitmask(data: bytes) -> dict[str, Tensor]:
    """The state dict that a file made by ``bitmask`` holds, zeros filled in again."""
    shapes: dict[str, list[int]] = read_object(metadata_of(data)["shapes"])
    tensors = load(data)
    state = {name: t for name, t in tensors.items() if name.removesuffix(".bits").removesuffix(".values") not in shapes}
    for name, shape in shapes.items():
        count = math.prod(shape)
        if not 0 <= count <= 8 * tensors[f"{name}.bits"].numel():
            raise ValueError(f"'{name}' has {count:,} weights by its header, and fewer bits")
        values = tensors[f"{name}.values"]
        full = torch.zeros(count, dtype=values.dtype)
        full[torch.from_numpy(np.unpackbits(tensors[f"{name}.bits"].numpy(), count=count).astype(bool))] = values
        state[name] = full.view(shape)
    return state
