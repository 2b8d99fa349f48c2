"""torchvision's weights, through the real loading code, on files that the test puts into torch.hub's folder."""

from __future__ import annotations

import hashlib
import io
import os
import re
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save

from pruning.common.errors import BadTensor, BadValue, Missing
from pruning.zoo import fetch
from pruning.zoo.checkpoints import available, initial, load_model, state_hash
from pruning.zoo.kinds import models
from pruning.zoo.vision import torchvision

NAME = "mobilenet_v3_small"
REAL_FILE = "mobilenet_v3_small-047dcff4.pth"


def packed(content: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def hashed(content: bytes, name: str = NAME) -> str:
    return f"{name}-{hashlib.sha256(content).hexdigest()[:8]}.pth"


def address(monkeypatch: pytest.MonkeyPatch, url: str, name: str = NAME) -> None:
    """Let torchvision's own table of weights name another address."""
    monkeypatch.setattr(torchvision().models.get_model_weights(name).DEFAULT.value, "url", url)


def place(
    hub: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, name: str = NAME, file: str | None = None
) -> Path:
    path = hub / (file or hashed(content, name))
    hub.mkdir(parents=True)
    path.write_bytes(content)
    address(monkeypatch, f"http://nowhere.invalid/{path.name}", name)
    return path


def test_a_cached_file_with_the_right_hash_is_loaded(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = initial(NAME, 7).eval()
    place(hub, monkeypatch, packed(reference.state_dict()))
    assert available(NAME) == (True, "")
    model, x = load_model(NAME), torch.rand(2, 3, 64, 64)
    assert not model.training
    with torch.inference_mode():
        assert torch.equal(model(x), reference(x))


def test_a_cached_file_with_another_hash_is_refused(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(models[NAME]().address()).endswith("/" + REAL_FILE)
    content = packed(initial(NAME, 7).state_dict())
    place(hub, monkeypatch, content, file=REAL_FILE)
    digest = hashlib.sha256(content).hexdigest()[:8]
    with pytest.raises(BadTensor, match=f"SHA-256 begins {digest}, not 047dcff4; remove the file, then download"):
        load_model(NAME)


def test_a_file_that_was_replaced_is_hashed_again(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = place(hub, monkeypatch, packed(initial(NAME, 7).state_dict()))
    load_model(NAME)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(1, 1))
    with pytest.raises(BadTensor, match="is not the published file"):
        load_model(NAME)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["densenet121", "googlenet"])
def test_old_names_and_auxiliary_heads_as_torchvision_itself_does(
    name: str, hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "googlenet":
        source = torchvision().models.GoogLeNet(aux_logits=True, transform_input=True, init_weights=False).state_dict()
        assert any(key.startswith("aux2.") for key in source)
    else:
        state = initial(name, 1).state_dict()  # as old as torchvision's file: no batch counters, no versions of modules
        old = {
            key: re.sub(r"(denselayer\d+\.\w+)([12])\.", r"\1.\2.", key) for key in state if "num_batches" not in key
        }
        source = {old[key]: state[key] for key in old}
        assert any(".norm.1.weight" in key for key in source)
    place(hub, monkeypatch, packed(source), name)
    theirs = torchvision().models.get_model(name, weights="DEFAULT", progress=False).eval()
    ours, x = load_model(name), torch.rand(1, 3, 64, 64)
    assert state_hash(ours.state_dict()) == state_hash(theirs.state_dict())
    with torch.inference_mode():
        assert torch.equal(ours(x), theirs(x))


class Harmful:
    """A pickle that writes a file when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


def test_only_tensors_are_unpickled(hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    harm = tmp_path / "harm"
    place(hub, monkeypatch, packed({"features.0.0.weight": Harmful(harm)}))
    with pytest.raises(BadTensor, match="cannot be read"):
        load_model(NAME)
    assert not harm.exists()


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (
            lambda s: s["classifier.3.weight"].fill_(float("inf")),
            r"'classifier\.3\.weight' holds 1024000 NaN or infinite",
        ),
        (lambda s: s.pop("classifier.3.bias"), r"do not fit .*classifier\.3\.bias"),
        (lambda s: s.update({"classifier.3.bias": torch.zeros(10)}), r"do not fit .*classifier\.3\.bias"),
        (lambda s: s.update({"epoch": 3}), "does not hold a network's weights"),
    ],
)
def test_weights_that_cannot_be_used(change: Any, part: str, hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = initial(NAME, 7).state_dict()
    change(state)
    place(hub, monkeypatch, packed(state))
    with pytest.raises(BadTensor, match=part):
        load_model(NAME)


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (lambda m: packed(m), "a whole pickled model, say.*; save the state dict alone: torch.save.model.state_dict"),
        (lambda m: packed({"a": Harmful(Path("/nowhere"))}), "a whole pickled model, say.*save the state dict"),
        (lambda m: b"<!DOCTYPE html><html>Sign in</html>", "it is a web page, not weights.*remove the file, then"),
        (lambda m: b"\n <html>", "it is a web page"),
        (lambda m: b"version https://git-lfs.github.com/spec/v1", "a pointer of Git LFS"),
        (lambda m: save(dict(m.state_dict())), "looks like safetensors.*save the state dict"),
        (lambda m: b"", "it is empty"),
        (lambda m: b"nonsense" * 99, "cannot be read: its content is damaged"),
        (lambda m: scripted(), "that TorchScript compiled.*save the state dict"),
        (lambda m: packed({"state_dict": m.state_dict(), "epoch": 3}), "under 'state_dict', beside other things; save"),
        (lambda m: packed([m.state_dict()]), "it holds a list; save the state dict"),
        (lambda m: packed({}), "it holds other things than tensors by name; save"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_what_is_no_state_dict_is_said_in_our_own_words(
    content: Any, part: str, hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(hub, monkeypatch, content(initial(NAME, 7)), file="plain.pth")
    with pytest.raises(BadTensor, match=part) as caught:
        load_model(NAME)
    said = str(caught.value)
    assert "weights_only" not in said and "trust" not in said and "\n" not in said


def scripted() -> bytes:
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("keep", [0, 100, -100])
def test_a_truncated_file_without_a_hash(keep: int, hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place(hub, monkeypatch, packed(initial(NAME, 7).state_dict())[:keep], file="plain.pth")
    with pytest.raises(BadTensor, match="cannot be read"):
        load_model(NAME)


def test_a_download_lands_in_the_hub_folder(
    hub: Path, monkeypatch: pytest.MonkeyPatch, server: Any, leftovers: Any
) -> None:
    content = packed(initial(NAME, 7).state_dict())
    server.files["/" + hashed(content)] = content
    address(monkeypatch, server.url("/" + hashed(content)))
    assert state_hash(load_model(NAME).state_dict()) == state_hash(initial(NAME, 7).state_dict())
    load_model(NAME)
    assert leftovers(hub) == [hashed(content)]
    assert len(server.requests) == 1


@pytest.mark.parametrize("fault", ["absent", "cut", "other content", "silent", "no name", "closed port"])
def test_without_a_download_one_sentence_in_seconds_and_no_file(
    fault: str, hub: Path, monkeypatch: pytest.MonkeyPatch, server: Any, leftovers: Any
) -> None:
    content = packed({"x": torch.zeros(10_000)})
    url = server.url("/" + hashed(content))
    if fault in ("cut", "other content"):
        server.files["/" + hashed(content)] = content if fault == "cut" else content[:-1] + b"?"
    server.cut, server.silent = fault == "cut", fault == "silent"
    if fault == "no name":
        url = f"https://nowhere.invalid/{hashed(content)}"
    if fault == "closed port":
        url = f"http://127.0.0.1:9/{hashed(content)}"
    monkeypatch.setattr(fetch, "CONNECT_SECONDS", 1.0)
    address(monkeypatch, url)
    there, sentence = available(NAME)
    started = time.monotonic()
    with pytest.raises(Missing) as caught:
        load_model(NAME)
    assert time.monotonic() - started < 5
    assert leftovers(hub) == []
    assert not there
    assert str(caught.value).startswith(sentence)
    assert all(part in sentence for part in (hashed(content), str(hub), url))


def test_the_real_time_limit_is_a_few_seconds() -> None:
    assert fetch.CONNECT_SECONDS <= 8


def test_published_models_have_one_seed_and_no_early_weights() -> None:
    with pytest.raises(BadValue, match="no early weights"):
        load_model(NAME, 0, "early")
    with pytest.raises(BadValue, match="its seeds: 0"):
        available(NAME, "dense", 1)
