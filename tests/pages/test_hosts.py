"""Names under which the server answers: its own, and no stranger's that points at it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.shared.hosts import known


@pytest.mark.parametrize(
    "host", ["localhost:8501", "LOCALHOST", "app.localhost", "127.0.0.1:8501", "192.168.1.20", "[::1]:8501", "::1"]
)
def test_loopback_names_and_addresses_are_this_server(host: str) -> None:
    assert known(host, ())


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example:8501",
        "localhost.evil.example",
        "1.2.3",
        "",
        "[evil]",
        "evil.example:80:1",
    ],
)
def test_strangers_names_are_not(host: str) -> None:
    assert not known(host, ()) and not known(host, ("pruning.example",))


def test_names_that_the_owner_gave_are() -> None:
    named = ("pruning.example", "*.lab.example")
    assert known("Pruning.Example.:443", named) and known("a.lab.example", named)
    assert not known("lab.example", named) and not known("xlab.example", named)


def frame() -> None:
    import streamlit as st

    from pages.shared.hosts import check_host

    check_host(())
    st.write("the page")


@pytest.mark.parametrize(("host", "drawn"), [("localhost:8501", True), ("evil.example:8501", False)])
def test_nothing_is_drawn_under_a_strangers_name(host: str, drawn: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "context", SimpleNamespace(headers={"Host": host}))
    page = AppTest.from_function(frame).run()
    assert [text.value for text in page.markdown] == (["the page"] if drawn else [])
    assert bool(page.error) is not drawn
