"""What a process keeps in mind of the database: snapshots of definitions, and callers."""

import threading
import time
from collections.abc import Callable, Iterable
from typing import Final

from moyeu.crm.callers import Caller
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.object_schemas import PortalTypes
from moyeu.storage.sql.definitions import Snapshots

_CALLERS_MAX: Final = 10_000
CALLER_GOOD_FOR_S: Final = 1.0
"""So long a token that another process revoked may still be taken."""


class Memory:
    """Snapshots by portal, each good for one version of the portal's definitions.

    Whoever uses one finds out in its own transaction whether the version is still the portal's.
    """

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._portals: dict[int, tuple[int, Snapshots]] = {}
        self._callers: dict[bytes, tuple[Caller, float]] = {}
        self._revocations = 0

    # --- definitions --------------------------------------------------------------------------

    def version(self, portal_id: int) -> int | None:
        """The version that the snapshots at hand of a portal are of."""
        found = self._portals.get(portal_id)
        return None if found is None else found[0]

    def snapshots(self, portal_id: int) -> tuple[int, Snapshots] | None:
        """The snapshots at hand of a portal and the version that they are of."""
        return self._portals.get(portal_id)

    def keep(
        self, portal_id: int, version: int, made: Iterable[TypeDefinitions | PortalTypes]
    ) -> None:
        """Keeps snapshots of a version, unless those of a newer one are there."""
        with self._lock:
            found = self._portals.get(portal_id)
            if found is None or found[0] < version:
                found = self._portals[portal_id] = (version, Snapshots())
            if found[0] == version:
                for each in made:
                    found[1].keep(each)

    def drop(self, portal_id: int, version: int) -> None:
        """Lets go of what is older than a version."""
        with self._lock:
            found = self._portals.get(portal_id)
            if found is None or found[0] < version:
                self._portals[portal_id] = (version, Snapshots())

    def forget(self, portal_id: int) -> None:
        """Lets go of all there is of a portal, which was removed."""
        with self._lock:
            self._portals.pop(portal_id, None)

    # --- callers ------------------------------------------------------------------------------

    def caller(self, token_hash: bytes) -> Caller | None:
        """Who a token stands for, as it was a moment ago."""
        found = self._callers.get(token_hash)
        if found is None or found[1] < self._clock_s():
            return None
        return found[0]

    def revocations(self) -> int:
        """A number that grows when this process revokes or changes tokens."""
        return self._revocations

    def keep_caller(self, token_hash: bytes, caller: Caller, revocations: int) -> None:
        """Keeps a caller that was read when `revocations` was that number."""
        with self._lock:
            if revocations != self._revocations:
                return
            if len(self._callers) >= _CALLERS_MAX:
                self._callers.clear()
            self._callers[token_hash] = (caller, self._clock_s() + CALLER_GOOD_FOR_S)

    def forget_callers(self, token_hashes: Iterable[bytes]) -> None:
        """Lets go of callers whose tokens were changed."""
        with self._lock:
            self._revocations += 1
            for each in token_hashes:
                self._callers.pop(each, None)
