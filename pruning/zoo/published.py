"""Weights that a model's authors publish (torchvision's): found in torch.hub's folder, downloaded, checked, read."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from pruning.common.errors import BadTensor, Missing
from pruning.zoo.contents import file_hash
from pruning.zoo.fetch import download
from pruning.zoo.kinds import Model, hash_in
from pruning.zoo.unreadable import SAVE, states, unread


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
        told, right = unread(path, error)
        raise BadTensor(f"The weights {path} cannot be read: {told}; {f'{right}.' if right else again}") from None
    if not found.startswith(want):
        raise BadTensor(f"{path} is not the published file: its SHA-256 begins {found[:8]}, not {want}; {again}")
    tensors, told = states(state)
    if tensors is None:
        raise BadTensor(f"{path} does not hold a network's weights by name: {told}; {SAVE}.")
    return entry.adapt(tensors)
