"""A small network as a file: it comes back whole, in a process that never saw the original."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import zstandard
from safetensors.torch import save_file

from pruning.common.errors import BadTensor, Missing
from pruning.compression.removal.files import description, load_small, small_file
from pruning.compression.removal.remove import remove
from pruning.steps.prune import Prune
from pruning.study.fold import state_of
from pruning.zoo.base import Base

ROOT = Path(__file__).resolve().parents[2]

MADE = {"mobilenet_v2_small": ("channel",), "vit_small": ("head", "layer_block")}
READ = """
import sys, torch
from pruning.compression.removal.files import load_small
from pruning.zoo import checkpoints
def never(*args, **kwargs): raise AssertionError("the original weights were read")
checkpoints.load_model = checkpoints._read = never
for name in sys.argv[2:]:
    with torch.inference_mode():
        torch.save(load_small(f"{name}.safetensors")(torch.load(sys.argv[1])), f"{name}.out")
"""


def test_a_fresh_process_reads_it_without_the_original(tmp_path: Path) -> None:
    x, said = torch.randn(3, 1, 28, 28), {}
    torch.save(x, tmp_path / "x")
    for model, kinds in MADE.items():
        state = state_of(Base(model=model), tuple(Prune(granularity=kind, sparsity=500) for kind in kinds))
        done = remove(state)
        data = small_file(done, state)
        (tmp_path / f"{model}.safetensors").write_bytes(data)
        with torch.inference_mode():
            said[model] = done.model(x)
        header = 8 + int.from_bytes(data[:8], "little")
        assert len(data) - header == sum(t.numel() * t.element_size() for t in done.model.state_dict().values())
    command = [sys.executable, "-c", READ, str(tmp_path / "x"), *(str(tmp_path / name) for name in MADE)]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert ran.returncode == 0, ran.stderr
    for model, outputs in said.items():
        assert torch.allclose(torch.load(tmp_path / f"{model}.out"), outputs, rtol=0, atol=1e-5)


def test_the_description_says_what_was_kept() -> None:
    state = state_of(Base(model="lenet_5"), (Prune(granularity="channel", sparsity=500),))
    done = remove(state)
    told = json.loads(description(done, state))
    assert told["shapes"] == {name: list(t.shape) for name, t in done.model.state_dict().items()}
    dense, small = state.start.model.state_dict(), done.model.state_dict()
    for name, whole in dense.items():
        for dim, kept in told["kept"].get(name, {}).items():
            assert len(kept) < whole.shape[int(dim)]
            whole = whole.index_select(int(dim), torch.tensor(kept))
        assert torch.equal(whole, small[name])
    assert told["model"] == "lenet_5" and told["recipe"][0]["granularity"] == "channel"


def test_other_files_are_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "small.safetensors"
    with pytest.raises(Missing, match="There is no file"):
        load_small(path)
    path.write_bytes(b"nothing")
    with pytest.raises(BadTensor, match="is damaged"):
        load_small(path)
    save_file({"a": torch.zeros(2)}, path)
    with pytest.raises(BadTensor, match="its header lacks the architecture"):
        load_small(path)
    about = {"format": "pruning.small", "version": 1, "model": "lenet_5", "heads": {}, "blocks": []}
    save_file({"conv1.weight": torch.zeros(3, 1, 5, 5)}, path, {"architecture": json.dumps(about)})
    with pytest.raises(BadTensor, match="differ in 9 tensors, such as 'conv1.bias'"):
        load_small(path)
    save_file({}, path, {"architecture": json.dumps(about | {"blocks": ["nowhere"]})})
    with pytest.raises(BadTensor, match="does not fit its own description"):
        load_small(path)


def test_a_file_that_unpacks_without_end_is_stopped_where_its_network_would_end(tmp_path: Path) -> None:
    about = {"format": "pruning.small", "version": 1, "model": "lenet_5", "heads": {}, "blocks": []}
    header = json.dumps({"__metadata__": {"architecture": json.dumps(about)}}).encode()
    start, zeros = len(header).to_bytes(8, "little") + header, bytes(2**20)
    packer = zstandard.ZstdCompressor(level=19).compressobj()
    packed = b"".join([packer.compress(start), *(packer.compress(zeros) for _ in range(64)), packer.flush()])
    path = tmp_path / "bomb.safetensors.zst"
    path.write_bytes(packed)
    assert len(packed) < 20_000
    with pytest.raises(BadTensor, match=r"is damaged \(it would unpack to more than 16 MB\)"):
        load_small(path)
    twenty = zstandard.ZstdCompressor().compress(start)
    claimed = bytearray(b"\x28\xb5\x2f\xfd\xe0" + (20 * 10**9).to_bytes(8, "little") + twenty[6:])
    path.write_bytes(claimed)
    with pytest.raises(BadTensor, match="is damaged"):
        load_small(path)


@pytest.mark.parametrize("form", ["bitmask", "quantized"])
def test_shapes_that_the_file_cannot_fill_are_refused(form: str, tmp_path: Path) -> None:
    about = {"format": "pruning.small", "version": 1, "model": "lenet_5", "heads": {}, "blocks": []}
    more = {"format": "bitmask", "shapes": '{"w": [1000000, 1000000]}'} if form == "bitmask" else {}
    more |= {"quantized": "1", "w": "8 bits, groups of 1, 1000000x1000000"} if form == "quantized" else {}
    tensors = {"w.bits": torch.zeros(2, dtype=torch.uint8), "w.values": torch.zeros(1)}
    tensors |= {"w.codes": torch.zeros(2, dtype=torch.uint8), "w.scale": torch.ones(1)}
    save_file(tensors, tmp_path / "a.safetensors", {"architecture": json.dumps(about), **more})
    with pytest.raises(BadTensor, match=r"1,000,000,000,000 .* and fewer"):
        load_small(tmp_path / "a.safetensors")


@pytest.mark.parametrize("scaled", [[10**9, 10**9], [101, 100], [0, 100], ["a", 1], [50], 7])
def test_no_larger_relative_than_the_model_itself_is_built(scaled: object, tmp_path: Path) -> None:
    about = {"format": "pruning.small", "version": 1, "model": "lenet_5", "heads": {}, "blocks": [], "scaled": scaled}
    save_file({}, tmp_path / "a.safetensors", {"architecture": json.dumps(about)})
    with pytest.raises(BadTensor, match="does not fit its own description"):
        load_small(tmp_path / "a.safetensors")
