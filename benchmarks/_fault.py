"""One fault of ``faults.py``: what is asked for, what breaks, what people are told, what is left."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from benchmarks._site import ANSWER_SECONDS, Server, Site
from pruning.steps.prune import Prune
from pruning.steps.train import Train
from pruning.study.run import run
from pruning.study.study import MeasureSpec, Study
from pruning.zoo.base import Base

MODEL = "lenet_300_100"
OUTAGE = 3.0
"""Seconds for which the database or the disk is away."""


class Round:
    """One fault on a site: what is asked for, what breaks, what people are told."""

    def __init__(self, site: Site, server: Server, chance: random.Random, number: int) -> None:
        self.site, self.server, self.chance, self.number = site, server, chance, number
        self.said: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.struck = False
        """Whether something was being computed, or waited for a worker, at the moment of the fault."""
        self.recipe = (
            Prune(sparsity=chance.randrange(500, 950)),
            Train(steps=chance.randrange(1500, 2500), samples=2000, batch=50, validation=100, looks=2),
        )
        self.studies = [self.sweep(0), self.sweep(1), self.training(0)]

    def sweep(self, which: int) -> Study:
        levels = tuple(sorted(self.chance.sample(range(100, 999), 6)))
        return Study(
            base=Base(model=MODEL),
            recipe=(Prune(sparsity=500),),
            axes={"0.sparsity": levels},
            measures=(self._measure(which),),
        )

    def training(self, which: int) -> Study:
        return Study(base=Base(model=MODEL), recipe=self.recipe, measures=(self._measure(which),))

    def _measure(self, which: int) -> MeasureSpec:
        """Each round counts other images, so that nothing is known from before."""
        return MeasureSpec(name="accuracy", options={"count": 4000 + 10 * self.number + which})

    # what breaks

    def kill_worker(self) -> None:
        os.kill(self.chance.choice(self.server.pids()["workers"]), signal.SIGKILL)
        self.listen(1.0)

    def kill_scheduler(self) -> None:
        os.kill(self.server.pids()["cluster"], signal.SIGKILL)
        self.listen(3.0)

    def kill_server(self) -> None:
        self.server.kill()
        self.server = self.site.start()

    def lose_database(self) -> None:
        """What is known is in the server's memory: something new is asked for meanwhile."""
        self.studies.append(self.sweep(4))
        self.site.database.lose()
        self.listen(OUTAGE)
        self.site.database.back()

    def fill_disk(self) -> None:
        """All that was asked for may be stored by now: something new is asked for while there is no room."""
        self.site.fill()
        self.studies.append(self.sweep(3))
        self.listen(OUTAGE)
        self.site.empty()

    def cut_checkpoint(self) -> None:
        """The checkpoint is cut while no server runs; another measure of the same network then goes on from it."""
        self.finish()
        self.server.close()
        place = self.chance.choice([path for path in self.site.artefacts() if path.parent.parent.name == "training"])
        os.truncate(place, self.chance.randrange(place.stat().st_size))
        key = self.studies[2].cells()[0].state_key
        for path in self.site.artefacts():  # this round's own is cut as well: it is the one that is read next
            if path.name.startswith(key) and path != place:
                os.truncate(path, self.chance.randrange(path.stat().st_size))
        if not place.name.startswith(key):
            place.unlink()  # nobody reads it in this round
        self.server = self.site.start()
        self.studies.append(self.training(5))

    def two_servers(self) -> None:
        """Another server is asked for the same at the same moment."""
        second = self.site.start()
        fresh = [self.sweep(7), self.sweep(8)]
        texts = [study.model_dump_json() for study in fresh]
        for server in self.chance.sample([self.server, second], 2):
            server.ask(submit=texts)
        for study in fresh:
            seen = [self.rows_of(server, study) for server in (self.server, second)]
            computed = [sum(row["origin"] == "computed" for row in rows) for rows in seen]
            if sorted(computed) != [0, len(study.cells())]:
                self.wrong.append(f"Two servers computed {computed[0]} and {computed[1]} of the same 6 results.")
        self.studies += fresh
        second.close()

    # what people do and see

    def rows_of(self, server: Server, study: Study) -> list[dict[str, Any]]:
        """Ask one server until it has the rows."""
        end = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < end:
            answer = server.ask(submit=[study.model_dump_json()])
            views = [answer] if "sentence" in answer else server.ask(view=answer)
            for view in [views] if isinstance(views, dict) else views:
                if view.get("state") == "done" and not view["forgotten"]:
                    return view["rows"]
                self.hear(view)
            time.sleep(0.1)
        self.wrong.append(f"The study {study.key} was not computed within {ANSWER_SECONDS:.0f} s.")
        return []

    def hear(self, view: dict[str, Any]) -> None:
        """Note what a person is told."""
        said = view.get("sentence", view.get("said", ""))
        told = view.get("state", "failed") == "failed"
        if told and (not said or not said[0].isupper() or not said.rstrip().endswith(".") or "Traceback" in said):
            self.wrong.append(f"A person was told {said!r}.")
        if "Internal error" in said:
            self.wrong.append(f"A person was told {said!r}.")
        if said and (told or "unexpectedly" in said or "interrupted" in said):
            self.said[said] += 1

    def listen(self, seconds: float) -> None:
        """Ask again and again, as an open page does."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for study in self.studies:
                answer = self.server.ask(submit=[study.model_dump_json()])
                views = answer if "sentence" in answer else self.server.ask(view=answer)
                for view in [views] if isinstance(views, dict) else views:
                    self.hear(view)
            time.sleep(0.1)

    def finish(self) -> None:
        """Wait for everything, and compare it with an undisturbed computation."""
        for study in self.studies:
            rows = {row["key"]: row["value"] for row in self.rows_of(self.server, study)}
            expected = {row["measure_key"]: row["value"] for row in run(study)}
            if rows and rows != expected:
                self.wrong.append(f"The study {study.key} came out otherwise than undisturbed.")

    def play(self, fault: Callable[[Round], None]) -> None:
        """Ask, break, ask again, look."""
        self.server.pids()
        jobs = self.server.ask(submit=[study.model_dump_json() for study in self.studies])
        time.sleep(self.chance.uniform(0, 2))
        self.struck = any(view["state"] != "done" for view in self.server.ask(view=jobs))
        fault(self)
        self.finish()
        self.wrong += self.site.check()


FAULTS: dict[str, Callable[[Round], None]] = {
    "kill a worker": Round.kill_worker,
    "kill the scheduler": Round.kill_scheduler,
    "kill the server": Round.kill_server,
    "lose the database": Round.lose_database,
    "fill the disk": Round.fill_disk,
    "cut a checkpoint": Round.cut_checkpoint,
    "two servers": Round.two_servers,
}
