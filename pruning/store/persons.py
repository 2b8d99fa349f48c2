"""Whose runs and jobs are: who a person is, and how what an earlier version kept under an address finds its owner."""

from __future__ import annotations

import re

import sqlalchemy as sa

from pruning.common.errors import BadValue, shortened
from pruning.store.database import Database
from pruning.store.schema import jobs, runs

ADDRESS = r"[^\s@]+@[^\s@]+"
"""A mail address, which owned runs in earlier versions."""


def identity(issuer: str, subject: str) -> str:
    """A person as the owner of runs: "https://issuer subject"; "" where either is missing. No address can look so, as
    it has no blank."""
    issuer, subject = issuer.strip(), subject.strip()
    return f"{issuer} {subject}" if issuer and subject and not re.search(r"\s", issuer + subject) else ""


class Persons(Database):
    """What belongs to whom."""

    def claim_address(self, address: str, person: str) -> int:
        """Give all that an earlier version kept under a mail address to a person; once it is theirs, nobody else can
        claim it. The ids of the runs stay, and so do their links.

        Args:
            address: verified to be the person's, or vouched for by an operator.
            person: see ``identity``.

        Returns:
            How many runs are the person's now.

        Raises:
            BadValue: one of the two is not what it should be.
        """
        if not re.fullmatch(ADDRESS, address):
            raise BadValue(f"A mail address has one @ and no blanks: '{shortened(address)}' is none.")
        if not person or person != identity(*(person.split(" ", 1) if " " in person else (person, ""))):
            raise BadValue(f"A person is an issuer and a subject with a blank between them, not '{shortened(person)}'.")

        def work(connection: sa.Connection) -> int:
            connection.execute(jobs.update().where(jobs.c.owner == address).values(owner=person))
            return connection.execute(runs.update().where(runs.c.owner == address).values(owner=person)).rowcount

        return self.transact(work)
