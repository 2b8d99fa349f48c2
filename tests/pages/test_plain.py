"""What people wrote is drawn as it is: nothing of it becomes a picture, a link, a formula or an icon."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from pages.shared.plain import JOINER, plain

HOSTILE = (
    "![x](https://evil.example/p.png)",
    "[Log in again](https://evil.example/login)",
    "<img src=x onerror=alert(1)>",
    "$\\href{https://evil.example}{x}$",
    ":material/login: :red[bad]",
    "www.evil.example",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_mark_is_left_that_markdown_would_follow(text: str) -> None:
    shown = plain(text)
    for mark in "[]<>$`":
        assert shown.count(mark) == shown.count("\\" + mark) == text.count(mark)
    assert "://" not in shown and "www.e" not in shown
    assert not any(part in shown.replace("\\:", "") for part in (":material", ":red"))


@given(st.text(max_size=40))
def test_nothing_else_of_a_text_changes(text: str) -> None:
    shown = re.sub(r"\\(.)", r"\1", plain(text).replace(JOINER, ""))
    assert shown == " ".join(text.replace(JOINER, "").split())


@pytest.mark.parametrize("text", HOSTILE)
def test_a_links_words_are_said_and_not_followed(text: str, visit: Callable[..., AppTest]) -> None:
    page = visit(v="1", model=text, **{text: "1"})
    said = "\n".join(warning.value for warning in page.warning)
    assert "evil" in said or "alert" in said or "bad" in said
    assert "](" not in said.replace("\\](", "") and "://" not in said and "<img" not in said.replace("\\<img", "")
