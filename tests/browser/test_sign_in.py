"""Signing in at a provider of this machine, by the road that docs/deploy.md describes, and out again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pages.shared.navigation import listed
from tests.browser.conftest import PATIENCE, Server
from tests.helpers.provider import Provider
from tests.helpers.stranger import asked, drawn

pytestmark = pytest.mark.browser
ADA = "ada@example.org"


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Server]:
    """A server whose secrets name a provider."""
    provider = Provider(ADA)
    secrets = tmp_path / "secrets.toml"
    found = Server(tmp_path, "--secrets.files", str(secrets))
    secrets.write_text(provider.secrets(found.url))
    found.start()
    yield found
    found.stop()
    provider.close()


def test_a_stranger_signs_in_and_is_known_until_she_leaves(guarded: Server, page: Page) -> None:
    page.goto(f"{guarded.url}runs")
    door = page.get_by_role("button", name="Sign in")
    expect(door).to_be_visible(timeout=PATIENCE)
    assert page.locator(".st-key-bar").count() == 0, "nothing is shown to strangers"
    door.click()
    expect(page.get_by_text(f"Signed in as {ADA}")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("link", name="Explore")).to_be_visible()
    page.reload()
    expect(page.get_by_text(f"Signed in as {ADA}")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=PATIENCE)
    assert page.get_by_text(ADA).count() == 0


def test_strangers_who_ask_for_pages_by_protocol_are_sent_nothing_but_the_door(guarded: Server) -> None:
    """Fresh after a start, before anybody has signed in, each page twice, and again after a restart."""
    for _ in range(2):
        for page in ("", *(one.name for one in listed())):
            messages = asked(guarded.port, page)
            kinds = set(drawn(messages))
            assert kinds and kinds <= {"heading", "markdown", "button", "empty", "html", "skeleton"}, (page, kinds)
            assert b"LeNet" not in b"".join(one.SerializeToString() for one in messages), page
        guarded.stop()
        guarded.start()


def test_a_strangers_name_that_points_here_is_not_answered(server: Server) -> None:
    for page in ("", "runs"):
        assert set(drawn(asked(server.port, page, host=f"evil.example:{server.port}"))) <= {
            "alert",
            "html",
            "markdown",
            "empty",
        }
    assert "alert" not in drawn(asked(server.port, "status", times=1))
