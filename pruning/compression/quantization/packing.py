"""Files of quantized networks: codes in as many bits as they have, scales and zero points counted."""

from __future__ import annotations

import math
import re

import numpy as np
import torch
from safetensors.torch import load
from torch import Tensor, nn

from pruning.compression.files import file, metadata_of, once
from pruning.network.rounding import Format

FLOATING = "16 bits, floating point"
_SAID = re.compile(r"(\d) bits, groups of (\d+), ([\dx]+)")
"""The header's entry for each quantized weight."""


def packed(codes: Tensor, bits: int) -> Tensor:
    """Codes (uint8, below 2^bits) one after another without gaps, the lowest bit first: uint8, ⌈n bits / 8⌉ bytes."""
    each = np.unpackbits(codes.cpu().numpy().reshape(-1, 1), axis=1, count=bits, bitorder="little")
    return torch.from_numpy(np.packbits(each, bitorder="little"))


def unpacked(data: Tensor, bits: int, count: int) -> Tensor:
    """The first ``count`` codes of what ``packed`` made.

    Raises:
        ValueError: there are not so many.
    """
    if count * bits > 8 * data.numel():
        raise ValueError(f"{count:,} codes of {bits} bits by the header, and fewer in the file")
    each = np.unpackbits(data.numpy(), count=count * bits, bitorder="little").reshape(count, bits)
    return torch.from_numpy(np.packbits(each, axis=1, bitorder="little").reshape(count))


def quantized(model: nn.Module, formats: dict[str, Format], metadata: dict[str, str] | None = None) -> bytes:
    """A network's safetensors file: for each quantized weight ``NAME.codes``, ``NAME.scale`` and, where it is not the
    middle code, ``NAME.zero``; the rest as it is. Bits, group and shape stand in the header."""
    shared = {id(p) for name, p in model.named_parameters(remove_duplicate=False) if name in formats}
    tied = {name for name, p in model.named_parameters(remove_duplicate=False) if id(p) in shared}
    tensors = once({name: tensor for name, tensor in model.state_dict().items() if name not in tied})
    header = {"format": "pt", "quantized": "1", **(metadata or {})}
    for name, kept in formats.items():
        shape = "x".join(map(str, kept.codes.shape))
        if kept.scale is None or kept.zero is None:
            tensors[name], header[name] = kept.codes.cpu().contiguous(), FLOATING
            continue
        header[name] = f"{kept.bits} bits, groups of {kept.group}, {shape}"
        tensors[f"{name}.codes"] = packed(kept.codes, kept.bits)
        tensors[f"{name}.scale"] = kept.scale.cpu().contiguous()
        if not kept.symmetric:
            tensors[f"{name}.zero"] = kept.zero.cpu().contiguous()
    return file(tensors, header)


def opened(data: bytes) -> dict[str, Tensor]:
    """The state dict of a file that ``quantized`` made: its weights as float32, the rest as it is."""
    found, weights = load(data), {}
    for name, said in metadata_of(data).items():
        if said == FLOATING:
            weights[name] = found.pop(name).float()
        elif match := _SAID.fullmatch(said):
            bits, group, shape = int(match[1]), int(match[2]), [int(size) for size in match[3].split("x")]
            codes = unpacked(found.pop(f"{name}.codes"), bits, math.prod(shape)).view(shape)
            scale, zero = found.pop(f"{name}.scale"), found.pop(f"{name}.zero", None)
            symmetric = zero is None
            if zero is None:
                zero = torch.full_like(scale, 2 ** (bits - 1) - 1, dtype=torch.uint8)
            weights[name] = Format(bits, codes, scale, zero, group, symmetric).values()
    return found | weights
