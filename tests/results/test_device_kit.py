"""The device kit: what is in it, that its script times the networks in a process of its own, and what is read back."""

from __future__ import annotations

import ast
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pruning.common.errors import BadValue
from pruning.results.device.kit import SCRIPT, KitNetwork, device_kit
from pruning.results.device.time_networks import COLUMNS, quantile
from pruning.results.device.times import beside, read_times


def network(width: int) -> bytes:
    """An ONNX file of one product of matrices, 3 by 4 inputs to so many outputs."""
    flat = onnx.helper.make_node("Flatten", ["images"], ["flat"])
    product = onnx.helper.make_node("MatMul", ["flat", "weight"], ["logits"])
    weight = onnx.numpy_helper.from_array(np.ones((12, width), np.float32), "weight")
    given = onnx.helper.make_tensor_value_info("images", onnx.TensorProto.FLOAT, ["batch", 3, 4])
    wanted = onnx.helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, ["batch", width])
    graph = onnx.helper.make_graph([flat, product], "g", [given], [wanted], [weight])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9)
    return model.SerializeToString()


def kit() -> bytes:
    return device_kit(
        "k1",
        "two products",
        [
            KitNetwork("dense", "Product, dense", network(900), (3, 4), {"measured": {"accuracy": 0.9}}),
            KitNetwork("c50", "Channels, 50 %", network(10), (3, 4)),
        ],
    )


def test_the_kit_holds_networks_script_and_what_is_known_and_is_the_same_each_time(tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(kit())) as archive:
        assert sorted(archive.namelist()) == [
            f"device-kit/{name}" for name in ("README.txt", "c50.onnx", "dense.onnx", "kit.json", "time_networks.py")
        ]
        content = json.loads(archive.read("device-kit/kit.json"))
        assert archive.read("device-kit/dense.onnx") == network(900)
    assert content["kit"] == "k1" and content["networks"][0] == {
        "name": "dense",
        "label": "Product, dense",
        "file": "dense.onnx",
        "input_shape": [3, 4],
        "measured": {"accuracy": 0.9},
    }
    assert kit() == kit()


def test_the_script_needs_onnxruntime_alone() -> None:
    names = set()
    for node in ast.walk(ast.parse(SCRIPT.read_text())):
        names |= {alias.name for alias in node.names} if isinstance(node, ast.Import) else set()
        names |= {str(node.module)} if isinstance(node, ast.ImportFrom) else set()
    assert {name for name in names if name.partition(".")[0] not in sys.stdlib_module_names} == {"numpy", "onnxruntime"}


def test_its_times_are_read_back_from_a_process_that_knows_nothing_else(tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(kit())) as archive:
        archive.extractall(tmp_path)
    folder = tmp_path / "device-kit"
    script = [sys.executable, "-I", str(folder / "time_networks.py")]  # isolated: neither this folder nor PYTHONPATH
    command = [*script, "--seconds", "0.02", "--batches", "1", "3", "--device", "a Pi, mine"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    times = read_times((folder / "times.csv").read_bytes())
    assert (
        list(times.columns) == list(COLUMNS) and set(times["kit"]) == {"k1"} and set(times["device"]) == {"a Pi, mine"}
    )
    pairs = [(name, batch) for batch in (1, 3) for name in ("dense", "c50")]
    assert list(zip(times["network"], times["batch_images"], strict=True)) == pairs
    assert (times["rounds"] >= 7).all() and "Written: " in done.stdout
    wrong = subprocess.run([*script, "--threads", "0"], capture_output=True, text=True, timeout=120)
    assert wrong.returncode == 2 and "1 or more" in wrong.stderr


@given(st.lists(st.floats(0.001, 1000), min_size=1, max_size=50), st.sampled_from([0.25, 0.5, 0.75]))
def test_quantiles_are_numpys(numbers: list[float], share: float) -> None:
    assert quantile(sorted(numbers), share) == pytest.approx(np.quantile(numbers, share))


def table(*rows: tuple[str, str, int, float], date: str = "2026-12-01T10:00:00Z", key: str = "k1") -> pd.DataFrame:
    """Device, network, batch, median; quartiles one per cent to both sides."""
    usual = {"kit": key, "rounds": 9, "threads": 1, "system": "Linux", "runtime": "onnxruntime 1", "date": date}
    found = [
        usual
        | {"device": device, "network": name, "label": name.upper(), "batch_images": batch}
        | {"median_ms": ms, "low_ms": 0.99 * ms, "high_ms": 1.01 * ms}
        for device, name, batch, ms in rows
    ]
    return pd.DataFrame(found)[list(COLUMNS)]


GOOD = table(("pi", "dense", 1, 8.0), ("pi", "c50", 1, 2.0))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe\x00", "no CSV file"),
        (b"", "no CSV file"),
        (b"a,b\n1,2\n", "lacks the columns kit, network"),
        (GOOD.drop(columns="date").to_csv(index=False).encode(), "lacks the column date"),
        (GOOD.iloc[:0].to_csv(index=False).encode(), "has no rows"),
        (pd.concat([GOOD] * 600).to_csv(index=False).encode(), "more than 1,000 rows"),
        (GOOD.assign(median_ms="fast").to_csv(index=False).encode(), "median_ms that is no number above 0"),
        (GOOD.assign(low_ms=-1).to_csv(index=False).encode(), "low_ms that is no number above 0"),
        (GOOD.assign(high_ms=np.inf).to_csv(index=False).encode(), "high_ms that is no number above 0"),
        (GOOD.assign(low_ms=100).to_csv(index=False).encode(), "median outside its quartiles"),
        (pd.concat([GOOD, GOOD]).to_csv(index=False).encode(), "two times of one network"),
    ],
)
def test_other_files_are_refused_in_a_sentence(content: bytes, said: str) -> None:
    with pytest.raises(BadValue, match=said):
        read_times(content)


MS = st.floats(0.01, 100)


@settings(deadline=None, max_examples=40)
@given(MS, MS, MS, MS, MS)
def test_times_of_machines_are_never_mixed(
    pi_dense: float, pi_small: float, dense: float, small: float, here: float
) -> None:
    times = pd.concat(
        [
            table(("pi", "dense", 1, pi_dense), ("pi", "c50", 1, pi_small)),
            table(("phone", "dense", 1, dense), ("phone", "c50", 1, small), key="k2"),
        ]
    )
    rows = beside(times, "k1", {("c50", 1): here, ("dense", 1): 1e6}).set_index(["device", "network"])
    for device, whole, part in (("pi", pi_dense, pi_small), ("phone", dense, small)):
        row = rows.loc[(f"{device}, 1 thread", "C50")]
        assert row["there (ms)"].startswith(f"{part:.3g} (")
        ratio, clear = whole / part, max(whole / part, part / whole) > 1.06
        if clear:
            told = float(row["there, against dense"].split()[0])
            assert told == pytest.approx(max(ratio, 1 / ratio), rel=0.06)
            assert row["there, against dense"].endswith("faster" if ratio > 1 else "slower")
    own = rows["this machine (ms)"]
    assert own[("pi, 1 thread", "C50")] == f"{here:.3g}" and own[("phone, 1 thread", "C50")] == ""


def test_without_a_dense_network_there_is_no_ratio() -> None:
    rows = beside(table(("pi", "c50", 1, 2.0)), "k1", {})
    assert rows["there, against dense"][0] == "no dense network in the run" and rows["this machine (ms)"][0] == ""
