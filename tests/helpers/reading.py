"""What a reader of strangers' files may do wrong, for tests of the process that it runs in."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time

from pruning.common.errors import Missing, UnknownName


def take(megabytes: int) -> int:
    return len(bytearray(megabytes * 2**20))


def wait(seconds: float) -> None:
    time.sleep(seconds)


def die() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def complain(kind: str) -> None:
    if kind == "missing":
        raise Missing("There is nothing here.")
    if kind == "unknown":
        raise UnknownName("scorer", "x", ["y"])
    raise KeyError("odd")


def tell(letters: int) -> str:
    return "x" * letters


def start() -> None:
    subprocess.run(["true"], check=True)


def call(port: int) -> None:
    socket.create_connection(("127.0.0.1", port), 2)


def secrets() -> dict[str, str]:
    return dict(os.environ)
