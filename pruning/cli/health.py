"""``python -m pruning health``: whether a server is there and well. For people, containers and load balancers."""

from __future__ import annotations

import urllib.request
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from pruning.cli import output
from pruning.common.environment import Settings
from pruning.common.errors import BadValue, PruningError, reason, shortened

SECONDS = 5.0


def health(url: str | None) -> tuple[dict[str, Any], list[str]]:
    """What servers on this store say of themselves, what the store takes, and all that is wrong, a sentence each."""
    if url:
        _check(url)
    from pruning.engine.caretaker import reports
    from pruning.engine.health import stale
    from pruning.store.footprint import footprint
    from pruning.store.store import Store

    settings = Settings.read()
    about: dict[str, Any] = {"servers": reports(settings.artefacts)}
    wrong = [sentence for report in about["servers"] if (sentence := stale(report))]
    if not about["servers"]:
        wrong.append("No server is running on this store.")
    try:
        store = Store(settings)
        room = footprint(store)
        store.close()
        about["store"] = {
            "database": room.database,
            "free": room.free,
            "artefacts": {
                kind: {"files": files, "bytes": size, "bound": bound}
                for kind, (files, size, bound) in room.artefacts.items()
            },
        }
        wrong += [room.problem()] if room.problem() else []
    except PruningError as error:
        wrong.append(str(error))
    if url and (sentence := _page(url)):
        wrong.append(sentence)
    return about | {"problems": wrong}, wrong


def text(about: dict[str, Any]) -> str:
    """The same for people: a line a server."""
    lines = [
        f"server {report['pid']}: {len(report['workers'])} workers, {report['running']} running, "
        f"{report['queued']} queued, {report['memory'] / 2**20:.0f} MiB"
        for report in about["servers"]
    ]
    if "store" in about:
        files = sum(kind["bytes"] for kind in about["store"]["artefacts"].values())
        lines.append(
            f"store: {(about['store']['database'] or 0) / 1e6:.1f} MB database, {files / 1e6:.1f} MB files, "
            f"{about['store']['free'] / 1e9:.1f} GB disk free"
        )
    return "\n".join(lines)


def report(url: str | None, as_json: bool) -> str:
    """Print what is there; returns it too.

    Raises:
        PruningError: something is wrong; what is known was printed before.
    """
    about, wrong = health(url)
    shown = output.as_json(about) if as_json else text(about)
    if wrong:
        print(shown, flush=True)
        raise PruningError(" ".join(wrong))
    return shown


def _page(url: str) -> str:
    """Why the web server does not answer, or ""."""
    address = f"{url.rstrip('/')}/_stcore/health"
    try:
        with urllib.request.urlopen(address, timeout=SECONDS) as answer:
            return "" if answer.status == 200 else f"{shortened(address)} answers {answer.status}."
    except (OSError, ValueError, HTTPException) as error:  # also what is no page: "no status line"
        return f"{shortened(address)} does not answer ({getattr(error, 'reason', None) or reason(error)})."


def _check(url: str) -> None:
    """Raise ``BadValue`` where this is no address of a web server."""
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1) > 0 and url.isprintable()
        (parts.hostname or "").encode("idna")
    except ValueError:  # brackets without end, a port that is no number, a name of letters that names cannot have
        fine = False
    if not fine or " " in url:
        raise BadValue(f"'{shortened(url)}' is no address of a web server: it would be http://localhost:8501, say.")
