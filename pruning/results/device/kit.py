"""A device kit: networks as ONNX files and a script that times them where they will run, in one zip."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pruning.results.report.bundle import unique

SCRIPT = Path(__file__).with_name("time_networks.py")
_WHEN = (2020, 1, 1, 0, 0, 0)
README = """\
Device kit: {title}

Copy this folder to the device on which the networks will run (a Raspberry Pi, a laptop, the shell of a phone), then

    python -m pip install onnxruntime
    python time_networks.py

It takes about {seconds:.0f} seconds and writes times.csv, which the page Compare reads: "On your own device".
More: python time_networks.py --help

{networks}

Inputs are called "images", float32, (images, channels, height, width). How a picture becomes one stands in kit.json and
in each ONNX file's metadata, as "preprocessing". Times do not depend on what is in the pictures: the script uses noise.
"""


@dataclass(frozen=True)
class KitNetwork:
    """One network of a kit.

    Attributes:
        name: by which its times are known again: "dense", or a way's name.
        label: for people.
        onnx: the file's bytes.
        input_shape: without the batch.
        about: what else is known of it, as JSON: such as what was measured.
    """

    name: str
    label: str
    onnx: bytes
    input_shape: tuple[int, ...]
    about: Mapping[str, Any] = field(default_factory=dict)


def device_kit(key: str, title: str, networks: Sequence[KitNetwork]) -> bytes:
    """The kit as a zip file's bytes: README.txt, kit.json, time_networks.py, and an ONNX file for each network. The
    same networks give the same bytes.

    Args:
        key: goes through the times and back, so that they are known to be of this kit.
        title: what the kit is of, in a few words.
    """
    names = [f"{name}.onnx" for name in unique([one.name for one in networks])]
    listed = [
        {"name": one.name, "label": one.label, "file": file, "input_shape": list(one.input_shape), **one.about}
        for one, file in zip(networks, names, strict=True)
    ]
    lines = "\n".join(f"{file}: {one.label}" for one, file in zip(networks, names, strict=True))
    content = {"kit": key, "title": title, "networks": listed}
    files = {
        "README.txt": README.format(title=title, networks=lines, seconds=5 * len(networks) + 2).encode(),
        "kit.json": (json.dumps(content, indent=2, ensure_ascii=False, default=str) + "\n").encode(),
        SCRIPT.name: SCRIPT.read_bytes(),
        **{file: one.onnx for one, file in zip(networks, names, strict=True)},
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(files):
            archive.writestr(zipfile.ZipInfo(f"device-kit/{path}", _WHEN), files[path], zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
