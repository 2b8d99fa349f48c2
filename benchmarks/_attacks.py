"""What strangers try, one function a kind: each gives how many attempts it made, and what was wrong after which."""

from __future__ import annotations

import asyncio
import http.client
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psutil
import websockets
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks._app import Server
from benchmarks._attacks_browser import opened
from pages.shared.navigation import listed
from pruning.common.environment import Settings
from pruning.common.errors import PruningError, Refused
from pruning.store.store import Store
from pruning.study.study import MeasureSpec, Study
from pruning.zoo.base import Base
from pruning.zoo.strangers_child import read
from tests.helpers.hostile import HOSTILE
from tests.helpers.loops import finished
from tests.helpers.stranger import asked, drawn

PICTURE, LINK = "![x](https://stranger.example/a.png)", "[win](https://stranger.example)"
WORDS = (
    "<script>alert(1)</script>",
    PICTURE,
    LINK,
    ":material/home: :red[x] $\\frac{1}{0}$",
    "../../../../etc/passwd",
    "\x00\u202e\ufeff",
    "9" * 5_000,
    "x" * 100_000,
    "{" * 2_000,
    "javascript:alert(1)",
    "-1e999",
    "__import__('os').system('touch owned')",
)
"""Words of links, each in the place of every word that a page reads."""
NAMES = ("model", "scorer", "sparsity", "scorer_options", "allocation", "recipe", "seeds", "no_such_word")
DRAWN = re.compile(r"(?<!\\)!?\[[^\]]*\](?<!\\)\(https?://stranger", re.IGNORECASE)
"""A stranger's picture or link, as Markdown would draw it."""
SCRIPT = re.compile(r"<script|javascript:|onerror=", re.IGNORECASE)
GROWN_MB = 150.0
"""Megabytes that a server may have grown by a flood when it is over."""


@dataclass
class Kind:
    """Attempts of one kind, and what was not as it should be after them."""

    what: str
    attempts: int = 0
    wrong: list[str] = field(default_factory=list)

    def tried(self, ok: bool, said: str) -> None:
        """Count one attempt."""
        self.attempts += 1
        if not ok:
            self.wrong.append(said[:200])


def links(server: Server, quick: bool) -> Kind:
    """Links with words that nobody chose on a page."""
    kind = Kind("links with hostile words, by protocol, on every page")
    pages = [page.name for page in listed()]
    for number, word in enumerate(WORDS):
        for page in [pages[number % len(pages)]] if quick else pages:
            query = "v=1&" + "&".join(f"{name}={quote(word)}" for name in NAMES)
            _look(kind, server, page, query[:300_000])
    return kind


def links_in_a_browser(server: Server, quick: bool) -> Kind:
    """The same in Chromium: nothing runs, nothing is fetched from elsewhere, nothing stands there but text."""
    kind = Kind("links with scripts, pictures and frames of strangers, in Chromium, on every page")
    opened(server, NAMES, quick, kind.tried)
    return kind


def _look(kind: Kind, server: Server, page: str, query: str) -> None:
    try:
        messages = asked(server.port, page, 1, query=query)
    except (OSError, TimeoutError, websockets.WebSocketException) as error:
        return kind.tried(False, f"{page}: no answer ({error!r})")
    wrong = [text for text, html in _texts(messages) if DRAWN.search(text) or (html and SCRIPT.search(text))]
    kind.tried("exception" not in drawn(messages) and not wrong, f"{page}?{query[:60]}: {wrong[:1]}")


def _texts(messages: list[ForwardMsg]) -> Iterator[tuple[str, bool]]:
    """All that is drawn as Markdown, and whether as HTML, too."""
    for message in messages:
        if message.WhichOneof("type") == "delta" and message.delta.WhichOneof("type") == "new_element":
            element = message.delta.new_element
            yield element.markdown.body, element.markdown.allow_html
            yield element.alert.body, False
            yield element.heading.body, False
            yield element.html.body, True


def stored_text(server: Server, quick: bool) -> Kind:
    """Names and notes of runs, as somebody else's page shows them."""
    kind = Kind("hostile names and notes of kept runs, read by others")
    store = Store.open(server.store, Path(tempfile.mkdtemp()))
    study = Study(base=Base(), measures=(MeasureSpec(name="accuracy"),))
    for number, word in enumerate(WORDS[: 4 if quick else None]):
        with suppress(PruningError):
            clean = word.replace("\x00", "")
            store.keep_run(
                study.model_dump_json(),
                owner=f"{number}",
                name=clean,
                note=clean[:9_000],
                kept=True,
                seconds=0,
                summary={},
            )
        _look(kind, server, "runs", "")
        _look(kind, server, "status", "")
    store.close()
    return kind


