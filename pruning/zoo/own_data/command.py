"""Adding a person's data in a process of its own, for a web server: ``python -m`` this module.

The wish holds arguments of ``add_data``. So the server's memory is as before when the process has ended, and it can be
given up.
"""

from __future__ import annotations

from typing import Any

from pruning.common.answering import main


def work(wish: dict[str, Any]) -> dict[str, Any]:
    """What was found in the data: its name and sentences.

    Raises:
        PruningError: it cannot be added.
    """
    from pruning.zoo.own_data.adding import add_data

    report = add_data(wish.pop("name"), wish.pop("source"), **wish)
    return {"name": report.name, "sentences": report.sentences()}


if __name__ == "__main__":
    main(work)
