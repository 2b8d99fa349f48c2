"""A cluster as a lab has one: scheduler and workers started by Dask's command line as own processes, with TLS."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

from pruning.common.environment import ROOT

PATIENCE = 300.0


class Processes:
    """A scheduler with workers. Without openssl they speak tcp on this machine."""

    def __init__(self, folder: Path, workers: int = 2) -> None:
        self.folder, self.config, self.workers = folder, {}, list[subprocess.Popen[bytes]]()
        scheme = "tcp"
        if shutil.which("openssl"):
            scheme, certificates = "tls", folder / "certificates"
            subprocess.run(["bash", str(ROOT / "deploy" / "certificates"), str(certificates)], check=True)
            files = {"cert": str(certificates / "cert.pem"), "key": str(certificates / "key.pem")}
            self.config = {"distributed.comm.tls.ca-file": str(certificates / "ca.pem")} | {
                f"distributed.comm.tls.{who}.{what}": path
                for who in ("scheduler", "worker", "client")
                for what, path in files.items()
            }
        self.environment = {
            "DASK_" + name.upper().replace("-", "_").replace(".", "__"): path for name, path in self.config.items()
        } | {"DASK_CONFIG": str(ROOT / "deploy" / "dask.yaml"), "OMP_NUM_THREADS": "1"}
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"{scheme}://127.0.0.1:{self.port}"
        self.scheduler = self.start_scheduler()
        self.start_worker("--nworkers", str(workers))

    def start_scheduler(self) -> subprocess.Popen[bytes]:
        """Start a scheduler and wait until it listens."""
        where = ["--host", self.address.rpartition(":")[0], "--port", str(self.port)]
        self.scheduler = self._dask("scheduler", *where, "--no-dashboard", "--no-jupyter")
        end = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self.scheduler
            except OSError:
                assert self.scheduler.poll() is None and time.monotonic() < end, "the scheduler did not start"
                time.sleep(0.05)

    def start_worker(self, *options: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a worker process; options as on the command line override the usual ones."""
        usual = ["--host", "127.0.0.1", "--nthreads", "1", "--memory-limit", "1 GiB", "--no-dashboard"]
        place = ["--local-directory", str(self.folder / f"scratch{len(self.workers)}")]
        worker = self._dask("worker", self.address, *usual, *place, *options, **environment)
        self.workers.append(worker)
        return worker

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """End a process by SIGTERM, as a service manager does."""
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def close(self) -> None:
        for process in [*self.workers, self.scheduler]:
            self.end(process)

    def _dask(self, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        with open(self.folder / "cluster.log", "ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", *words],
                cwd=environment.pop("cwd", str(ROOT)),
                env=os.environ | self.environment | environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
