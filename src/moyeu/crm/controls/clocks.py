"""The clock of a portal."""

import msgspec


class ClockSetting(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What time a portal has; without anything the real one.

    frozen_at_ms: the clock stands there, milliseconds since 1970, UTC. offset_ms: how far a clock
    that runs is ahead; it means nothing for one that stands. tick_ms: how far a request moves it.
    """

    frozen_at_ms: int | None = None
    offset_ms: int = 0
    tick_ms: int = 0


REAL_CLOCK = ClockSetting()


def now(setting: ClockSetting, real_now_ms: int, requests: int) -> int:
    """The portal's time, milliseconds since 1970, after that many earlier requests."""
    if setting.frozen_at_ms is not None:
        start_ms = setting.frozen_at_ms
    else:
        start_ms = real_now_ms + setting.offset_ms
    return start_ms + setting.tick_ms * requests
