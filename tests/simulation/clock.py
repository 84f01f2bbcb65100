"""A clock that a seed moves: mostly a little forward, sometimes an hour or a day either way."""

import random
from typing import Final

from tests.conftest import START_MS

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
JUMPS_MS: Final = (-DAY_MS, -HOUR_MS, HOUR_MS, DAY_MS)
"""What a clock is set forward or back by: time zones, wrong dates, a late correction."""

_STEPS_MS: Final = (0, 1, 7, 250, 1_000, 60_000)
_JUMP_CHANCE: Final = 0.04


class JumpingClock:
    """Milliseconds since 1970, UTC; it stands still until it is moved."""

    def __init__(self, chance: random.Random) -> None:
        self.now_ms = START_MS
        self._chance = chance

    def __call__(self) -> int:
        """The time it shows."""
        return self.now_ms

    def move(self) -> None:
        """To the time of the next calls."""
        is_jump = self._chance.random() < _JUMP_CHANCE
        self.now_ms += self._chance.choice(JUMPS_MS if is_jump else _STEPS_MS)
