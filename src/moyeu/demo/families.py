"""Which records hang on which: the same from both sides, exactly, and without keeping a list."""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

_WEIGHTS: Final = (3, 1, 2, 5, 1, 2, 1, 1)
"""How unequal neighbouring parents are; the pattern repeats."""

_BEFORE: Final = (0, *accumulate(_WEIGHTS))
_PERIOD: Final = len(_WEIGHTS)
_PERIOD_WEIGHT: Final = _BEFORE[-1]


@dataclass(frozen=True, slots=True)
class Family:
    """Children shared out among parents in order; both are numbered from 0, at least one parent.

    Some parents have several times as many children as others, and every child has one parent.
    """

    parents: int
    children: int

    def parent_of(self, child: int) -> int:
        """The parent of a child."""
        weight = child * _weight_before(self.parents) // self.children
        periods, rest = divmod(weight, _PERIOD_WEIGHT)
        return periods * _PERIOD + bisect_right(_BEFORE, rest) - 1

    def children_of(self, parent: int) -> range:
        """The children of a parent, maybe none."""
        return range(self._first_child(parent), self._first_child(parent + 1))

    def _first_child(self, parent: int) -> int:
        return -(-_weight_before(parent) * self.children // _weight_before(self.parents))


def _weight_before(parent: int) -> int:
    """The weights of all parents with a lower number together."""
    periods, rest = divmod(parent, _PERIOD)
    return periods * _PERIOD_WEIGHT + _BEFORE[rest]
