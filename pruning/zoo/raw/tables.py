"""Tables of strangers (CSV, Parquet), read a block at a time: a column holds labels, columns of numbers are inputs.

A Parquet table with a column of pictures, as Hugging Face keeps data sets, gives pictures.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq

from pruning.common.errors import BadValue, reason
from pruning.common.limits import ARRAY_MB
from pruning.zoo.raw.layout import shown
from pruning.zoo.raw.parts import SPLIT_OF, hashes_of, labelled, left
from pruning.zoo.raw.pictures import in_common, kept_picture, why_not

LABELS = ("label", "labels", "target", "class", "y")
"""Columns that are taken for the labels, in this order, where nobody names one; else the last."""
SPLIT = "split"
"""The column that says train, validation or test, where there is one."""
BLOCK = 2**20
"""Bytes of a CSV that are read at a time: no line may be longer."""
ROWS = 4096
COLUMNS = 20_000


def read(source: str, into: str, what: str, task: str, column: str) -> dict[str, Any]:
    """Read a table, and leave its numbers as plain arrays.

    Raises:
        BadValue: it is no table, or has no such column, or no numbers.
    """
    pa.set_cpu_count(1)
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        if source.lower().endswith(".parquet"):
            with pq.ParquetFile(source) as file:
                return _parquet(file, Path(into), what, task, column)
        return _csv(source, Path(into), what, task, column)
    except pa.ArrowMemoryError:
        raise MemoryError from None
    except (pa.ArrowException, OSError, UnicodeError) as error:
        why = "a line of it is longer than 1 MB" if "straddl" in str(error) else reason(error)
        raise BadValue(f"{what} is no table that can be read: {why}.") from None


def _csv(source: str, into: Path, what: str, task: str, column: str) -> dict[str, Any]:
    """All numbers of a CSV: a first look says which columns hold some, as words later in a column end in an error."""
    with open(source, "rb") as file:
        start = file.read(2**16).decode("utf-8", errors="replace")
    form = {"delimiter": ","}
    with suppress(csv.Error):
        form["delimiter"] = csv.Sniffer().sniff(start.partition("\n")[0], ",;\t|").delimiter
    parse, block = arrow_csv.ParseOptions(**form), arrow_csv.ReadOptions(use_threads=False, block_size=BLOCK)
    with arrow_csv.open_csv(source, block, parse) as first:
        schema = first.schema
    label, inputs, hints = _chosen(schema, column, what)
    wanted = [*inputs, label, *([SPLIT] if SPLIT in schema.names else [])]
    kinds: dict[str, pa.DataType] = {
        name: pa.float64() for name in inputs if not pa.types.is_boolean(schema.field(name).type)
    }
    convert = arrow_csv.ConvertOptions(
        include_columns=list(dict.fromkeys(wanted)), column_types={**kinds, label: pa.string(), SPLIT: pa.string()}
    )
    with arrow_csv.open_csv(source, block, parse, convert) as batches:
        return _rows(iter(batches), label, inputs, hints, into, what, task, ())


def _parquet(file: pq.ParquetFile, into: Path, what: str, task: str, column: str) -> dict[str, Any]:
    schema, names = file.schema_arrow, ()
    pictures = [
        field.name for field in schema if pa.types.is_struct(field.type) and field.type.get_field_index("bytes") >= 0
    ]
    label, inputs, hints = _chosen(schema, column, what, pictures[:1])
    with suppress(KeyError, TypeError, ValueError):  # as Hugging Face writes it
        names = tuple(json.loads(schema.metadata[b"huggingface"])["info"]["features"][label]["names"])
    wanted = [*inputs, label, *([SPLIT] if SPLIT in schema.names else [])]
    batches = file.iter_batches(64 if pictures else ROWS, columns=list(dict.fromkeys(wanted)), use_threads=False)
    if pictures:
        return _pictures(batches, label, pictures[0], into, what, names)
    return _rows(batches, label, inputs, hints, into, what, task, names)


def _pictures(
    batches: Iterator[pa.RecordBatch], label: str, column: str, into: Path, what: str, names: Sequence[str]
) -> dict[str, Any]:
    """Copies of all pictures that can be read, as a folder's are kept."""
    found, labels, given, refused = [], [], [], []
    row = 0
    for batch in batches:
        said = batch.column(SPLIT).to_pylist() if SPLIT in batch.schema.names else [None] * len(batch)
        for item, value, split in zip(batch.column(column), batch.column(label).to_pylist(), said, strict=True):
            row += 1
            try:
                raw = item.as_py()["bytes"] or b""
                found.append(kept_picture(raw, ".img", into / "pictures"))
            except Exception as error:  # damaged pictures fail in many ways
                refused.append((f"row {row}", why_not(error)))
                continue
            labels.append(value)
            given.append(SPLIT_OF.get(str(split).lower(), -1))
    if not found:
        raise BadValue(f"{what} holds {row:,} pictures, and none of them can be read.")
    about = labelled(labels, "classification", f"{what[:1].lower()}{what[1:]}", names)
    shape, colours = in_common(found)
    (into / "files.json").write_text(json.dumps([one["file"] for one in found]), encoding="utf-8")
    hashes = np.array([list(bytes.fromhex(one["file"][:32])) for one in found], np.uint8)
    left(into, about["labels"], hashes, np.array(given))
    return {
        "kind": "pictures",
        "task": "image_classification",
        "classes": about["classes"],
        "shape": shape,
        "about": colours,
        "refused": refused[:1000],
    }


