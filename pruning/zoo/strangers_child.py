"""The part of ``strangers`` that opens the file; it runs in a process of its own, which this module's imports fill."""

from __future__ import annotations

import pickle
import re
import zipfile
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from pruning.common.errors import Refused, reason, shortened
from pruning.common.limits import (
    STRANGER_LEAVES,
)
from pruning.zoo.strangers import printable
from pruning.zoo.strangers_contents import Harvest, Other, text_of
from pruning.zoo.unreadable import SAVE, unread

RUNS = re.compile(
    r"(builtins|__builtin__)\.(eval|exec|compile|open|getattr|__import__|apply|map)$|(os|nt|posix|sys|commands|subprocess|"
    r"shutil|socket|pty|runpy|importlib|ctypes|code|webbrowser|pickle|_pickle|io|operator)\."
)
"""What only a file names that wants something to be run while it is read."""
_GLOBAL = re.compile(r"GLOBAL ([\w.]+)")
"""How torch's reader names what it does not know."""
INFLATED = 64 * 2**20
"""Bytes that any archive may unpack to; beyond, no more than ``RATIO`` times its own."""
RATIO = 4


def read(path: str, into: str, what: str) -> dict[str, Any]:
    """See ``strangers.read_checkpoint``: writes the clean file and says what the other one held."""
    file = Path(path)
    with open(file, "rb") as opened:
        start = opened.read(16)
    size = int.from_bytes(start[:8], "little")
    texts: dict[str, str] = {}
    if start[8:9] == b"{" and size < 2**40:
        form, (content, texts) = "safetensors", _safetensors(file, size, what)
    else:
        form, content = "torch.save", _pickled(file, start, what)
    if isinstance(content, Tensor):
        raise Refused(f"{what} holds one tensor without a name, not a network: {SAVE}.")
    if isinstance(content, Other):
        raise Refused(_whole(what, content))
    harvest = Harvest(what)
    harvest.walk(content, ())
    if not harvest.tensors:
        models = [other for other in harvest.met if other.is_network()]
        raise Refused(_whole(what, models[0]) if models else f"{what} holds no tensors by name: {SAVE}.")
    if sum(t.numel() * t.element_size() for t in harvest.clean.values()) > 2 * file.stat().st_size + INFLATED:
        raise Refused(f"{what} has the same numbers in many tensors, more than twice its own size in all.")
    save_file({key: tensor.contiguous().clone() for key, tensor in harvest.clean.items()}, into)
    values = harvest.values + [(["__metadata__", name], text) for name, text in texts.items()]
    return {"form": form, "tensors": harvest.tensors, "values": values, "others": harvest.others}


def _whole(what: str, other: Other) -> str:
    return f"{what} holds a whole pickled {printable(other.kind)}, not its weights by name: {SAVE}."


def _safetensors(file: Path, header: int, what: str) -> tuple[dict[str, Tensor], dict[str, str]]:
    if header > file.stat().st_size:
        raise Refused(f"{what} is damaged: its header says it has {header:,} bytes, more than the whole file.")
    try:
        with safe_open(file, framework="pt") as opened:
            texts = {text_of(k): text_of(v) for k, v in list((opened.metadata() or {}).items())[:STRANGER_LEAVES]}
            return {name: opened.get_tensor(name) for name in opened.offset_keys()}, texts
    except (SafetensorError, OSError, ValueError, TypeError, RuntimeError) as error:
        raise Refused(f"{what} is damaged ({shortened(reason(error))}): fetch or save it again.") from None


def _pickled(file: Path, start: bytes, what: str) -> Any:
    """What torch's own guarded reader gives, with what it does not know as things that do nothing."""
    if zipfile.is_zipfile(file):
        _check_archive(file, what)
    elif not start.startswith(b"\x80"):
        told, right = unread(file, ValueError("it is no checkpoint of torch.save, and no safetensors file"))
        raise Refused(f"{what} cannot be read: {told}; {right or SAVE}.")
    known: dict[str, Any] = {}
    while True:
        try:
            with torch.serialization.safe_globals([(kind, name) for name, kind in known.items()]):
                return torch.load(file, map_location="cpu", weights_only=True)
        except (MemoryError, Refused):
            raise
        except Exception as error:  # a damaged or hostile pickle fails in many ways
            text = str(error)
            if "allocate memory" in text:
                raise MemoryError from None
            found = _GLOBAL.search(text) if isinstance(error, pickle.UnpicklingError) else None
            name = found[1] if found else ""
            name = f"builtins.{name}" if name and "." not in name else name
            if name and RUNS.match(name):
                raise Refused(
                    f"{what} asks for {printable(name)} when it is opened, which could run anything: it was not "
                    "opened, and should not be elsewhere."
                ) from None
            if not name or name in known or len(known) > 200:
                told, right = unread(file, error)
                raise Refused(f"{what} cannot be read: {told}; {right or SAVE}.") from None
            known[name] = type("Stub", (Other,), {"kind": name})


def _check_archive(file: Path, what: str) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            inflated = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, OverflowError) as error:
        raise Refused(f"{what} is a damaged archive ({shortened(reason(error))}): fetch or save it again.") from None
    if inflated > max(INFLATED, RATIO * file.stat().st_size):
        raise Refused(f"{what} would unpack to {inflated / 2**20:,.0f} MB: a checkpoint is not compressed so far.")
    if len(set(names)) != len(names):
        raise Refused(f"{what} is an archive with two files of one name: fetch or save it again.")
    if any(name.split("/")[1:2] == ["code"] for name in names):
        raise Refused(f"{what} holds a network that TorchScript compiled: {SAVE}.")
    if not any(name.rpartition("/")[2] == "data.pkl" for name in names):
        raise Refused(f"{what} is an archive, but not of torch.save: unpack it, or {SAVE}.")
