"""Where a provider is named, nothing is shown before somebody has signed in; without one everybody may come in."""

from __future__ import annotations

from importlib.util import find_spec
from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.errors import StreamlitAuthError
from streamlit.testing.v1 import AppTest

from pages.shared import sign_in, streamlit_internals
from pruning.common.environment import ROOT


def frame() -> None:
    import streamlit as st

    from pages.shared.sign_in import sign_in

    sign_in()
    st.write("the page")


def shown(monkeypatch: pytest.MonkeyPatch, **person: object) -> tuple[list[str], list[str]]:
    monkeypatch.setattr(st, "user", SimpleNamespace(**person))
    monkeypatch.setattr(streamlit_internals, "validate_auth_credentials", lambda _provider: None)
    page = AppTest.from_function(frame).run()
    assert not page.exception
    return [text.value for text in page.markdown], [button.label for button in page.button]


def test_a_stranger_sees_the_button_and_no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    texts, buttons = shown(monkeypatch, is_logged_in=False)
    assert "the page" not in texts and buttons == ["Sign in"]


@pytest.mark.parametrize("person", [{}, {"is_logged_in": True, "iss": "https://id.org", "sub": "1"}])
def test_who_is_known_or_need_not_be_sees_the_page(monkeypatch: pytest.MonkeyPatch, person: dict[str, object]) -> None:
    assert shown(monkeypatch, **person) == (["the page"], [])


def test_what_signing_in_needs_is_installed() -> None:
    from authlib.integrations import starlette_client

    assert starlette_client.OAuth and all(map(find_spec, sign_in.NEEDED))
    pinned = (ROOT / "requirements.txt").read_text()
    assert all(f"\n{name}==" in pinned for name in sign_in.NEEDED)


def test_a_server_that_nobody_can_sign_in_at_says_what_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    def incomplete(_provider: str) -> None:
        raise StreamlitAuthError("Credentials are missing the\n    following keys: ['client_id'].")

    monkeypatch.setattr(st, "user", SimpleNamespace(is_logged_in=False))
    monkeypatch.setattr(streamlit_internals, "validate_auth_credentials", incomplete)
    page = AppTest.from_function(frame).run()
    assert not page.exception and not page.button and "the page" not in [text.value for text in page.markdown]
    assert page.error[0].value.endswith("Credentials are missing the following keys: ['client_id'].")
    monkeypatch.setattr(sign_in, "find_spec", lambda name: None if name == "httpx" else object())
    assert "cannot import httpx." in AppTest.from_function(frame).run().error[0].value


@pytest.mark.parametrize(
    ("person", "said"),
    [
        ({}, []),
        ({"is_logged_in": False}, []),
        ({"is_logged_in": True, "email": "a@b"}, ["Signed in as a@b"]),
        ({"is_logged_in": True, "email": None, "name": "Ada"}, ["Signed in as Ada"]),
    ],
)
def test_who_is_signed_in_is_told_and_may_leave(
    monkeypatch: pytest.MonkeyPatch, person: dict[str, object], said: list[str]
) -> None:
    def foot() -> None:
        from pages.shared.sign_in import sign_out

        sign_out()

    monkeypatch.setattr(st, "user", SimpleNamespace(**person))
    page = AppTest.from_function(foot).run()
    assert not page.exception and [text.value for text in page.caption] == said
    assert [button.label for button in page.button] == ["Sign out"] * len(said)


def test_who_the_provider_does_not_name_sees_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    texts, buttons = shown(monkeypatch, is_logged_in=True, email="ada@example.org", sub="1")
    assert "the page" not in texts and buttons == ["Sign out"]
