"""Whether a server and a worker see the same database and the same folder of artefacts: each leaves something there,
and the other looks. Workers write what pages read later, and a folder that is not shared would lose it silently."""

from __future__ import annotations

import secrets
import time
from contextlib import suppress

from pruning.common.errors import PruningError, reason
from pruning.store.schema import meta
from pruning.store.store import Store

KIND = "joining"
OLD_SECONDS = 3600
"""A token of this age belongs to a server that has died."""


def leave(store: Store) -> str:
    """Leave a token in the database and in the folder; returns it.

    Raises:
        StoreError: one of the two cannot be written.
    """
    token, now = secrets.token_hex(8), int(time.time())

    def work(connection) -> None:  # noqa: ANN001 - a connection of SQLAlchemy, which is imported in the store only
        old = meta.c.name.startswith("join-") & (meta.c.value < now - OLD_SECONDS)
        connection.execute(meta.delete().where(old | (meta.c.name == f"join-{token}")))
        connection.execute(meta.insert().values(name=f"join-{token}", value=now))

    store.transact(work)
    for path in (store.artefacts.folder / KIND).glob("*/*.txt"):
        with suppress(OSError):  # another server was quicker
            if path.stat().st_mtime < now - OLD_SECONDS:
                path.unlink()
    store.write(KIND, token, token.encode(), ".txt")
    return token


def answer(store: Store, token: str, name: str) -> str:
    """A worker's answer to a token; returns what is wrong, as the end of a sentence, or nothing.

    Args:
        name: plain letters and digits that no other worker uses.
    """
    try:
        row = meta.select().where(meta.c.name == f"join-{token}")
        if not store.transact(lambda connection: connection.execute(row).first()):
            return "works with another database: PRUNING_STORE must mean the same one everywhere"
        if store.read(KIND, token, ".txt") != token.encode():
            return f"does not see the server's folder of artefacts: share {store.artefacts.folder} with it"
        store.write(KIND, f"{token}-{name}", name.encode(), ".txt")
    except PruningError as error:
        return f"cannot use the store ({reason(error)})"
    return ""


def answered(store: Store, token: str, name: str) -> str:
    """The server's look at an answer; returns what is wrong, as ``answer`` does."""
    if store.read(KIND, f"{token}-{name}", ".txt") == name.encode():
        return ""
    return f"writes artefacts where this server does not see them: share {store.artefacts.folder} with it"


def forget(store: Store, token: str) -> None:
    """Take the token and its answers away."""
    store.transact(lambda connection: connection.execute(meta.delete().where(meta.c.name == f"join-{token}")))
    for path in (store.artefacts.folder / KIND / token[:2]).glob(f"{token}*.txt"):
        with suppress(OSError):
            path.unlink()
    with suppress(OSError):  # not empty: another server's
        (store.artefacts.folder / KIND / token[:2]).rmdir()
