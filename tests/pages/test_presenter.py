"""Presenting: on any page, for this browser alone, and back again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared.presenter import CSS
from tests.pages.look import turn_to


@pytest.mark.parametrize("name", ["prune", "lessons", "compare"])
def test_any_page_is_presented_and_is_as_before_afterwards(visit: Callable[..., AppTest], name: str) -> None:
    page = turn_to(visit(v="1", model="lenet_300_100"), name).run()
    before = [one.value for one in page.header]
    assert page.button(key="present").label == "Present" and CSS not in [one.value for one in page.get("html")]
    page.button(key="present").click().run()
    assert page.button(key="present").label == "End the presentation" and not page.exception
    assert CSS.strip() in [str(one.proto.body).strip() for one in page.get("html")]
    assert [one.value for one in page.header] == before
    turn_to(page, "curves").run()
    assert page.button(key="present").label == "End the presentation"  # the next page, too
    page.button(key="present").click().run()
    assert page.button(key="present").label == "Present" and not page.exception
