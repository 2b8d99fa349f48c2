"""Weights that a model's authors publish (torchvision's): found in torch.hub's folder, downloaded, checked, read."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from pruning.common.errors import BadTensor, Missing, reason
from pruning.zoo.contents import file_hash
from pruning.zoo.fetch import download
from pruning.zoo.kinds import Model, hash_in


def path_of(entry: Model) -> Path:
    """Where the published weights lie, or would lie: torch.hub's folder, the published file name.

    Raises:
        Missing: none were published.
    """
    path = entry.weights_file(0, "dense")
    if path is None:
        raise Missing(f"No trained weights of {entry.label} were published: only its initial weights can be used.")
    return path


def absence(entry: Model) -> str:
    """The sentence that says what is missing and how to get it."""
    path = path_of(entry)
    return (
        f"The weights of {entry.label} are not on this machine: download {path.name} "
        f"from {entry.address()} and put it into {path.parent}."
    )


def get(entry: Model) -> Path:
    """The file, downloaded if it is not there.

    Raises:
        Missing: it could not be downloaded; nothing is left behind.
    """
    path = path_of(entry)
    if not path.exists():
        try:
            download(str(entry.address()), path, sha256=hash_in(path.name))
        except Missing as error:
            raise Missing(f"{absence(entry)} This was tried just now: {error}") from None
    return path


def read(entry: Model) -> dict[str, Tensor]:
    """The weights under the names that ``entry.build`` uses, after the file's hash was checked; unpickles tensors only.

    Raises:
        Missing: as ``get``.
        BadTensor: the file is not the published one, or cannot be read.
    """
    path = get(entry)
    again = f"remove the file, then download it again from {entry.address()}."
    try:
        want, found = hash_in(path.name), file_hash(path)
        state = torch.load(path, map_location="cpu", weights_only=True) if found.startswith(want) else None
    except Exception as error:  # a damaged pickle or archive fails in many ways
        raise BadTensor(f"The weights {path} cannot be read: {unread(path, error)}; {again}") from None
    if not found.startswith(want):
        raise BadTensor(f"{path} is not the published file: its SHA-256 begins {found[:8]}, not {want}; {again}")
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise BadTensor(f"{path} does not hold a network's weights by name; {again}")
    return entry.adapt(state)


def unread(path: Path, error: Exception) -> str:
    """Why a file gives no weights, in our own words: torch's advise to load it unsafely, which runs code in it."""
    with path.open("rb") as file:
        head = file.read(64).lstrip().lower()
    if head.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "it is a web page and no checkpoint: the address asked for a login, say"
    if "weights_only" in str(error) or "Unsupported global" in str(error):
        return (
            "it holds a whole pickled network, which is not opened, as opening it runs code: save the state dict "
            "instead, torch.save(model.state_dict(), path)"
        )
    return reason(error)
