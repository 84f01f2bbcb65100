"""How often each portal searched lately, in the memory of the one process."""

from typing import Final

_SECOND_MS: Final = 1_000


class SearchRates:
    """The moments of the newest searches that were admitted, by portal, oldest first."""

    def __init__(self) -> None:
        self._admitted: dict[int, list[int]] = {}

    def admits(self, portal_id: int, now_ms: int, per_second: int) -> bool:
        """Whether the portal may search once more now, which counts if so."""
        admitted = self._admitted.setdefault(portal_id, [])
        # A moment that is far ahead is from before the clock was set back.
        if len(admitted) >= per_second and abs(now_ms - admitted[-per_second]) < _SECOND_MS:
            return False
        admitted.append(now_ms)
        del admitted[:-per_second]
        return True
