"""What the clients do next, as the chance decides and the world allows."""

import random
from collections.abc import Callable
from typing import Final

from moyeu.crm.search.requests import Operator
from tests.operations.association_scene import COMPANIES
from tests.simulation.steps import (
    PAGE,
    Archive,
    Associate,
    ChangeMembers,
    Create,
    Define,
    Erase,
    Input,
    Merge,
    Read,
    ReadMembers,
    ReadPage,
    Restore,
    Search,
    Step,
    Update,
    UpdateOne,
    Upsert,
)
from tests.simulation.world import CODE, EMAIL, MARK, NOTE, OWN_SIGN, TYPES, WORD, World
from tests.storage.scene import CONTACTS

WORDS: Final = ("alpha", "beta", "gamma", "")
CODES: Final = tuple(f"code{number}" for number in range(12))
ADDRESSES: Final = tuple(f"person{number}@example.com" for number in range(10))
NOBODY: Final = "5"
"""An id that no record has."""

NOTED: Final = "alpha"
"""The note of those who are in the dynamic list."""

_RECORDS_MAX: Final = 40
"""Active records of a type, after which fewer are made."""

_ARCHIVED_MAX: Final = 60
"""Archived records of a type, after which some are erased."""

_OWN_MAX: Final = 4
"""Properties that are defined on the way and not archived yet."""

_ON_THE_WIRE: Final = 0.3
"""The share of calls on records that go over HTTP."""


