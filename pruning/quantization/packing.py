"""Files of quantized networks: codes in as many bits as they have, scales and zero points counted."""

from __future__ import annotations

import numpy as np
import torch
from safetensors.torch import load
from torch import Tensor, nn

from pruning.encoding import file, once
from pruning.quantization.grid import Format


def packed(codes: Tensor, bits: int) -> Tensor:
    """Codes (uint8, below 2^bits) one after another without gaps, the lowest bit first: uint8, ⌈n bits / 8⌉ bytes."""
    each = np.unpackbits(codes.cpu().numpy().reshape(-1, 1), axis=1, count=bits, bitorder="little")
    return torch.from_numpy(np.packbits(each, bitorder="little"))


def unpacked(data: Tensor, bits: int, count: int) -> Tensor:
    """The first ``count`` codes of what ``packed`` made."""
    each = np.unpackbits(data.numpy(), count=count * bits, bitorder="little").reshape(count, bits)
    return torch.from_numpy(np.packbits(each, axis=1, bitorder="little").reshape(count))


def quantized(model: nn.Module, formats: dict[str, Format]) -> bytes:
    """A network's safetensors file: for each quantized weight ``NAME.codes``, ``NAME.scale`` and, where it is not the
    middle code, ``NAME.zero``; the rest as it is. Bits, group and shape stand in the header."""
    shared = {id(p) for name, p in model.named_parameters(remove_duplicate=False) if name in formats}
    tied = {name for name, p in model.named_parameters(remove_duplicate=False) if id(p) in shared}
    tensors = once({name: tensor for name, tensor in model.state_dict().items() if name not in tied})
    header = {"format": "pt", "quantized": "1"}
    for name, kept in formats.items():
        shape = "x".join(map(str, kept.codes.shape))
        if kept.scale is None or kept.zero is None:
            tensors[name] = kept.codes.cpu().contiguous()
            continue
        header[name] = f"{kept.bits} bits, groups of {kept.group}, {shape}"
        tensors[f"{name}.codes"] = packed(kept.codes, kept.bits)
        tensors[f"{name}.scale"] = kept.scale.cpu().contiguous()
        if not kept.symmetric:
            tensors[f"{name}.zero"] = kept.zero.cpu().contiguous()
    return file(tensors, header)


def opened(data: bytes, formats: dict[str, Format]) -> dict[str, Tensor]:
    """The weights of a file that ``quantized`` made, as float32, for the layout that ``formats`` describe."""
    found = load(data)
    weights = {}
    for name, kept in formats.items():
        if kept.scale is None or kept.zero is None:
            weights[name] = found[name].float()
            continue
        codes = unpacked(found[f"{name}.codes"], kept.bits, kept.codes.numel()).view(kept.codes.shape)
        zero = found.get(f"{name}.zero", kept.zero.cpu() if kept.symmetric else None)
        weights[name] = Format(kept.bits, codes, found[f"{name}.scale"], zero, kept.group, kept.symmetric).values()
    return weights