def _chosen(
    schema: pa.Schema, column: str, what: str, pictures: Sequence[str] = ()
) -> tuple[str, list[str], list[str]]:
    """The column of labels, those of numbers, and what is to be said of the others."""
    names = schema.names
    if len(names) > COLUMNS or len(set(names)) < len(names):
        said = f"{len(names):,} columns" if len(names) > COLUMNS else "two columns of one name"
        raise BadValue(f"{what} has {said}: each needs a name of its own, and {COLUMNS:,} are the most.")
    if column and column not in names:
        there = ", ".join(shown(name) for name in names[:8])
        raise BadValue(
            f"{what} has no column '{shown(column)}': its columns are {there}{' …' if len(names) > 8 else ''}."
        )
    label = column or next(
        (name for known in LABELS for name in names if name.lower() == known), names[-1] if names else ""
    )
    plain = [name for name in names if name not in (label, SPLIT)]
    inputs = [name for name in plain if _is_number(schema.field(name).type)]
    if pictures:
        return label, list(pictures), []
    if not inputs:
        raise BadValue(f"{what} has no columns of numbers beside the labels in '{shown(label)}'.")
    words = [shown(name) for name in plain if name not in inputs]
    hints = [f"The labels are the column '{shown(label)}'."] if not column else []
    if words:
        hints.append(f"Columns without numbers were left out: {', '.join(words[:8])}{' …' if len(words) > 8 else ''}.")
    return label, inputs, hints


def _is_number(kind: pa.DataType) -> bool:
    is_null, is_bool = pa.types.is_null(kind), pa.types.is_boolean(kind)
    return is_null or is_bool or pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def _rows(
    batches: Iterator[pa.RecordBatch],
    label: str,
    inputs: Sequence[str],
    hints: list[str],
    into: Path,
    what: str,
    task: str,
    names: Sequence[str],
) -> dict[str, Any]:
    """Numbers, labels and splits of all rows that are whole."""
    parts: list[np.ndarray] = []
    labels: list[Any] = []
    given: list[int] = []
    gone = held = 0
    for batch in batches:
        columns = [batch.column(name).cast(pa.float64()).to_numpy(zero_copy_only=False) for name in inputs]
        rows = np.stack(columns, axis=1).astype(np.float32) if len(batch) else np.empty((0, len(inputs)), np.float32)
        values = batch.column(label).to_pylist()
        whole = np.isfinite(rows).all(1) & np.array([value not in (None, "") for value in values], bool)
        gone += int((~whole).sum())
        parts.append(rows[whole])
        held += parts[-1].nbytes
        if held > ARRAY_MB * 2**20:
            raise BadValue(f"{what} holds more than {ARRAY_MB:,} MB of numbers, which are the most that are kept.")
        labels += [value for value, good in zip(values, whole, strict=True) if good]
        said = batch.column(SPLIT).to_pylist() if SPLIT in batch.schema.names else [None] * len(values)
        given += [SPLIT_OF.get(str(one).lower(), -1) for one, good in zip(said, whole, strict=True) if good]
    if not labels:
        raise BadValue(f"{what} has no row in which all numbers and the label are there.")
    if gone:
        hints.append(f"Rows with missing or infinite values were left out: {gone:,}.")
    about = labelled(labels, task, f"{what[:1].lower()}{what[1:]}", names)
    rows = np.concatenate(parts)
    np.save(into / "inputs.npy", rows, allow_pickle=False)
    left(into, about["labels"], hashes_of(rows), np.array(given))
    return {
        "kind": "rows",
        "task": about["task"],
        "classes": about["classes"],
        "shape": [len(inputs)],
        "hints": hints,
        "about": {"columns": [shown(name) for name in inputs]},
    }
