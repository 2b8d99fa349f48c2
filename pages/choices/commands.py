"""How to get the same numbers elsewhere: a link, a command line, a few lines of Python."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from urllib.parse import urlencode

from pages.choices.setting import DEFAULT, Setting
from pruning.common.environment import ROOT
from pruning.common.errors import Missing
from pruning.compression.suffixes import SMALL_SUFFIX
from pruning.results.table import SHORT
from pruning.zoo.base import Base
from pruning.zoo.match import seen_by

YOURS = "yours: normalised as for training"


def link(setting: Setting, page: str) -> str:
    """The address that opens this setting."""
    return f"{page.split('?')[0]}?{urlencode(setting.query())}"


def installed() -> str:
    """A line, for Python and shells, that says how the lines below it work in any folder."""
    if not (ROOT / "pyproject.toml").exists():
        return ""  # it was installed, so Python finds it
    return f"# Once, so that it works in any folder: pip install {shlex.quote(str(ROOT))}\n"


def shell(setting: Setting) -> str:
    """The command that prints the same table: one line, since shells continue lines in different ways."""
    words = ["python -m pruning prune", f"--model {setting.model}", f"--scorer {setting.scorer}"]
    words += _options("--option", setting.prune.options)
    words += [f"--granularity {setting.granularity}"]
    words += _options("--granularity-option", setting.prune.granularity_options)
    if setting.prune.reduction != DEFAULT.reduction:
        words.append(f"--reduction {setting.reduction}")
    words += [f"--allocation {setting.allocation}"]
    words += _options("--allocation-option", setting.prune.allocation_options)
    words += [f"--sparsity {setting.level_digits}%"]
    for flag, value, default in (
        ("--data", setting.data, DEFAULT.data),
        ("--model-seed", setting.weights, DEFAULT.weights),
        ("--seed", setting.prune.seed, DEFAULT.seed),
        ("--device", setting.device, DEFAULT.device),
    ):
        if value != default:
            words.append(f"{flag} {value}")
    return installed() + " ".join(words)


def study_command(file: str) -> str:
    """The command that computes a study from its file."""
    return f"{installed()}python -m pruning run {shlex.quote(file)}"


def _options(flag: str, options: Mapping[str, object]) -> list[str]:
    """``--option name=value`` for each, quoted for a shell; what is no plain value as JSON."""
    pairs = {name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in options.items()}
    return [f"{flag} {shlex.quote(f'{name}={value}')}" for name, value in pairs.items()]


def python(setting: Setting) -> str:
    """The lines of Python that give the same table."""
    base = (
        ", ".join(f"{name}={value!r}" for name, value in setting.base.model_dump(exclude_defaults=True).items())
        or f"model={setting.model!r}"
    )
    step = ", ".join(f"{name}={value!r}" for name, value in setting.prune.model_dump(exclude_defaults=True).items())
    return installed() + (
        "import pruning\n\n"
        "study = pruning.Study(\n"
        f"    base=pruning.Base({base}),\n"
        f"    recipe=(pruning.Prune({step}),),\n"
        '    measures=(pruning.MeasureSpec(name="profile"), pruning.MeasureSpec(name="accuracy")),\n'
        ")\n"
        f"print(pruning.table(pruning.run(study))[{list(SHORT)}])"
    )


def file_name(setting: Setting) -> str:
    """Name of the masked model's file."""
    return f"{setting.model}-{setting.scorer}-{setting.allocation}-{setting.level_digits}.safetensors"


def loading(setting: Setting) -> str:
    """How to load the masked model, and the line that finds its accuracy again."""
    return (
        installed()
        + (
            "from safetensors.torch import load_file\n"
            "from pruning.zoo.checkpoints import accuracy_of, initial\n\n"
            f'model = initial("{setting.model}", {setting.weights})\n'
            f'model.load_state_dict(load_file("{file_name(setting)}"))\n'
            "model.eval()  # norms as they were when accuracy was measured\n"
        )
        + _accuracy(setting.base)
    )


def _accuracy(base: Base) -> str:
    """The line that prints the accuracy on the first 10,000 test images, where there is one."""
    if base.data_name is None or not base.task.classes:
        return ""
    try:
        known = f', trained_as="{base.model}"' if seen_by(base.model, base.data_name) else ""
    except Missing:  # no folder: no accuracy either
        return ""
    return f'print(accuracy_of(model, "{base.data_name}", "test", 10_000{known}))'


SMALL_FORMS = {
    "safetensors": (
        "PyTorch and this package",
        "Weights in safetensors, whose header says how to build the network: the original is not needed. The JSON "
        "describes the same network for other programs, with the channels that were kept.",
    ),
    "program": (
        "PyTorch alone",
        "A torch.export program: neither this package nor the network's class is needed. Made when you ask for it, "
        "within a minute.",
    ),
    "onnx": (
        "ONNX",
        "For ONNX Runtime and other engines; its outputs were compared with PyTorch's when it was made, which takes up "
        "to a minute.",
    ),
}
"""Forms of a small network's file: what it is for, and what there is to know."""


def small_name(setting: Setting, form: str) -> str:
    """Name of the small network's file."""
    return f"{setting.model}-{setting.granularity}-{setting.level_digits}-small{SMALL_SUFFIX[form]}"


def opening(name: str, base: Base) -> str:
    """How to load a network's file, whose form its suffix tells, and pass images through it.

    Args:
        base: what the network was made of.
    """
    shape = ", ".join(map(str, base.input_shape))
    if name.endswith(".pt2"):
        return (
            "import torch\n\n"
            f'model = torch.export.load("{name}").module()\n'
            f"images = torch.zeros(1, {shape})  # {YOURS}\n"
            "print(model(images))"
        )
    if name.endswith(".onnx"):
        return (
            "import numpy as np\n"
            "import onnxruntime\n\n"
            f'session = onnxruntime.InferenceSession("{name}")\n'
            f"images = np.zeros((1, {shape}), np.float32)  # {YOURS}\n"
            '(outputs,) = session.run(None, {"images": images})\n'
            "print(outputs)"
        )
    return (
        installed()
        + (f'import pruning\nfrom pruning.zoo.checkpoints import accuracy_of\n\nmodel = pruning.load_small("{name}")\n')
        + _accuracy(base)
    )
