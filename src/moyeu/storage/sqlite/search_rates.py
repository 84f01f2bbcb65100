"""How often each portal searched lately, in the memory of the one process."""

from collections import deque
from typing import Final

_SECOND_MS: Final = 1_000


class SearchRates:
    """The moments of the newest searches that were admitted, by portal."""

    def __init__(self) -> None:
        self._admitted: dict[int, deque[int]] = {}

    def admits(self, portal_id: int, now_ms: int, per_second: int) -> bool:
        """Whether the portal may search once more now, which counts if so."""
        admitted = self._admitted.get(portal_id)
        if admitted is None or admitted.maxlen != per_second:
            admitted = self._admitted[portal_id] = deque(admitted or (), per_second)
        # A moment that is far ahead is from before the clock was set back.
        if len(admitted) == per_second and abs(now_ms - admitted[0]) < _SECOND_MS:
            return False
        admitted.append(now_ms)
        return True
