"""People who attack while others work, for ``load.py --hostile``: heavy links, tabs closed at once, buttons pressed."""

from __future__ import annotations

import asyncio
import json
import random
import time
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from benchmarks._person import Person, Tally

if TYPE_CHECKING:
    from benchmarks._app import Server

OPTIONS = "%7B%22samples%22%3A50000%2C%22probes%22%3A1000%7D"
HEAVY = tuple(
    f"v=1&model={model}&scorer=obd&scorer_options={OPTIONS}&sparsity=50&seed={{seed}}"
    for model in ("vit_small", "resnet_20")
)
LIGHT_BUT_MANY = "v=1&model=vit_small&scorer=obd&sparsity=50&seed={seed}"
"""Below what needs a button, and each of them new."""
BUTTONS = ("Compute it in the background", "Measure the ", "Start")
STARVED, ATTACKED_P95 = 60.0, 0.4
"""Seconds that no job of those who work may wait, and within which 95 of 100 of their responses come."""


async def attack(number: int, server: Server, seconds: float, seed: int) -> int:
    """One who opens what is heavy, presses what there is, and leaves; returns how often."""
    chance, end, times = random.Random(f"hostile/{seed}/{number}"), time.monotonic() + seconds, 0
    while time.monotonic() < end:
        link = chance.choice((*HEAVY, LIGHT_BUT_MANY)).format(seed=chance.randrange(2**20))
        with suppress(Exception):  # whatever becomes of an attacker
            async with asyncio.timeout(15), Person(server.port, link, chance, Tally(), outside=True) as person:
                await person.open()
                for button in BUTTONS:
                    await person.press(button)
        times += 1
        await asyncio.sleep(chance.uniform(0.5, 2.0))
    return times


def longest_wait(server: Server, models: set[str], end: float) -> float:
    """The longest that a page's job on one of these networks had waited for a worker, in seconds, by the server's own
    log; what had not begun at ``end`` (seconds since 1970) had waited until then."""
    asked: dict[str, float] = {}
    longest = 0.0
    for line in server.log.read_text().splitlines():
        with suppress(ValueError, KeyError):
            event = json.loads(line)
            at = min(end, datetime.fromisoformat(event["time"]).timestamp())
            if event["event"] == "asked for" and not event["durable"] and event["model"] in models:
                asked[event["job"]] = at
            elif event["event"] in ("started", "done", "cancelled", "failed") and event["job"] in asked:
                longest = max(longest, at - asked.pop(event["job"]))
    return max([longest, *(end - at for at in asked.values())])
