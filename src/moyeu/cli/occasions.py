"""The occasion of what a command writes."""

import secrets

from moyeu.app import system_clock_ms
from moyeu.crm.callers import Caller, Occasion
from moyeu.storage.contract import Portal
from moyeu.wire.moments import make_correlation_id

_CORRELATION_BITS = 74
"""What a correlation id has of randomness."""


def occasion_of(portal: Portal) -> Occasion:
    """Now, by the portal's own app, under a new correlation id."""
    now_ms = system_clock_ms()
    caller = Caller(portal.id, portal.app_id, None, frozenset())
    correlation_id = make_correlation_id(now_ms, secrets.randbits(_CORRELATION_BITS))
    return Occasion(caller, now_ms, correlation_id)
