"""The composition root: here the clock, randomness, the store and the settings meet."""

import secrets
import time
from collections.abc import Callable

from moyeu.storage.contract import Store
from moyeu.wire.application import Application


def system_clock_ms() -> int:
    """Milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


def build_app(
    store: Store,
    clock_ms: Callable[[], int] = system_clock_ms,
    random_bits: Callable[[int], int] = secrets.randbits,
) -> Application:
    """The ASGI application over an open store."""
    return Application(store, clock_ms, random_bits)
