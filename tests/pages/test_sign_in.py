"""Where a provider is named, nothing is shown before somebody has signed in; without one everybody may come in."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest


def frame() -> None:
    import streamlit as st

    from pages.ui.sign_in import sign_in

    sign_in()
    st.write("the page")


def shown(monkeypatch: pytest.MonkeyPatch, **person: object) -> tuple[list[str], list[str]]:
    monkeypatch.setattr(st, "user", SimpleNamespace(**person))
    page = AppTest.from_function(frame).run()
    assert not page.exception
    return [text.value for text in page.markdown], [button.label for button in page.button]


def test_a_stranger_sees_the_button_and_no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    texts, buttons = shown(monkeypatch, is_logged_in=False)
    assert "the page" not in texts and buttons == ["Sign in"]


@pytest.mark.parametrize("person", [{}, {"is_logged_in": True, "email": "ada@example.org"}])
def test_who_is_known_or_need_not_be_sees_the_page(monkeypatch: pytest.MonkeyPatch, person: dict[str, object]) -> None:
    assert shown(monkeypatch, **person) == (["the page"], [])
