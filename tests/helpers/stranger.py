"""Somebody who speaks Streamlit's protocol by hand: reruns with whatever page, words and widgets they like."""

from __future__ import annotations

import asyncio

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.helpers.loops import finished

SECONDS = 60.0
LINK = "v=1&model=lenet_300_100"


async def _asked(port: int, page: str, times: int, host: str | None, query: str) -> list[ForwardMsg]:
    name = host or f"127.0.0.1:{port}"
    found: list[ForwardMsg] = []
    async with websockets.connect(
        f"ws://{name}/_stcore/stream",
        host="127.0.0.1",
        port=port,
        subprotocols=["streamlit"],
        origin=f"http://{name}",
        max_size=None,
    ) as socket:
        for _ in range(times):
            message = BackMsg()
            message.rerun_script.page_name = page
            message.rerun_script.query_string = query
            await socket.send(message.SerializeToString())
            while True:
                answer = ForwardMsg()
                answer.ParseFromString(await asyncio.wait_for(socket.recv(), SECONDS))
                found.append(answer)
                if answer.WhichOneof("type") == "script_finished":
                    break
    return found


def asked(port: int, page: str, times: int = 2, host: str | None = None, query: str = LINK) -> list[ForwardMsg]:
    """All that the server sends to somebody who asks for a page by its name, more than once.

    Args:
        query: the words of the address.
        host: the name in the address, where it is another than the server's own.
    """
    return finished(_asked(port, page, times, host, query))


def drawn(messages: list[ForwardMsg]) -> list[str]:
    """Kinds of the elements that were sent to be drawn; containers do not count."""
    deltas = [message.delta for message in messages if message.WhichOneof("type") == "delta"]
    return [delta.new_element.WhichOneof("type") for delta in deltas if delta.WhichOneof("type") == "new_element"]
