"""``python -m pruning dashboard``: the web app, from any folder."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from pruning.common.environment import ROOT
from pruning.common.errors import BadValue, Missing

FOLDERS = ("PRUNING_ARTEFACTS", "PRUNING_DATA", "PRUNING_IMAGE_FOLDER")
SQLITE = "sqlite:///"


def dashboard(port: int, address: str, browser: bool) -> int:
    """Start the app and wait until it ends; returns the exit code.

    Raises:
        BadValue: no port.
        Missing: Streamlit, or the app's own files, are not there.
    """
    if not 1 <= port <= 65535:
        raise BadValue(f"A port is a number from 1 to 65535, not {port}.")
    if importlib.util.find_spec("streamlit") is None:
        raise Missing("The dashboard needs Streamlit: pip install streamlit.")
    if not (ROOT / "app.py").is_file():
        raise Missing(f"The dashboard's files are not in {ROOT}: install the program again.")
    command = [sys.executable, "app.py", f"--server.port={port}", f"--server.address={address}"]
    command += [] if browser else ["--server.headless=true"]
    # Streamlit takes its settings from the folder in which it starts.
    process = subprocess.Popen(command, cwd=ROOT, env=environment(os.environ, Path.cwd()))
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # it got the same Ctrl-C, and ends
            continue


def environment(given: Mapping[str, str], here: Path) -> dict[str, str]:
    """The environment of the app: what a person named relative to their own folder stays where it is."""
    made = dict(given)
    for name in FOLDERS:
        if made.get(name, "").strip():
            made[name] = str(here / Path(made[name].strip()).expanduser())
    store = made.get("PRUNING_STORE", "").strip()
    path = store.removeprefix(SQLITE)
    if path != store and path and not path.startswith((":", "/", "file:")) and not Path(path).is_absolute():
        made["PRUNING_STORE"] = f"{SQLITE}{here / path}"
    made.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that wait must sleep: workers share cores
    made.setdefault("GOMP_SPINCOUNT", "0")
    return made
