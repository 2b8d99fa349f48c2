"""On a cluster: jobs whose worker went away, or that no worker may take, and why."""

from __future__ import annotations

import time

from pruning.engine.attempts import Attempts
from pruning.engine.joining import GPU, Joining

STUCK_SECONDS = 2.0
"""After so long without a sign an attempt may have lost its worker before it began."""


class Stranded:
    """Called by the engine's thread after each look at the scheduler, without the lock."""

    def __init__(self, attempts: Attempts) -> None:
        self.attempts = attempts
        self._gpu_seen = False

    def look(self) -> None:
        """Repeat what was lost; say what cannot be done."""
        joining = self.attempts.link.joining if self.attempts.link else None
        if joining is None:
            return
        for attempt in list(self.attempts.running.values()):
            if attempt.worker is not None and attempt.worker not in joining.present:
                self.attempts.died(attempt)  # a scheduler of other settings would start it again somewhere, or nowhere
            elif joining.news and attempt.worker is None and time.monotonic() - attempt.sent > STUCK_SECONDS:
                self.attempts.again(attempt)  # Dask does not offer waiting tasks to a worker that was admitted later
        joining.news = False
        self._gpu_seen = self._gpu_seen or any(joining.admitted.values())
        self._explain(joining)

    def _explain(self, joining: Joining) -> None:
        attempts, refused = self.attempts, sorted(joining.refused.values())
        none = joining.settled and not joining.admitted
        with attempts.changed:
            for job in list(attempts.book.queue):
                if none:
                    more = f" So it is with {len(refused) - 1} more." if len(refused) > 1 else ""
                    job.note = f"No worker of the cluster can be used. {refused[0]}{more}"
                    if not job.durable:
                        attempts.finish(job, "failed", job.note)
                elif not joining.present:
                    job.note = f"The scheduler {attempts.settings.scheduler} has no workers yet."
                elif joining.settled and job.gpu and not self._gpu_seen:
                    sentence = (
                        "This study is to run on a CUDA device, and no worker of the cluster offers a GPU: choose the "
                        f'CPU, or start a worker with --resources "{GPU}=1" on a machine that has one.'
                    )
                    attempts.finish(job, "failed", sentence)
