"""What a client is told, in one form for both ways in: the operations and HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.simulation.world import MARK, OWN_SIGN, World, known


@dataclass(frozen=True, slots=True)
class Shown:
    """A record of an answer.

    values: of its properties, those that were told, "" for none. is_new: as an upsert tells.
    """

    record_id: int
    values: dict[str, str]
    updated_at_ms: int
    is_new: bool | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """The call was carried out.

    missing: ids that named nothing. problems: trace ids, or places, of inputs that failed,
    ascending. total: of a search or list. told: anything else that the call answers. members: ids
    of the members of a list.
    """

    records: tuple[Shown, ...] = ()
    missing: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    total: int | None = None
    told: object = None
    members: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """The call was refused. kind: name of the problem, "" where only the status is known."""

    kind: str
    status: int = 0


@dataclass(frozen=True, slots=True)
class Failed:
    """The call failed. is_sure: whether the client knows that nothing was changed.

    words: for people; no two runs have the same.
    """

    is_sure: bool
    words: str = field(default="", repr=False)


Answer = Told | Refused | Failed

LOCKED: Final = frozenset({"RecordsLocked", "UniqueValueLocked"})
LOCKED_STATUS: Final = 423
UNAVAILABLE_STATUS: Final = 503
"""Of these failures alone a client knows that nothing was changed."""

STATUSES: Final = {
    "DuplicateIds": 400,
    "InvalidValues": 400,
    "MergeWithItself": 400,
    "NotAUniqueProperty": 400,
    "NotMergeable": 400,
    "RecordExists": 409,
    "RecordNotFound": 404,
    "RequiredPropertiesMissing": 400,
    "UniqueValueTaken": 400,
    "UnknownUniqueValues": 404,
}
"""The status that each problem is told with over HTTP."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a world would have answered.

    records: handles, with whether an upsert made them. in_order: whether records stand in this
    order; otherwise they stand ascending by id. own_names: of the properties that were defined on
    the way those that all records show; None where the answer decides.
    """

    records: tuple[tuple[str, bool | None], ...] = ()
    missing: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    total: int | None = None
    told: object = None
    in_order: bool = True
    members: frozenset[str] = frozenset()
    own_names: frozenset[str] | None = None


def refusal_fits(kind: str, answer: Answer) -> bool:
    """Whether an answer is the refusal of that kind."""
    if not isinstance(answer, Refused):
        return False
    return answer.kind == kind if answer.kind else answer.status == STATUSES[kind]


def fit(expected: Expected, answer: Told, world: World) -> bool:
    """Whether the answer is the expected one; binds ids that it tells for the first time.

    world: as it is after the call; may be changed by this.
    """
    told = (sorted(answer.missing), answer.problems, answer.total, answer.told)
    if told != (sorted(expected.missing), expected.problems, expected.total, expected.told):
        return False
    if len(answer.records) != len(expected.records) or not _members_fit(expected, answer, world):
        return False
    wanted: Sequence[tuple[str, bool | None] | None] = expected.records
    if not expected.in_order:
        ids = [each.record_id for each in answer.records]
        by_mark = {world.things[each[0]].values[MARK]: each for each in expected.records}
        wanted = [by_mark.pop(each.values.get(MARK, ""), None) for each in answer.records]
        if ids != sorted(ids):
            return False
    return all(
        each is not None and _shows(world, *each, shown) and _names_fit(expected, shown)
        for each, shown in zip(wanted, answer.records, strict=True)
    )


def _members_fit(expected: Expected, answer: Told, world: World) -> bool:
    """Members are told by their ids alone: who is new among them is known only if it is one."""
    bound = {world.ids[each] for each in expected.members if each in world.ids}
    unknown = [each for each in expected.members if each not in world.ids]
    told = set(answer.members)
    new_ids = told - bound
    if not bound <= told or len(answer.members) != len(expected.members):
        return False
    if len(unknown) == 1:
        return world.bind(unknown[0], new_ids.pop())
    return new_ids.isdisjoint(world.handles)


def _names_fit(expected: Expected, shown: Shown) -> bool:
    own = {each for each in shown.values if each.startswith(OWN_SIGN)}
    return expected.own_names in (None, own)


def _shows(world: World, handle: str, is_new: bool | None, shown: Shown) -> bool:
    thing = world.things[handle]
    if shown.is_new != is_new or not world.bind(handle, shown.record_id):
        return False
    if shown.updated_at_ms != thing.updated_at_ms:
        return False
    told = known(thing.type_id, shown.values)
    return all(world.bind_text(thing.values.get(name, ""), text) for name, text in told.items())
