"""Arrays and tables become data sets: rows, labels, tasks, splits, and what is left out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from pruning.common.errors import BadValue
from pruning.zoo.data import RowSplit, load
from pruning.zoo.kinds import SPLITS, datasets
from pruning.zoo.match import compatible, examples
from pruning.zoo.own_data.adding import add_data
from pruning.zoo.own_data.pictures import PictureSplit
from tests.zoo.own_data.drawing import fill

DRAW = np.random.RandomState(0)
WORDS = np.array(["ant", "bee", "cow"])


def rows_of(name: str) -> dict[tuple[float, ...], float]:
    """Label by row, over all splits."""
    found = {}
    for split in SPLITS:
        part = load(name, split)
        assert isinstance(part, RowSplit)
        found |= {tuple(row): label for row, label in zip(part.inputs.tolist(), part.labels.tolist(), strict=True)}
    return found


@pytest.fixture
def frame() -> pd.DataFrame:
    table = pd.DataFrame(DRAW.randn(200, 3).astype(np.float32), columns=["a", "b", "c"])
    return table.assign(note="words", kind=WORDS[DRAW.randint(0, 3, 200)], price=DRAW.rand(200))


@pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet", "semicolons.csv"])
def test_a_table_becomes_rows_and_classes(shelf: Path, tmp_path: Path, frame: pd.DataFrame, suffix: str) -> None:
    path, table = tmp_path / f"t.{suffix}", frame.drop(columns="price")
    if suffix == "parquet":
        table.to_parquet(path)
    else:
        table.to_csv(path, index=False, sep={"tsv": "\t", "semicolons.csv": ";"}.get(suffix, ","))
    report = add_data("t", path, column="kind")
    entry = datasets["own:t"]
    assert (entry.task, entry.classes, entry.shape) == ("classification", ("ant", "bee", "cow"), (3,))
    assert "Columns without numbers were left out: note." in report.card["hints"]
    found = rows_of("own:t")
    for *row, kind in table[["a", "b", "c", "kind"]].itertuples(index=False):
        assert WORDS[int(found[tuple(float(np.float32(value)) for value in row)])] == kind
    part = load("own:t", "test")
    assert isinstance(part, RowSplit) and list(part.row(0)) == ["a", "b", "c"]


def test_a_table_of_numbers_is_a_regression(shelf: Path, tmp_path: Path, frame: pd.DataFrame) -> None:
    frame.loc[:4, "a"] = np.nan
    frame["split"] = ["train"] * 120 + ["val"] * 30 + ["test"] * 50
    frame.drop(columns="kind").to_csv(tmp_path / "t.csv", index=False)
    report = add_data("t", tmp_path / "t.csv", column="price")
    assert datasets["own:t"].task == "regression" and not datasets["own:t"].classes
    assert report.card["counts"] == {
        "train": {"examples": 115},
        "validation": {"examples": 30},
        "test": {"examples": 50},
    }
    assert "Rows with missing or infinite values were left out: 5." in report.card["hints"]
    assert sorted(rows_of("own:t").values()) == pytest.approx(sorted(frame["price"][5:].tolist()), rel=1e-6)


@pytest.mark.parametrize("late", ["2", "2.5", ""])
def test_a_column_may_change_its_look_late(shelf: Path, tmp_path: Path, late: str) -> None:
    """Of the first megabyte the kinds of columns are known: there may be whole numbers alone, or none."""
    first = "" if late == "2" else "1"
    lines = ["a,b,label", *(f"{first},{i}.000000000000000000000,{i % 2}" for i in range(36_000))]
    lines += [f"{late},{i}.5,{i % 2}" for i in range(200)]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    report = add_data("t", tmp_path / "t.csv")
    count = sum(sum(counts.values()) for counts in report.card["counts"].values())
    assert count == {"2": 200, "2.5": 36_200, "": 36_000}[late]
    assert datasets["own:t"].shape == (2,) and datasets["own:t"].classes == ("0", "1")


def test_a_table_of_pictures_as_hugging_face_keeps_them(shelf: Path, tmp_path: Path) -> None:
    folder = fill(tmp_path / "pets", {"cat": 20, "dog": 20})
    files = sorted(folder.rglob("*.png"))
    column = [{"bytes": path.read_bytes(), "path": path.name} for path in files] + [{"bytes": b"no", "path": "x"}]
    features = {"info": {"features": {"label": {"names": ["dog", "cat"]}}}}
    table = pa.table({"image": column, "label": [int(path.parent.name == "cat") for path in files] + [0]})
    pq.write_table(table.replace_schema_metadata({"huggingface": json.dumps(features)}), tmp_path / "p.parquet")
    report = add_data("p", tmp_path / "p.parquet")
    assert datasets["own:p"].classes == ("dog", "cat") and report.card["left_out"] == 1
    assert report.card["unreadable"] == [["row 41", "it is no picture of a kind that is read"]]
    cats = {path.read_bytes() for path in files if path.parent.name == "cat"}
    for split in SPLITS:
        part = load("own:p", split)
        assert isinstance(part, PictureSplit) and isinstance(part.source, tuple)
        for place, label in zip(part.places.tolist(), part.labels.tolist(), strict=True):
            assert (part.source[place].read_bytes() in cats) == (label == 1)


@pytest.mark.parametrize("form", ["grey", "colour", "channels first", "medmnist", "train and val"])
def test_arrays_of_pictures(shelf: Path, tmp_path: Path, form: str) -> None:
    shape = {"colour": (90, 8, 9, 3), "channels first": (90, 3, 8, 9)}.get(form, (90, 8, 9))
    images, labels = DRAW.randint(0, 256, shape).astype(np.uint8), np.arange(90) % 3
    arrays = {"x": images, "y": labels, "class_names": WORDS}
    if form == "medmnist":
        cut = {"train": slice(60), "val": slice(60, 70), "test": slice(70, 90)}
        arrays = {f"{part}_images": images[at] for part, at in cut.items()}
        arrays |= {f"{part}_labels": labels[at, None] for part, at in cut.items()}
    elif form == "train and val":
        arrays = {"x_train": images[:60], "y_train": labels[:60], "x_val": images[60:], "y_val": labels[60:]}
    np.savez_compressed(tmp_path / "p.npz", **arrays)
    report = add_data("p", tmp_path / "p.npz")
    sizes = [sum(report.card["counts"][split].values()) for split in SPLITS]
    assert sum(sizes) == 90
    assert sizes == [60, 10, 20] if form == "medmnist" else True
    assert sizes[2] == 30 if form == "train and val" else True
    assert datasets["own:p"].classes == (("ant", "bee", "cow") if "class_names" in arrays else ("0", "1", "2"))
    assert datasets["own:p"].shape == (3 if form in ("colour", "channels first") else 1, 8, 9)
    part = load("own:p", "test")
    assert isinstance(part, PictureSplit)
    theirs = np.moveaxis(images, 1, -1) if form == "channels first" else images
    for position in range(len(part)):
        place = int(part.places[position])
        assert np.array_equal(part.picture(position), theirs[place]) and int(part.labels[position]) == labels[place]


def test_pictures_of_a_network_are_the_same_from_arrays(shelf: Path, tmp_path: Path) -> None:
    """Fashion-MNIST in somebody's file gives the numbers of the program's own, but for the mean of so many."""
    known = load("fashion_mnist", "test")
    images, labels = known.images[:300, 0].numpy(), known.labels[:300].numpy()  # ty: ignore[missing-attribute]
    np.savez(tmp_path / "f.npz", x=images, y=labels, classes=np.array(datasets["fashion_mnist"].classes))
    add_data("f", tmp_path / "f.npz")
    assert compatible("lenet_5", "own:f") is None
    part = examples("lenet_5", "own:f", "test")
    whole, _ = known.batch(0, 300)
    ours, truth = part.batch(0, len(part))
    places = load("own:f", "test").places  # ty: ignore[missing-attribute]
    assert torch.equal(truth, known.labels[places]) and (ours - whole[places]).abs().max() < 0.1


def test_rows_of_arrays(shelf: Path, tmp_path: Path) -> None:
    rows = DRAW.randn(80, 4)
    np.savez(tmp_path / "r.npz", data=rows, target=rows.sum(1))
    add_data("sums", tmp_path / "r.npz")
    assert datasets["own:sums"].task == "regression"
    np.save(tmp_path / "r.npy", np.column_stack([rows, np.arange(80) % 2]))
    add_data("last", tmp_path / "r.npy")
    assert (datasets["own:last"].task, datasets["own:last"].shape) == ("classification", (4,))
    assert compatible("lenet_5", "own:last") == (
        "LeNet-5 is for image classification, and last is for classification: they do not go together."
    )


@pytest.mark.parametrize(
    ("arrays", "part"),
    [
        ({"x": np.zeros((9, 4, 4), np.float32), "y": np.zeros(9)}, "pictures are uint8"),
        ({"x": np.zeros((9, 4, 4, 4), np.uint8), "y": np.zeros(9)}, "1 channel is grey"),
        ({"x": np.zeros((9, 4)), "y": np.zeros(8)}, "9 examples in 'x' and 8 labels in 'y'"),
        ({"a": np.zeros((9, 4)), "b": np.zeros(9)}, "holds the arrays a, b: call them x and y"),
        ({"x": np.full((9, 4), np.nan), "y": np.zeros(9)}, "no row in which all numbers are there"),
        ({"x": np.asfortranarray(DRAW.randn(9, 4)), "y": np.zeros(9)}, "columns first"),
        ({"x": np.zeros((9, 4)), "y": np.array([{"a": 1}] * 9)}, "pickled Python objects"),
        ({"x": np.zeros((9, 4)), "y": np.zeros((9, 3), np.int64)}, "one class for each example"),
    ],
)
def test_arrays_that_nobody_understands_are_refused(
    shelf: Path, tmp_path: Path, arrays: dict[str, Any], part: str
) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(BadValue, match=part):
        add_data("a", tmp_path / "a.npz")


def test_a_wrong_column_or_option_is_named(shelf: Path, tmp_path: Path, frame: pd.DataFrame) -> None:
    frame.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(BadValue, match="has no column 'colour': its columns are a, b, c, note, kind, price."):
        add_data("t", tmp_path / "t.csv", column="colour")
    with pytest.raises(BadValue, match="The labels of the file t.csv are words, and a regression needs numbers"):
        add_data("t", tmp_path / "t.csv", column="kind", task="regression")
    with pytest.raises(BadValue, match="Folder of pictures has no option 'column'"):
        add_data("t", tmp_path, column="a")
