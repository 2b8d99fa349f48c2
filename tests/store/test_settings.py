from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pruning.common.environment import LEAST_MEMORY, ROOT, Settings, machine
from pruning.common.errors import BadValue, without_secrets
from pruning.common.urls import sqlite_url
from pruning.store.store import Store


def test_nothing_set_means_this_machine() -> None:
    settings = Settings.read({})
    assert settings.store.startswith("sqlite:///") and settings.store.endswith("var/pruning.db")
    assert settings.scheduler is None and not settings.owners
    assert settings.uploads is None and Settings.read({"PRUNING_UPLOADS": "0"}).uploads is False
    assert 1 <= settings.workers <= 4 and settings.worker_memory >= LEAST_MEMORY


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


def test_operators_are_issuers_with_subjects() -> None:
    said = Settings.read({"PRUNING_OPERATORS": "https://id.org 1,https://id.org  ab-2 ,"})
    assert said.operators == ("https://id.org 1", "https://id.org ab-2")


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
        ("PRUNING_WORKER_MEMORY", "1,5 GB"),
        ("PRUNING_WORKER_MEMORY", "2 GB each"),
        ("PRUNING_WORKER_MEMORY", "-2 GB"),
        ("PRUNING_WORKER_MEMORY", "2 horses"),
        ("PRUNING_OWNERS", "yes"),
        ("PRUNING_OPERATORS", "ada@example.org"),
        ("PRUNING_OPERATORS", "https://id.org 1, https://id.org"),
        ("PRUNING_SCHEDULER_INSECURE", "yes"),
        ("PRUNING_UPLOADS", "no"),
    ],
)
def test_a_wrong_value_is_refused_by_the_variable_s_name(name: str, value: str) -> None:
    with pytest.raises(BadValue, match=f"^{name} must be"):
        Settings.read({name: value})


@pytest.mark.parametrize("name", ["PRUNING_STORE", "PRUNING_WORKERS", "PRUNING_OWNERS", "PRUNING_WORKER_MEMORY"])
def test_a_wrong_value_of_megabytes_is_cut(name: str) -> None:
    with pytest.raises(BadValue) as error:
        Settings.read({name: "x" * 5_000_000})
    assert len(str(error.value)) < 300


@pytest.mark.parametrize(
    ("text", "size"), [("700000000", 7 * 10**8), ("700000000 B", 7 * 10**8), ("0.7gb", 7 * 10**8), ("1 TB", 10**12)]
)
def test_sizes_may_be_bytes_parts_or_large(text: str, size: int) -> None:
    assert Settings.read({"PRUNING_WORKER_MEMORY": text}).worker_memory == size


@given(count=st.integers(600, 10**6), unit=st.sampled_from(["MiB", "mib", " MiB", "  MIB"]))
def test_sizes_have_units(count: int, unit: str) -> None:
    assert Settings.read({"PRUNING_WORKER_MEMORY": f"{count}{unit}"}).memory == count * 2**20


def test_a_container_s_limits_count(monkeypatch: pytest.MonkeyPatch) -> None:
    before = machine.__wrapped__()
    monkeypatch.setattr("dask.system._try_extract_cgroup_cpu_quota", lambda: (50_000, 100_000))
    monkeypatch.setattr("distributed.system.memory_limit", lambda: 5 * 10**9)
    settings = Settings.read({})
    assert settings.workers == 1 and settings.worker_memory == 2 * 10**9
    assert machine.__wrapped__() == before, "the keys of timings have the machine's name in them"


def test_who_only_reads_settings_does_not_wait_for_workers() -> None:
    read = "from pruning.common.environment import Settings; Settings.read()"
    code = f"import sys; {read}; print('distributed' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT).stdout == "False\n"


def test_the_machine_has_a_name() -> None:
    assert "cores" in machine() and machine() == machine()


@pytest.mark.parametrize("url", ["Postgresql://ada:hush@host/base", "POSTGRESQL://h/b?password=hush&x=1"])
def test_a_password_is_never_repeated(url: str) -> None:
    with pytest.raises(BadValue, match="must be a database URL") as caught:
        Settings(store=url)
    assert "hush" not in str(caught.value) and "…" in str(caught.value)
    assert "hush" not in without_secrets(f"Could not parse URL from string '{url.lower()}'")


@pytest.mark.parametrize("folder", ["what?", "a%41b", "#1", "with space", "ü", "plain"])
def test_a_checkout_in_any_folder_has_its_database_there(folder: str, tmp_path: Path) -> None:
    place = tmp_path / folder / "var" / "pruning.db"
    Store.open(sqlite_url(place), tmp_path).close()
    assert place.is_file() and [path.name for path in tmp_path.iterdir()] == [folder]
