"""Work in a process of its own: values and sentences come back, and nothing goes beyond its memory and time."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from pruning.common import apart
from pruning.common.apart import in_own_process
from pruning.common.errors import BadValue, Missing, Refused
from tests.helpers import reading


def test_values_come_back_as_json_holds_them() -> None:
    assert in_own_process("calendar:monthrange", {"year": 2028, "month": 2}) == [1, 29]
    assert in_own_process(reading.take, {"megabytes": 40}, megabytes=60) == 40 * 2**20


@pytest.mark.parametrize(
    ("function", "arguments", "bounds", "said"),
    [
        (reading.take, {"megabytes": 90}, {"megabytes": 60}, "The file a needs more than 60 MB of memory to be read"),
        (reading.wait, {"seconds": 30}, {"seconds": 0.2}, "The file a takes longer than 0.2 seconds to read"),
        (reading.die, {}, {}, "The file a ended the process that read it (exit code -11)"),
        (reading.complain, {"kind": "odd"}, {}, "The file a cannot be read ('odd')"),
        (reading.tell, {"letters": 17 * 2**20}, {}, "The file a says more of itself than 16 MB"),
        (
            reading.start,
            {},
            {},
            "The file a cannot be read (it tried subprocess.Popen, which nothing that is read may do)",
        ),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_goes_wrong_there_is_one_sentence_here(function: Any, arguments: Any, bounds: Any, said: str) -> None:
    with pytest.raises(Refused) as error:
        in_own_process(function, arguments, what="The file a", **bounds)
    assert str(error.value).startswith(said)


def test_errors_of_ours_keep_their_kind_and_words() -> None:
    with pytest.raises(Missing, match=r"^There is nothing here\.$"):
        in_own_process(reading.complain, {"kind": "missing"})
    with pytest.raises(BadValue, match=r"^There is no scorer 'x'\. Known: y\.$"):
        in_own_process(reading.complain, {"kind": "unknown"})


def test_it_calls_nobody() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(Refused, match=r"it tried socket\."):
        in_own_process(reading.call, {"port": server.getsockname()[1]})


def test_it_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRUNING_STORE", "postgresql://u:secret@h/d")
    assert "secret" not in str(in_own_process(reading.secrets, {}))


def test_where_a_system_has_no_limits_this_process_looks_at_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart.sys, "platform", "darwin")
    sizes = iter([10 * 2**20])
    monkeypatch.setattr(apart, "_memory", lambda pid: next(sizes, 90 * 2**20))
    with pytest.raises(Refused, match="needs more than 60 MB"):
        in_own_process(reading.wait, {"seconds": 30}, megabytes=60)
