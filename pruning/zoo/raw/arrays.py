"""Arrays of strangers (``.npz``, ``.npy``): which ones are examples, labels and names; pictures or rows of numbers."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from pruning.common.errors import BadValue, reason
from pruning.zoo.raw.headers import Header, announced, true
from pruning.zoo.raw.layout import shown
from pruning.zoo.raw.parts import SPLIT_OF, hashes_of, labelled, left
from pruning.zoo.raw.zips import names as zip_names

INPUTS = ("x", "images", "image", "data", "inputs", "input", "features", "arr0")
LABELS = ("y", "labels", "label", "targets", "target", "arr1")
NAMES = ("classnames", "classes", "names")
"""What people call arrays of examples, of labels, and of names, without signs between words."""


def read(source: str, into: str, what: str, task: str, column: str) -> dict[str, Any]:
    """Read all arrays of a file, and leave them as plain ones.

    Args:
        column: of a ``.npy`` of rows, the number of the column that holds the labels, from 0; empty: the last.

    Raises:
        BadValue: pickles, sizes that are not true, arrays of which nobody can tell what they are.
    """
    place = Path(into)
    if not source.lower().endswith(".npz"):
        return _single(Path(source), place, what, task, column)
    zip_names(source, what)
    try:
        with zipfile.ZipFile(source) as archive:
            headers = [_of_member(archive, info) for info in archive.infolist() if info.filename.endswith(".npy")]
            return _several(headers, place, what, task)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError) as error:
        raise BadValue(f"{what} is damaged ({reason(error)}): save it again with numpy.savez.") from None


def _of_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Header:
    name = shown(info.filename.removesuffix(".npy"))
    with archive.open(info) as file:
        shape, dtype, begin = announced(file, name)
    return true(Header(name, lambda: archive.open(info), shape, dtype), info.file_size - begin)


def _several(headers: list[Header], into: Path, what: str, task: str) -> dict[str, Any]:
    """Examples, labels and names by what arrays are called."""
    roles: dict[tuple[str, str], Header] = {}
    names: list[str] = []
    for header in headers:
        words = [word for word in re.split(r"[^a-z0-9]+", header.name.lower()) if word]
        split = next((word for word in words if word in SPLIT_OF), "")
        rest = "".join(word for word in words if word != split)
        if rest in NAMES and header.dtype.kind == "U" and len(header.shape) == 1:
            names = [str(name) for name in header.whole()]
        elif role := "inputs" if rest in INPUTS else "labels" if rest in LABELS else "":
            roles[role, split] = header
    splits = [split for role, split in roles if role == "inputs" and ("labels", split) in roles]
    if not splits:
        there = ", ".join(header.name for header in headers[:8]) or "none"
        raise BadValue(
            f"{what} holds the arrays {there}: call them x and y, or x_train, y_train, x_test, y_test (images and "
            "labels will do)."
        )
    pairs = [(roles["inputs", split], roles["labels", split], SPLIT_OF.get(split, -1)) for split in splits]
    if len(splits) > 1 and "test" not in {
        list(("train", "validation", "test"))[place] for _, _, place in pairs if place >= 0
    }:
        pairs = [(one, two, 2 if place == 1 else place) for one, two, place in pairs]
    values = [label.whole() for _, label, _ in pairs]
    for one, two, _ in pairs:
        if one.shape[0] != two.shape[0]:
            raise BadValue(
                f"{what} has {one.shape[0]:,} examples in '{one.name}' and {two.shape[0]:,} labels in '{two.name}'."
            )
    said = labelled(np.concatenate(values), task, f"{what[:1].lower()}{what[1:]}", names)
    given = np.concatenate([np.full(one.shape[0], place if len(pairs) > 1 else -1) for one, _, place in pairs])
    return _kept([one for one, _, _ in pairs], said, given, into, what)


def _single(source: Path, into: Path, what: str, task: str, column: str) -> dict[str, Any]:
    """One array of rows, of which one column holds the labels."""
    with open(source, "rb") as file:
        shape, dtype, begin = announced(file, source.stem)
    header = true(Header(shown(source.stem), lambda: source.open("rb"), shape, dtype), source.stat().st_size - begin)
    if len(shape) != 2 or shape[1] < 2 or dtype.kind not in "biuf":
        raise BadValue(
            f"{what} holds one array of the shape {shape} and no labels: save both with numpy.savez(file, x=…, y=…)."
        )
    at = int(column) if re.fullmatch(r"\d{1,6}", column) else shape[1] - 1 if not column else shape[1]
    if at >= shape[1]:
        raise BadValue(f"{what} has no column '{column[:80]}': columns are counted from 0 to {shape[1] - 1}.")
    rows = header.whole()
    said = labelled(rows[:, at], task, f"{what[:1].lower()}{what[1:]}")
    inputs = np.delete(rows, at, axis=1)
    return _rows(inputs, said, np.full(len(inputs), -1), into, what)


def _kept(inputs: list[Header], said: dict[str, Any], given: np.ndarray, into: Path, what: str) -> dict[str, Any]:
    """Write the examples: pictures, or rows of numbers."""
    first = inputs[0]
    if any(one.shape[1:] != first.shape[1:] for one in inputs):
        raise BadValue(f"{what} has examples of different shapes: {', '.join(str(one.shape[1:]) for one in inputs)}.")
    if len(first.shape) == 2 and all(one.dtype.kind in "biuf" for one in inputs):
        return _rows(np.concatenate([one.whole() for one in inputs]), said, given, into, what)
    if len(first.shape) not in (3, 4) or any(one.dtype != np.uint8 for one in inputs) or said["task"] == "regression":
        raise BadValue(
            f"{what} has examples of the shape {first.shape[1:]} in {first.dtype}: pictures are uint8 (0 to 255) with "
            "a class each, (n, height, width) or (n, height, width, 3); rows are (n, columns)."
        )
    shape = first.shape[1:] if len(first.shape) == 4 else (*first.shape[1:], 1)
    ahead = shape[-1] not in (1, 3)
    if ahead:
        shape = (*shape[1:], shape[0])
    if shape[-1] not in (1, 3):
        raise BadValue(f"{what} has pictures of the shape {first.shape[1:]}: 1 channel is grey, 3 are in colour.")
    count = sum(one.shape[0] for one in inputs)
    out = npy.open_memmap(into / "pictures.npy", "w+", np.uint8, (count, *shape))
    hashes, moments, at = [], np.zeros((2, shape[-1])), 0
    for one in inputs:
        for rows in one.chunks():
            rows = (np.moveaxis(rows, 1, -1) if ahead else rows).reshape(-1, *shape)
            out[at : at + len(rows)] = rows
            hashes.append(hashes_of(rows))
            share = rows.reshape(-1, shape[-1])[:: max(1, rows.size // 10**6)] / 255
            moments += len(rows) / count * np.array([share.mean(0), np.square(share).mean(0)])
            at += len(rows)
    out.flush()
    left(into, said["labels"], np.concatenate(hashes), given)
    spread = (moments[1] - moments[0] ** 2).clip(min=1e-6) ** 0.5
    about = {"mean": moments[0].round(4).tolist(), "std": spread.round(4).tolist(), "channels": shape[-1]}
    size = [shape[-1], *shape[:2]]
    return {
        "kind": "pictures",
        "task": "image_classification",
        "classes": said["classes"],
        "shape": size,
        "about": about,
    }


def _rows(inputs: np.ndarray, said: dict[str, Any], given: np.ndarray, into: Path, what: str) -> dict[str, Any]:
    """Write rows of numbers, those alone in which all numbers are there."""
    rows = inputs.astype(np.float32)
    whole = np.isfinite(rows).all(1)
    if not whole.any():
        raise BadValue(f"{what} has no row in which all numbers are there.")
    hints = [f"Rows with missing or infinite values were left out: {int((~whole).sum()):,}."] if not whole.all() else []
    rows = rows[whole]
    np.save(into / "inputs.npy", rows, allow_pickle=False)
    left(into, said["labels"][whole], hashes_of(rows), given[whole])
    return {"kind": "rows", "task": said["task"], "classes": said["classes"], "shape": [rows.shape[1]], "hints": hints}
