from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pruning.common.environment import LEAST_MEMORY, Settings, machine
from pruning.common.errors import BadValue


def test_nothing_set_means_this_machine() -> None:
    settings = Settings.read({})
    assert settings.store.startswith("sqlite:///") and settings.store.endswith("var/pruning.db")
    assert settings.scheduler is None and not settings.owners
    assert 1 <= settings.workers <= 4 and settings.memory >= LEAST_MEMORY


def test_everything_set() -> None:
    settings = Settings.read(
        {
            "PRUNING_STORE": "postgresql://host/base",
            "PRUNING_ARTEFACTS": "/data/files",
            "PRUNING_SCHEDULER": "tls://host:8786",
            "PRUNING_WORKERS": "7",
            "PRUNING_WORKER_MEMORY": "1.5 GB",
            "PRUNING_OWNERS": "1",
        }
    )
    assert settings == Settings("postgresql://host/base", Path("/data/files"), "tls://host:8786", 7, 15 * 10**8, True)


@pytest.mark.parametrize(
    "address",
    ["tls://host:8786", "tcp://127.0.0.1:8786", "tcp://localhost:8786", "tcp://[::1]:8786", "tcp://127.8.8.8:1"],
)
def test_a_scheduler_that_nobody_else_can_reach_is_allowed(address: str) -> None:
    assert Settings.read({"PRUNING_SCHEDULER": address}).scheduler == address


@pytest.mark.parametrize(
    "address",
    ["tcp://host:8786", "tcp://10.0.0.7:8786", "ws://host:8786", "tcp://127.0.0.1.evil.org:1", "tcp://[::]:1"],
)
def test_a_scheduler_that_others_can_reach_is_refused_unless_its_owner_insists(address: str) -> None:
    with pytest.raises(BadValue, match=r"^PRUNING_SCHEDULER must be tls://.*PRUNING_SCHEDULER_INSECURE=1"):
        Settings.read({"PRUNING_SCHEDULER": address})
    assert Settings.read({"PRUNING_SCHEDULER": address, "PRUNING_SCHEDULER_INSECURE": "1"}).scheduler == address


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PRUNING_STORE", "pruning.db"),
        ("PRUNING_SCHEDULER", "host"),
        ("PRUNING_WORKERS", "0"),
        ("PRUNING_WORKERS", "-1"),
        ("PRUNING_WORKERS", "two"),
        ("PRUNING_WORKERS", "1000"),
        ("PRUNING_WORKER_MEMORY", "lots"),
        ("PRUNING_WORKER_MEMORY", "10 MB"),
        ("PRUNING_OWNERS", "yes"),
        ("PRUNING_SCHEDULER_INSECURE", "yes"),
    ],
)
def test_a_wrong_value_is_refused_by_the_variable_s_name(name: str, value: str) -> None:
    with pytest.raises(BadValue, match=f"^{name} must be"):
        Settings.read({name: value})


@given(count=st.integers(600, 10**6), unit=st.sampled_from(["MiB", "mib", " MiB", "  MIB"]))
def test_sizes_have_units(count: int, unit: str) -> None:
    assert Settings.read({"PRUNING_WORKER_MEMORY": f"{count}{unit}"}).memory == count * 2**20


def test_the_machine_has_a_name() -> None:
    assert "cores" in machine() and machine() == machine()
