"""A file is tried where it will be used: in a process of its own that has not this package, only the format's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from pruning.common.errors import Incompatible, reason
from pruning.compression.removal.outputs import NEAR, difference

SECONDS = 180
"""How long a fresh process may take: importing torch alone is seconds on a busy machine."""

READ = {
    ".pt2": ("torch", "outputs = torch.export.load(path).module()(torch.from_numpy(inputs)).detach().numpy()"),
    ".onnx": (
        "onnxruntime",
        "session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])\n"
        "outputs = session.run(None, {session.get_inputs()[0].name: inputs})[0]",
    ),
    ".pth": (
        "torch",
        "state = torch.load(path, weights_only=True)\n"
        "while isinstance(next(iter(state.values()), None), dict): state = next(iter(state.values()))\n"
        "names = list(state)\noutputs = numpy.array([float(t.double().sum()) for t in state.values()])",
    ),
    ".safetensors": (
        "safetensors",
        "import torch\nfrom safetensors.torch import load_file\nstate = load_file(path)\n"
        "names = sorted(state)\noutputs = numpy.array([float(state[name].double().sum()) for name in names])",
    ),
}
"""By a file's ending: the library that reads it, and how; what is compared is called ``outputs``, and ``names`` too, of
files of tensors."""


@dataclass(frozen=True)
class Tried:
    """What a fresh process said.

    Attributes:
        library: that read the file, with its version.
        difference: largest one between its outputs (of state dicts: the sums of its tensors) and the network's,
            relative to the largest.
        examples: how many went through the network; 0: a state dict, whose tensors were compared.
    """

    library: str
    difference: float
    examples: int

    def words(self) -> str:
        """In a sentence."""
        what = f"its outputs for {self.examples} random examples are" if self.examples else "all its tensors are"
        how = "those of the network" if self.difference == 0 else f"within {self.difference:.1e} of the network's"
        return f"Checked: a fresh process without this package read it with {self.library}; {what} {how}."


def tried(data: bytes, suffix: str, inputs: Tensor, said: Tensor, names: list[str] | None = None) -> Tried:
    """Read a file in a fresh process, and compare.

    Args:
        inputs: ``(n, …)``, as the network takes them; unused for files of tensors.
        said: the network's outputs for them; for a file of tensors their sums, float64.
        names: of these tensors, in their order.

    Raises:
        Incompatible: the process cannot read it, or gives something else; the file is not to be handed out.
    """
    library, how = READ[suffix]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / f"file{suffix}").write_bytes(data)
        np.save(place / "inputs.npy", inputs.numpy())
        script = (
            f"import json\nimport sys\nimport numpy\nimport {library}\nroot, path = sys.argv[1:]\nnames = None\n"
            f"inputs = numpy.load(root + '/inputs.npy')\n{how}\nnumpy.save(root + '/outputs.npy', outputs)\n"
            "json.dump(names, open(root + '/names.json', 'w'))\n"
            "assert not [name for name in sys.modules if name.partition('.')[0] == 'pruning']\n"
            f"print({library}.__version__)"
        )
        alone = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PRUNING"))}
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-c", script, folder, str(place / f"file{suffix}")],
                cwd=folder,
                env=alone,
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=True,
            )
        except subprocess.CalledProcessError as error:
            last = next(iter(error.stderr.strip().splitlines()[-1:]), "no word")
            raise Incompatible(f"A fresh process cannot use this file ({last[:200]}): it is not given out.") from None
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Incompatible(f"No fresh process could try this file: {reason(error)}.") from None
        outputs = torch.from_numpy(np.load(place / "outputs.npy"))
        found = json.loads((place / "names.json").read_text())
    if found != names:
        raise Incompatible("A fresh process finds other tensors in this file: it is not given out.")
    off = difference(outputs, said.to(outputs.dtype))
    if not off <= NEAR:  # NaN is not near
        raise Incompatible("A fresh process reads other numbers from this file: it is not given out.")
    return Tried(f"{library} {done.stdout.strip()}", off, len(inputs) if names is None else 0)
