"""Memory of every process of a deployment: app, scheduler, two workers and PostgreSQL, started as a lab starts them.

    python benchmarks/processes.py [--model resnet_20]

The app serves one browser session; the workers have measured one model on 10,000 images through the cluster. Memory is
the proportional share (PSS): what several processes share is divided among them, so the numbers may be added. Needs
Chromium (BROWSER_PATH); without PostgreSQL's binaries the store is SQLite.
"""

from __future__ import annotations

import argparse
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pruning.common.environment import machine  # noqa: E402
from tests.engine.cluster import Processes  # noqa: E402
from tests.helpers import postgres  # noqa: E402


def megabytes(processes: list[psutil.Process]) -> int:
    """Their proportional memory together, in MB."""
    return round(sum(process.memory_full_info().pss for process in processes) / 1e6)


def family(pid: int) -> list[psutil.Process]:
    """A process and all that it has started."""
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def visit(port: int) -> None:
    """Open the first page and wait for its first chart."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        options = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        browser = p.chromium.launch(executable_path=os.environ.get("BROWSER_PATH"), args=options)
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{port}", timeout=120_000)
        page.wait_for_selector(".js-plotly-plot", timeout=300_000)
        browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="resnet_20")
    model = parser.parse_args().model
    where = postgres.binaries()
    server = postgres.Server(where) if where else None
    with tempfile.TemporaryDirectory() as name, socket.socket() as free:
        folder = Path(name)
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        cluster = Processes(folder)
        environment = (
            os.environ
            | cluster.environment
            | {
                "PRUNING_STORE": server.base() if server else f"sqlite:///{folder / 'store.db'}",
                "PRUNING_ARTEFACTS": str(folder / "artefacts"),
                "PRUNING_SCHEDULER": cluster.address,
            }
        )
        run = ["app.py", "--server.headless=true", f"--server.port={port}"]
        app = subprocess.Popen([sys.executable, *run], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        try:
            prune = ["-m", "pruning", "prune", "--model", model, "--sparsity", "0.5,0.7,0.8,0.85,0.95"]
            time.sleep(5)
            visit(port)
            subprocess.run([sys.executable, *prune], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
            nannies = psutil.Process(cluster.workers[0].pid)
            workers = [p for p in nannies.children() if "spawn_main" in " ".join(p.cmdline())]
            rows = {"app": family(app.pid), "scheduler": family(cluster.scheduler.pid)}
            rows["nanny of two workers"] = [nannies]
            rows |= {f"worker {number}": family(one.pid) for number, one in enumerate(workers, 1)}
            if server:
                rows["PostgreSQL"] = family(server.process.pid)
            print(f"{date.today()}, {machine()}, Python {platform.python_version()}, after {model}\n")
            print("| process | memory, MB (PSS) |\n|---|---|")
            for what, processes in rows.items():
                print(f"| {what} | {megabytes(processes)} |")
        finally:
            app.terminate()
            app.wait(30)
            cluster.close()
            if server:
                server.close()


if __name__ == "__main__":
    main()
