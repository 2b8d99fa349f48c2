"""Language models without their masked heads, MLP channels and blocks: same outputs, and folders for transformers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from pruning.common.errors import Incompatible
from pruning.compression.removal.hugging_face import save_pretrained
from pruning.compression.removal.outputs import NEAR, output
from pruning.compression.removal.remove import remove
from pruning.network.inputs import drawn
from pruning.state import State
from pruning.steps.prune import Prune
from tests.helpers.language import KINDS, start

HALF = {
    "head": Prune(granularity="head", allocation="uniform", sparsity=500),
    "channel": Prune(granularity="channel", allocation="uniform", sparsity=500),
    "layer_block": Prune(granularity="layer_block", scorer="block_influence", options={"samples": 10}, sparsity=500),
}
FIXED = ("opt", "gpt2", "pythia")
"""Classes whose heads are as wide as the stream allows: none can go."""


def pruned(kind: str, unit: str) -> State:
    return start(kind).after(HALF[unit], f"{kind}-{unit}")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("unit", HALF)
def test_removal_gives_what_the_masked_network_gives(kind: str, unit: str, tmp_path: Path) -> None:
    state = pruned(kind, unit)
    done = remove(state)
    ids = drawn(state.model, state.base.input_shape, 3, torch.Generator().manual_seed(9))
    before, after = (sum(p.numel() for p in model.parameters()) for model in (state.model, done.model))
    masked = sum(int((~mask).sum()) for mask in state.masks.values())
    said = output(state.model, ids)
    assert after == before - masked and masked
    assert float((output(done.model, ids) - said).abs().max() / said.abs().max()) <= NEAR
    if unit == "head" and kind in FIXED:
        with pytest.raises(Incompatible, match="cannot express"):
            save_pretrained(state, tmp_path / "out")
        assert not (tmp_path / "out").exists()
        return
    folder = save_pretrained(state, tmp_path / "out")
    assert sum(t.numel() for t in load_file(folder / "model.safetensors").values()) == after


@pytest.mark.parametrize(("kind", "unit"), [("llama", "head"), ("gpt2", "channel")])
def test_a_fresh_process_reads_the_folder(kind: str, unit: str, tmp_path: Path) -> None:
    state = pruned(kind, unit)
    folder = save_pretrained(state, tmp_path / "out")
    ids = drawn(state.model, state.base.input_shape, 2, torch.Generator().manual_seed(1))
    save_file({"ids": ids}, str(tmp_path / "ids"))
    code = (
        "import sys, torch\n"
        "from pruning.zoo.vision import torchvision\n"
        "torchvision()\n"  # where torch is a CPU build, plain 'import torchvision' fails
        "from transformers import AutoModelForCausalLM\n"
        "from safetensors.torch import load_file, save_file\n"
        "model = AutoModelForCausalLM.from_pretrained(sys.argv[1]).eval()\n"
        "with torch.no_grad():\n"
        "    logits = model(load_file(sys.argv[2])['ids']).logits\n"
        "save_file({'logits': logits.contiguous()}, sys.argv[3])\n"
    )
    where = [str(folder), str(tmp_path / "ids"), str(tmp_path / "logits")]
    subprocess.run([sys.executable, "-c", code, *where], check=True, cwd=Path(__file__).resolve().parents[2])
    found, said = load_file(tmp_path / "logits")["logits"], output(state.model, ids)
    assert float((found - said).abs().max() / said.abs().max()) <= NEAR


def test_blocks_of_different_widths_are_refused_in_a_sentence(tmp_path: Path) -> None:
    state = start("llama").after(Prune(granularity="channel", allocation="global", sparsity=300), "uneven")
    with pytest.raises(Incompatible, match="one width of the MLP for all blocks"):
        save_pretrained(state, tmp_path / "out")