class Drawing:
    """Draws steps for one portal. list_ids: of the manual lists, and of the dynamic one, last."""

    def __init__(self, chance: random.Random, list_ids: tuple[int, ...]) -> None:
        self._chance = chance
        self._list_ids = list_ids
        self._kinds: dict[Callable[[int, int, World], Step], int] = {
            self._create: 10,
            self._update: 22,
            self._update_one: 6,
            self._upsert: 14,
            self._archive: 5,
            self._restore: 3,
            self._merge: 4,
            self._erase: 2,
            self._read: 10,
            self._read_page: 3,
            self._search: 8,
            self._associate: 8,
            self._change_members: 5,
            self._read_members: 3,
            self._define: 2,
        }

    def step(self, number: int, now_ms: int, world: World) -> Step:
        """The next step of some client."""
        for type_id in TYPES:
            if archived := self._too_many_archived(world, type_id):
                name = self._chance.choice(archived)
                return Erase(number=number, now_ms=now_ms, type_id=type_id, name=name)
        (kind,) = self._chance.choices(list(self._kinds), list(self._kinds.values()))
        return kind(number, now_ms, world)

    def _archived(self, world: World, type_id: str) -> list[str]:
        """The ids of archived records."""
        return [
            str(world.ids[handle])
            for handle, each in world.things.items()
            if each.is_archived and each.type_id == type_id and handle in world.ids
        ]

    def _too_many_archived(self, world: World, type_id: str) -> list[str]:
        archived = self._archived(world, type_id)
        return archived if len(archived) > _ARCHIVED_MAX else []

    # --- parts -------------------------------------------------------------------------------

    def _type(self) -> str:
        return self._chance.choice((CONTACTS, CONTACTS, COMPANIES))

    def _is_wire(self) -> bool:
        return self._chance.random() < _ON_THE_WIRE

    def _id(self, world: World, type_id: str) -> str:
        """Mostly an active record's, sometimes any that was given out, or nobody's."""
        active = [world.ids[each] for each in world.actives(type_id) if each in world.ids]
        if active and self._chance.random() < 0.85:
            # The newest are asked for most, so that clients meet.
            place = min(self._chance.randrange(len(active)) for _ in range(2))
            return str(active[-1 - place])
        known = list(world.handles)
        return str(self._chance.choice(known)) if known else NOBODY

    def _ids(self, world: World, type_id: str, count_max: int) -> tuple[str, ...]:
        """Different ones."""
        count = self._chance.randint(1, count_max)
        return tuple(dict.fromkeys(self._id(world, type_id) for _ in range(count)))

    def _code(self) -> str:
        return self._chance.choice(CODES)

    def _address(self) -> str:
        address = self._chance.choice(ADDRESSES)
        return self._chance.choice((address, address, address.upper(), f" {address} "))

    def _values(self, world: World, type_id: str, *, mark: str = "") -> dict[str, str]:
        chance = self._chance
        values = {MARK: mark} if mark else {}
        if chance.random() < 0.6:
            values[NOTE] = chance.choice(WORDS)
        if chance.random() < 0.6:
            values[WORD] = chance.choice(WORDS)
        if chance.random() < 0.25:
            values[CODE] = chance.choice((*CODES, ""))
        if type_id == CONTACTS and chance.random() < 0.25:
            values[EMAIL] = self._address() if chance.random() < 0.9 else ""
        own = sorted(each for each in world.names[type_id] if each.startswith(OWN_SIGN))
        if own and chance.random() < 0.2:
            values[chance.choice(own)] = chance.choice(WORDS)
        if chance.random() < 0.02:
            # Archived, or never defined.
            values[f"{OWN_SIGN}{chance.randrange(200)}"] = "beta"
        return values or {NOTE: chance.choice(WORDS)}

    def _traces(self, count: int) -> list[str | None]:
        traced = self._chance.random() < 0.35
        return [f"t{place}" if traced else None for place in range(count)]

    def _names(self, world: World, type_id: str) -> tuple[str, ...]:
        return tuple(sorted(each for each in world.names[type_id] if each.startswith(OWN_SIGN)))

    # --- steps -------------------------------------------------------------------------------

    def _create(self, number: int, now_ms: int, world: World) -> Step:
        type_id = self._type()
        if len(world.actives(type_id)) >= _RECORDS_MAX:
            return self._archive(number, now_ms, world)
        count = self._chance.choice((1, 1, 2, 3, 5))
        inputs = tuple(
            Input("", self._values(world, type_id, mark=f"m{number}-{place}"), None, trace)
            for place, trace in enumerate(self._traces(count))
        )
        wire = self._is_wire()
        return Create(number=number, now_ms=now_ms, type_id=type_id, by_wire=wire, inputs=inputs)

    def _update(self, number: int, now_ms: int, world: World) -> Step:
        type_id = self._type()
        count = self._chance.choice((1, 2, 2, 3, 4, 8))
        inputs = []
        for trace in self._traces(count):
            by_code = self._chance.random() < 0.3
            name = self._code() if by_code else self._id(world, type_id)
            id_property = CODE if by_code else None
            if self._chance.random() < 0.01:
                name, id_property = self._address(), EMAIL
            inputs.append(Input(name, self._values(world, type_id), id_property, trace))
        if self._chance.random() < 0.95:
            inputs = list({(each.id_property, each.name): each for each in inputs}.values())
        return Update(
            number=number,
            now_ms=now_ms,
            type_id=type_id,
            by_wire=self._is_wire(),
            inputs=tuple(inputs),
        )

    def _update_one(self, number: int, now_ms: int, world: World) -> Step:
        type_id = self._type()
        name, id_property = self._name(world, type_id)
        one = Input(name, self._values(world, type_id), id_property)
        wire = self._is_wire()
        return UpdateOne(number=number, now_ms=now_ms, type_id=type_id, by_wire=wire, one=one)

    def _name(self, world: World, type_id: str) -> tuple[str, str | None]:
        drawn = self._chance.random()
        if drawn < 0.2:
            return self._code(), CODE
        if drawn < 0.4 and type_id == CONTACTS:
            return self._chance.choice(ADDRESSES), EMAIL
        return self._id(world, type_id), None

    def _upsert(self, number: int, now_ms: int, world: World) -> Step:
        type_id = self._type()
        inputs: dict[tuple[str | None, str], Input] = {}
        is_full = len(world.actives(type_id)) >= _RECORDS_MAX
        for place, trace in enumerate(self._traces(self._chance.choice((1, 2, 3, 4)))):
            name, id_property = self._name(world, type_id)
            if id_property is None and not is_full:
                name, id_property = self._code(), CODE
            if is_full and id_property and not world.holder(type_id, id_property, name):
                name, id_property = self._id(world, type_id), None
            values = self._values(world, type_id, mark=f"m{number}-{place}")
            inputs[id_property, name] = Input(name, values, id_property, trace)
        return Upsert(
            number=number,
            now_ms=now_ms,
            type_id=type_id,
            by_wire=self._is_wire(),
            inputs=tuple(inputs.values()),
        )

    def _archive(self, number: int, now_ms: int, world: World) -> Step:
        type_id = self._type()
        is_full = len(world.actives(type_id)) >= _RECORDS_MAX
        ids = self._ids(world, type_id, 8 if is_full else 3)
        wire = self._is_wire()
        return Archive(number=number, now_ms=now_ms, type_id=type_id, by_wire=wire, ids=ids)

    def _restore(self, number: int, now_ms: int, world: World) -> Step:
        type_id = self._type()
        archived = self._archived(world, type_id)
        if archived and self._chance.random() < 0.9:
            ids = tuple(
                self._chance.sample(archived, self._chance.randint(1, min(3, len(archived))))
            )
        else:
            ids = self._ids(world, type_id, 2)
        return Restore(number=number, now_ms=now_ms, type_id=type_id, ids=ids)

    def _merge(self, number: int, now_ms: int, world: World) -> Step:
        type_id = self._type()
        return Merge(
            number=number,
            now_ms=now_ms,
            type_id=type_id,
            by_wire=self._is_wire(),
            primary_id=self._id(world, type_id),
            other_id=self._id(world, type_id),
        )

    def _erase(self, number: int, now_ms: int, world: World) -> Step:
        type_id = self._type()
        name, id_property = self._name(world, type_id)
        return Erase(
            number=number,
            now_ms=now_ms,
            type_id=type_id,
            # There is a route for contacts only.
            by_wire=type_id == CONTACTS and self._is_wire(),
            name=name,
            id_property=id_property,
        )

    def _read(self, number: int, now_ms: int, world: World) -> Step:
        type_id = self._type()
        _, id_property = self._name(world, type_id)
        if id_property is None:
            ids = self._ids(world, type_id, 6)
        else:
            names = CODES if id_property == CODE else ADDRESSES
            ids = tuple(self._chance.sample(names, self._chance.randint(1, 5)))
        return Read(
            number=number,
            now_ms=now_ms,
            type_id=type_id,
            by_wire=self._is_wire(),
            ids=ids,
            id_property=id_property,
            archived=self._chance.random() < 0.15,
            names=self._names(world, type_id),
        )

    def _read_page(self, number: int, now_ms: int, world: World) -> Step:
        type_id = self._type()
        return ReadPage(
            number=number,
            now_ms=now_ms,
            type_id=type_id,
            by_wire=self._is_wire(),
            names=self._names(world, type_id),
        )

    def _search(self, number: int, now_ms: int, world: World) -> Step:
        type_id, chance = self._type(), self._chance
        operators: tuple[Operator, ...] = ("EQ", "EQ", "IN", "HAS_PROPERTY", "NOT_HAS_PROPERTY")
        operator = chance.choice(operators)
        name = chance.choice((NOTE, WORD, CODE))
        known = CODES if name == CODE else tuple(filter(None, WORDS))
        count = {"EQ": 1, "IN": 2}.get(operator, 0)
        return Search(
            number=number,
            now_ms=now_ms,
            type_id=type_id,
            by_wire=self._is_wire(),
            name=name,
            operator=operator,
            values=tuple(chance.sample(known, count)),
            names=self._names(world, type_id),
        )

    def _associate(self, number: int, now_ms: int, world: World) -> Step:
        pairs = tuple(
            dict.fromkeys(
                (self._id(world, CONTACTS), self._id(world, COMPANIES))
                for _ in range(self._chance.randint(1, 4))
            )
        )
        return Associate(
            number=number,
            now_ms=now_ms,
            pairs=pairs,
            from_companies=self._chance.random() < 0.3,
            ends=self._chance.random() < 0.25,
        )

    def _change_members(self, number: int, now_ms: int, world: World) -> Step:
        return ChangeMembers(
            number=number,
            now_ms=now_ms,
            list_id=self._chance.choice(self._list_ids[:-1]),
            joining=self._ids(world, CONTACTS, 4),
            leaving=self._ids(world, CONTACTS, 2) if self._chance.random() < 0.5 else (),
        )

    def _read_members(self, number: int, now_ms: int, world: World) -> Step:
        list_id = self._chance.choice(self._list_ids)
        noted = NOTED if list_id == self._list_ids[-1] else None
        return ReadMembers(number=number, now_ms=now_ms, list_id=list_id, noted=noted)

    def _define(self, number: int, now_ms: int, world: World) -> Step:
        type_id = self._type()
        own = self._names(world, type_id)
        archives = bool(own) and (len(own) >= _OWN_MAX or self._chance.random() < 0.4)
        name = self._chance.choice(own) if archives else f"{OWN_SIGN}{number}"
        return Define(number=number, now_ms=now_ms, type_id=type_id, name=name, archives=archives)


def looks(first_number: int, now_ms: int) -> list[Step]:
    """Reads of all records, after which no outcome is unknown."""
    kinds = [(type_id, archived) for type_id in TYPES for archived in (False, True)]
    return [
        ReadPage(number=first_number + place, now_ms=now_ms, type_id=type_id, archived=archived)
        for place, (type_id, archived) in enumerate(kinds)
    ]


assert max(_RECORDS_MAX, _ARCHIVED_MAX) + 30 < PAGE, "a page has to show all"
