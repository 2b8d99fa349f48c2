"""The workers of this machine, as one child process: a Dask scheduler and its worker processes.

They live in a process of their own for two reasons. A spawned worker runs its parent's ``__main__`` again, and inside a
Streamlit server that is whichever page ran last. And a server busy with pages must not delay the scheduler, nor the
other way round. The child ends when its standard input closes, so that no worker outlives its server, not even one
that was killed.

They speak TLS among themselves and with their server, by keys that are made at each start: a port of this machine is
open to all of its users, and whoever speaks to a scheduler runs code as its user.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from pruning.common.environment import Settings
from pruning.common.errors import PruningError

START_SECONDS, LOOK_SECONDS = 180.0, 0.1
"""How long the child may take until it says where it listens, and how often it is seen whether it is still needed."""


QUIET = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0", "OMP_NUM_THREADS": "1"}
"""Threads that wait must sleep: spinning ones slow everything several times when workers share cores."""

TASK = "PRUNING_TASK_MODULE"
"""Environment variable with the name of the module that runs studies, for ``warm``."""


class Cluster:
    """A running child process and the address of its scheduler.

    Args:
        unwanted: asked while the child starts, which takes long on a busy machine: a server that ends does not wait.

    Raises:
        PruningError: when it does not start; the reason is on standard error.
    """

    def __init__(self, settings: Settings, task: str, unwanted: Callable[[], bool] = lambda: False) -> None:
        options = json.dumps({"workers": settings.workers, "memory": settings.worker_memory})
        path = os.pathsep.join(place for place in sys.path if place)
        environment = QUIET | {
            "PYTHONPATH": path,
            "PYTHONWARNINGS": "ignore:resource_tracker:UserWarning",  # of semaphores, at an abrupt end
            TASK: task.partition(":")[0],
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pruning.engine.child", options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | environment,
            start_new_session=True,  # Ctrl-C reaches the server alone, which then ends the child in order
        )
        said = threading.Event()
        threading.Thread(target=self._guard, args=(said, unwanted), daemon=True).start()
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        said.set()
        if not line:
            self.close()
            raise PruningError("The worker processes did not start: the server's log says why.")
        found = json.loads(line)
        self.address: str = found["address"]
        self._keys: dict[str, str] = found["keys"]

    def _guard(self, said: threading.Event, unwanted: Callable[[], bool]) -> None:
        """End a child that says nothing for too long, or that nobody needs any more."""
        latest = time.monotonic() + START_SECONDS
        while not said.wait(LOOK_SECONDS):
            if unwanted() or time.monotonic() > latest:
                self.process.kill()
                return

    def security(self) -> Any:
        """What lets a client in. It came by the pipe: no file, no command line and no environment holds it."""
        from distributed.security import Security

        return Security(require_encryption=True, **self._keys)

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
