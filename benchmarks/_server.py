"""A server for ``faults.py``, in a process of its own: an engine that is told what to do on standard input.

One JSON object a line, and one answer a line: ``{"submit": [studies]}``, ``{"view": [ids]}``, ``{"pids": 1}``. It ends
with its standard input, in order; killed, it ends at once, as a server does.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import benchmarks._broken  # noqa: F401 - the faults of this process
from pruning.common.environment import Settings
from pruning.common.errors import PruningError
from pruning.engine.engine import Engine
from pruning.engine.jobs import JobView
from pruning.study.study import load_study


def look(engine: Engine, job: str) -> dict[str, Any]:
    """A job as its person sees it, with its values where it is done."""
    view: JobView = engine.view(job)
    rows = [{"key": row["measure_key"], "value": row["value"], "origin": row["origin"]} for row in view.rows or []]
    said = view.error or view.note
    return {"state": view.state, "said": said, "forgotten": view.state == "done" and not rows, "rows": rows}


def answer(engine: Engine, given: dict[str, Any]) -> Any:
    """Do what a line says."""
    try:
        if "submit" in given:
            return [engine.submit(load_study(text), owner="ada", durable=True) for text in given["submit"]]
        if "view" in given:
            return [look(engine, job) for job in given["view"]]
        link = engine._runner.attempts.link
        cluster = link.cluster.process.pid if link is not None and link.cluster is not None else None
        return {"cluster": cluster, "workers": [worker.pid for worker in engine.health().workers]}
    except PruningError as error:
        return {"sentence": str(error)}


def main() -> None:
    engine = Engine(Settings.read(), task="benchmarks._broken:run", care=True)
    engine.start()
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(engine, json.loads(line))), flush=True)
    engine.close()


if __name__ == "__main__":
    main()
