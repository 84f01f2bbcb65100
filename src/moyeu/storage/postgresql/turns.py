"""What a transaction knows of its portals: the turn it has, and the definitions it goes by.

Every change of a portal is made in that portal's *turn*, a lock that ends with the transaction.
Many may share it who change records of one type and nothing else: they lock the records in the
order of their ids. Everything else takes the whole turn, in which it is alone with the portal. A
transaction takes what its first call needs; where it needs the whole turn later, it is run again
with that.

Snapshots of definitions are given out before it is known whether they are still the portal's; the
turn's own statement tells, and the work runs again by newer ones where they are not.
"""

import hashlib
from typing import Any, Final

from psycopg import Pipeline

from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.object_schemas import PortalTypes
from moyeu.storage.postgresql import hot_queries as queries
from moyeu.storage.postgresql.connections import Connection
from moyeu.storage.postgresql.memory import Memory
from moyeu.storage.sql.definitions import Snapshots

_NO_PORTAL: Final = 1
"""The version of a portal that has no row: it is only being added, or was removed."""


class RunAgainError(BaseException):
    """What the work saw is not so any more: it has to run again. No work may catch it."""


class WholeTurnNeededError(BaseException):
    """The work has to run again, in the whole turn of its portal. No work may catch it."""


def turn_key(portal_id: int) -> int:
    """The advisory lock that is a portal's turn, 64 bits with a sign."""
    digest = hashlib.blake2b(f"moyeu turn {portal_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


class Known:
    """The snapshots that a transaction goes by, and what is found out about them."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self.snapshots = Snapshots()
        self._expected: dict[int, int | None] = {}
        self._found: dict[int, int] = {}

    def uses(self, portal_id: int) -> bool:
        """Whether the transaction has begun to go by definitions of the portal."""
        return portal_id in self._expected

    def used(self) -> list[int]:
        """The portals by whose definitions it goes."""
        return list(self._expected)

    def take_over(self, portal_id: int) -> None:
        """Goes by the snapshots at hand of a portal, whatever the portal's version is."""
        at_hand = self._memory.snapshots(portal_id)
        self._expected[portal_id] = None if at_hand is None else at_hand[0]
        if at_hand is not None:
            self._copy(at_hand[1])

    def go_by(self, portal_id: int, version: int) -> None:
        """Goes by the snapshots at hand of a portal that are of that version."""
        self._expected[portal_id] = self._found[portal_id] = version
        at_hand = self._memory.snapshots(portal_id)
        if at_hand is not None and at_hand[0] == version:
            self._copy(at_hand[1])

    def _copy(self, snapshots: Snapshots) -> None:
        self.snapshots.definitions.update(snapshots.definitions)
        self.snapshots.types.update(snapshots.types)

    def find(self, portal_id: int, version: int) -> None:
        """Keeps the version that the portal's definitions have.

        Raises RunAgainError where snapshots of another one were given out.
        """
        self._found[portal_id] = version
        expected = self._expected.get(portal_id)
        if expected is not None and expected != version:
            if version == _NO_PORTAL:
                self._memory.forget(portal_id)
            else:
                self._memory.drop(portal_id, version)
            raise RunAgainError

    def keep_made(self, made: Snapshots) -> None:
        """Keeps snapshots that were made of committed definitions."""
        by_portal: dict[int, list[TypeDefinitions | PortalTypes]] = {}
        snapshots_made: list[TypeDefinitions | PortalTypes] = [*made.definitions.values()]
        for each in [*snapshots_made, *made.types.values()]:
            by_portal.setdefault(each.portal_id, []).append(each)
        for portal_id, snapshots in by_portal.items():
            if (version := self._found.get(portal_id)) is not None:
                self._memory.keep(portal_id, version, snapshots)

    def drop_changed(self, portal_id: int) -> None:
        """After a commit that changed a portal's definitions."""
        self._memory.drop(portal_id, self._found.get(portal_id, 0) + 1)


class Turns:
    """The turns that a transaction has, and the state of those portals."""

    def __init__(
        self, connection: Connection, pipeline: Pipeline, known: Known, *, whole: bool
    ) -> None:
        self._connection = connection
        self._pipeline = pipeline
        self._known = known
        self._always_whole = whole
        self._held: dict[int, bool] = {}
        self._asked: dict[int, Any] = {}
        self._epochs: dict[int, tuple[int, int]] = {}
        self._controlled: set[int] = set()

    def share(self, portal_id: int) -> bool:
        """Takes the turn of a portal, which others may share; whether it is the whole one."""
        held = self._held.get(portal_id)
        return self._take(portal_id, whole=self._always_whole) if held is None else held

    def take(self, portal_id: int) -> None:
        """Takes the whole turn of a portal. Raises WholeTurnNeededError where it is shared."""
        held = self._held.get(portal_id)
        if held is None:
            self._take(portal_id, whole=True)
        elif not held:
            raise WholeTurnNeededError

    def _take(self, portal_id: int, *, whole: bool) -> bool:
        self._held[portal_id] = whole
        statement = queries.TAKE_TURN if whole else queries.SHARE_TURN
        key = {"portal_id": portal_id}
        self._connection.execute(statement, {**key, "key": turn_key(portal_id)})
        self._asked[portal_id] = self._connection.execute(queries.PORTAL_STATE, key)
        return whole

    def look(self) -> None:
        """Takes in what the server has answered about the portals. Raises RunAgainError."""
        while self._asked:
            portal_id, cursor = self._asked.popitem()
            row = cursor.fetchone() or (_NO_PORTAL, 1, 1, False)
            version, id_epoch, write_epoch, is_controlled = row
            self._epochs[portal_id] = (id_epoch, write_epoch)
            if is_controlled:
                self._controlled.add(portal_id)
            self._known.find(portal_id, version)

    def epochs(self, portal_id: int) -> tuple[int, int]:
        """Of record ids and of the numbers of writes, as the shared turn found them.

        Raises WholeTurnNeededError where the portal is controlled: its ids come one by one.
        """
        if self._asked:
            self._pipeline.sync()
            self.look()
        if portal_id in self._controlled:
            raise WholeTurnNeededError
        return self._epochs[portal_id]
