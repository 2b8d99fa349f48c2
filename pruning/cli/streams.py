"""Standard streams as they come: closed, full, or with a code page that lacks letters of ours."""

from __future__ import annotations

import io
import os
import sys


def prepare() -> bool:
    """Make all streams such that writing to them never ends the program; returns whether there is a standard output.

    A program that was started with a stream closed (``>&-``) finds None in its place.
    """
    there = sys.stdout is not None
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - as long as the program
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    return there


def drop() -> None:
    """Let what is still to be written go nowhere: the interpreter would try again at its end, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
