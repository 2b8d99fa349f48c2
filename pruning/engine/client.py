"""Dask's client, with an end to the thread that it starts: Dask itself leaves that running when nobody answers."""

from __future__ import annotations

from typing import Any

import dask
from distributed import Client as DaskClient

from pruning.common.errors import Missing
from pruning.common.limits import MESSAGES


class Client(DaskClient):
    """A scheduler that is away for an hour is asked some hundred times; each would leave a thread and three files."""

    def start(self, **options: Any) -> None:
        """Connect; ends the thread when that fails."""
        dask.config.set({"distributed.admin.low-level-log-length": MESSAGES})
        try:
            super().start(**options)
        except BaseException:
            self._loop_runner.stop()
            raise

    def end(self, seconds: float) -> None:
        """Close it, and end the thread also where the scheduler hung up: Dask calls that closed already. Not in
        ``close``, which garbage collection calls at any moment, also while this thread holds the lock of ``stop``."""
        try:
            self.close(timeout=seconds)
        finally:
            self._loop_runner.stop()


def check_certificates(address: str) -> None:
    """Say what is missing for a scheduler that is reached by TLS.

    Raises:
        Missing: Dask's configuration does not say where the certificates are.
    """
    needed = {
        name: dask.config.get(f"distributed.comm.tls.{name}", None) for name in ("ca-file", "client.cert", "client.key")
    }
    missing = [name for name, path in needed.items() if not path]
    if address.startswith("tls://") and missing:
        names = ["DASK_DISTRIBUTED__COMM__TLS__" + n.upper().replace("-", "_").replace(".", "__") for n in missing]
        raise Missing(f"The scheduler {address} asks for certificates: set {', '.join(names)} (see docs/deploy.md).")
