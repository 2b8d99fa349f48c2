"""Networks of Hugging Face from folders: the outputs of transformers itself, and no code that comes with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from pruning.common.errors import BadTensor, Incompatible, Missing, UnknownName
from pruning.common.sources import asking
from pruning.steps.prune import Prune
from pruning.study.fold import state_of
from pruning.zoo.base import Base
from pruning.zoo.checkpoints import load_model
from pruning.zoo.kinds import models
from pruning.zoo.vision import torchvision


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRUNING_OWN", str(tmp_path / "own"))


def pictures(folder: Path, shards: str = "5GB") -> nn.Module:
    torchvision()
    from transformers import ViTConfig, ViTForImageClassification

    torch.manual_seed(1)
    small = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    config = ViTConfig(**small, image_size=32, patch_size=8, id2label={0: "ant", 1: "bee", 2: "cat"})
    made = ViTForImageClassification(config).eval()
    made.save_pretrained(folder, max_shard_size=shards)
    about = {"size": {"height": 32, "width": 32}, "image_mean": [0.5] * 3, "image_std": [0.2] * 3, "resample": 3}
    (folder / "preprocessor_config.json").write_text(json.dumps(about))
    return made


def texts(folder: Path) -> nn.Module:
    torchvision()
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(1)
    small = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    made = BertForSequenceClassification(BertConfig(**small, vocab_size=50, num_labels=4)).eval()
    made.save_pretrained(folder)
    return made


@pytest.mark.parametrize("shards", ["5GB", "8KB"])
def test_a_folder_of_pictures(tmp_path: Path, shards: str) -> None:
    folder = tmp_path / "vit"
    made = pictures(folder, shards)
    assert (len(list(folder.glob("*.safetensors"))) > 1) == (shards == "8KB")
    entry = models[f"hf:{folder}"]
    assert (entry.classes, entry.class_names, entry.input_shape) == (3, ("ant", "bee", "cat"), (3, 32, 32))
    assert entry.preprocessing is not None
    assert (entry.preprocessing.interpolation, entry.preprocessing.std) == ("bicubic", (0.2,) * 3)
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(load_model(f"hf:{folder}")(images).logits, made(images).logits)
    state = state_of(Base(model=f"hf:{folder}"), (Prune(sparsity=500),))
    count = sum(mask.numel() for mask in state.masks.values())
    assert sum(int((~mask).sum()) for mask in state.masks.values()) == round(0.5 * count)


def test_a_folder_of_texts_does_not_look_at_padding(tmp_path: Path) -> None:
    folder = tmp_path / "bert"
    made = texts(folder)
    entry = models[f"hf:{folder}"]
    assert (entry.task, entry.classes, entry.input_shape) == ("classification", 4, (128,))
    ids = torch.randint(1, 50, (2, 9))
    padded = torch.cat([ids, torch.zeros(2, 3, dtype=torch.int64)], 1)
    network = load_model(f"hf:{folder}")
    with torch.no_grad():
        said = made(ids).logits
        torch.testing.assert_close(network(padded).logits, said, rtol=1e-4, atol=1e-5)
    state = state_of(Base(model=f"hf:{folder}"), (Prune(sparsity=900),))
    assert any("attention.self.query" in name for name in state.masks)


def test_other_weights_are_another_network(tmp_path: Path) -> None:
    pictures(tmp_path)
    before = Base(model=f"hf:{tmp_path}").state_key()
    from safetensors.torch import load_file, save_file

    path = tmp_path / "model.safetensors"
    state = load_file(path)
    state["classifier.bias"] += 1
    save_file(state, path, {"format": "pt"})
    assert Base(model=f"hf:{tmp_path}").state_key() != before
    del state["classifier.bias"]
    save_file(state, path, {"format": "pt"})
    with pytest.raises(BadTensor, match="1 tensors are missing or have another shape, such as classifier.bias"):
        load_model(f"hf:{tmp_path}")
    path.unlink()
    with pytest.raises(Missing, match="no safetensors in .*: save the network with save_pretrained"):
        load_model(f"hf:{tmp_path}")


def test_code_that_comes_along_is_not_run(tmp_path: Path) -> None:
    pictures(tmp_path)
    path = tmp_path / "config.json"
    about = json.loads(path.read_text())
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    path.write_text(json.dumps(about | {"auto_map": {"AutoConfig": "evil.Config"}}))
    with pytest.raises(Incompatible, match="comes with code of its own, which is not run"):
        Base(model=f"hf:{tmp_path}")
    path.write_text(json.dumps(about | {"architectures": ["WhisperForConditionalGeneration"]}))
    with pytest.raises(Incompatible, match="is WhisperForConditionalGeneration"):
        Base(model=f"hf:{tmp_path}")
    assert not (tmp_path / "ran").exists()


def test_what_is_not_there_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(
        Missing, match="nobody/nothing is not on this machine: .*'hf download nobody/nothing' brings it"
    ):
        models["hf:nobody/nothing"]
    with pytest.raises(Missing, match="There is no config.json"):
        models[f"hf:{tmp_path}"]


def test_a_link_reads_no_folder_of_the_server(tmp_path: Path) -> None:
    pictures(tmp_path)
    assert f"hf:{tmp_path}" in models
    mark = asking.set("stranger")
    try:
        with pytest.raises(UnknownName):
            models[f"hf:{tmp_path}"]
        with pytest.raises(Missing, match="is not on this machine"):
            models["hf:nobody/nothing"]
    finally:
        asking.reset(mark)
