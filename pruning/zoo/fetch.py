"""Downloads that end: within seconds when there is no network, whole or not at all, checked by published hashes."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
import urllib.request
import uuid
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from tempfile import TemporaryDirectory

from pruning.common.errors import BadValue, Missing, reason
from pruning.common.progress import Progress, quiet
from pruning.zoo.kinds import datasets
from pruning.zoo.places import data_root

CONNECT_SECONDS = 6.0
"""To look up the name, connect and get the first answer, all together."""
SILENCE_SECONDS = 20.0
"""Without a single byte, once the download has begun."""
CHUNK = 1 << 18


def download(url: str, path: Path, *, sha256: str = "", md5: str = "", progress: Progress = quiet) -> None:
    """Download a file whole to ``path``, or leave nothing behind.

    Args:
        sha256, md5: hexadecimal digests, or beginnings of them, that the content must have.
        progress: called as ``(bytes so far, bytes in all or 0, file name)``; an exception that it raises ends the work.

    Raises:
        Missing: no network, no such file, a broken connection, another content, a folder that cannot be written.
    """
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex}.partial")
    digests = [
        (hashlib.new(kind, usedforsecurity=False), want) for kind, want in (("sha256", sha256), ("md5", md5)) if want
    ]
    try:
        with _open(url) as response:
            path.parent.mkdir(parents=True, exist_ok=True)
            total, done = int(response.headers.get("Content-Length") or 0), 0
            with open(partial, "wb") as file:
                while chunk := response.read(CHUNK):
                    file.write(chunk)
                    for digest, _ in digests:
                        digest.update(chunk)
                    done += len(chunk)
                    progress(done, total, path.name)
        if total and done != total:
            raise Missing(f"The download of {url} broke off after {done} of {total} bytes.")
        for digest, want in digests:
            if not digest.hexdigest().startswith(want):
                raise Missing(f"What came from {url} is not the published file: its {digest.name} is not {want}.")
        os.replace(partial, path)
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise Missing(f"{url} could not be downloaded ({reason or type(error).__name__}).") from None
    finally:
        with suppress(OSError):
            partial.unlink()


def _open(url: str) -> HTTPResponse:
    """The response, or ``TimeoutError``: a name look-up has no time limit of its own, so it runs in a thread."""
    opened: list[HTTPResponse] = []
    failed: list[BaseException] = []
    late = threading.Event()

    def work() -> None:
        try:
            request = urllib.request.Request(url, headers={"User-Agent": "pruning"})
            response = urllib.request.urlopen(request, timeout=SILENCE_SECONDS)
        except BaseException as error:
            failed.append(error)
            return
        opened.append(response)
        if late.is_set():
            response.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(CONNECT_SECONDS)
    if failed:
        raise failed[0]
    if not opened:
        late.set()
        raise TimeoutError(f"no answer within {CONNECT_SECONDS:.0f} seconds")
    return opened[0]


def fetch(name: str, progress: Progress = quiet) -> Path:
    """Download a data set into ``data_root()``, unless it is there; returns that folder.

    Archives are checked by torchvision's published checksums and unpacked aside, so that a broken download never
    looks like a data set.

    Raises:
        UnknownName: no such data set.
        BadValue: one that is embedded, or a person's own.
        Missing: no network, or no room; the message says what failed.
    """
    entry, root = datasets[name](), data_root()
    if entry.embedded:
        raise BadValue(f"{entry.label} is part of this program: there is nothing to download.")
    if not entry.megabytes:
        raise BadValue(f"{entry.label} is not downloaded by this program.")
    if _loads(lambda: entry.load("test")):
        return root
    try:
        root.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=root, prefix=".partial-", ignore_cleanup_errors=True) as aside:
            kept = entry.download(Path(aside), progress)
            target = root / kept.name
            if target.is_symlink():
                target.unlink()
            elif target.exists():
                shutil.rmtree(target)
            os.replace(kept, target)
    except Missing as error:
        raise Missing(f"{entry.label} is not here, and fetching it failed: {error}") from None
    except (OSError, RuntimeError, EOFError) as error:
        raise Missing(f"{entry.label} could not be unpacked into {root}: {reason(error)}.") from None
    return root


def _loads(load: Callable[[], object]) -> bool:
    try:
        load()
    except Missing:
        return False
    return True
