"""A network's files, written where somebody wants them."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path
from typing import Any

from pruning.common.errors import BadValue, StoreError, reason
from pruning.common.progress import Desk
from pruning.study.study import MeasureSpec

FORMS = {".pth": "state_dict", ".pt": "state_dict", ".pt2": "program", ".onnx": "onnx", ".safetensors": "safetensors"}


def save(state: Any, path: Path) -> str:
    """See ``Net.save``.

    Args:
        state: ``pruning.state.State``.
    """
    if path.suffix not in FORMS:
        raise BadValue(f"The ending of '{path.name}' says no form: one of {', '.join(FORMS)} was expected.")
    measure = MeasureSpec(name="take_home", options={"form": FORMS[path.suffix]}).build()
    with tempfile.TemporaryDirectory() as folder:

        def kept(kind: str, key: str, data: bytes, suffix: str) -> Path:
            place = Path(folder) / f"{kind}{suffix}"
            place.write_bytes(data)
            return place

        value = measure.measure(state, Desk(save=kept))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with zipfile.ZipFile(value["path"]) as archive:
                for name in archive.namelist():
                    beside = path.with_name(f"{path.stem}.{name}")
                    (path if name.startswith("model.") else beside).write_bytes(archive.read(name))
        except OSError as error:
            raise StoreError(f"The network cannot be written to {path}: {reason(error)}.") from None
    return value["check"]
