"""Signing in at a provider of this machine, by the road that docs/deploy.md describes, and out again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE, Server
from tests.helpers.provider import Provider

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
    assert page.get_by_role("link", name="Curves").count() == 0, "nothing is shown to strangers"
    door.click()
    expect(page.get_by_text(f"Signed in as {ADA}")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("link", name="Curves")).to_be_visible()
    page.reload()
    expect(page.get_by_text(f"Signed in as {ADA}")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=PATIENCE)
    assert page.get_by_text(ADA).count() == 0
