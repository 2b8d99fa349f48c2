"""Faults at random moments, and what is left after each: ``python benchmarks/faults.py [--count 50] [--seed 0]
[--postgresql]``.

While a server computes sweeps and a training for somebody, one thing breaks: a worker is killed, the scheduler with all
workers, the server; the database does not answer; the disk is full (a small disk is mounted and really filled where
that is allowed, else writes are refused as a full disk refuses them); a checkpoint was cut short; a second server works
on the same store. Then the person asks again, as a page does. After each fault must hold:

- every result is the one that an undisturbed computation without a store gives; what was stored before is unchanged;
- the database is whole, every visible file can be read, nothing is half-written, no job is left over;
- whoever waited, and was not answered, was told why in a sentence;
- with two servers, each study was computed by one of them.

With ``--postgresql`` the store is a real PostgreSQL server, which crashes and recovers where else the database does not
answer. The seed gives kinds, moments, studies and victims; how far the work was at that moment is up to the machine.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch

from benchmarks._fault import FAULTS, Round
from benchmarks._report import keep
from benchmarks._site import Site
from benchmarks._table import Figure
from pruning.common.environment import machine

COUNT = {"SQLite": 50, "PostgreSQL": 20}
"""A run with at least so many faults is kept for the report of ``make bench``."""


def faults(
    count: int, seed: int, kinds: list[str], folder: Path, postgresql: bool = False
) -> list[tuple[str, Round, float]]:
    """So many faults, all kinds equally often; returns each with its round and its seconds."""
    chance, site, played = random.Random(seed), Site(folder, postgresql), []
    try:
        server = site.start()
        while len(played) < count:
            for kind in chance.sample(kinds, len(kinds))[: count - len(played)]:
                began, one = time.monotonic(), Round(site, server, chance, len(played))
                one.play(FAULTS[kind])
                server = one.server
                played.append((kind, one, time.monotonic() - began))
                when = "at work" if one.struck else "at rest"
                found = " ".join(one.wrong) or "well"
                told = f"; told: {'; '.join(one.said)}" if one.said else ""
                print(f"{len(played):3d} {kind:20s} {when} {played[-1][2]:5.1f} s  {found}{told}", flush=True)
        server.close()
    finally:
        site.close()
    return played


def figures(played: list[tuple[str, Round, float]], seed: int, database: str = "SQLite") -> list[Figure]:
    """What was promised, beside what came of it."""
    how = (
        f"{', '.join(FAULTS)}, at random moments of sweeps and trainings on two workers, stored in {database}; "
        f"seed {seed}"
    )
    of = f"Of {len(played)} faults{' on PostgreSQL' if database == 'PostgreSQL' else ''}, those"
    bad, struck = (sum(bool(getattr(one, what)) for _, one, _ in played) for what in ("wrong", "struck"))
    return [
        Figure("Faults", f"{of} with something wrong afterwards", bad, "", how, bound="at most", wanted=0, short=True),
        Figure("Faults", f"{of} that struck while something was computed", struck, "", how, short=True),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description="Break things at random moments and look what is left.")
    parser.add_argument("--count", type=int, help=f"{COUNT['SQLite']}, on PostgreSQL {COUNT['PostgreSQL']}")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", default=",".join(FAULTS), help="which faults, separated by commas")
    parser.add_argument("--postgresql", action="store_true", help="with a real PostgreSQL server as the store")
    given = parser.parse_args()
    database = "PostgreSQL" if given.postgresql else "SQLite"
    count = given.count or COUNT[database]
    torch.set_num_threads(1)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the disk is unmounted then, too
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        played = faults(count, given.seed, given.kinds.split(","), Path(folder), given.postgresql)
    bad = [kind for kind, one, _ in played if one.wrong]
    print(f"{len(played)} faults, {len(bad)} with something wrong afterwards: {dict(Counter(bad)) or 'none'}")
    if len(played) >= COUNT[database] and set(given.kinds.split(",")) == set(FAULTS):  # a shorter run is only a try
        name = "faults_postgresql" if given.postgresql else "faults"
        print(f"Kept for make bench: {keep(name, figures(played, given.seed, database))}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
