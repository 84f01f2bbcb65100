"""The composition root: here the clock, randomness, the store and the settings meet."""

import gc
import random
import time
from collections.abc import Callable

from moyeu.storage.contract import LogBounds, Store
from moyeu.wire.application import Application, Pages
from moyeu.wire.asgi import App
from moyeu.wire.control.access import ControlAccess
from moyeu.wire.control.plane import ControlPlane
from moyeu.wire.request_log import RequestRecorder


def system_clock_ms() -> int:
    """Milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


def build_app(
    store: Store,
    clock_ms: Callable[[], int] = system_clock_ms,
    random_bits: Callable[[int], int] | None = None,
    *,
    searches_per_second: int = 0,
    log_bounds: LogBounds | None = None,
    pages: Pages | None = None,
) -> Application:
    """The ASGI application over an open store.

    random_bits makes correlation ids, which must be unique and need not be secret: by default a
    generator that the system seeds, without a system call for each request. searches_per_second:
    how many a portal may make, 0 for no limit. log_bounds: how much of the requests is kept in the
    store's request log, None for nothing. pages: the console, None for none.
    """
    random_bits = random_bits or random.Random().getrandbits  # noqa: S311
    recorder = None if log_bounds is None else RequestRecorder(store, log_bounds)
    return Application(store, clock_ms, random_bits, searches_per_second, recorder, pages)


def with_control(
    api: App,
    store: Store,
    access: ControlAccess | None,
    clock_ms: Callable[[], int] = system_clock_ms,
    random_bits: Callable[[int], int] | None = None,
) -> App:
    """An application with the control plane of its store before it.

    access: who may call that; None for nobody, then it is not there. clock_ms: the real time.
    random_bits: as of `build_app`.
    """
    if access is None:
        return api
    random_bits = random_bits or random.Random().getrandbits  # noqa: S311
    return ControlPlane(api, store, access, clock_ms, random_bits)


_YOUNG_OBJECTS_MAX = 50_000


def settle_memory() -> None:
    """Takes what start-up made out of the garbage collector's sight; call it once, before serving.

    A batch makes some thousands of objects and no cycles among them, so looking for cycles after
    every 700 objects costs 6 % of its CPU and finds nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS_MAX, 20, 100)
