"""Files that browsers send are kept within bounds, and only where the server's owner lets them in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import streamlit as st
from starlette.exceptions import HTTPException
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from pages.shared import uploads

MB = 2**20


@pytest.fixture
def keeper(monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryUploadedFileManager]:
    monkeypatch.setattr(MemoryUploadedFileManager, "add_file", MemoryUploadedFileManager.add_file)
    monkeypatch.setattr(st, "get_option", {"server.address": "127.0.0.1", "server.maxUploadSize": 8}.get)
    uploads.guard()
    uploads.guard()
    return MemoryUploadedFileManager("/upload")


def send(keeper: MemoryUploadedFileManager, session: str, name: str, size: int) -> None:
    keeper.add_file(session, UploadedFileRec(name, "a.pth", "application/octet-stream", bytes(size)))


@pytest.mark.parametrize(
    ("variable", "address", "may"),
    [
        ("", "127.0.0.1", True),
        ("", "::1", True),
        ("", "localhost", True),
        ("", "0.0.0.0", False),
        ("", "", False),
        ("", "192.168.1.2", False),
        ("1", "0.0.0.0", True),
        ("0", "127.0.0.1", False),
    ],
)
def test_files_are_taken_where_only_this_machine_is_served_or_the_owner_says_so(
    variable: str, address: str, may: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRUNING_UPLOADS", variable)
    monkeypatch.setattr(st, "get_option", {"server.address": address, "server.maxUploadSize": 8}.get)
    assert uploads.allowed() is may
    assert uploads.refusal(1, [], 0) == ("" if may else uploads.OFF)


def test_sixty_files_of_seven_megabytes_do_not_stay(keeper: MemoryUploadedFileManager) -> None:
    refused = []
    for i in range(60):
        try:
            send(keeper, f"session {i // 6}", str(i), 7 * MB)
        except HTTPException as error:
            refused.append((error.status_code, error.detail))
    assert keeper._total_bytes == 63 * MB and len(refused) == 51
    assert {code for code, _ in refused} == {413}
    assert refused[0][1] == "Of one person 16 MB are kept at a time: take a file away first."
    assert refused[-1][1].startswith("The server keeps many files of other people")


def test_a_file_sent_again_takes_its_own_place_and_what_is_gone_makes_room(keeper: MemoryUploadedFileManager) -> None:
    for name in "aab":
        send(keeper, "one", name, 8 * MB)
    with pytest.raises(HTTPException):
        send(keeper, "one", "c", 1)
    keeper.remove_session_files("one")
    send(keeper, "one", "c", 8 * MB)


def test_very_many_small_files_do_not_stay(keeper: MemoryUploadedFileManager) -> None:
    for i in range(20):
        send(keeper, "one", str(i), 1)
    with pytest.raises(HTTPException, match="no more are kept"):
        send(keeper, "one", "more", 1)
