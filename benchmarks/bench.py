"""All benchmarks, one table: ``python benchmarks/bench.py [NAME …] [--quick]``.

Each script runs in a process of its own, one after the other; nothing else should run on the machine meanwhile. The
figures go into ``benchmarks/results/DATE-MACHINE.json`` after every script, from which the report beside it and the
README's table are made. With names only those are measured anew, and the others keep their places in today's file.
``--quick`` takes few repetitions, prints, and writes nothing; ``--report`` measures nothing, and makes the report and
the README's table from the latest JSON again, with the latest results of ``load.py`` and ``faults.py``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks._report import RESULTS, SEPARATE, failed, latest, publish, separate
from benchmarks._script import ROOT, commit, hardware, slug, write

SCRIPTS = (
    "slider",
    "browser",
    "ranking",
    "curve",
    "scoring",
    "sensitivity",
    "training",
    "solvers",
    "speed",
    "start",
    "engine",
    "gpu",
    "notebook",
)
"""In the order of the report."""
LONGEST = 1800
"""Seconds after which a script is given up."""


def measured(name: str, quick: bool) -> dict[str, Any]:
    """The part of one script; without figures, and with the reason, where it failed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "part.json"
        command = [sys.executable, str(ROOT / "benchmarks" / f"{name}.py"), "--json", str(path)]
        environment = os.environ | {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0"}
        try:
            subprocess.run(
                [*command, *(["--quick"] if quick else [])], cwd=ROOT, env=environment, check=True, timeout=LONGEST
            )
            return json.loads(path.read_text())
        except subprocess.TimeoutExpired:
            reason = f"not done after {LONGEST} s"
        except subprocess.CalledProcessError as error:
            reason = f"ended with code {error.returncode}"
    return {
        "script": name,
        "at": datetime.now().astimezone().isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": hardware(),
        "error": reason,
        "figures": [],
    }


def joined(before: list[dict[str, Any]], now: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Parts in the order of the report, newer ones in the place of older ones."""
    order = [*SCRIPTS, *SEPARATE]
    found = {one["script"]: one for one in [*before, *now] if one["script"] in order}
    return sorted(found.values(), key=lambda one: order.index(one["script"]))


def renew() -> None:
    """The report and the README's table again, with the latest results of what has a command of its own."""
    if path := latest():
        content = json.loads(path.read_text())
        content["parts"] = joined(content["parts"], separate(content["machine"]))
        write(path, json.dumps(content, indent=1) + "\n")
    publish()


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure everything, and write the report.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(SCRIPTS)}; none: all")
    parser.add_argument("--quick", action="store_true", help="few repetitions; nothing is written")
    parser.add_argument("--report", action="store_true", help="measure nothing; write report and README again")
    given = parser.parse_args()
    if given.report:
        renew()
        return 0
    if unknown := set(given.names) - set(SCRIPTS):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    where = hardware()
    path = RESULTS / f"{datetime.now():%Y-%m-%d}-{slug(where)}.json"
    before = json.loads(path.read_text())["parts"] if given.names and path.exists() else []
    versions = f"Python {platform.python_version()}, torch {version('torch')}, {platform.system()}"
    content = {
        "at": datetime.now().astimezone().isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": where,
        "versions": versions,
        "load": os.getloadavg()[0],
    }
    names, parts, began = given.names or SCRIPTS, separate(where), time.monotonic()
    for number, name in enumerate(names, 1):
        print(f"== {number} of {len(names)}: {name}, {time.monotonic() - began:.0f} s so far", flush=True)
        parts.append(measured(name, given.quick))
        content["parts"] = joined(before, parts)
        if not given.quick:
            RESULTS.mkdir(exist_ok=True)
            write(path, json.dumps(content, indent=1) + "\n")
    print(f"== {time.monotonic() - began:.0f} s in all")
    if not given.quick:
        publish()
        print(f"{path.relative_to(ROOT)}, {path.with_suffix('.md').relative_to(ROOT)} and README.md are written.")
    wrong = failed({"parts": parts})
    print(f"Failed: {', '.join(wrong)}." if wrong else "All measured.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
