"""``python -m pruning``: commands, and what each exit code means.

Exit codes: 0 done; 1 it could not be computed (weights or a device are missing, say); 2 wrong input, whether that is
found at once or by the worker; 130 cancelled.
Results go to standard output, progress and errors (one sentence, never a stack trace) to standard error.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
import time
from collections.abc import Sequence
from typing import Any

from pruning.cli import arguments, fetch, listing, networks, output, own_data, streams
from pruning.cli.parser import parser
from pruning.common.environment import Settings
from pruning.common.errors import (
    WRONG_INPUT,
    BadValue,
    Cancelled,
    PruningError,
    lacking,
    reason,
    with_kind,
    without_secrets,
)
from pruning.engine.journal import configure, note
from pruning.study.study import Study

log = logging.getLogger(__name__)

DONE, FAILED, BAD_INPUT, CANCELLED = 0, 1, 2, 130


def _run(study: Study, as_json: bool, *, values: bool) -> str:
    from pruning.cli.compute import compute
    from pruning.results.sentences import alone
    from pruning.results.table import table

    rows = compute(study)
    frame = table(rows, study)
    left = list(dict.fromkeys(said for row in rows if row["measure"] == "profile" and (said := alone(row["value"]))))
    order = own_data.mixed_up(study, rows)
    if not as_json:
        text = output.as_text(frame, shutil.get_terminal_size().columns if sys.stdout.isatty() else 0)
        return "\n".join([text, *left, *order])
    content: dict[str, Any] = {"study": study.model_dump(mode="json"), "key": study.key, "table": output.records(frame)}
    if left:
        content["left_alone"] = left
    if order:
        content["class_order"] = order
    return output.as_json(content | ({"rows": rows} if values else {}))


def _fetch(name: str, as_json: bool) -> str:
    from pruning.cli.compute import progress_bar
    from pruning.zoo.fetch import fetch

    with progress_bar() as show:
        folder = fetch(name, lambda done, total, note="", partial=None: show(done, total, note))
    return output.as_json({"name": name, "folder": str(folder)}) if as_json else f"{name} lies in {folder}"


def _assign(address: str, issuer: str, subject: str, as_json: bool) -> str:
    from pruning.common.environment import Settings
    from pruning.store.persons import identity
    from pruning.store.store import Store

    person = identity(issuer, subject)
    if not person:
        raise BadValue("An issuer and a subject have no blanks, and neither is empty.")
    store = Store(Settings.read())
    try:
        count = store.claim_address(address, person)
    finally:
        store.close()
    return output.as_json({"runs": count, "owner": person}) if as_json else f"{count} runs are that person's now"


def _do(given: Any) -> str:
    """What a command prints."""
    if given.command == "prune":
        return _run(arguments.study_of(given), given.json, values=False)
    if given.command == "run":
        return _run(arguments.read_study(given.study), given.json, values=True)
    if given.command == "health":
        from pruning.cli.health import report

        return report(given.url, given.json)
    if given.command == "report":
        from pruning.cli.report import report as document

        return document(given)
    if given.command == "assign":
        return _assign(given.address, given.issuer, given.subject, given.json)
    if given.command == "data":
        return _fetch(given.name, given.json) if given.name else own_data.listing(given.json)
    if given.command in own_data.COMMANDS:
        return own_data.COMMANDS[given.command](given)
    if given.command in fetch.COMMANDS:
        return fetch.COMMANDS[given.command](given)
    if given.command in networks.COMMANDS:
        return networks.COMMANDS[given.command](given)
    if given.command == "models" and given.search:
        return networks.search(" ".join(given.search), given.json)
    if given.json:
        return output.as_json(listing.entries(given.command))
    return listing.list_text(given.command)


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the arguments say; returns the exit code."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    there, began = streams.prepare(), time.monotonic()
    code = _ended(argv) if there else _said("There is no standard output (it was closed): nothing was done.", FAILED)
    note(
        "command",
        exit=code,
        arguments=[without_secrets(word) for word in (sys.argv[1:] if argv is None else argv)],
        seconds=time.monotonic() - began,
    )
    return code


def _ended(argv: Sequence[str] | None) -> int:
    """Do what the arguments say; returns the exit code."""
    try:
        configure(Settings.read().log)
        given = parser().parse_args(argv)
        if given.command == "dashboard":
            from pruning.cli.dashboard import dashboard

            return dashboard(given.port, given.address, not given.no_browser)
        text = _do(given)
        try:
            print(text, flush=True)
        except OSError as error:
            streams.drop()
            return (
                FAILED
                if isinstance(error, BrokenPipeError)
                else _said(f"The output cannot be written: {reason(error)}.", FAILED)
            )
    except WRONG_INPUT as error:
        return _said(error, BAD_INPUT)
    except Cancelled as error:
        return _said(error, CANCELLED)
    except KeyboardInterrupt:
        return _said("Cancelled.", CANCELLED)
    except PruningError as error:
        return _said(error, FAILED)
    except ModuleNotFoundError as error:
        return _said(lacking(error), FAILED)
    except Exception as error:
        log.error("Internal error", exc_info=True)
        return _said(f"Internal error: {with_kind(error)}", FAILED)
    return DONE


def _said(sentence: object, code: int) -> int:
    print(f"error: {sentence}" if code != CANCELLED else sentence, file=sys.stderr)
    return code
