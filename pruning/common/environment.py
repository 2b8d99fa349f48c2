"""What the machine's owner decides, read from the environment once: where results lie, how many workers run.

| variable                | meaning                                                    | default                       |
|-------------------------|------------------------------------------------------------|-------------------------------|
| `PRUNING_STORE`         | database, as an SQLAlchemy URL                             | `var/pruning.db`, see VAR     |
| `PRUNING_ARTEFACTS`     | folder of artefact files                                   | `var/artefacts`               |
| `PRUNING_SCHEDULER`     | address of a running Dask scheduler (`tls://host:8786`)    | none: workers on this machine |
| `PRUNING_SCHEDULER_INSECURE` | 1: a scheduler elsewhere without TLS is allowed       | 0                             |
| `PRUNING_WORKERS`       | worker processes on this machine                           | cores or quota, at most 4     |
| `PRUNING_WORKER_MEMORY` | memory of one worker (`2 GB`, `900 MiB`, bytes)            | 40 % of memory / workers      |
| `PRUNING_OWNERS`        | 1: only the owner of a kept run may change or delete it    | 0                             |
| `PRUNING_OPERATORS`     | who may end others' jobs, with commas: `issuer subject`    | who sits at the machine       |
| `PRUNING_HOSTS`         | names, with commas, under which people reach this server   | loopback names, IP addresses  |
| `PRUNING_UPLOADS`       | 1: people may send files, 0: nobody may                    | 1 for this machine alone      |
| `PRUNING_LOG`           | `json`: JSON lines on standard error; or a file for them   | none: plain warnings          |
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pruning.common.errors import BadValue, shortened, without_secrets
from pruning.common.urls import sqlite_url

_BUNDLED = Path(__file__).resolve().parents[1] / "_bundled"
INSTALLED = _BUNDLED.is_dir()  # a package that carries what it needs inside itself, and not the repository
ROOT = _BUNDLED if INSTALLED else Path(__file__).resolve().parents[2]
"""Folder with ``app.py``, ``pages/`` and ``assets/``."""
ASSETS = ROOT / "assets"  # weights, images and results that come with the program


def _home() -> Path:
    """Where results lie by default: beside the program in the repository, among a person's data when installed."""
    if not INSTALLED:
        return ROOT / "var"
    if platform.system() == "Windows":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "pruning"
    if platform.system() == "Darwin":
        return Path.home() / "Library" / "Application Support" / "pruning"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "pruning"


VAR = _home()


def restore(path: Path) -> str:
    """What to do where a file of the program itself is damaged or gone, as the end of a sentence."""
    return "install the program again" if INSTALLED else f"restore it with 'git checkout {path}'"


MOST_WORKERS = 256
LEAST_MEMORY = 600 * 2**20
"""A worker that has imported torch holds about 250 MB; below this bound it could not evaluate anything."""
MOST_DEFAULT_MEMORY = 8 * 2**30


