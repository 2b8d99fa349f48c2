"""Whoever has the address of this machine's workers, and no key, runs nothing there."""

from __future__ import annotations

import os
from typing import Any

import pytest

from pruning.common.environment import Settings
from pruning.engine.cluster import Cluster
from tests.engine.conftest import TASK


@pytest.fixture(scope="module")
def cluster() -> Any:
    found = Cluster(Settings(workers=1), TASK)
    yield found
    found.close()


def test_a_stranger_with_the_address_is_not_let_in(cluster: Cluster) -> None:
    from distributed import Client
    from distributed.security import Security

    assert cluster.address.startswith("tls://127.0.0.1:")
    plain = cluster.address.replace("tls://", "tcp://")
    strangers = Security.temporary()
    for address, security in ((plain, None), (cluster.address, strangers)):
        with pytest.raises((OSError, RuntimeError, ValueError, TypeError)):
            Client(address, security=security, set_as_default=False, timeout=3)


def test_who_has_the_key_runs_and_workers_hold_it_in_no_file_or_environment(cluster: Cluster) -> None:
    from distributed import Client

    with Client(cluster.address, security=cluster.security(), set_as_default=False, timeout=20) as client:
        assert client.submit(os.getppid).result(timeout=60) > 0
    key = cluster.security().tls_client_key
    secret = key.splitlines()[3]
    for part in ("environ", "cmdline"):
        with open(f"/proc/{cluster.process.pid}/{part}", "rb") as file:
            assert secret.encode() not in file.read()
