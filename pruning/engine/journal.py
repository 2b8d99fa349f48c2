"""What the engine does, as lines of a log: plain warnings, or one JSON object a line."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pruning.common.errors import StoreError
from pruning.common.limits import LOG_FILES, LOG_MB
from pruning.measures.kinds import measures

if TYPE_CHECKING:
    from pruning.engine.jobs import Job

log = logging.getLogger("pruning.journal")


class Lines(logging.Formatter):
    """A record as one line of JSON: ``time`` (UTC), ``level``, ``event``, and what the event is about.

    Events of jobs hold ``job``, ``study`` (its key: equal studies have equal keys), ``model``, ``owner``, ``durable``
    and ``seconds``, at its end ``computed``: how many results it added to the store. Any other record is an event
    ``log`` with its ``message`` and perhaps a ``traceback``.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
        }
        fields = getattr(record, "journal", None)
        if fields is None:
            fields = {"event": "log", "logger": record.name, "message": record.getMessage()}
        line |= fields
        if record.exc_info and record.exc_info[1] is not None:
            line["traceback"] = "".join(traceback.format_exception(record.exc_info[1]))
        return json.dumps(line, default=str, ensure_ascii=False)


def configure(target: str) -> None:
    """Write JSON lines to ``target``: "json" for standard error, else a file, which is bounded and rotated.

    An empty target leaves logging as the program that uses the package has it.

    Raises:
        StoreError: the file cannot be written.
    """
    if not target:
        return
    package = logging.getLogger("pruning")
    handler: logging.Handler
    if target == "json":
        handler = logging.StreamHandler(sys.stderr)
    else:
        place = Path(target).expanduser()
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            handler = RotatingFileHandler(place, maxBytes=LOG_MB * 10**6, backupCount=LOG_FILES - 1, encoding="utf-8")
        except OSError as error:
            raise StoreError(f"PRUNING_LOG: '{place}' cannot be written: {error.strerror or error}.") from error
    handler.setFormatter(Lines())
    for other in list(package.handlers):
        if isinstance(other.formatter, Lines):  # a second call replaces the first one's
            package.removeHandler(other)
            other.close()
    package.addHandler(handler)
    package.setLevel(logging.INFO)
    package.propagate = False


def note(event: str, job: Job | None = None, **more: Any) -> None:
    """Note an event, of a job or of the engine."""
    if not log.isEnabledFor(logging.INFO):
        return
    fields: dict[str, Any] = {"event": event}
    if job is not None:
        seconds = round(job.ended - job.started, 3) if job.started and job.ended else None
        fields |= {
            "job": job.id,
            "study": job.study.key,
            "model": job.study.base.model,
            "owner": job.owner,
            "durable": job.durable,
            "seconds": seconds,
        }
        if event == "done":
            fields["computed"] = sum(_new(row) for row in job.rows or [])
    log.info(event, extra={"journal": fields | more})


def _new(row: Any) -> bool:
    """Whether a result is one that the store did not have, and has now: looks at a layer are not stored."""
    if not isinstance(row, dict) or row.get("origin") != "computed":
        return False
    return row["measure"] in measures and measures[row["measure"]].stored
