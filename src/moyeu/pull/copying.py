"""Copying a portal: definitions always, then records, then how they are associated.

Each commit holds some of the copy and how far it is, so a pull that ended anywhere goes on from its
last commit. Definitions are read again by every run: they are few, and records rest on them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import combinations_with_replacement
from typing import Final

import msgspec

from moyeu.catalog.capabilities import capability
from moyeu.catalog.object_types import ObjectType, find_object_type
from moyeu.catalog.versions import ApiVersion
from moyeu.crm.object_schemas import ObjectSchema
from moyeu.pull import associations, definitions, labels, records
from moyeu.pull.addresses import Addresses
from moyeu.pull.anonymise import Pseudonyms
from moyeu.pull.client import PullStoppedError, Refused, Upstream
from moyeu.pull.definitions import ReadSchemas
from moyeu.pull.reading import record_of
from moyeu.pull.state import (
    NOT_ANONYMISED,
    PairPlace,
    PullState,
    TypePlace,
    keep_state,
    read_state,
)
from moyeu.storage.contract import Census, ReadTransaction, Store, WriteTransaction

_ERASED_AT_ONCE: Final = 500
_NOTHING: Final = Census(0, 0, 0, 0, 0, 0, 0)


class PullRefusedError(PullStoppedError):
    """What was asked for cannot be done here; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What to copy. records: names of types, () for none, None for all. Pseudonyms: None to copy
    texts as they are."""

    version: ApiVersion
    records: tuple[str, ...] | None
    pseudonyms: Pseudonyms | None


@dataclass(frozen=True, slots=True)
class Skipped:
    """What was not copied, and what the other side says about it."""

    kind: str
    name: str
    reason: str


@dataclass(slots=True)
class TypeReport:
    """How much of one type is in the portal now."""

    name: str
    properties: int = 0
    active: int = 0
    archived: int = 0


@dataclass(slots=True)
class Report:
    """What a pull did. associations: between records that the portal has.

    unknown_types: associations whose label is not known here; the records are associated all the
    same.
    """

    owners: int = 0
    types: dict[str, TypeReport] = field(default_factory=dict)
    associations: int = 0
    unknown_types: int = 0
    skipped: list[Skipped] = field(default_factory=list)


Told = Callable[[str, int], None]
"""Is told what is being copied, and how many of it there are by now."""


async def state_of(store: Store, portal_id: int) -> PullState | None:
    """How far the portal is copied from another side; None if it never was."""
    return await store.read(lambda transaction: _state(transaction, portal_id))


async def is_untouched(store: Store, portal_id: int) -> bool:
    """Whether the portal has nothing at all: no records, definitions, owners, tokens or pulls."""

    def work(transaction: ReadTransaction) -> bool:
        has_state = transaction.pull_state(portal_id) is not None
        return (
            not has_state
            and not transaction.tokens(portal_id)
            and transaction.census(portal_id) == _NOTHING
        )

    return await store.read(work)


def _state(transaction: ReadTransaction, portal_id: int) -> PullState | None:
    text = transaction.pull_state(portal_id)
    return None if text is None else read_state(text)


async def pull(store: Store, portal_id: int, upstream: Upstream, wish: Wish, told: Told) -> Report:
    """Copies into the portal, going on where an unfinished pull from the same place ended.

    After a finished one, records that are asked for are copied anew: those that it brought of the
    same types are removed first, and so are those of an unfinished pull with another key, whose
    pseudonyms would not fit. Records of other types stay. Raises: PullStoppedError.
    """
    return await _Pull(store, portal_id, upstream, wish, told).run()


class _Pull:
    """One run. `state` is what the last commit holds."""

    def __init__(
        self, store: Store, portal_id: int, upstream: Upstream, wish: Wish, told: Told
    ) -> None:
        self._store = store
        self._portal_id = portal_id
        self._upstream = upstream
        self._wish = wish
        self._told = told
        self._addresses = Addresses(wish.version)
        self._report = Report()
        key = NOT_ANONYMISED if wish.pseudonyms is None else wish.pseudonyms.check
        self._state = PullState(upstream.address, key)

    async def run(self) -> Report:
        """All of it."""
        schemas = await self._schemas()
        types = definitions.all_types(self._portal_id, schemas.schemas)
        wanted = self._wanted([object_type for object_type, _ in types], schemas)
        await self._begin(wanted)
        await self._owners()
        answering = await self._definitions(schemas.schemas, types)
        await self._labels([each for each, _ in types if each.id in answering])
        await self._limits()
        copied = [each for each in wanted if each.id in answering]
        for each in copied:
            await self._records(each)
        there = [each for each, _ in types if each.id in answering and self._has_active(each.id)]
        await self._associations(there, {each.id for each in copied})
        is_whole = all(each.phase == "done" for each in self._state.types.values())
        self._state = msgspec.structs.replace(self._state, finished=is_whole)
        await self._keep()
        return self._report

    def _skip(self, kind: str, name: str, refused: Refused) -> None:
        self._report.skipped.append(Skipped(kind, name, str(refused)))

    async def _keep(self) -> None:
        state = self._state
        await self._store.write(lambda transaction: keep_state(transaction, self._portal_id, state))

    async def _schemas(self) -> ReadSchemas:
        found = await definitions.read_schemas(self._upstream, self._addresses, self._portal_id)
        if isinstance(found, Refused):
            self._skip("custom object types", "", found)
            return ReadSchemas((), {})
        return found

    def _wanted(self, types: Sequence[ObjectType], schemas: ReadSchemas) -> list[ObjectType]:
        """The types whose records are asked for, in the order of `types`."""
        if self._wish.records is None:
            version = self._wish.version.name
            return [each for each in types if capability(version, each, "list") is not None]
        ids = set()
        for name in self._wish.records:
            own = find_object_type(name)
            found = [] if own is None else [own.id]
            found += [key for key, names in schemas.names.items() if name.lower() in names]
            if not found:
                raise PullRefusedError(f"the other side has no object type {name!r}")
            ids.add(found[0])
        return [each for each in types if each.id in ids]

    async def _begin(self, wanted: Sequence[ObjectType]) -> None:
        """Finds where to go on, or makes room and begins."""
        before = await state_of(self._store, self._portal_id)
        pulled = frozenset() if before is None else before.types.keys()
        if before is not None and before.source != self._state.source:
            raise PullRefusedError(
                f"portal {self._portal_id} is a copy of {before.source}; pull into another portal"
            )
        for each in wanted:
            if each.id not in pulled and await self._has_records(each.id):
                raise PullRefusedError(
                    f"portal {self._portal_id} has {each.name} of its own;"
                    " pull records into another portal"
                )
        if before is None:
            await self._keep()
        elif not wanted or (not before.finished and before.key == self._state.key):
            self._state = before
        else:
            await self._begin_again({each.id for each in wanted}, before)

    async def _begin_again(self, type_ids: set[str], before: PullState) -> None:
        """Removes what an earlier pull brought of these types; the other types stay."""
        for type_id in sorted(type_ids & before.types.keys()):
            await self._erase(type_id)
        own = self._state
        self._state = PullState(
            own.source,
            own.key,
            types={key: each for key, each in before.types.items() if key not in type_ids},
            pairs={
                key: each
                for key, each in before.pairs.items()
                if type_ids.isdisjoint(key.split(" "))
            },
        )
        await self._keep()

    async def _has_records(self, type_id: str) -> bool:
        def work(transaction: ReadTransaction) -> bool:
            if transaction.object_types(self._portal_id).by_id(type_id) is None:
                return False
            return any(
                transaction.page(self._portal_id, type_id, 0, 1, archived=archived)
                for archived in (False, True)
            )

        return await self._store.read(work)

    async def _erase(self, type_id: str) -> None:
        def work(transaction: WriteTransaction) -> bool:
            return records.erase_part(transaction, self._portal_id, type_id, _ERASED_AT_ONCE)

        while await self._store.write(work):
            self._told("removing the records of the pull before", 0)

    def _has_active(self, type_id: str) -> bool:
        return type_id in self._state.types and self._state.types[type_id].active > 0

    async def _owners(self) -> None:
        found = await definitions.read_owners(self._upstream, self._addresses)
        if isinstance(found, Refused):
            self._skip("owners", "", found)
            return
        pseudonyms = self._wish.pseudonyms
        owners = [each if pseudonyms is None else pseudonyms.owner(each) for each in found]

        def work(transaction: WriteTransaction) -> None:
            for each in owners:
                transaction.add_owner(self._portal_id, each)

        await self._store.write(work)
        self._report.owners = len(owners)
        self._told("owners", len(owners))

    async def _definitions(
        self,
        schemas: Sequence[ObjectSchema],
        types: Sequence[tuple[ObjectType, ObjectSchema | None]],
    ) -> set[str]:
        """Copies what each type has; the ids of those that the other side told about."""
        portal_id = self._portal_id
        await self._store.write(
            lambda transaction: definitions.put_schemas(transaction, portal_id, schemas)
        )
        answering = set()
        for object_type, schema in types:
            read = await definitions.read_type(
                self._upstream, self._addresses, portal_id, object_type, schema
            )
            if isinstance(read, Refused):
                self._skip("object types", object_type.name, read)
                continue
            await self._store.write(
                lambda transaction, read=read: definitions.put_type(transaction, portal_id, read)  # type: ignore[misc]  # the default binds this round's type
            )
            answering.add(object_type.id)
            report = TypeReport(object_type.name, len(read.properties))
            self._report.types[object_type.id] = report
            self._told(f"properties of {object_type.name}", len(read.properties))
        return answering

    async def _labels(self, types: Sequence[ObjectType]) -> None:
        """Copies the labels of all pairs of these types, whether they have records or not."""
        count = 0
        for from_type, to_type in combinations_with_replacement(types, 2):
            told = await labels.read_labels(self._upstream, self._addresses, from_type, to_type)
            if isinstance(told, Refused):
                self._skip("association labels", _pair(from_type, to_type), told)
                continue
            if told.unnamed is not None:
                name = _pair(from_type, to_type)
                self._skip("names of association labels", name, told.unnamed)
            await self._put_labels(from_type, to_type, told)
            count += len(told.forth)
            self._told("association labels", count)

    async def _put_labels(
        self, from_type: ObjectType, to_type: ObjectType, told: labels.ToldLabels
    ) -> None:
        portal_id = self._portal_id
        known = await self._store.read(
            lambda transaction: labels.labels_of_pair(
                transaction.object_types(portal_id), from_type, to_type
            )
        )
        if known or told.forth or told.back:
            await self._store.write(
                lambda transaction: labels.put_labels(
                    transaction, portal_id, from_type, to_type, told
                )
            )

    async def _limits(self) -> None:
        """Copies the limits of associations, those by labels too, which are there by now."""
        told = await labels.read_limits(self._upstream, self._addresses)
        if isinstance(told, Refused):
            self._skip("association limits", "", told)
            return
        await self._store.write(
            lambda transaction: labels.put_limits(transaction, self._portal_id, told)
        )

    async def _records(self, object_type: ObjectType) -> None:
        portal_id, type_id = self._portal_id, object_type.id
        snapshot = await self._store.read(
            lambda transaction: transaction.definitions(portal_id, type_id)
        )
        names = sorted(snapshot.properties)
        place = self._state.types.get(type_id, TypePlace())
        while place.phase != "done":
            page = await records.read_page(
                self._upstream, self._addresses, object_type, names, place
            )
            if isinstance(page, Refused):
                self._skip(f"{place.phase} records", object_type.name, page)
                place = records.next_place(place, 0, None)
                continue
            bodies, after = page
            read = [record_of(each, object_type) for each in bodies]
            merged = [row for each in read for row in records.merged_ids(object_type, each)]
            if (pseudonyms := self._wish.pseudonyms) is not None:
                read = [pseudonyms.record(each, snapshot) for each in read]
            place = records.next_place(place, len(read), after)
            state = self._state.with_type(type_id, place)
            await self._store.write(
                lambda transaction, read=read, merged=merged, state=state: records.put_page(  # type: ignore[misc]  # the defaults bind this round's page
                    transaction, portal_id, object_type, read, merged, state
                )
            )
            self._state = state
            self._told(object_type.name, place.active + place.archived)
        report = self._report.types[type_id]
        report.active, report.archived = place.active, place.archived

    async def _associations(self, types: Sequence[ObjectType], copied: set[str]) -> None:
        """Between those types of which one was copied now; one direction tells the other."""
        for from_type, to_type in combinations_with_replacement(types, 2):
            if copied.isdisjoint((from_type.id, to_type.id)):
                continue
            pair = f"{from_type.id} {to_type.id}"
            place = self._state.pairs.get(pair, PairPlace())
            while place.from_id is not None:
                place = await self._association_part(from_type, to_type, pair, place)
            self._report.associations += place.count
            self._report.unknown_types += place.unknown

    async def _association_part(
        self, from_type: ObjectType, to_type: ObjectType, pair: str, place: PairPlace
    ) -> PairPlace:
        """Copies the associations of some records; how far the pair is then."""
        portal_id, from_id = self._portal_id, place.from_id
        assert from_id is not None
        page = await self._store.read(
            lambda transaction: transaction.page(
                portal_id, from_type.id, from_id, associations.PART, archived=False
            )
        )
        ids = [each.record_id for each in page]
        told = await associations.read_part(
            self._upstream, self._addresses, from_type, to_type, ids
        )
        next_id = ids[-1] + 1 if len(ids) == associations.PART else None
        if isinstance(told, Refused):
            self._skip("associations", _pair(from_type, to_type), told)
            told, next_id = [], None
        state = self._state

        def work(transaction: WriteTransaction) -> PairPlace:
            count, unknown = associations.put_part(transaction, portal_id, from_type, to_type, told)
            after = PairPlace(next_id, place.count + count, place.unknown + unknown)
            keep_state(transaction, portal_id, state.with_pair(pair, after))
            return after

        after = await self._store.write(work)
        self._state = state.with_pair(pair, after)
        self._told(f"associations of {_pair(from_type, to_type)}", after.count)
        return after


def _pair(from_type: ObjectType, to_type: ObjectType) -> str:
    return f"{from_type.name} and {to_type.name}"