def origins(server: Server, quick: bool) -> Kind:
    """Pages of strangers that speak to this server from a person's browser."""
    kind = Kind("websockets of foreign origins, and foreign names for this server (DNS rebinding)")
    for origin in (
        "http://evil.example",
        "https://127.0.0.1.evil.example",
        "null",
        "file://",
        f"http://evil:{server.port}",
    ):
        kind.tried(not finished(_opens(server.port, origin)), f"origin {origin} was let in")
    for host in ("evil.example", "localhost.evil.example", "127.0.0.1.nip.example"):
        try:
            found = drawn(asked(server.port, "", 1, host=f"{host}:{server.port}"))
        except (OSError, websockets.WebSocketException):
            found = []
        kind.tried(not {"plotly_chart", "slider", "button", "arrow_data_frame"} & set(found), f"host {host}: {found}")
    return kind


async def _opens(port: int, origin: str) -> bool:
    try:
        async with websockets.connect(
            f"ws://127.0.0.1:{port}/_stcore/stream", subprotocols=["streamlit"], origin=origin
        ):  # ty: ignore
            return True
    except (OSError, websockets.WebSocketException):
        return False


def paths(server: Server, quick: bool) -> Kind:
    """Addresses that should lead out of the program's own files."""
    kind = Kind("addresses that lead out of the program's files")
    up = ("../" * 8, "..%2f" * 8, "%2e%2e/" * 8, "..\\" * 8, "//")
    places = ("", "static/", "media/", "component/x/", "app/static/", "_stcore/", "~/")
    for place in places:
        for way in up:
            for file in ("etc/passwd", ".streamlit/secrets.toml", "var/pruning.db"):
                status, body = _get(server.port, f"/{place}{way}{file}")
                kind.tried(
                    b"root:" not in body and b"[auth]" not in body and b"SQLite format" not in body,
                    f"{place}{way}: {status}",
                )
    return kind


def _get(port: int, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): text for name, text in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read(2**20)
    except (OSError, http.client.HTTPException, ValueError):
        return 0, b""
    finally:
        connection.close()


def uploads(server: Server, quick: bool) -> Kind:
    """Files for a server that has not asked for any."""
    kind = Kind("files sent to the upload address: without a session, without a token, too many")
    before, file = server.memory()["server"], bytes(7 * 2**20)
    for number in range(10 if quick else 60):
        status, _ = _get(server.port, f"/_stcore/upload_file/no-such-session/{number}", "PUT", file)
        kind.tried(status >= 400 or status == 0, f"file {number} was taken ({status})")
    grown = server.memory()["server"] - before
    kind.tried(grown < GROWN_MB, f"the server has grown by {grown:.0f} MB")
    return kind


def files(server: Server, quick: bool) -> Kind:
    """Checkpoints that lie, run code, or never end."""
    kind = Kind("hostile checkpoints (code, bombs, lies about sizes, names)")
    with tempfile.TemporaryDirectory() as folder:
        here = os.getcwd()
        os.chdir(folder)
        try:
            for name, (make, _) in HOSTILE.items():
                path = Path(folder) / "a.bin"
                path.write_bytes(make())
                try:
                    read(str(path), str(Path(folder) / "out.safetensors"), "The file")
                    kind.tried(False, f"{name} was read")
                except Refused:
                    kind.tried(
                        [one.name for one in Path(folder).iterdir()] == ["a.bin"], f"{name} left something behind"
                    )
                except Exception as error:
                    kind.tried(False, f"{name}: {error!r}")
        finally:
            os.chdir(here)
    return kind


