"""Time the networks of this kit on this device: python time_networks.py

Needs Python 3.10 or later and onnxruntime alone (python -m pip install onnxruntime). Networks take turns, round after
round, so that a device that slows down as it warms slows all of them alike. Writes times.csv beside this file.
"""

from __future__ import annotations

import argparse
import csv
import json
import platform
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
COLUMNS = (
    "kit",
    "network",
    "label",
    "batch_images",
    "median_ms",
    "low_ms",
    "high_ms",
    "rounds",
    "threads",
    "device",
    "system",
    "runtime",
    "date",
)
"""low_ms and high_ms are quartiles; all times are of one whole pass."""
WARM, FEWEST, MOST = 3, 7, 10_000
"""Calls that are not counted, and the fewest and most rounds that are."""


def device_name() -> str:
    """What this device calls itself."""
    model = Path("/proc/device-tree/model")
    if model.is_file():
        return model.read_text(errors="replace").strip("\0 \n")
    info = Path("/proc/cpuinfo")
    for line in info.read_text(errors="replace").splitlines() if info.is_file() else ():
        if line.lower().startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine() or "unknown device"


def quantile(ordered: list[float], share: float) -> float:
    """A quantile of sorted numbers, by straight lines between them."""
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def timed(sessions: list, feeds: list, seconds: float) -> list[list[float]]:
    """Milliseconds of each pass of each session, which take turns for so many seconds, each round in another order."""
    for session, feed in zip(sessions, feeds, strict=True):
        for _ in range(WARM):
            session.run(None, feed)
    found: list[list[float]] = [[] for _ in sessions]
    end = time.perf_counter() + seconds
    for count in range(MOST):
        if count >= FEWEST and time.perf_counter() >= end:
            break
        for turn in range(len(sessions)):
            at = (turn + count) % len(sessions)
            start = time.perf_counter_ns()
            sessions[at].run(None, feeds[at])
            found[at].append((time.perf_counter_ns() - start) / 1e6)
    return [sorted(times) for times in found]


def main(argv: list[str] | None = None) -> int:
    """Time all networks at each batch size; returns the exit code."""
    parser = argparse.ArgumentParser(description="Time the networks of this kit on this device.")
    parser.add_argument("--batches", type=int, nargs="+", default=[1], help="images a pass (default: 1)")
    parser.add_argument("--seconds", type=float, default=5.0, help="for each network and batch size (default: 5)")
    parser.add_argument("--threads", type=int, default=1, help="of the processor (default: 1)")
    parser.add_argument("--device", default="", help="a name for this device (default: what it calls itself)")
    parser.add_argument("--out", type=Path, default=HERE / "times.csv", help="where to write (default: times.csv here)")
    given = parser.parse_args(argv)
    if min(given.batches) < 1 or given.threads < 1 or not 0 < given.seconds <= 3600:
        parser.error("batches and threads are 1 or more, seconds more than 0 and at most 3600")
    try:
        import numpy as np
        import onnxruntime
    except ImportError:
        print("error: onnxruntime is not installed: python -m pip install onnxruntime", file=sys.stderr)
        return 1
    kit = json.loads((HERE / "kit.json").read_text(encoding="utf-8"))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = given.threads, 1
    sessions = [
        onnxruntime.InferenceSession(str(HERE / one["file"]), options, providers=["CPUExecutionProvider"])
        for one in kit["networks"]
    ]
    about = {
        "kit": kit["kit"],
        "threads": given.threads,
        "device": given.device or device_name(),
        "system": platform.platform(),
        "runtime": "onnxruntime " + onnxruntime.__version__,
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    rows = []
    for batch in given.batches:
        feeds = []
        for one, session in zip(kit["networks"], sessions, strict=True):
            noise = np.random.default_rng(0).standard_normal((batch, *one["input_shape"]))
            feeds.append({session.get_inputs()[0].name: noise.astype(np.float32)})
        found = timed(sessions, feeds, given.seconds * len(sessions))
        for one, times in zip(kit["networks"], found, strict=True):
            low, middle, high = (round(quantile(times, share), 6) for share in (0.25, 0.5, 0.75))
            print(f"{one['label']}: {middle:.3g} ms ({low:.3g} to {high:.3g}), {batch} a pass, {len(times)} rounds")
            names = {"network": one["name"], "label": one["label"], "batch_images": batch, "rounds": len(times)}
            rows.append(about | names | {"median_ms": middle, "low_ms": low, "high_ms": high})
    with open(given.out, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    print(f"Written: {given.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
