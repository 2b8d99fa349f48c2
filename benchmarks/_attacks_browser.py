"""What strangers try in a person's browser: links that a real Chromium opens, and all that it then runs and fetches."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from benchmarks._app import chromium
from pages.shared.navigation import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks._app import Server

PAYLOADS = (
    "<img src=x onerror=\"document.title='owned'\">",
    "<script>document.title='owned'</script>",
    "[win](javascript:document.title='owned')",
    "![x](https://stranger.example/a.png)",
    "<iframe src=https://stranger.example></iframe>",
    '"><svg/onload="document.title=\'owned\'">',
)
"""What would name the page "owned", or fetch something from elsewhere."""
DRAWN_MS, AFTER_MS = 30_000, 500
FOREIGN = "iframe[src*=stranger], img[src*=stranger], a[href*=stranger], a[href^=javascript], [onerror], [onload]"


def opened(server: Server, names: Sequence[str], quick: bool, tried: Callable[[bool, str], None]) -> None:
    """Open links with a payload in the place of each word, and say of each whether nothing of it ran, was fetched or
    stands on the page as more than text."""

    def work() -> None:
        pages = [page.name for page in listed()]
        with chromium() as browser:
            for first in range(0, len(PAYLOADS), 3):
                payloads = [PAYLOADS[(first + number) % len(PAYLOADS)] for number in range(len(names))]
                words = "&".join(f"{name}={quote(payload)}" for name, payload in zip(names, payloads, strict=True))
                for name in pages[first : first + 1] if quick else pages:
                    tried(*_look(browser, server.url, f"{name}?v=1&{words}"))

    with ThreadPoolExecutor(1) as thread:  # a test's own browser has the event loop of its thread
        thread.submit(work).result()


def _look(browser: Any, url: str, link: str) -> tuple[bool, str]:
    page = browser.new_page()
    abroad: list[str] = []
    dialogs: list[str] = []
    page.on("request", lambda request: abroad.append(request.url) if _is_abroad(request.url) else None)
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    try:
        page.goto(url + link)
        page.locator("[data-testid=stMain] [data-testid=stElementContainer]").first.wait_for(timeout=DRAWN_MS)
        page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=DRAWN_MS)
        page.wait_for_timeout(AFTER_MS)
        elements = page.locator(FOREIGN).count()
        crashed = page.locator("[data-testid=stException]").count()
        owned = page.title() == "owned"
    finally:
        page.close()
    said = f"{link[:60]}: abroad {abroad[:1]}, dialogs {dialogs[:1]}, elements {elements}, {owned=}, {crashed=}"
    return not (abroad or dialogs or elements or crashed or owned), said


def _is_abroad(url: str) -> bool:
    return bool(re.match("(https?|wss?):", url)) and urlsplit(url).hostname not in ("127.0.0.1", "localhost")