def local_users(server: Server, quick: bool) -> Kind:
    """Other users of this machine, who see all its ports."""
    kind = Kind("ports of the server and its workers, by another user of the machine")
    top = psutil.Process(server.process.pid)
    sockets = [place for process in (top, *top.children(recursive=True)) for place in process.net_connections("inet")]
    ports = {place.laddr.port for place in sockets if place.status == psutil.CONN_LISTEN} - {server.port}
    outside = [
        place for place in sockets if place.status == psutil.CONN_LISTEN and place.laddr.ip not in ("127.0.0.1", "::1")
    ]
    kind.tried(not outside, f"listens beyond this machine: {outside}")
    for port in sorted(ports):
        for path in ("/info/main/workers.html", "/metrics", "/json/counts.json", "/info/logs.html", "/health"):
            kind.tried(_get(port, path)[0] in (0, 404), f"port {port} tells {path} without a key")
        kind.tried(not _speaks(port, b"\x00" * 64), f"port {port} answers without a key")
    for port in sorted(ports)[: 1 if quick else 3]:
        for scheme in ("tcp", "tls"):
            done = _as_nobody(f"{scheme}://127.0.0.1:{port}")
            kind.tried(done != "ran", f"{scheme}://127.0.0.1:{port} ran a stranger's code")
    return kind


def _speaks(port: int, words: bytes) -> bool:
    """Whether more than a TLS alert comes back."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as caller:
        caller.sendall(words)
        caller.settimeout(2)
        answer = caller.recv(256)
        return bool(answer) and answer[:1] not in (b"\x15", b"\x16")
    return False


CLIENT = """
import sys
from distributed import Client
from distributed.security import Security
address = sys.argv[1]
security = Security.temporary() if address.startswith("tls") else None
client = Client(address, security=security, timeout=4)
client.run_on_scheduler(lambda: 1)
print("ran")
"""


def _as_nobody(address: str) -> str:
    """What a client of Dask's without our key comes to; as another user where this one may become one."""
    command = [sys.executable, "-c", CLIENT, address]
    for user in (65534, None) if hasattr(os, "geteuid") and os.geteuid() == 0 else (None,):
        with suppress(subprocess.TimeoutExpired, PermissionError):  # another user may not be able to run this Python
            done = subprocess.run(command, capture_output=True, text=True, timeout=40, cwd="/", user=user)
            return done.stdout.strip()
    return ""


def floods(server: Server, quick: bool) -> Kind:
    """Very many sessions, and messages that are none."""
    kind = Kind("floods: sessions that are left at once, garbage and oversized messages")
    before = server.memory()["server"]
    count = 20 if quick else 150
    kind.tried(finished(_flood(server.port, count)), "the server refused honest connections")
    kind.attempts += count - 1
    began = time.monotonic()
    messages = asked(server.port, "", 1)
    kind.tried("exception" not in drawn(messages) and time.monotonic() - began < 30, "nobody is served afterwards")
    kind.tried(server.answers(), "the server's health is gone")
    grown = server.memory()["server"] - before
    kind.tried(grown < GROWN_MB + 2 * count, f"the server has grown by {grown:.0f} MB")
    return kind


async def _flood(port: int, count: int) -> bool:
    async def one(number: int) -> bool:
        garbage = (b"\xff" * 64, os.urandom(4096), b"\x0a" * 100_000, b"", bytes(2**20))[number % 5]
        try:
            async with websockets.connect(
                f"ws://127.0.0.1:{port}/_stcore/stream",
                subprotocols=["streamlit"],  # ty: ignore
                origin=f"http://127.0.0.1:{port}",  # ty: ignore
                open_timeout=60,
            ) as connection:
                await connection.send(garbage)
                return True
        except websockets.ConnectionClosed:
            return True  # a message that is none may cost its sender the connection
        except OSError:
            return False

    return all(await asyncio.gather(*map(one, range(count))))


def settings(server: Server, quick: bool) -> Kind:
    """Values in the environment that are none, and passwords in them."""
    kind = Kind("settings of megabytes, and passwords that a message could repeat")
    for name in ("PRUNING_STORE", "PRUNING_WORKERS", "PRUNING_WORKER_MEMORY", "PRUNING_SCHEDULER", "PRUNING_OWNERS"):
        for value in ("x" * 2_000_000, "Postgresql://u:secret@h/d", "?password=secret"):
            try:
                Settings.read({name: value})
                kind.tried(name == "PRUNING_STORE", f"{name} took {value[:20]}")
            except PruningError as error:
                kind.tried(
                    len(str(error)) < 500 and (name != "PRUNING_STORE" or "secret" not in str(error)),
                    f"{name}: {error}",
                )
    return kind


KINDS: dict[str, Callable[[Server, bool], Kind]] = {
    "links": links,
    "browser": links_in_a_browser,
    "stored": stored_text,
    "origins": origins,
    "paths": paths,
    "uploads": uploads,
    "files": files,
    "users": local_users,
    "settings": settings,
    "floods": floods,
}
