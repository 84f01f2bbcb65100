"""The composition root: here the clock, randomness, the store and the settings meet."""

import gc
import random
import time
from collections.abc import Callable

from moyeu.storage.contract import Store
from moyeu.wire.application import Application, Pages


def system_clock_ms() -> int:
    """Milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


def build_app(
    store: Store,
    clock_ms: Callable[[], int] = system_clock_ms,
    random_bits: Callable[[int], int] | None = None,
    *,
    searches_per_second: int = 0,
    pages: Pages | None = None,
) -> Application:
    """The ASGI application over an open store.

    random_bits makes correlation ids, which must be unique and need not be secret: by default a
    generator that the system seeds, without a system call for each request. searches_per_second:
    how many a portal may make, 0 for no limit. pages: the console, None for none.
    """
    random_bits = random_bits or random.Random().getrandbits  # noqa: S311
    return Application(store, clock_ms, random_bits, searches_per_second, pages)


_YOUNG_OBJECTS_MAX = 50_000


def settle_memory() -> None:
    """Takes what start-up made out of the garbage collector's sight; call it once, before serving.

    A batch makes some thousands of objects and no cycles among them, so looking for cycles after
    every 700 objects costs 6 % of its CPU and finds nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS_MAX, 20, 100)
