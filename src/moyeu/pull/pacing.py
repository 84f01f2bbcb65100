"""How fast the other side may be asked: a token bucket that its own headers fill."""

from collections.abc import Mapping
from typing import Final

_RATE_SHARE: Final = 0.8
_BURST_SHARE: Final = 0.1
_RESERVE_SHARE: Final = 0.1
"""Shares of the limit: within one interval at most rate and burst together are used, 90 %, since
HubSpot counts over a rolling one; others who share the limit keep the reserve."""

_INTERVAL: Final = "x-hubspot-ratelimit-interval-milliseconds"
_MAX: Final = "x-hubspot-ratelimit-max"
_REMAINING: Final = "x-hubspot-ratelimit-remaining"


class Pacer:
    """Tells how long to wait before each request. Times are seconds of one monotonic clock.

    Without headers there is nothing to keep to: a server without limits sends none.
    """

    def __init__(self) -> None:
        self._rate_per_s = 0.0
        self._burst = 0.0
        self._tokens = 0.0
        self._at_s = 0.0

    def take(self, now_s: float) -> float:
        """Takes the turn of one request; the seconds to wait before it is sent."""
        if not self._rate_per_s:
            return 0.0
        self._refill(now_s)
        self._tokens -= 1
        return max(0.0, -self._tokens / self._rate_per_s)

    def learn(self, headers: Mapping[str, str], now_s: float) -> None:
        """Takes over the limit that an answer tells; names in lower case."""
        interval_ms, limit = _number(headers, _INTERVAL), _number(headers, _MAX)
        if not interval_ms or not limit:
            return
        is_first = not self._rate_per_s
        self._rate_per_s = _RATE_SHARE * limit / (interval_ms / 1000)
        self._burst = max(1.0, limit * _BURST_SHARE)
        if is_first:
            self._at_s, self._tokens = now_s, self._burst
        self._refill(now_s)
        remaining = _number(headers, _REMAINING)
        if remaining is not None:
            self._tokens = min(self._tokens, remaining - limit * _RESERVE_SHARE)

    def _refill(self, now_s: float) -> None:
        gained = (now_s - self._at_s) * self._rate_per_s
        self._tokens, self._at_s = min(self._burst, self._tokens + gained), now_s


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name, "")
    return int(text) if text.isascii() and text.isdigit() else None
