"""Removal on other people's architectures: ``python benchmarks/removal_agreement.py``, resumable; see ``--help``.

Twenty networks of timm and ten of torchvision, with initial weights, lose 10, 50 and 90 % of each layer's channels. Two
things are noted of each: how far the outputs of the small network are from those of the masked one, and how much of
the reduction in parameters that torch-pruning reaches at the same share in the same run is reached.
"""

from __future__ import annotations

import argparse
import copy
import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pruning.common.errors import PruningError, reason
from pruning.steps.prune import Prune
from pruning.study.fold import state_of
from pruning.zoo.base import Base
from pruning.zoo.kinds import models

TIMM = (
    "resnet18",
    "resnet26d",
    "seresnet18",
    "regnetx_002",
    "regnety_002",
    "mobilenetv3_small_100",
    "mobilenetv2_050",
    "efficientnet_lite0",
    "tf_efficientnetv2_b0",
    "ghostnet_100",
    "mnasnet_small",
    "fbnetc_100",
    "dla34",
    "vgg11_bn",
    "densenet121",
    "res2net50_14w_8s",
    "repvgg_a0",
    "convnext_atto",
    "vit_tiny_patch16_224",
    "mixer_s32_224",
)
TORCHVISION = (
    "resnet18",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "squeezenet1_1",
    "shufflenet_v2_x0_5",
    "mnasnet0_5",
    "efficientnet_b0",
    "regnet_x_400mf",
    "densenet121",
    "vgg11_bn",
)
NAMES = (*(f"torchvision:{name}" for name in TORCHVISION), *(f"timm:{name}" for name in TIMM))
LEVELS = (100, 500, 900)
"""Per mille of each layer's channels."""
OUT = Path(__file__).with_name("removal_agreement.json")


def one(name: str, level: int) -> dict[str, Any]:
    """One architecture at one level: ``difference`` (of outputs, relative), ``ours`` and ``theirs``, the share of all
    parameters that is gone; or ``error`` and ``their_error``, one sentence."""
    from pruning.compression.removal.remove import remove

    began = time.perf_counter()
    found: dict[str, Any] = {"name": name, "level": level}
    base = Base(model=name, mark="init")
    whole = state_of(base, ()).model
    count = sum(p.numel() for p in whole.parameters())
    try:
        step = Prune(scorer="magnitude_l1", granularity="channel", allocation="uniform", sparsity=level)
        done = remove(state_of(base, (step,)))
        found["difference"] = done.difference
        found["ours"] = 1 - sum(p.numel() for p in done.model.parameters()) / count
        found["left"] = sorted(set(done.left.values()))[:3]
    except PruningError as error:
        found["error"] = str(error)
    try:
        found["theirs"] = 1 - _theirs(copy.deepcopy(whole), base.input_shape, models[name].classes, level) / count
    except Exception as error:  # whatever another library raises on a network that it cannot trace
        found["their_error"] = reason(error)
    return found | {"seconds": round(time.perf_counter() - began, 1)}


def _theirs(network: Any, shape: tuple[int, ...], classes: int, level: int) -> int:
    """Parameters that torch-pruning leaves at this share of each layer's channels, the outputs kept."""
    import torch
    import torch_pruning as tp

    kinds = (torch.nn.Linear, torch.nn.Conv2d)
    last = [m for m in network.modules() if isinstance(m, kinds) and m.weight.shape[0] == classes]
    pruner = tp.pruner.BasePruner(
        network,
        torch.randn(1, *shape),
        importance=tp.importance.MagnitudeImportance(p=1),
        pruning_ratio=level / 1000,
        ignored_layers=last,
    )
    pruner.step()
    with torch.no_grad():
        network(torch.randn(2, *shape))  # a network that does not run any more has removed nothing
    return sum(p.numel() for p in network.parameters())


def summary(found: list[dict[str, Any]]) -> str:
    """What came out, in three sentences."""
    proved = [one for one in found if one.get("difference", 1) <= 1e-4]
    both = [one for one in found if "ours" in one and "theirs" in one]
    near = [one for one in both if one["ours"] >= 0.8 * one["theirs"]]
    names = sorted({one["name"] for one in found})
    good = [
        name
        for name in names
        if all(one["ours"] >= 0.8 * one.get("theirs", 0) for one in found if one["name"] == name and "ours" in one)
        and any("ours" in one for one in found if one["name"] == name)
    ]
    return (
        f"{len(proved)} of {len(found)} small networks give the masked network's outputs (1e-4). In {len(near)} of "
        f"{len(both)} at least 80 % of torch-pruning's reduction is reached; at all levels by {len(good)} of "
        f"{len(names)} architectures. The others: {', '.join(name for name in names if name not in good) or 'none'}."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--names", nargs="*", default=NAMES, help="architectures, as 'python -m pruning models' has them"
    )
    parser.add_argument("--out", type=Path, default=OUT, help="file to go on with (default: beside this script)")
    given = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    found = json.loads(given.out.read_text())["rows"] if given.out.exists() else []
    known = {(one["name"], one["level"]) for one in found}
    for name in given.names:
        for level in LEVELS:
            if (name, level) not in known:
                found.append(one(name, level))
                print(json.dumps(found[-1]), flush=True)
                text = json.dumps({"summary": summary(found), "torch": torch.__version__, "rows": found}, indent=1)
                given.out.write_text(text + "\n", encoding="utf-8")
    print(summary(found))


if __name__ == "__main__":
    main()
