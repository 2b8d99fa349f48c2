"""Python of one's own: ``PRUNING_PLUGINS=my_nets.py`` names files, and installed packages bring theirs by an entry
point of the group ``pruning.plugins``. What they register stands beside what the program has, in every list.

Whoever sets the environment of the server, or installs packages there, decides which code runs; a browser never does.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

from pruning.common.errors import BadValue, reason

log = logging.getLogger(__name__)

VARIABLE = "PRUNING_PLUGINS"
GROUP = "pruning.plugins"
MODULE = "pruning_plugin_"
"""Before the name of a file, as its module is called."""
WAIT_SECONDS = 60.0
"""Another thread that loads them is waited for so long, and no longer: a plug-in may wait for this very thread."""


@dataclass(frozen=True)
class Plugin:
    """One of them.

    Attributes:
        name: of its file, or of its entry point.
        content: hash of its code: what it registers has this in the keys of its results.
        module: the module's name in this process.
    """

    name: str
    content: str
    module: str


class Plugins:
    """Those of this process, imported once."""

    def __init__(self) -> None:
        self.loaded: dict[str, Plugin] = {}
        self.broken: list[str] = []
        """A sentence for each that could not be imported; the others are there all the same."""
        self._done = self._loading = False
        self._lock = threading.RLock()

    def load(self, forget: Callable[[str], None]) -> None:
        """Import them, where that was not done yet.

        Args:
            forget: takes the name of a module that failed half-way, to take back what it has registered.
        """
        if self._done or not self._lock.acquire(timeout=WAIT_SECONDS):
            return
        try:
            if not self._done and not self._loading:
                self._loading = True
                self._import_all(forget)
                self._done = True
        finally:
            self._loading = False
            self._lock.release()

    def of(self, module: str) -> Plugin | None:
        """The plug-in that a module belongs to, if it does."""
        return next((one for one in self.loaded.values() if f"{module}.".startswith(f"{one.module}.")), None)

    def contents(self) -> dict[str, str]:
        """The hash of each one's code, by its name: what workers of one server must have alike."""
        return {name: one.content for name, one in sorted(self.loaded.items())}

    def _import_all(self, forget: Callable[[str], None]) -> None:
        for name, content, module, run in [*_files(), *_installed()]:
            if name in self.loaded:
                self.broken.append(f"The plug-in {name} was left out: another one has this name.")
                continue
            self.loaded[name] = Plugin(name, content, module)
            try:
                run()
            except BaseException as error:  # whatever somebody's code raises, an exit as well
                if isinstance(error, KeyboardInterrupt):
                    raise
                del self.loaded[name]
                forget(module)
                kind = "" if isinstance(error, BadValue) else f"it fails with {type(error).__name__}, "
                self.broken.append(f"The plug-in {name} was left out: {kind}{reason(error)}.")
                log.warning("%s", self.broken[-1])
                log.debug("Where it fails", exc_info=error)


Found = tuple[str, str, str, Callable[[], object]]
"""Name, hash, module, and what imports it."""


def _files() -> Iterator[Found]:
    for given in filter(None, (part.strip() for part in os.environ.get(VARIABLE, "").split(os.pathsep))):
        path = Path(given).expanduser()
        module = MODULE + "".join(letter if letter.isalnum() else "_" for letter in path.stem)
        yield path.name, _hash(path), module, lambda path=path, module=module: _run(path, module)


def _run(path: Path, module: str) -> ModuleType:
    """Import a file under a name of its own, so that ``torch.py`` is not in torch's way."""
    if path.suffix != ".py":
        raise BadValue(f"{VARIABLE} names Python files, '{path}' is none")
    if not path.is_file():
        raise BadValue(f"there is no file {path.absolute()}")
    spec = importlib.util.spec_from_file_location(module, path)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[module] = made
    try:
        spec.loader.exec_module(made)
    except BaseException:
        del sys.modules[module]
        raise
    return made


def _installed() -> Iterator[Found]:
    for point in sorted(metadata.entry_points(group=GROUP), key=lambda one: one.name):
        yield point.name, _package_hash(point), point.module, point.load


def _package_hash(point: EntryPoint) -> str:
    """Of all Python files of the package that an entry point leads to; empty where it cannot be found."""
    try:
        spec = importlib.util.find_spec(point.module.partition(".")[0])
    except (ImportError, ValueError):
        return ""
    if spec is None or spec.origin is None:
        return ""
    origin = Path(spec.origin)
    files = sorted(origin.parent.rglob("*.py")) if spec.submodule_search_locations else [origin]
    return hashlib.sha256("".join(_hash(path) for path in files).encode()).hexdigest()[:12]


def _hash(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    except (OSError, ValueError):
        return ""


plugins = Plugins()
