"""Files that people send: whether they may, and how many are kept.

Whoever reaches the server can send files to Streamlit's own address for them, whether a page asks or not. So they are
refused where the server's owner has not let them in, and bounded where he has.
"""

from __future__ import annotations

from ipaddress import ip_address

import streamlit as st

from pages.shared.streamlit_internals import ask_before_upload
from pruning.common.environment import Settings
from pruning.common.limits import UPLOAD_FILES, UPLOADS_OF_ALL, UPLOADS_OF_ONE

OFF = (
    "This server takes no files from browsers: its owner has not allowed it (PRUNING_UPLOADS=1), and it can be reached "
    "from other machines."
)


def allowed() -> bool:
    """Whether browsers may send files: as the owner has set it, else where nobody but this machine is served."""
    chosen = Settings.read().uploads
    return only_here(str(st.get_option("server.address") or "")) if chosen is None else chosen


def only_here(address: str) -> bool:
    """Whether a server at this address is reached from its own machine alone; "" stands for all addresses."""
    if address == "localhost":
        return True
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def refusal(size: int, mine: list[int], everybody: int) -> str:
    """Why a file of so many bytes is not kept, or "". See ``ask_before_upload``."""
    if not allowed():
        return OFF
    largest = int(st.get_option("server.maxUploadSize")) * 2**20
    if len(mine) >= UPLOAD_FILES:
        return f"You have sent {len(mine)} files, and no more are kept: take one away first."
    if size + sum(mine) > UPLOADS_OF_ONE * largest:
        return f"Of one person {UPLOADS_OF_ONE * largest // 2**20} MB are kept at a time: take a file away first."
    if size + everybody > UPLOADS_OF_ALL * largest:
        return "The server keeps many files of other people just now: try again in a minute."
    return ""


def guard() -> None:
    """From now on every file that is sent is looked at first."""
    ask_before_upload(refusal)
