"""How often a portal may search, and what is answered beyond that.

HubSpot lets all apps of a portal together search five times a second (documented); here the limit
is a setting, and there is none without it.
"""

from collections import deque

from moyeu.wire.bodies import encode_json
from moyeu.wire.exchange import Answer

_SECOND_MS = 1_000


class SecondlyLimit:
    """So many calls of a portal in any second; refused calls do not count (a guess).

    per_second: 0 for no limit. What is remembered is lost with the process.
    """

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._admitted: dict[int, deque[int]] = {}

    def admits(self, portal_id: int, now_ms: int) -> bool:
        """Whether the portal may make one more call now, which counts if so."""
        if not self._per_second:
            return True
        admitted = self._admitted.setdefault(portal_id, deque(maxlen=self._per_second))
        if admitted and admitted[-1] > now_ms:
            # The clock was set back: what is remembered tells nothing any more.
            admitted.clear()
        if len(admitted) == self._per_second and now_ms - admitted[0] < _SECOND_MS:
            return False
        admitted.append(now_ms)
        return True


def secondly_limit_answer(correlation_id: str) -> Answer:
    """The refusal of a call beyond the limit of a second.

    Observed 2026: the text; the keys are documented. Recorded answers have no `Retry-After`.
    """
    body = {
        "status": "error",
        "message": "You have reached your secondly limit.",
        "errorType": "RATE_LIMIT",
        "correlationId": correlation_id,
        "policyName": "SECONDLY",
    }
    return Answer(429, encode_json(body))
