"""What somebody else wrote (a study, a file, words on a command line) ends in a value, or in one of our sentences."""

from __future__ import annotations

import gzip
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pruning.cli import arguments
from pruning.cli.parser import parser
from pruning.common.errors import BadTensor, BadValue, Missing, PruningError
from pruning.common.json_text import read_json, read_object
from pruning.common.validation import checked, options_of
from pruning.compression.files import file, plain
from pruning.compression.removal.files import load_small
from pruning.criteria.kinds import allocations, granularities, scorers
from pruning.measures.kinds import measures
from pruning.results.tickets import read_files
from pruning.steps.kinds import steps
from pruning.steps.prune import Prune
from pruning.store.bundled import Bundled
from pruning.study.study import MeasureSpec, Study, load_study
from pruning.zoo.checkpoints import card, initial
from pruning.zoo.data import read_idx

FEW = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
TOWER = "[" * 100_000
ODD = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        1.5,
        10**400,
        2**63,
        float("nan"),
        float("inf"),
        "",
        "x" * 5000,
        "500",
        "\0",
        "\ud800",
        [],
        {},
        [[]],
    ]
)
VALUES = st.recursive(
    ODD | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def sentence(error: BaseException) -> str:
    """One of our sentences: short, whole, and without what a program says to programs."""
    text = str(error)
    assert text and len(text) < 1500 and "Traceback" not in text and "x" * 81 not in text
    return text


def some(known: Any) -> st.SearchStrategy[Any]:
    """A table whose names are mostly known ones."""
    return st.dictionaries(st.sampled_from(sorted(known)) | st.text(max_size=3), VALUES, max_size=3)


STEP = st.builds(
    lambda kind, more: more | {"kind": kind},
    st.sampled_from(steps.names()) | ODD,
    st.sampled_from(steps.names()).flatmap(lambda name: some(steps[name].model_fields)),
)
STUDY = st.fixed_dictionaries(
    {"measures": st.just([{"name": "size"}]) | st.lists(some(["name", "options"]), max_size=2) | VALUES},
    optional={
        "base": some(["model", "data", "seed", "mark", "device"]) | VALUES,
        "recipe": st.lists(STEP | VALUES, max_size=3) | VALUES,
        "axes": some(["0.sparsity", "seed", "0.options", "0.allocation_options", "model", "1.seed"]) | VALUES,
        "networks": st.lists(some(["base", "recipe"]), max_size=2) | VALUES,
        "schema_version": ODD,
    },
)


@FEW
@given(STUDY)
def test_a_study_is_read_or_refused(content: Any) -> None:
    try:
        found = load_study(json.dumps(content))
    except PruningError as error:
        sentence(error)
        return
    assert found.key and hash(found) == hash(load_study(found.model_dump_json()))
    assert all(cell.measure_key(spec) for cell in found.cells()[:3] for spec in found.measures)


@FEW
@given(VALUES)
def test_a_study_made_in_python_is_made_or_refused(value: Any) -> None:
    for axes in (value, {"0.sparsity": value}, {"0.options": [value]}, {"seed": [value]}):
        try:
            found = Study(axes=axes, measures=(MeasureSpec(name="size"),))
        except (PruningError, ValidationError):
            continue
        assert found.key and hash(found) and load_study(found.model_dump_json()).key == found.key


@pytest.mark.parametrize(
    "registry", [scorers, granularities, allocations, measures], ids=lambda registry: registry.kind
)
@FEW
@given(st.data())
def test_options_are_normalised_or_refused(registry: Any, data: st.DataObject) -> None:
    entry = registry[data.draw(st.sampled_from(registry.names()))]
    options = data.draw(some([*entry.model_fields, "x"]))
    try:
        plain_ones = options_of("this", entry, options)
    except PruningError as error:
        sentence(error)
        return
    assert options_of("this", entry, json.loads(json.dumps(plain_ones, allow_nan=False))) == plain_ones


WORDS = st.text(st.characters(exclude_categories=("Cs",)), max_size=8) | st.sampled_from(
    [
        TOWER,
        "9" * 5000,
        "x" * 5000,
        "x" * 50 + " " + "x" * 5000,
        "nan",
        "-0",
        "1e9",
        "{",
        "--json",
        "-",
        "shares=" + TOWER,
        "shares={}",
        "cap=5",
        "=",
        "lenet_5",
    ]
)
FLAGS = st.sampled_from(
    ["--model", "--sparsity", "--scorer", "--option", "--granularity", "--granularity-option", "--reduction", "--seed"]
    + [
        "--allocation",
        "--allocation-option",
        "--model-seed",
        "--data",
        "--device",
        "--count",
        "--split",
        "--recalibrate",
    ]
)


@FEW
@given(st.lists(st.tuples(FLAGS, WORDS), max_size=4))
def test_a_command_line_is_a_study_or_refused(words: list[tuple[str, str]]) -> None:
    line = ["prune", "--model", "lenet_5", "--sparsity", "80%", *(part for pair in words for part in pair)]
    try:
        found = arguments.study_of(parser().parse_args(line))
    except PruningError as error:
        sentence(error)
        return
    assert found.key


@pytest.mark.parametrize("text", [TOWER, "1" * 5000, "", "{", "nonsense", b"\xff\xfe{", "[" * 900 + "]" * 900])
def test_what_is_no_json_is_one_sentence(text: str | bytes) -> None:
    with pytest.raises(BadValue, match="This is not JSON"):
        read_json(text)
    with pytest.raises(BadValue):
        load_study(text)


@FEW
@given(st.binary(max_size=40) | st.text(max_size=20) | VALUES.map(json.dumps))
def test_json_of_others(text: str | bytes) -> None:
    for reader in (read_json, read_object, load_study):
        try:
            reader(text)
        except BadValue as error:
            sentence(error)


def small(header: Any) -> bytes:
    """A small network's file that says this of itself."""
    return plain(initial("lenet_5", 0), {"architecture": header if isinstance(header, str) else json.dumps(header)})


GOOD = {"format": "pruning.small", "version": 1, "model": "lenet_5", "heads": {}, "blocks": []}


@pytest.mark.parametrize(
    "header",
    ["[]", "3", "null", TOWER, "1" * 5000, "", {}, GOOD | {"model": ["lenet_5"]}, GOOD | {"model": "x" * 5000}]
    + [GOOD | {"heads": heads} for heads in ([], 3, {"conv1": "x"}, {"nowhere": 1})]
    + [GOOD | {"blocks": blocks} for blocks in (None, ["nowhere"], [""], [[1]])]
    + [GOOD | {"scaled": scaled} for scaled in (None, [10**9, 100], [50], ["50", "50"], [0, 0], [True, 1], [50, 50])],
)
def test_a_small_file_with_an_odd_header_is_refused(tmp_path: Path, header: Any) -> None:
    (tmp_path / "x").write_bytes(small(header))
    with pytest.raises(PruningError) as caught:
        load_small(tmp_path / "x")
    assert "()" not in sentence(caught.value)


def test_the_header_itself_may_be_no_table(tmp_path: Path) -> None:
    for text in (b"[]", b"[" * 5000, b"1" * 5000, b'{"__metadata__": []}', b'{"__metadata__": {"architecture": 3}}'):
        (tmp_path / "x").write_bytes(len(text).to_bytes(8, "little") + text)
        with pytest.raises(BadTensor, match=r"is damaged \([^)]"):
            load_small(tmp_path / "x")


@FEW
@given(st.data())
def test_a_small_file_in_which_bytes_were_changed(tmp_path: Path, data: st.DataObject) -> None:
    made = bytearray(FILE)
    for _ in range(data.draw(st.integers(1, 4))):
        made[data.draw(st.integers(0, min(len(made), 900) - 1))] = data.draw(st.integers(0, 255))
    (tmp_path / "x").write_bytes(made[: data.draw(st.sampled_from([len(made), len(made) // 2, 8, 3, 0]))])
    try:
        load_small(tmp_path / "x")
    except PruningError as error:
        assert "()" not in sentence(error)


FILE = small(GOOD)


@FEW
@given(some(["architecture", "format", "shapes", "quantized", "conv1.weight"]))
def test_a_small_file_with_odd_texts(tmp_path: Path, texts: dict[str, Any]) -> None:
    import torch

    made = {name: json.dumps(value) for name, value in texts.items() if name.isprintable() and name.isascii()}
    made = {"architecture": json.dumps(GOOD)} | made
    (tmp_path / "x").write_bytes(file({"conv1.weight.bits": torch.zeros(3, dtype=torch.uint8)}, made))
    with pytest.raises(PruningError) as caught:
        load_small(tmp_path / "x")
    assert "()" not in sentence(caught.value)


BAD_JSON = ["", "[]", "3", "null", TOWER, "1" * 5000, '{"schema_version": 1}', '{"schema_version": 1, "measures": 3}']
BAD_JSON += ['{"schema_version": 1, "date": 1, "machine": "", "measures": {}}', '{"schema_version": [1]}']
BAD_JSON += [
    '{"schema_version": 1, "date": "2026-01-01", "machine": "", "measures": {"a": []}}',
    b"\xff".decode("latin1"),
]


@pytest.mark.parametrize("text", BAD_JSON)
def test_cards_grids_and_stored_results_that_are_none(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "models" / "lenet_5").mkdir(parents=True)
    (tmp_path / "models" / "lenet_5" / "card.json").write_text(text, encoding="latin1")
    monkeypatch.setattr("pruning.zoo.checkpoints.ASSETS", tmp_path)
    if not text.startswith("{"):
        with pytest.raises(Missing, match=r"The model card .* is damaged \([^)]"):
            card("lenet_5")
    (tmp_path / "grid.json").write_text(text, encoding="latin1")
    grids = Bundled(tmp_path)
    assert grids.get(["a"]) == {}
    assert len(grids.problems) == 1 and "grid.json cannot be read" in sentence(ValueError(grids.problems[0]))
    with caplog.at_level(logging.WARNING):
        assert read_files(lambda content: content["rows"], tmp_path) == []
    assert "grid.json cannot be read" in caplog.text


@pytest.mark.parametrize("content", [b"", b"abc", b"\0\0\x08\x03" + b"\xff" * 12, b"\0\0\x08\x01\0\0\0\x05ab"])
def test_a_damaged_array_of_images_is_named(tmp_path: Path, content: bytes) -> None:
    for name, data in (
        ("packed.gz", gzip.compress(content)),
        ("plain.gz", content),
        ("cut.gz", gzip.compress(content)[:-9]),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(Missing, match=f"Cannot read .*{name}: [^.]"):
            read_idx(tmp_path / name)


def test_an_array_is_an_axis_like_a_list() -> None:
    size = (MeasureSpec(name="size"),)
    asked = Study(recipe=(Prune(),), axes={"0.sparsity": [500, 600, 700, 800]}, measures=size)
    import pandas as pd

    for values in (
        np.arange(500, 900, 100),
        range(500, 900, 100),
        pd.Series([500, 600, 700, 800]),
        iter([500, 600, 700, 800]),
    ):
        found = Study(recipe=(Prune(),), axes={"0.sparsity": values}, measures=size)
        assert (found, found.key, hash(found)) == (asked, asked.key, hash(asked))
        assert found.model_dump_json() == asked.model_dump_json()
    for values in (np.zeros((2, 2), dtype=int), np.array(500), 500, "500", {"a": 1}):
        with pytest.raises(ValidationError, match="axes|sparsity"):
            Study(recipe=(Prune(),), axes={"0.sparsity": values}, measures=size)


def test_a_number_of_5000_digits_is_not_repeated() -> None:
    for field in ("seed", "sparsity"):
        with pytest.raises(BadValue, match=rf"{field}: .* \(given: a value that is too large to be shown\)"):
            checked("the step", Prune, {field: 10**5000})


def test_a_recipe_of_as_many_steps_as_are_let_in_is_folded() -> None:
    from pruning.study.run import run

    steps_ = tuple(Prune(scorer="random", sparsity=2 * number, seed=number) for number in range(500))
    (row,) = run(Study(recipe=steps_, measures=(MeasureSpec(name="size"),)))
    assert row["value"]["prunable"] - row["value"]["prunable_nonzero"] >= 0.9 * 266_000
