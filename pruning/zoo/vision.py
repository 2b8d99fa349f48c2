"""torchvision, imported so that it works beside a CPU build of torch.

PyPI's torchvision wheel is built for CUDA torch. Beside a CPU torch its import stops at operators that do not
exist ("operator torchvision::nms does not exist"); with their signatures declared it goes on, and everything
this project uses (classification models, transforms, data sets) works. On a healthy torchvision nothing is declared.
"""

from __future__ import annotations

import importlib
import sys
from functools import cache
from types import ModuleType

_MISSING = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


@cache
def _declare() -> object:
    """Declare the missing operators; the returned library must stay alive as long as the process."""
    import torch

    library = torch.library.Library("torchvision", "DEF")
    for signature in _MISSING:
        library.define(signature)
    return library


@cache
def torchvision() -> ModuleType:
    """The torchvision package, after a plain import was tried first.

    Raises:
        ImportError: where torchvision is not installed.
    """
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        _declare()
        return importlib.import_module("torchvision")
