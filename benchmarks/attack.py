"""What strangers try, on a server of this machine: ``python benchmarks/attack.py [--quick] [--only links,files]``.

Links with words that nobody chose, stored text, foreign origins and names, addresses that lead out, files that were not
asked for, checkpoints that lie, other users of the machine, settings, floods. All of it stays on loopback, and ends by
itself. Prints how many attempts there were and how many were survived, and writes the table into docs/security.md after
a whole run; the exit code is 1 where one was not. What each attempt must come to stands in ``_attacks``.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks._app import Server
from benchmarks._attacks import KINDS, Kind
from pruning.common.environment import ROOT, machine
from tests.helpers.stranger import asked

PAGE = ROOT / "docs" / "security.md"
MARKS = "<!-- attack -->", "<!-- /attack -->"


def attack(folder: Path, kinds: list[str], quick: bool) -> list[tuple[Kind, float]]:
    """All attempts of these kinds against one server, each kind with its seconds."""
    server = Server(folder)
    try:
        asked(server.port, "", 1)  # the first page starts the workers
        server.wait(server.connected)
        found = []
        for name in kinds:
            began = time.monotonic()
            kind = KINDS[name](server, quick)
            found.append((kind, time.monotonic() - began))
            held = kind.attempts - len(kind.wrong)
            print(f"{name:10s} {held:4d} of {kind.attempts:4d} survived, {found[-1][1]:5.1f} s", flush=True)
            for wrong in kind.wrong[:5]:
                print(f"           {wrong}", flush=True)
        return found
    finally:
        server.close()


def table(found: list[tuple[Kind, float]]) -> str:
    """Attempts and survived, a line a kind, as Markdown."""
    lines = [f"| {kind.what} | {kind.attempts} | {kind.attempts - len(kind.wrong)} |" for kind, _ in found]
    total, wrong = sum(kind.attempts for kind, _ in found), sum(len(kind.wrong) for kind, _ in found)
    return "\n".join(
        ["| what was tried | attempts | survived |", "|---|---|---|", *lines, f"| all | {total} | {total - wrong} |"]
    )


def placed(text: str, words: str) -> str:
    """The page with these words between its marks."""
    start, end = MARKS
    return re.sub(f"{start}.*{end}", lambda _: f"{start}\n{words}\n{end}", text, flags=re.DOTALL)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer attempts of each kind, as CI runs them")
    parser.add_argument("--only", default=",".join(KINDS), help=f"kinds with commas: {', '.join(KINDS)}")
    given = parser.parse_args()
    names = given.only.split(",")
    if unknown := [name for name in names if name not in KINDS]:
        parser.error(f"no such kind: {', '.join(unknown)}; there are {', '.join(KINDS)}")
    with tempfile.TemporaryDirectory(prefix="pruning-attack-") as folder:
        found = attack(Path(folder), names, given.quick)
    if names == list(KINDS) and not given.quick:
        when = f"Measured on {datetime.now(UTC):%d %B %Y} on {machine()}, by `make attack`:"
        PAGE.write_text(placed(PAGE.read_text(), f"{when}\n\n{table(found)}"))
    return int(any(kind.wrong for kind, _ in found))


if __name__ == "__main__":
    sys.exit(main())
