"""Whatever form a checkpoint has, the network gives the outputs it gave before; what does not fit is named."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.utils.prune as torch_prune
from torch import Tensor, nn

from pruning.common.errors import BadTensor
from pruning.zoo.added.building import building
from pruning.zoo.added.onto import Match, check, onto
from pruning.zoo.added.plain_tensors import Plain, plain_tensors
from pruning.zoo.kinds import models

TIMM, TORCHVISION = "timm:test_resnet", "torchvision:mobilenet_v3_small"


def network(architecture: str, classes: int | None = None) -> nn.Module:
    """With weights and statistics that are drawn."""
    torch.manual_seed(5)
    entry = models[architecture]
    made = building(architecture)(classes or entry.classes, entry.input_shape[0])
    for name, buffer in made.named_buffers():
        if name.endswith("running_mean"):
            buffer.normal_(0, 0.1)
    return made.eval()


def laid(state: dict[str, Tensor], architecture: str) -> tuple[Plain, Match]:
    entry = models[architecture]
    return onto(plain_tensors(state), building(architecture), entry.classes, entry.input_shape[0])


def outputs(made: nn.Module) -> Tensor:
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        return made.eval()(images)


def again(held: Plain, match: Match, architecture: str) -> Tensor:
    made = building(architecture)(match.classes, match.channels)
    made.load_state_dict(held.tensors)
    return outputs(made)


def as_it_is(made: nn.Module) -> nn.Module:
    return made


def in_parallel(made: nn.Module) -> nn.Module:
    return nn.DataParallel(made)


def under(name: str) -> Callable[[nn.Module], nn.Module]:
    def wrap(made: nn.Module) -> nn.Module:
        outer = nn.Module()
        outer.add_module(name, made)
        outer.register_buffer("threshold", torch.zeros(3))
        return outer

    return wrap


def compiled(made: nn.Module) -> nn.Module:
    return torch.compile(nn.DataParallel(made))  # ty: ignore[invalid-return-type]


def convolutions(made: nn.Module) -> list[nn.Module]:
    return [layer for layer in made.modules() if isinstance(layer, nn.Conv2d)][1:4]


def pruned(made: nn.Module) -> nn.Module:
    for layer in convolutions(made):
        torch_prune.l1_unstructured(layer, "weight", 0.4)
    return made


def normed(norm: Callable[..., Any]) -> Callable[[nn.Module], nn.Module]:
    def put(made: nn.Module) -> nn.Module:
        for layer in convolutions(made):
            norm(layer)
        return made

    return put


FORMS: dict[str, tuple[Callable[[nn.Module], nn.Module], str]] = {
    "plain": (as_it_is, ""),
    "module": (in_parallel, "module."),
    "model": (under("model"), "model."),
    "backbone": (under("backbone"), "backbone."),
    "compiled": (compiled, "module."),
    "pruned": (pruned, ""),
    "weight norm": (normed(nn.utils.parametrizations.weight_norm), ""),
    "old weight norm": (normed(nn.utils.weight_norm), ""),
    "spectral norm": (normed(nn.utils.parametrizations.spectral_norm), ""),
    "old spectral norm": (normed(nn.utils.spectral_norm), ""),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("form", "architecture"), [*((form, TIMM) for form in FORMS), ("module", TORCHVISION)])
def test_a_network_in_any_form_gives_its_outputs(form: str, architecture: str) -> None:
    put, prefix = FORMS[form]
    saved = put(network(architecture, 7)).eval()
    inner = next((m for m in saved.modules() if m is not saved and type(m) is type(network(architecture))), saved)
    said = outputs(inner)
    held, match = laid(saved.state_dict(), architecture)
    assert match.whole and match.classes == 7 and match.prefix == prefix
    assert match.matched == match.wanted == len(network(architecture).state_dict())
    assert match.left_over == (("threshold",) if form in ("model", "backbone") else ())
    # The division by a spectral norm, a sum that nearly cancels here, has an error of 3e-4 in float32 by itself.
    near = 1e-3 if "spectral" in form else 1e-5
    assert (again(held, match, architecture) - said).abs().max() <= near * said.abs().max()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(dtype: torch.dtype) -> None:
    saved = network(TIMM).to(dtype)
    held, match = laid(saved.state_dict(), TIMM)
    assert match.whole and str(dtype).removeprefix("torch.") in " ".join(match.notes)
    assert torch.equal(again(held, match, TIMM), outputs(saved.float()))  # the very same numbers


def test_the_mask_of_torchs_own_pruning_is_kept() -> None:
    saved = pruned(network(TIMM))
    want = {name[:-5]: mask.bool() for name, mask in saved.state_dict().items() if name.endswith("_mask")}
    held, match = laid(in_parallel(saved).state_dict(), TIMM)
    assert match.whole and set(held.masks) == set(want) and len(want) == 3
    assert all(torch.equal(held.masks[name], mask) for name, mask in want.items())
    assert all(not held.tensors[name][~mask].any() for name, mask in want.items())
    gone = sum(int((~mask).sum()) for mask in want.values())
    assert f"{gone:,} of {sum(mask.numel() for mask in want.values()):,} weights in 3 layers are masked" in " ".join(
        match.notes
    )


def test_a_head_in_a_sequential_is_the_head() -> None:
    saved = network(TIMM)
    said = outputs(saved)
    saved.fc = nn.Sequential(nn.Dropout(0.3), saved.fc)
    held, match = laid(saved.state_dict(), TIMM)
    assert match.whole and not match.left_over and "'fc' was a Sequential" in " ".join(match.notes)
    assert torch.equal(again(held, match, TIMM), said)


def test_pictures_of_one_channel_are_read_off_the_shapes() -> None:
    saved = building(TIMM)(4, 1)
    _, match = laid(saved.state_dict(), TIMM)
    assert (match.whole, match.channels, match.classes) == (True, 1, 4)


def test_old_checkpoints_without_counters_are_whole() -> None:
    state = {name: t for name, t in network(TIMM).state_dict().items() if not name.endswith("num_batches_tracked")}
    assert laid(state, TIMM)[1].whole


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda s: s.pop("layer1.0.conv1.weight"), r"does not fill .* 1 are missing: layer1.0.conv1.weight"),
        (
            lambda s: s.update({"layer1.0.conv1.weight": torch.zeros(5, 4, 3, 3)}),
            r"1 have another shape: layer1.0.conv1.weight \(5x4x3x3, not ",
        ),
        (
            lambda s: s.update({"extra.weight": torch.zeros(5)}),
            r"1 tensors of the file have no place in it: extra.weight\. .*--leave-out",
        ),
        (
            lambda s: s.update({"fc.0.weight": s.pop("fc.weight"), "fc.2.weight": torch.zeros(3, 7)}),
            r"missing: fc.weight\. 2 tensors of the file have no place in it: fc.0.weight, fc.2.weight",
        ),
        (lambda s: [s.pop(name) for name in list(s)[10:]], "is not from timm:test_resnet: 10 of the network's 78"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(change: Callable[[dict[str, Tensor]], Any], said: str) -> None:
    state = copy.copy(dict(network(TIMM).state_dict()))
    change(state)
    _, match = laid(state, TIMM)
    with pytest.raises(BadTensor, match=said) as caught:
        check(match, "The file best.pth", TIMM)
    assert "\n" not in str(caught.value)


def test_the_rest_is_left_out_when_somebody_says_so() -> None:
    _, match = laid({**network(TIMM).state_dict(), "extra.weight": torch.zeros(5)}, TIMM)
    assert check(match, "It", TIMM, rest=True).notes[-1] == "1 tensors were left out, as you said."
