"""Under which names this server answers.

A stranger's page can let its own name point at 127.0.0.1 (DNS rebinding): the browser then takes this server for that
stranger's. So the name in the browser's address must be one that nobody else can point here: a loopback name, a plain
IP address (a class on a local network), or one that the server's owner has named in ``PRUNING_HOSTS``.
"""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import ip_address

import streamlit as st

LOOPBACK = ("localhost", "ip6-localhost")


def known(host: str, named: Collection[str]) -> bool:
    """Whether a browser's ``Host`` (a name or an address, perhaps with a port) is one of this server's.

    Args:
        named: further names, in small letters; ``*.example.org`` stands for all names below ``example.org``.
    """
    name = host.strip().lower()
    name = (
        name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0] if name.count(":") == 1 else name
    )
    name = name.rstrip(".")
    if name in LOOPBACK or name.endswith(".localhost"):
        return True
    try:
        ip_address(name)
        return True
    except ValueError:
        return any(name == one or (one.startswith("*.") and name.endswith(one[1:])) for one in named)


def check_host(named: Collection[str]) -> None:
    """Draw nothing but a sentence for a browser that came by a name that is not this server's."""
    host = st.context.headers.get("Host", "")
    if host and not known(host, named):
        st.error(
            "This server does not answer under the name in your address bar. Whoever runs it can allow the name: "
            "PRUNING_HOSTS=name."
        )
        st.stop()
