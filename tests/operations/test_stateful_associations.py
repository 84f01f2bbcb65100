"""Associations under any sequence of calls are what a plain dictionary of pairs would be.

The oracle knows contacts, companies and deals, their labels, primary companies and limits; it is
written from what the operations promise, without rows, inverses or statements.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from moyeu.catalog.associations import AssociationType
from moyeu.crm.association_writes import PairInput, WriteMode, WrittenPairs
from moyeu.crm.associations import AssociationTypes, association_types_of
from moyeu.crm.records import WrittenRecord
from moyeu.operations.association_reads import LinkedBatch, linked_batch
from moyeu.operations.association_writes import associate, dissociate, dissociate_types
from moyeu.operations.merges import merge_records
from moyeu.operations.records import archive_records, restore_records
from tests.operations.association_scene import COMPANIES, DEALS, pair
from tests.storage.scene import CONTACTS, NOW_MS, Database, insert, occasion, portal, record

TYPES: Final = (CONTACTS, COMPANIES, DEALS)
IDS: Final = (1, 2, 3)
"""Records of all three types have the same ids, as in a copied portal."""

LIMIT: Final = 1
"""How many deals a contact may have."""


def label(type_id: int, from_type: str, to_type: str, inverse_id: int) -> AssociationType:
    return AssociationType(
        category="USER_DEFINED",
        type_id=type_id,
        from_object_type_id=from_type,
        to_object_type_id=to_type,
        kind="labeled",
        name=f"label_{type_id}",
        inverse_id=inverse_id,
    )


LABELS: Final = (
    label(1, CONTACTS, CONTACTS, 2),
    label(2, CONTACTS, CONTACTS, 1),
    label(3, CONTACTS, CONTACTS, 3),
    label(4, CONTACTS, COMPANIES, 5),
    label(5, COMPANIES, CONTACTS, 4),
    label(6, CONTACTS, DEALS, 7),
    label(7, DEALS, CONTACTS, 6),
)
PRIMARY: Final = "primary"
"""Contact to company, and deal to company."""

HAS_PRIMARY: Final = (CONTACTS, DEALS)

Record = tuple[str, int]

# From each type to another: names of the types beside the unlabelled one, and their own ids.
NAMES: Final[dict[tuple[str, str], dict[str, tuple[str, int]]]] = {
    (CONTACTS, CONTACTS): {
        "1": ("USER_DEFINED", 1),
        "2": ("USER_DEFINED", 2),
        "3": ("USER_DEFINED", 3),
    },
    (CONTACTS, COMPANIES): {"4": ("USER_DEFINED", 4), PRIMARY: ("HUBSPOT_DEFINED", 1)},
    (COMPANIES, CONTACTS): {"5": ("USER_DEFINED", 5), PRIMARY: ("HUBSPOT_DEFINED", 2)},
    (CONTACTS, DEALS): {"6": ("USER_DEFINED", 6)},
    (DEALS, CONTACTS): {"7": ("USER_DEFINED", 7)},
    (DEALS, COMPANIES): {PRIMARY: ("HUBSPOT_DEFINED", 5)},
    (COMPANIES, DEALS): {PRIMARY: ("HUBSPOT_DEFINED", 6)},
}
DEFAULTS: Final = {
    (CONTACTS, CONTACTS): 449,
    (CONTACTS, COMPANIES): 279,
    (COMPANIES, CONTACTS): 280,
    (CONTACTS, DEALS): 4,
    (DEALS, CONTACTS): 3,
    (DEALS, COMPANIES): 341,
    (COMPANIES, DEALS): 342,
}
BACK: Final = {
    "1": "2",
    "2": "1",
    "3": "3",
    "4": "5",
    "5": "4",
    "6": "7",
    "7": "6",
    PRIMARY: PRIMARY,
}


# --- the oracle ------------------------------------------------------------------------------


@dataclass(slots=True)
class Links:
    """What is associated: of each pair, from either side, the names of its labels."""

    pairs: dict[tuple[Record, Record], set[str]] = field(default_factory=dict)
    archived: set[Record] = field(default_factory=set)
    records: set[Record] = field(default_factory=lambda: {*itertools.product(TYPES, IDS)})

    def there(self, record: Record) -> bool:
        return record in self.records and record not in self.archived

    def put(self, one: Record, other: Record, names: set[str]) -> None:
        self.pairs[one, other] = names
        self.pairs[other, one] = {BACK[each] for each in names}

    def deals_of(self, contact: Record) -> int:
        return sum(a == contact and b[0] == DEALS for a, b in self.pairs)

    def link(self, one: Record, other: Record, names: set[str], *, replaces: bool) -> bool:
        """Whether it may be."""
        if not self.there(one) or not self.there(other) or one == other:
            return False
        had = self.pairs.get((one, other))
        if had is None:
            for contact, deal in ((one, other), (other, one)):
                if (contact[0], deal[0]) == (CONTACTS, DEALS) and self.deals_of(contact) >= LIMIT:
                    return False
        self.put(one, other, names | (set() if replaces or had is None else had))
        holder, company = (one, other) if one[0] in HAS_PRIMARY else (other, one)
        if holder[0] in HAS_PRIMARY and company[0] == COMPANIES:
            self.settle_primary(holder, company)
        return True

    def settle_primary(self, holder: Record, company: Record) -> None:
        """Another primary gives way to one that is new, or to any when it is archived."""
        others = [
            b
            for (a, b), names in self.pairs.items()
            if a == holder and b != company and b[0] == COMPANIES and PRIMARY in names
        ]
        wanted = PRIMARY in self.pairs[holder, company]
        if not wanted and not any(self.there(each) for each in others):
            wanted = True
            self.put(holder, company, self.pairs[holder, company] | {PRIMARY})
        if wanted:
            for each in others:
                self.put(holder, each, self.pairs[holder, each] - {PRIMARY})

    def unlink(self, one: Record, other: Record, names: set[str] | None) -> None:
        had = self.pairs.get((one, other))
        if had is None:
            return
        if names is None:
            self.pairs.pop((one, other))
            self.pairs.pop((other, one), None)
        else:
            self.put(one, other, had - names)

    def merge(self, primary: Record, other: Record, new: Record) -> None:
        loser = self.loser(primary, other)
        moved: dict[tuple[Record, Record], set[str]] = {}
        for (one, another), names in self.pairs.items():
            ends = (one, another)
            if set(ends) == {primary, other}:
                continue
            kept = names - {PRIMARY} if loser in ends else names
            a, b = (new if each in (primary, other) else each for each in ends)
            moved.setdefault((a, b), set()).update(kept)
        self.pairs = moved
        self.records = (self.records - {primary, other}) | {new}

    def loser(self, primary: Record, other: Record) -> Record | None:
        """Whose primary company gives way when they merge: an archived one to an active one."""
        if primary[0] not in HAS_PRIMARY:
            return None
        held = {
            a: b
            for (a, b), names in self.pairs.items()
            if a in (primary, other) and PRIMARY in names
        }
        if len(held) < 2:
            return None
        gives_way = not self.there(held[primary]) and self.there(held[other])
        return primary if gives_way else other

    def seen(self, record: Record, to_type: str) -> dict[int, set[str]]:
        """What a read of the record tells."""
        if not self.there(record):
            return {}
        return {
            b[1]: names
            for (a, b), names in self.pairs.items()
            if a == record and b[0] == to_type and self.there(b)
        }


# --- the machine -----------------------------------------------------------------------------

PLACES: Final = st.integers(0, 5)


@st.composite
def links(draw: st.DrawFn) -> tuple[tuple[str, str], list[tuple[int, int, set[str]]]]:
    """Object types, and pairs of places with names of labels."""
    types = draw(st.sampled_from(sorted(NAMES)))
    names = st.sets(st.sampled_from(sorted(NAMES[types])), max_size=2)
    return types, draw(st.lists(st.tuples(PLACES, PLACES, names), min_size=1, max_size=3))


class Associations(RuleBasedStateMachine):
    """Calls on the records of a portal of its own."""

    database: Database
    portals = itertools.count(5_000)

    def __init__(self) -> None:
        super().__init__()
        self._portal_id = next(self.portals)
        self._links = Links()
        database, portal_id = self.database, self._portal_id
        database.write(lambda each: each.add_portal(portal(portal_id)))
        for type_id in TYPES:
            insert(database, *map(record, IDS), portal_id=portal_id, type_id=type_id)
        database.write(lambda each: each.put_association_types(portal_id, LABELS))
        kind = self._types().find("HUBSPOT_DEFINED", 4)
        assert kind is not None
        database.write(lambda each: each.put_association_limit(portal_id, kind, LIMIT))

    def _types(self) -> AssociationTypes:
        return association_types_of(
            self.database.read(lambda each: each.object_types(self._portal_id))
        )

    def _record(self, type_id: str, place: int) -> Record:
        """Of those that there were, merged ones are left out."""
        ids = sorted(each for of, each in self._links.records if of == type_id)
        return type_id, ids[place % len(ids)]

    def _pairs(
        self, types: tuple[str, str], given: list[tuple[int, int, set[str]]]
    ) -> list[tuple[Record, Record, set[str]]]:
        return [
            (self._record(types[0], a), self._record(types[1], b), names) for a, b, names in given
        ]

    def _inputs(
        self, types: tuple[str, str], given: list[tuple[Record, Record, set[str]]]
    ) -> list[PairInput]:
        return [
            pair(one[1], other[1], *(NAMES[types][each] for each in sorted(names)))
            for one, other, names in given
        ]

    def _run(self, operation: Callable[..., object], *arguments: object, **more: object) -> object:
        at = occasion(self._portal_id, NOW_MS + 1)
        return self.database.run(operation(self.database.store, at, *arguments, **more))  # type: ignore[arg-type] # each is a coroutine

    @rule(call=links(), mode=st.sampled_from(["add", "replace"]))
    def associate(
        self, call: tuple[tuple[str, str], list[tuple[int, int, set[str]]]], mode: WriteMode
    ) -> None:
        """Good pairs are written; two primaries for one record refuse the call."""
        types, given = call
        named = self._pairs(types, given)

        written = self._run(associate, *types, self._inputs(types, named), mode=mode)

        if types[0] in HAS_PRIMARY and types[1] == COMPANIES:
            asked = {(one, other) for one, other, names in named if PRIMARY in names}
            if len({one for one, _ in asked}) < len(asked):
                assert not isinstance(written, WrittenPairs)
                return
        fine = [
            self._links.link(one, other, names, replaces=mode == "replace")
            for one, other, names in named
        ]
        assert isinstance(written, WrittenPairs)
        assert [each.index for each in written.problems] == [
            index for index, one in enumerate(fine) if not one
        ]
        assert [(each.from_id, each.to_id) for each in written.outcomes] == [
            (one[1], other[1]) for (one, other, _), good in zip(named, fine, strict=True) if good
        ]

    @rule(call=links())
    def dissociate(self, call: tuple[tuple[str, str], list[tuple[int, int, set[str]]]]) -> None:
        """All types of pairs."""
        types, given = call
        named = self._pairs(types, given)

        assert self._run(dissociate, *types, self._inputs(types, named)) is None

        for one, other, _ in named:
            self._links.unlink(one, other, None)

    @rule(call=links())
    def dissociate_types(
        self, call: tuple[tuple[str, str], list[tuple[int, int, set[str]]]]
    ) -> None:
        """Some types of pairs, all of them where none is named."""
        types, given = call
        named = self._pairs(types, given)

        assert self._run(dissociate_types, *types, self._inputs(types, named)) == ()

        for one, other, names in named:
            self._links.unlink(one, other, names or None)

    @rule(type_id=st.sampled_from(TYPES), place=PLACES)
    def archive(self, type_id: str, place: int) -> None:
        """An archive hides."""
        archived = self._record(type_id, place)
        assert self._run(archive_records, type_id, [str(archived[1])]) is None
        self._links.archived.add(archived)

    @rule(type_id=st.sampled_from(TYPES))
    def restore(self, type_id: str) -> None:
        """All archived records of a type come back."""
        back = [each for each in self._links.archived if each[0] == type_id]
        self._run(restore_records, type_id, [str(record_id) for _, record_id in back])
        self._links.archived -= {*back}

    @rule(type_id=st.sampled_from(TYPES), primary=PLACES, other=PLACES)
    def merge(self, type_id: str, primary: int, other: int) -> None:
        """Two active records become one."""
        one, another = self._record(type_id, primary), self._record(type_id, other)
        enough = sum(each[0] == type_id for each in self._links.records) > 2
        if one == another or not enough:
            return

        made = self._run(merge_records, type_id, str(one[1]), str(another[1]))

        if self._links.there(one) and self._links.there(another):
            assert isinstance(made, WrittenRecord), made
            self._links.merge(one, another, (type_id, made.record.record_id))
        else:
            assert not isinstance(made, WrittenRecord)

    @invariant()
    def reads_tell_what_the_oracle_knows(self) -> None:
        """Of every record and other type."""
        for types, names in NAMES.items():
            own = sorted(each for of, each in self._links.records if of == types[0])
            found = self.database.run(
                linked_batch(
                    self.database.store,
                    self._portal_id,
                    *types,
                    [(str(each), None) for each in own],
                )
            )
            assert isinstance(found, LinkedBatch)
            told = {
                each.from_id: {
                    one.record_id: {kind.key for kind in one.types} for one in each.page.records
                }
                for each in found.results
            }
            default = ("HUBSPOT_DEFINED", DEFAULTS[types])
            expected = {
                each: {
                    to_id: {default, *(names[label] for label in labels)}
                    for to_id, labels in seen.items()
                }
                for each in own
                if (seen := self._links.seen((types[0], each), types[1]))
            }
            assert told == expected


def test_associations_are_what_the_oracle_says(database: Database) -> None:
    class Here(Associations):
        """On the database of the test."""

    Here.database = database
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=12,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
