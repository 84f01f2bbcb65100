"""What a portal may hold, judged by what its clients were told.

There is one world as long as every outcome is known. After an outcome that is unknown there are
two, with the change and without it; an answer keeps the worlds that would have given it, and there
must always be one. Steps that were taken at once may have been carried out in any order.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

from tests.simulation.answers import (
    LOCKED,
    Answer,
    Expected,
    Failed,
    Refused,
    Told,
    fit,
    refusal_fits,
)
from tests.simulation.steps import Step
from tests.simulation.world import RefusedError, World


class DisagreementError(AssertionError):
    """The product answered what no world would have."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that was taken. is_disturbed: whether the store was made to fail in it."""

    step: Step
    answer: Answer
    is_disturbed: bool = False


class Oracle:
    """The possible worlds of one portal."""

    def __init__(self, world: World) -> None:
        self.worlds = [world]

    def take(self, together: Sequence[Taken]) -> None:
        """Keeps the worlds in which these answers are right, as they are afterwards."""
        for each in together:
            if _is_disturbance(each.answer) and not each.is_disturbed:
                words = each.answer.words if isinstance(each.answer, Failed) else ""
                raise DisagreementError(f"{each.step} was answered {each.answer} {words}")
        found: list[World] = []
        for world in self.worlds:
            for order in permutations(together):
                for after in _after(world, order):
                    if after not in found:
                        found.append(after)
        if not found:
            raise DisagreementError(self._explain(together))
        self.worlds = found

    def _explain(self, together: Sequence[Taken]) -> str:
        lines = ["no world answers so:"]
        for each in together:
            lines += [f"  {each.step}", f"    was answered {each.answer}"]
        for number, world in enumerate(self.worlds, 1):
            for each in together:
                expected = outcome(world.copy(), each.step)
                lines.append(f"  world {number} of {len(self.worlds)} would answer {expected}")
                lines += (
                    f"      {handle} {world.ids.get(handle)}: {world.things[handle]}"
                    for handle, _ in (expected.records if isinstance(expected, Expected) else ())
                    if handle in world.things
                )
        return "\n".join(lines)


def _is_disturbance(answer: Answer) -> bool:
    if isinstance(answer, Refused):
        return answer.kind in LOCKED
    return isinstance(answer, Failed)


def _after(world: World, order: Sequence[Taken]) -> Iterator[World]:
    """The worlds after these steps, one after the other, where all answers are right."""
    if not order:
        yield world
        return
    for after in after_one(world, order[0]):
        yield from _after(after, order[1:])


def after_one(world: World, taken: Taken) -> Iterator[World]:
    """The worlds after one step in which its answer is right."""
    answer = taken.answer
    if _is_disturbance(answer):
        yield world
        if not isinstance(answer, Failed) or answer.is_sure:
            return
    after = world.copy()
    expected = outcome(after, taken.step)
    if isinstance(answer, Failed):
        if isinstance(expected, Expected) and after != world:
            yield after
    elif isinstance(expected, str):
        if refusal_fits(expected, answer):
            yield world
    elif isinstance(answer, Told) and fit(expected, answer, after):
        yield after


def outcome(world: World, step: Step) -> Expected | str:
    """What the step makes of the world, or the kind of its refusal."""
    try:
        return step.carry_out(world)
    except RefusedError as error:
        return error.kind
