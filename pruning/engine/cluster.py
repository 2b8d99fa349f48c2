"""The workers of this machine, as one child process: a Dask scheduler and its worker processes.

They live in a process of their own for two reasons. A spawned worker runs its parent's ``__main__`` again, and inside a
Streamlit server that is whichever page ran last. And a server busy with pages must not delay the scheduler, nor the
other way round. The child ends when its standard input closes, so that no worker outlives its server, not even one
that was killed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from typing import Any

from pruning.errors import PruningError
from pruning.settings import Settings

START_SECONDS = 60.0
"""How long the child may take until it says where it listens."""

QUIET = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0", "OMP_NUM_THREADS": "1"}
"""Threads that wait must sleep: spinning ones slow everything several times when workers share cores."""

CONFIG = {
    "distributed.admin.log-length": 200,  # progress events that the scheduler remembers; nobody reads them later
    "distributed.scheduler.work-stealing": False,  # the engine never gives a worker more than it can run
    "distributed.scheduler.allowed-failures": 0,  # the engine counts deaths itself, see ``engine``
    "distributed.worker.memory.target": False,  # no result stays in a worker: spilling would only hide a leak
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": 0.95,
}


class Cluster:
    """A running child process and the address of its scheduler.

    Raises:
        PruningError: when it does not start; the reason is on standard error.
    """

    def __init__(self, settings: Settings) -> None:
        options = json.dumps({"workers": settings.workers, "memory": settings.memory})
        path = os.pathsep.join(place for place in sys.path if place)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pruning.engine.cluster", options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | QUIET | {"PYTHONPATH": path},
            start_new_session=True,  # Ctrl-C reaches the server alone, which then ends the child in order
        )
        timer = threading.Timer(START_SECONDS, self.process.kill)
        timer.start()
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        timer.cancel()
        if not line:
            self.close()
            raise PruningError("The worker processes did not start: the server's log says why.")
        self.address: str = json.loads(line)["address"]

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def close(self) -> None:
        """End the scheduler and all workers."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def main(options: dict[str, Any]) -> None:
    """The child: start, say where, wait for the end of standard input."""
    import dask
    from distributed import LocalCluster

    dask.config.set(CONFIG)
    cluster = LocalCluster(
        n_workers=options["workers"],
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address=None,
        memory_limit=options["memory"],
        env=QUIET,
    )
    print(json.dumps({"address": cluster.scheduler_address}), flush=True)
    sys.stdin.buffer.read()
    cluster.close(timeout=2)


if __name__ == "__main__":
    threading.current_thread().name = "cluster"
    main(json.loads(sys.argv[1]))