@dataclass(frozen=True)
class Settings:
    """Decisions of the machine's owner; see the table above. ``Settings.read()`` takes them from the environment.

    Args:
        store: SQLAlchemy URL of the database.
        artefacts: folder of artefact files.
        scheduler: address of a running Dask scheduler, or None for workers on this machine.
        workers: worker processes on this machine; unused with a scheduler.
        memory: bytes that one worker may use, which is replaced when it takes more; 0 for ``worker_memory``'s share.
        owners: whether a kept run belongs to the person who kept it.
        operators: people, as issuer and subject with a blank between them, who may end others' jobs.
        hosts: names under which people reach this server, beside loopback names and IP addresses.
        uploads: whether browsers may send files; None: where the server listens on loopback alone.
        log: "json" or a file, for the engine's log as JSON lines; "" for plain warnings.
        insecure: whether a scheduler on another machine may be reached without TLS.

    Raises:
        BadValue: for a value outside its bounds, in one sentence.
    """

    store: str = sqlite_url(VAR / "pruning.db")
    artefacts: Path = VAR / "artefacts"
    scheduler: str | None = None
    workers: int = field(default_factory=lambda: min(cores(), 4))
    memory: int = 0
    owners: bool = False
    operators: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    uploads: bool | None = None
    log: str = ""
    insecure: bool = False

    def __post_init__(self) -> None:
        if not re.match(r"^[a-z][a-z0-9_+]*://", self.store):
            said = shortened(without_secrets(self.store))
            raise BadValue(f"PRUNING_STORE must be a database URL such as sqlite:////data/runs.db, not '{said}'.")
        if self.scheduler is not None and not re.match(r"^[a-z]+://[^/\s]+", self.scheduler):
            raise BadValue(
                f"PRUNING_SCHEDULER must be an address such as tls://host:8786, not '{shortened(self.scheduler)}'."
            )
        if self.scheduler is not None and not self.insecure and not _protected(self.scheduler):
            raise BadValue(
                f"PRUNING_SCHEDULER must be tls://… or on this machine (127.0.0.1), not '{shortened(self.scheduler)}': "
                "scheduler and workers exchange pickles, so whoever reaches an open one can run anything on all of "
                "them. Set up TLS as in docs/deploy.md, or set PRUNING_SCHEDULER_INSECURE=1 where nobody else comes."
            )
        if not 1 <= self.workers <= MOST_WORKERS:
            raise BadValue(f"PRUNING_WORKERS must be 1 to {MOST_WORKERS}, not {self.workers}.")
        if self.memory and self.memory < LEAST_MEMORY:
            raise BadValue(f"PRUNING_WORKER_MEMORY must be at least 600 MiB, not {self.memory / 2**20:.0f} MiB.")
        object.__setattr__(self, "artefacts", Path(self.artefacts))

    @cached_property
    def worker_memory(self) -> int:
        """Bytes that one worker may use; where nobody named them, its share of 40 % of what there is. Found when they
        are asked for: whoever only reads the store need not wait for Dask, which knows a container's limits."""
        if self.memory:
            return self.memory
        return min(max(int(0.4 * memory() / self.workers), LEAST_MEMORY), MOST_DEFAULT_MEMORY)

    @classmethod
    def read(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Settings from the environment; empty variables count as absent.

        Raises:
            BadValue: for a value that is not of its kind or outside its bounds, in one sentence.
        """
        given = os.environ if environment is None else environment
        text = {name: given.get(name, "").strip() for name in NAMES}
        values: dict[str, Any] = {}
        if text["PRUNING_STORE"]:
            values["store"] = text["PRUNING_STORE"]
        if text["PRUNING_ARTEFACTS"]:
            values["artefacts"] = Path(text["PRUNING_ARTEFACTS"]).expanduser()
        if text["PRUNING_SCHEDULER"]:
            values["scheduler"] = text["PRUNING_SCHEDULER"]
        if text["PRUNING_WORKERS"]:
            values["workers"] = _whole("PRUNING_WORKERS", text["PRUNING_WORKERS"])
        for field_name, name in (("hosts", "PRUNING_HOSTS"), ("operators", "PRUNING_OPERATORS")):
            values[field_name] = tuple(" ".join(part.split()) for part in text[name].split(",") if part.strip())
        values["hosts"] = tuple(map(str.lower, values["hosts"]))
        if alone := next((one for one in values["operators"] if len(one.split()) != 2), ""):
            raise BadValue(f"PRUNING_OPERATORS must be like 'https://id.org 12', not '{shortened(alone)}'.")
        if text["PRUNING_WORKER_MEMORY"]:
            values["memory"] = _size("PRUNING_WORKER_MEMORY", text["PRUNING_WORKER_MEMORY"])
        flags = ("owners", "PRUNING_OWNERS"), ("insecure", "PRUNING_SCHEDULER_INSECURE"), ("uploads", "PRUNING_UPLOADS")
        for field_name, name in flags:
            if text[name] not in ("", "0", "1"):
                raise BadValue(f"{name} must be 0 or 1, not '{shortened(text[name])}'.")
            if text[name]:
                values[field_name] = text[name] == "1"
        values["log"] = text["PRUNING_LOG"]
        return cls(**values)


_SHORT = "STORE ARTEFACTS SCHEDULER SCHEDULER_INSECURE WORKERS WORKER_MEMORY OWNERS HOSTS OPERATORS UPLOADS LOG"
NAMES = tuple(f"PRUNING_{name}" for name in _SHORT.split())


def _protected(address: str) -> bool:
    """Whether what goes to a scheduler is encrypted, or never leaves this machine."""
    scheme, _, rest = address.partition("://")
    try:
        host = urlsplit(f"//{rest}").hostname or ""
        return scheme in ("tls", "wss", "inproc") or host == "localhost" or ip_address(host).is_loopback
    except ValueError:  # a name, not a number
        return False


def _whole(name: str, text: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text):
        raise BadValue(f"{name} must be a whole number, not '{shortened(text)}'.")
    return int(text)


def _size(name: str, text: str) -> int:
    from pydantic import ByteSize, TypeAdapter

    # Of "1,5 GB" ByteSize would take the 1 and leave the rest: the form is looked at first, its units after that.
    with suppress(ValueError):
        if re.fullmatch(r"\d{1,15}(\.\d{1,6})?\s*[a-zA-Z]*", text):
            return int(TypeAdapter(ByteSize).validate_python(text))
    raise BadValue(f"{name} must be a size such as 2 GB or 900 MiB, not '{shortened(text)}'.")


def cores() -> int:
    """Cores that this process may use, at least 1: the machine's, or its container's quota where that is less."""
    from dask.system import cpu_count

    return cpu_count()


def memory() -> int:
    """Bytes of memory that this process may use: the machine's, or its container's limit where that is less."""
    from distributed.system import memory_limit

    return memory_limit()


@lru_cache(maxsize=1)
def machine() -> str:
    """Name of this machine in tables of timings: host, processor, cores. Never a person's name or an address.

    It is part of the keys of timings, and asked for where Dask need not be: so its cores are those that this process
    may be put on, whatever quota of their time a container has.
    """
    processor = platform.processor() or platform.machine()
    with suppress(OSError, StopIteration):  # not Linux, or a processor without a name
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        processor = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return f"{platform.node()}: {processor}, {count} cores"
