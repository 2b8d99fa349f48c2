"""Who is there: a person is an issuer and a subject of the sign-in, never an address, which can pass to somebody else.

An operator is a role: who is named in ``PRUNING_OPERATORS``, or, where nobody has to sign in, whoever sits at the
machine itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

import streamlit as st

from pages.shared.hosts import LOOPBACK
from pages.shared.uploads import only_here
from pruning.store.persons import identity

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via")
"""What proxies add: behind one everybody seems to sit at this machine."""


def signed_in() -> bool:
    """Whether somebody is signed in."""
    return bool(getattr(st.user, "is_logged_in", False))


def who() -> str:
    """The signed-in person; "" where nobody is, or where the provider did not say who."""
    if not signed_in():
        return ""
    return identity(str(getattr(st.user, "iss", None) or ""), str(getattr(st.user, "sub", None) or ""))


def address() -> str:
    """The signed-in person's mail address, where the provider has verified that it is theirs; else ""."""
    verified = signed_in() and getattr(st.user, "email_verified", None) is True
    return str(getattr(st.user, "email", None) or "") if verified else ""


def named(person: str, operators: tuple[str, ...]) -> bool:
    """Whether a person is one of the operators of the settings."""
    return bool(person) and person in operators


def at_the_machine(ip: str | None, headers: Mapping[str, str], served: str) -> bool:
    """Whether a browser runs on the server's own machine, and nothing passed its words on.

    Args:
        ip: where the connection comes from; None is this machine, to Streamlit.
        headers: of the request.
        served: the address at which the server listens.
    """
    names = [headers.get("Host", ""), urlsplit(headers.get("Origin", "")).netloc]
    plain = not any(headers.get(name) for name in FORWARDED)
    return plain and only_here(served) and (ip is None or _loopback(ip)) and all(map(_loopback, filter(None, names)))


def operator(operators: tuple[str, ...]) -> bool:
    """Whether who looks at this page may end other people's work."""
    if hasattr(st.user, "is_logged_in"):
        return named(who(), operators)
    served = str(st.get_option("server.address") or "")
    return at_the_machine(st.context.ip_address, st.context.headers, served)


def _loopback(host: str) -> bool:
    name = (urlsplit(f"//{host}").hostname or "") if not host.count(":") > 1 or host.startswith("[") else host
    if name in LOOPBACK:
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
