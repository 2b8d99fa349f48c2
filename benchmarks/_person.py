"""A person in a browser, for ``load.py``: Streamlit's own protocol over a websocket, without the drawing.

What a browser does is done here: the messages that a page sends are read, large ones are kept by their hash so that
the server need not send them again, fragments that refresh themselves are asked for again, and widgets that were
touched are sent with each rerun. A response is over when the server says that the script of *this* rerun has finished.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field
from typing import Any

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

SLOW_SECONDS = 60.0
"""A response that takes longer is an error."""
CACHED_RUNS, KEPT_RUNS = 2, 8
"""A message that so many runs have not used is not offered any more, and later forgotten: a run that was asked for
before may still name it."""


@dataclass
class Tally:
    """What all people met together: seconds by kind of act, and errors in words."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    bytes: int = 0

    def note(self, what: str, seconds: float) -> None:
        self.seconds.setdefault(what, []).append(seconds)


class Person:
    """One session: comes by a link, moves the slider, turns to other pages, presses buttons."""

    def __init__(self, port: int, link: str, chance: random.Random, tally: Tally, outside: bool = False) -> None:
        # Behind a proxy nobody sits at the server's machine, and nobody is its operator.
        self.headers = {"X-Forwarded-For": "192.0.2.7"} if outside else {}
        self.address, self.link = f"ws://127.0.0.1:{port}/_stcore/stream", link
        self.chance, self.tally = chance, tally
        self.pages: dict[str, str] = {}
        self.page = ""
        self.elements: dict[str, Any] = {}
        self.values: dict[str, WidgetState] = {}
        self.cache: dict[str, tuple[ForwardMsg, int]] = {}
        self.runs = 0
        self.polls: dict[str, asyncio.Task[None]] = {}
        self.sent = 0.0
        self.own = ""
        self.finished = asyncio.Event()

    async def __aenter__(self) -> Person:
        origin = self.address.replace("ws://", "http://").removesuffix("/_stcore/stream")
        self.socket = await websockets.connect(
            self.address,
            subprotocols=["streamlit"],
            origin=origin,  # ty: ignore
            additional_headers=self.headers,
            max_size=None,
            open_timeout=SLOW_SECONDS,
        )
        self.reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._quiet()
        self.reader.cancel()
        await self.socket.close()

    # what a person does

    async def open(self) -> None:
        """Come by a link."""
        await self._act("first page", query=self.link)

    async def turn(self, name: str) -> None:
        """Go to another page."""
        self.values.clear()
        self.page = self.pages[name]
        await self._act("page change", query="")

    async def move(self) -> bool:
        """Move the sparsity slider somewhere; False where the page has none."""
        slider = next((one for one in self.elements.values() if getattr(one, "label", "") == "Sparsity"), None)
        if slider is None or not slider.options:
            return False
        state = WidgetState(id=slider.id)
        state.string_array_value.data.append(self.chance.choice(list(slider.options)))
        self.values[slider.id] = state
        await self._act("slider move")
        return True

    async def press(self, words: str) -> bool:
        """Press the button whose label begins so; False where there is none."""
        button = next((one for one in self.elements.values() if one.label.startswith(words)), None)
        if button is None:
            return False
        await self._act("button", trigger=WidgetState(id=button.id, trigger_value=True))
        return True

    # the protocol

    async def _act(self, what: str, query: str = "", trigger: WidgetState | None = None) -> None:
        self.own, self.sent = "", time.perf_counter()
        self.finished.clear()
        await self._send(query, trigger)
        try:
            await asyncio.wait_for(self.finished.wait(), SLOW_SECONDS)
        except TimeoutError:
            self.tally.errors.append(f"No response to a {what} within {SLOW_SECONDS:.0f} s.")
        self.tally.note(what, time.perf_counter() - self.sent)

    async def _send(self, query: str = "", trigger: WidgetState | None = None, fragment: str = "") -> None:
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_script_hash = query, self.page
        state.widget_states.widgets.extend([*self.values.values(), *([trigger] if trigger else [])])
        state.cached_message_hashes.extend(
            key for key, (_, used) in self.cache.items() if used >= self.runs - CACHED_RUNS
        )
        state.fragment_id, state.is_auto_rerun = fragment, bool(fragment)
        await self.socket.send(message.SerializeToString())

    async def _read(self) -> None:
        try:
            async for data in self.socket:
                assert isinstance(data, bytes)
                self.tally.bytes += len(data)
                message = ForwardMsg()
                message.ParseFromString(data)
                self._take(message)
        except websockets.ConnectionClosed as error:
            self.tally.errors.append(f"The connection was closed: {error}")
            self.finished.set()

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "ref_hash":
            kept = self.cache.get(message.ref_hash)
            if kept is None:
                self.tally.errors.append("The server named a message that this browser has not.")
                return
            self.cache[message.ref_hash] = (kept[0], self.runs)
            message, kind = kept[0], kept[0].WhichOneof("type")
        elif message.metadata.cacheable:
            self.cache[message.hash] = (message, self.runs)
        if kind == "new_session":
            self._begin(message)
        elif kind == "navigation":
            self.pages = {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
            self.page = message.navigation.page_script_hash
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            self._element(message.delta.new_element)
        elif kind == "auto_rerun":
            self._poll(message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif kind == "stop_auto_rerun":
            for fragment in message.stop_auto_rerun.fragment_ids:
                self._quiet(fragment)
        elif kind == "script_finished":
            self._end(message)
        elif kind == "page_not_found":
            self.tally.errors.append("A page was not found.")

    def _begin(self, message: ForwardMsg) -> None:
        if message.metadata.run.fragment_ids:
            return
        self.own = message.metadata.run.script_run_id
        self.runs += 1
        self.elements.clear()
        self._quiet()
        self.cache = {key: kept for key, kept in self.cache.items() if kept[1] >= self.runs - KEPT_RUNS}

    def _end(self, message: ForwardMsg) -> None:
        """A run that was stopped for another one is not the response; that comes."""
        done = message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
        if message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
            self.tally.errors.append("A script could not be compiled.")
        if done and self.own and message.metadata.run.script_run_id == self.own:
            self.finished.set()

    def _element(self, element: Any) -> None:
        kind = element.WhichOneof("type")
        inner = getattr(element, kind)
        if kind == "exception":
            self.tally.errors.append(f"{inner.type}: {inner.message}")
        elif kind in ("slider", "button"):
            self.elements[inner.id] = inner

    def _poll(self, fragment: str, seconds: float) -> None:
        self._quiet(fragment)

        async def again() -> None:
            while True:
                await asyncio.sleep(seconds)
                await self._send(fragment=fragment)

        self.polls[fragment] = asyncio.create_task(again())

    def _quiet(self, fragment: str | None = None) -> None:
        for name in [fragment] if fragment else list(self.polls):
            if task := self.polls.pop(name, None):
                task.cancel()
