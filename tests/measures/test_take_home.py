"""What is taken home: the network in each form, its masks, its card; nothing that a fresh process reads otherwise."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import ModelCard
from safetensors.torch import load as load_tensors

import pruning
from pruning.common.errors import Incompatible
from pruning.common.progress import Desk
from pruning.compression.fresh_process import tried
from pruning.compression.removal.files import load_small
from pruning.compression.removal.remove import removed
from pruning.store.artefacts import Artefacts
from pruning.study.fold import state_of
from tests.helpers.invented import Images

X = torch.randn(5, 1, 28, 28, generator=torch.Generator().manual_seed(9))
RECIPE = (pruning.Prune(granularity="channel", sparsity=500),)


def taken(form: str, folder: Path) -> tuple[Any, dict[str, Any], dict[str, bytes]]:
    """The state, the result, and the files in the zip."""

    save = Artefacts(folder / "artefacts").write
    state = state_of(pruning.Base(model="lenet_300_100"), RECIPE)
    value = pruning.MeasureSpec(name="take_home", options={"form": form}).build().measure(state, Desk(save=save))
    with zipfile.ZipFile(value["path"]) as archive:
        return state, value, {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("form", ["state_dict", "safetensors", "program", "onnx"])
def test_each_form_gives_the_networks_numbers(form: str, images: Images, tmp_path: Path) -> None:
    state, value, files = taken(form, tmp_path)
    name = next(name for name in files if name.startswith("model"))
    facts, small = json.loads(files["facts.json"]), removed(state).model
    delivered = state.model if form == "state_dict" else small
    said = delivered(X)
    (tmp_path / name).write_bytes(files[name])
    if form == "state_dict":
        found = torch.load(tmp_path / name, weights_only=True)
        assert list(found) == list(state.model.state_dict())
        assert all(torch.equal(found[key], tensor) for key, tensor in state.model.state_dict().items())
    elif form == "safetensors":
        assert torch.allclose(load_small(tmp_path / name)(X), said, atol=1e-6)
    elif form == "program":
        assert torch.allclose(torch.export.load(tmp_path / name).module()(X), said, atol=1e-5)
    else:
        import onnxruntime

        session = onnxruntime.InferenceSession(files[name])
        assert torch.allclose(torch.from_numpy(session.run(None, {"images": X.numpy()})[0]), said, atol=1e-4)
        notes = session.get_modelmeta().custom_metadata_map
        assert json.loads(notes["classes"])[0] == "T-shirt" and json.loads(notes["measured"]) == facts["measured"]
        assert json.loads(notes["preprocessing"]) == facts["preprocessing"] != {}
    masks = load_tensors(files["masks.safetensors"])
    assert all(torch.equal(masks[key], mask) for key, mask in state.masks.items()) and set(masks) == set(state.masks)
    assert facts["parameters"] == sum(p.numel() for p in delivered.parameters())
    assert "fresh process without this package" in value["check"] and value["file_bytes"] == len(files[name])
    card = ModelCard(files["README.md"].decode())
    (result,) = card.data.eval_results
    assert result.metric_value == facts["measured"]["value"] and card.data.base_model == "lenet_300_100"
    assert value["check"] in card.text and name in card.text and state.recipe[0].words() in card.text


def test_a_state_dict_goes_back_in_the_form_it_came(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the same keys, with the same names: the person's own program loads it unchanged."""
    from pruning.zoo.added.adding import NewNetwork, added
    from pruning.zoo.added.building import building

    monkeypatch.setenv("PRUNING_OWN", str(tmp_path / "own"))
    made = building("timm:test_resnet")(4, 3)
    names = [f"module.{name}" for name in made.state_dict()]
    held = dict(zip(names, made.state_dict().values(), strict=True))
    torch.save({"epoch": 3, "net": {"model": held}}, tmp_path / "best.pth")
    added("mine", NewNetwork("timm:test_resnet", tmp_path / "best.pth"))
    base = pruning.Base(model="own:mine")
    state = state_of(base, (pruning.Prune(sparsity=800),))
    desk = Desk(save=Artefacts(tmp_path / "artefacts").write)
    value = pruning.MeasureSpec(name="take_home").build().measure(state, desk)
    with zipfile.ZipFile(value["path"]) as archive:
        (tmp_path / "model.pth").write_bytes(archive.read("model.pth"))
        card = archive.read("README.md").decode()
    found = torch.load(tmp_path / "model.pth", weights_only=True)
    assert list(found) == ["net"] and list(found["net"]) == ["model"] and list(found["net"]["model"]) == names
    assert all(torch.equal(found["net"]["model"][f"module.{n}"], t) for n, t in state.model.state_dict().items())
    assert 'weights_only=True)["net"]["model"]' in card and "all its tensors are those of the network" in card


def test_what_a_fresh_process_reads_otherwise_is_not_given_out() -> None:
    layer = torch.nn.Linear(2, 1)
    data = io.BytesIO()
    torch.save(layer.state_dict(), data)
    sums = torch.stack([t.double().sum() for t in layer.state_dict().values()]).detach()
    given = torch.zeros(0)
    with pytest.raises(Incompatible, match="other numbers"):
        tried(data.getvalue(), ".pth", given, sums + 1, ["weight", "bias"])
    with pytest.raises(Incompatible, match="other tensors"):
        tried(data.getvalue(), ".pth", given, sums, ["weight"])
    with pytest.raises(Incompatible, match="cannot use this file"):
        tried(b"no file of torch", ".pth", given, sums, ["weight", "bias"])
