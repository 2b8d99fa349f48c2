"""The child process that holds this machine's scheduler and workers; see ``cluster``."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import threading
from pathlib import Path
from typing import Any

from pruning.common.limits import MESSAGES

CONFIG = {
    "distributed.admin.log-length": 200,  # progress events that the scheduler remembers; nobody reads them later
    "distributed.admin.low-level-log-length": MESSAGES,
    "distributed.scheduler.allowed-failures": 0,  # the engine counts deaths itself, see ``runner``
    "distributed.deploy.lost-worker-timeout": "1 day",  # after its 15 s a worker that restarts slowly is never replaced
    "distributed.worker.profile.enabled": False,  # it would sample the task's stack a hundred times a second
    "distributed.worker.memory.target": False,  # no result stays in a worker: spilling would only hide a leak
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": 0.95,
    "distributed.scheduler.http.routes": [],  # plain HTTP for whoever reaches it: call stacks, logs, a proxy
    "distributed.worker.http.routes": [],
    "distributed.nanny.http.routes": [],
}

CHECK_SECONDS = 5.0
NICE = 5
"""A third of a page's weight, where there are fewer cores than who wants them."""


def main(options: dict[str, Any]) -> None:
    """Start, say where, and stay until the end of standard input."""
    import dask
    from distributed import LocalCluster
    from distributed.security import Security

    dask.config.set(CONFIG)
    _give_way()
    if sys.platform == "linux":  # elsewhere a fork is unsafe or unknown: there every worker imports for itself
        _fork_from_a_warm_process()
    count, security = options["workers"], Security.temporary()
    cluster = LocalCluster(
        n_workers=count,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        security=security,  # whoever has the port, as all users of the machine do, has no key
        dashboard_address=None,
        scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},  # any free port, unused
        memory_limit=options["memory"],
    )
    logging.getLogger("distributed.scheduler").setLevel(logging.CRITICAL)  # deaths are the engine's to report
    try:
        print(json.dumps({"address": cluster.scheduler_address, "keys": keys_of(security)}), flush=True)
    except BrokenPipeError:  # the server has ended meanwhile
        os._exit(0)
    ended = threading.Event()
    threading.Thread(target=_watch, args=(ended,), daemon=True).start()
    while not ended.wait(CHECK_SECONDS):
        if len(cluster.workers) < count:
            cluster.scale(count)
    os._exit(0)  # nothing here is worth an orderly end; the workers see their parent go, and go at once


def keys_of(security: Any) -> dict[str, str]:
    """The certificates and the key that a client of this cluster needs, as text."""
    return {name: getattr(security, name) for name in ("tls_ca_file", "tls_client_cert", "tls_client_key")}


def _give_way() -> None:
    """Let pages go first: a worker that computes for seconds can spare the milliseconds that a page takes."""
    with contextlib.suppress(OSError, AttributeError):  # Windows has another word for it
        os.nice(NICE)
    with contextlib.suppress(OSError):  # Linux weighs sessions before it weighs the processes in them
        Path("/proc/self/autogroup").write_text(str(NICE))


def _fork_from_a_warm_process() -> None:
    """Let workers be forked from a process that has imported everything (see ``warm``) and computed nothing."""
    import multiprocessing

    import dask
    import distributed.utils

    distributed.utils._forkserver_preload_set = True  # else Dask preloads all it can find, pandas included
    multiprocessing.get_context("forkserver").set_forkserver_preload(["pruning.engine.warm"])
    dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"})


def _watch(ended: threading.Event) -> None:
    sys.stdin.buffer.read()
    ended.set()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
