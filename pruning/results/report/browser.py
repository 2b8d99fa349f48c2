"""One headless browser that draws plotly figures, for the whole process.

Kaleido's own global server mixes up the answers of concurrent callers, and waits for ever when its browser is gone.
Here one Kaleido lives in its own thread behind one lock: started at first use, given up at its time limit, started
anew when it died, closed at exit.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import signal
import threading
from collections.abc import Coroutine
from typing import Any, Literal

from pruning.common.errors import Missing

Format = Literal["svg", "png", "pdf"]

START_SECONDS = 60.0
DRAW_SECONDS = 60.0

NO_BROWSER = (
    "Pictures at paper size are drawn by Chrome or Chromium, and none was found on this machine. Install one "
    "(Debian: apt install chromium; elsewhere: kaleido_get_chrome) or name it in BROWSER_PATH. Without it, the camera "
    "button above each chart saves what your own browser shows as SVG."
)


class Browser:
    """A lazily started Kaleido; every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._kaleido: Any = None

    def draw(self, figure: dict[str, Any], fmt: Format, width: float, height: float, scale: float = 1.0) -> bytes:
        """The picture of one figure.

        Args:
            figure: the figure as a dictionary.
            fmt: "svg", "png" or "pdf".
            width: px of 1/96 inch; ``height`` too.
            scale: pixels a px, for png.

        Raises:
            Missing: when there is no browser, or when it does not answer twice in a row.
        """
        options = {"format": fmt, "width": width, "height": height, "scale": scale}
        with self._lock:
            for last in (False, True):
                try:
                    self._start()
                    return self._wait(self._kaleido.calc_fig(figure, opts=options), DRAW_SECONDS)
                except Missing:
                    raise
                except Exception as error:
                    self._stop()  # whatever it was, a fresh browser is the only cure there is
                    if last:
                        raise Missing(f"The browser that draws pictures failed twice: {_words(error)}") from error
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Close the browser, if there is one. A later :meth:`draw` starts another."""
        with self._lock:
            self._stop()

    def _start(self) -> None:
        if self._loop is not None:
            return
        from choreographer.errors import ChromeNotFoundError
        from kaleido import Kaleido

        loop = asyncio.new_event_loop()
        threading.Thread(target=_run, args=(loop,), name="pictures", daemon=True).start()
        self._loop = loop

        async def begin() -> Any:
            # mathjax would be fetched from a CDN, and no chart needs it; choreographer's own default is --no-sandbox,
            # without which Chromium refuses to run as root.
            kaleido = Kaleido(n=1, timeout=DRAW_SECONDS, mathjax=False)
            await kaleido.open()
            return kaleido

        try:
            self._kaleido = self._wait(begin(), START_SECONDS)
        except ChromeNotFoundError as error:
            self._stop()
            raise Missing(NO_BROWSER) from error

    def _stop(self) -> None:
        loop, kaleido, self._loop, self._kaleido = self._loop, self._kaleido, None, None
        if loop is None:
            return
        if kaleido is not None:
            with contextlib.suppress(Exception):  # a browser that died cannot be closed
                asyncio.run_coroutine_threadsafe(kaleido.close(), loop).result(10)
            _kill(kaleido)
        loop.call_soon_threadsafe(loop.stop)

    def _wait(self, work: Coroutine[Any, Any, Any], seconds: float) -> Any:
        assert self._loop is not None
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(seconds)
        except TimeoutError:
            future.cancel()
            raise


def _run(loop: asyncio.AbstractEventLoop) -> None:
    loop.run_forever()
    loop.run_until_complete(_cancel_all())
    loop.close()


async def _cancel_all() -> None:
    """End what still waits, such as the watchdog of a browser that died."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


def _kill(kaleido: Any) -> None:
    """End a browser that did not close when asked; it leads a process group of its own."""
    process = getattr(kaleido, "subprocess", None)
    if process is None or process.poll() is not None:
        return
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def _words(error: Exception) -> str:
    return f"{type(error).__name__}{f': {error}' if str(error) else ''}"


browser = Browser()
atexit.register(browser.close)
