"""What the writer tells the search index: records that changed without an entry in the history.

It lives as long as the process, like the index itself. A change is announced before its commit, so
that whoever sees the commit finds it here, and settled when the commit has ended in either way.
The index reads again what was not settled before it began to look.
"""

import threading
from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Final, NamedTuple

_RECORDS_MAX: Final = 100_000
"""So many record ids are kept at most; who is further behind than them starts anew."""


class Removal(NamedTuple):
    """Records of a type that came, went or were archived; None stands for all of the type.

    object_type_id: None for all types of the portal.
    """

    portal_id: int
    object_type_id: str | None
    record_ids: tuple[int, ...] | None


class SearchFeed:
    """Announcements in order; a position counts those that came before it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: deque[Removal] = deque()
        self._first = 0
        self._settled = 0
        self._records = 0

    def announce(self, removals: Sequence[Removal]) -> None:
        """Before the commit that makes them visible."""
        with self._lock:
            for each in removals:
                self._kept.append(each)
                self._records += _weight(each)
            while self._records > _RECORDS_MAX:
                self._drop_oldest()

    def settle(self) -> None:
        """Whatever was announced is committed or undone."""
        with self._lock:
            self._settled = self._first + len(self._kept)

    def settled(self) -> int:
        """The position up to which every new snapshot of the database shows what was announced."""
        with self._lock:
            return self._settled

    def since(self, position: int) -> list[Removal] | None:
        """What was announced from a position on; None when some of it is not kept any more."""
        with self._lock:
            if position < self._first:
                return None
            return list(islice(self._kept, position - self._first, None))

    def trim(self, position: int) -> None:
        """Lets go of what nobody will ask for any more."""
        with self._lock:
            while self._first < position and self._kept:
                self._drop_oldest()

    def _drop_oldest(self) -> None:
        self._records -= _weight(self._kept.popleft())
        self._first += 1


def _weight(removal: Removal) -> int:
    return 1 + len(removal.record_ids or ())
