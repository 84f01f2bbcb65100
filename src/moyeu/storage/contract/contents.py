"""What engines promise of all that a portal has: its copies, its removal, and its snapshots.

The *contents* of a portal are its owners, definitions, records with their history, associations,
lists, unfinished jobs, and how far it was pulled. Its name, tokens, counters and snapshots are not
among them. Contents may also be kept under an id that is no portal's: a negative one. Nothing lists
those, no job of theirs is ever due, and nobody writes to them but by these methods.
"""

from dataclasses import dataclass
from typing import Final, Protocol

from moyeu.storage.contract.portals import Counters

PORTAL_JOBS: Final = "portal/"
"""How the ids of jobs begin that are about a portal itself, and so are not among its contents."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A copy of a portal's contents under a name.

    portal_id: 0 for one of no portal. contents_id: the negative id that the copy is kept under;
    no two snapshots have the same. record_count: records in it, archived ones included. counters:
    what the portal gave out next.
    """

    portal_id: int
    name: str
    contents_id: int
    created_at_ms: int
    record_count: int
    counters: Counters


class ContentReads(Protocol):
    """The reads of snapshots."""

    def snapshots(self, portal_id: int) -> list[Snapshot]:
        """The snapshots of a portal by name; those of no portal for 0.

        In a write transaction no other changes them before it ends, and it need not be alone.
        """
        ...


class ContentWrites(Protocol):
    """The writes of all that a portal has."""

    def remove_portal(self, portal_id: int) -> None:
        """Removes a portal with all that it has: contents, tokens, jobs, rows of its snapshots.

        The contents of its snapshots stay, see `clear_portal`. Its id is free afterwards.
        """
        ...

    def clear_portal(self, portal_id: int) -> None:
        """Removes the contents of a portal, or those under a negative id."""
        ...

    def clear_part(self, portal_id: int, count_max: int) -> bool:
        """Removes at most about so many rows of the contents; whether any may be left.

        Until nothing is left the contents do not fit each other: for what nobody looks at.
        """
        ...

    def copy_contents(self, from_id: int, to_id: int) -> int:
        """Copies contents to where there are none, by one statement a table; how many records.

        Either id may be negative. Counters do not come along, see `set_counters`.
        """
        ...

    def set_counters(self, portal_id: int, counters: Counters) -> None:
        """Makes exactly these the portal's next ids, lower ones than before included.

        The number of the last write only grows: lists, cursors and searches stand on it.
        """
        ...

    def put_snapshot(self, snapshot: Snapshot) -> None:
        """Keeps a snapshot in place of the one of that name, whose contents stay."""
        ...

    def remove_snapshot(self, portal_id: int, name: str) -> None:
        """Removes a snapshot, whose contents stay; nothing happens when it is gone."""
        ...
