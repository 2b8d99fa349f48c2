"""Checkpoints that nobody should open: each with the words that say why it was not opened."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

MODEL = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))


class Runs:
    """What runs a function when it is unpickled."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.what = function, arguments

    def __reduce__(self) -> Any:
        return self.what


def saved(value: Any, **how: Any) -> bytes:
    file = io.BytesIO()
    torch.save(value, file, **how)
    return file.getvalue()


def rewritten(data: bytes, change: Callable[[str, bytes], bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """An archive with other content."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", method) as new:
        for entry in old.infolist():
            new.writestr(entry.filename, change(entry.filename, old.read(entry)))
    return out.getvalue()


def tensors(header: Any, length: int | None = None, data: bytes = b"") -> bytes:
    """A safetensors file that says what it likes."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def nested(levels: int) -> Any:
    value: Any = {"w": torch.ones(1)}
    for _ in range(levels):
        value = {"a": value}
    return value


def laughing(levels: int) -> Any:
    """Ten times ten times ten … of the same list: a small file, endless to walk through."""
    value: Any = [torch.ones(1), torch.ones(1)]
    for _ in range(levels):
        value = [value] * 10
    return {"w": torch.ones(1), "all": value}


ONES = torch.ones(4)
BIG = {"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 4]}
HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "system": (lambda: saved({"w": ONES, "x": Runs(__import__("os").system, "touch owned")}), "asks for posix.system"),
    "eval": (lambda: saved({"w": ONES, "x": Runs(eval, "open('owned', 'w')")}), "asks for builtins.eval"),
    "subprocess": (
        lambda: saved({"w": ONES, "x": Runs(__import__("subprocess").Popen, ["touch", "owned"])}),
        "asks for commands.Popen",
    ),
    "bare pickle": (lambda: pickle.dumps(Runs(eval, "open('owned', 'w')")), "cannot be read"),
    "legacy pickle": (
        lambda: saved({"x": Runs(eval, "open('owned', 'w')")}, _use_new_zipfile_serialization=False),
        "asks for builtins.eval",
    ),
    "whole model": (lambda: saved(MODEL), r"a whole pickled torch\.nn\.modules\.container\.Sequential.*state_dict\(\)"),
    "whole model inside": (lambda: saved({"epoch": 1, "model": MODEL}), r"a whole pickled .*Sequential"),
    "inflated": (
        lambda: rewritten(saved({"w": ONES}), lambda n, d: bytes(2**27) if n.endswith("/0") else d, 8),
        "would unpack to 128 MB",
    ),
    "strides": (lambda: saved({"w": torch.ones(1).expand(10**12)}), "1,000,000,000,000 numbers, and holds 4 bytes"),
    "storage that lies": (
        lambda: rewritten(saved({"w": ONES}), lambda n, d: d.replace(b"K\x04t", b"M\x00\x10t")),
        "record size",
    ),
    "shape that lies": (
        lambda: rewritten(saved({"w": ONES}), lambda n, d: d.replace(b"K\x04\x85", b"M\x00\x10\x85")),
        "resize storage that is not resizable",
    ),
    "nested": (lambda: saved(nested(20)), "containers without end"),
    "laughing": (lambda: saved(laughing(9)), "more than 20,000 tensors"),
    "one tensor": (lambda: saved(ONES), "one tensor without a name"),
    "no tensor": (lambda: saved({"a": 1}), "holds no tensors"),
    "zero byte": (lambda: saved({"w\x00": ONES}), r"a name that is none \('w\\x00'\)"),
    "up": (lambda: saved({"../../w": ONES}), "a name that is none"),
    "right to left": (lambda: saved({"w\u202e": ONES}), r"a name that is none \('w\\u202e'\)"),
    "long name": (lambda: saved({"w" * 301: ONES}), "a name that is none"),
    "half": (lambda: saved(MODEL.state_dict())[:500], "cannot be read|damaged"),
    "empty": (lambda: b"", "it is empty"),
    "page": (lambda: b"<!doctype html><html>", "a web page"),
    "pointer": (lambda: b"version https://git-lfs.github.com/spec/v1", "git lfs pull"),
    "zstd": (lambda: b"\x28\xb5\x2f\xfd" + bytes(20), "no checkpoint of torch.save"),
    "archive": (lambda: archive({"a.txt": b"x"}), "an archive, but not of torch.save"),
    "script": (lambda: archive({"a/code/b.py": b"x", "a/data.pkl": b""}), "TorchScript"),
    "header beyond": (lambda: tensors(b"{}", 10**9), "header says it has 1,000,000,000 bytes"),
    "header of no JSON": (lambda: tensors(b'{"a": nonsense}'), "damaged"),
    "offsets beyond": (
        lambda: tensors({"w": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}, None, bytes(4)),
        "damaged",
    ),
    "shape overflows": (lambda: tensors({"w": BIG}, None, bytes(4)), "damaged"),
    "offsets overlap": (
        lambda: tensors(
            {n: {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]} for n in "ab"}, None, bytes(4)
        ),
        "damaged",
    ),
}  # fmt: skip


def archive(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as new:
        for name, data in files.items():
            new.writestr(name, data)
    return out.getvalue()
