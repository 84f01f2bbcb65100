"""After any sequence of calls every value that follows from associations is what is counted."""

from collections.abc import Callable, Coroutine
from typing import Any, Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from moyeu.catalog.object_types import object_type_by_id
from moyeu.crm.association_writes import PairInput
from moyeu.crm.associations import AssociationSpec, InlineAssociation
from moyeu.crm.records import RecordInput, WritePlan, WrittenRecord
from moyeu.operations.association_writes import associate, dissociate, dissociate_types
from moyeu.operations.merges import erase_record, merge_records
from moyeu.operations.records import archive_records, create_records, restore_records
from tests.operations.association_scene import COMPANIES, DEALS
from tests.operations.association_value_scene import (
    LINE_ITEMS,
    TASKS,
    TICKETS,
    TYPES,
    assert_counted,
)
from tests.storage.scene import CONTACTS, NOW_MS, Database, insert, occasion, portal, record

FIRST_IDS: Final = (1, 2, 3)
"""Records of all types have the same ids, as in a copied portal."""

WAYS: Final = {
    (CONTACTS, COMPANIES): (279, 1, 931),
    (COMPANIES, CONTACTS): (280, 2),
    (CONTACTS, DEALS): (4,),
    (COMPANIES, DEALS): (342, 6),
    (DEALS, COMPANIES): (341, 5),
    (COMPANIES, COMPANIES): (450, 13, 14),
    (DEALS, LINE_ITEMS): (19,),
    (LINE_ITEMS, DEALS): (20,),
    (TICKETS, COMPANIES): (339, 26),
    (TASKS, CONTACTS): (204,),
    (TASKS, COMPANIES): (192,),
    (TASKS, DEALS): (216,),
    (TASKS, TICKETS): (230,),
}
"""Association types by the types that they lead from and to."""

PLACES: Final = st.integers(0, 5)
"""Which of the ids of a type, counted round; those that are gone are named too."""

CHOSEN_WAY: Final = st.sampled_from(
    [(*pair, each) for pair, type_ids in WAYS.items() for each in type_ids]
)
PAIRS: Final = st.lists(st.tuples(PLACES, PLACES), min_size=1, max_size=4)


class Machine(RuleBasedStateMachine):
    """Calls on a portal of its own."""

    database: Database
    last_portal = 7_000

    def __init__(self) -> None:
        super().__init__()
        type(self).last_portal += 1
        self.portal_id = self.last_portal
        self.now_ms = NOW_MS
        self.ids = {type_id: [*FIRST_IDS] for type_id in TYPES}
        self.database.write(lambda each: each.add_portal(portal(self.portal_id)))
        for type_id in TYPES:
            object_type = object_type_by_id(type_id)
            assert object_type is not None
            made = {object_type.created_property: "2026-09-21T14:13:20Z"}
            records = [record(each, made) for each in FIRST_IDS]
            insert(self.database, *records, portal_id=self.portal_id, type_id=type_id)

    def call(self, operation: Callable[..., Coroutine[Any, Any, Any]], *given: Any) -> Any:
        self.now_ms += 1_000
        at = occasion(self.portal_id, self.now_ms)
        return self.database.run(operation(self.database.store, at, *given))

    def id_of(self, type_id: str, place: int) -> int:
        ids = self.ids[type_id]
        return ids[place % len(ids)]

    def pairs(
        self, from_type: str, to_type: str, places: list[tuple[int, int]], *association_ids: int
    ) -> list[PairInput]:
        specs = tuple(AssociationSpec("HUBSPOT_DEFINED", each) for each in association_ids)
        return [
            PairInput(
                str(self.id_of(from_type, one)), str(self.id_of(to_type, other)), specs or None
            )
            for one, other in places
        ]

    @rule(way=CHOSEN_WAY, places=PAIRS)
    def associate(self, way: tuple[str, str, int], places: list[tuple[int, int]]) -> None:
        from_type, to_type, association_id = way
        given = self.pairs(from_type, to_type, places, association_id)
        self.call(associate, from_type, to_type, given)

    @rule(way=CHOSEN_WAY, places=PAIRS)
    def dissociate(self, way: tuple[str, str, int], places: list[tuple[int, int]]) -> None:
        from_type, to_type, _ = way
        self.call(dissociate, from_type, to_type, self.pairs(from_type, to_type, places))

    @rule(way=CHOSEN_WAY, places=PAIRS)
    def dissociate_types(self, way: tuple[str, str, int], places: list[tuple[int, int]]) -> None:
        from_type, to_type, association_id = way
        given = self.pairs(from_type, to_type, places, association_id)
        self.call(dissociate_types, from_type, to_type, given)

    @rule(way=CHOSEN_WAY, place=PLACES, count=st.integers(1, 2))
    def create(self, way: tuple[str, str, int], place: int, count: int) -> None:
        from_type, to_type, association_id = way
        inline = InlineAssociation(
            str(self.id_of(to_type, place)),
            (AssociationSpec("HUBSPOT_DEFINED", association_id),),
        )
        inputs = [RecordInput("", {}, associations=(inline,)) for _ in range(count)]

        async def create(store: Any, at: Any) -> object:
            return await create_records(store, at, from_type, inputs, dates_normalised=False)

        made = self.call(create)
        if isinstance(made, WritePlan):
            self.ids[from_type] += [each.record.record_id for each in made.results]

    @rule(type_id=st.sampled_from(TYPES), places=st.lists(PLACES, min_size=1, max_size=3))
    def archive(self, type_id: str, places: list[int]) -> None:
        self.call(archive_records, type_id, [str(self.id_of(type_id, each)) for each in places])

    @rule(type_id=st.sampled_from(TYPES), places=st.lists(PLACES, min_size=1, max_size=3))
    def restore(self, type_id: str, places: list[int]) -> None:
        self.call(restore_records, type_id, [str(self.id_of(type_id, each)) for each in places])

    @rule(type_id=st.sampled_from(TYPES), primary=PLACES, other=PLACES)
    def merge(self, type_id: str, primary: int, other: int) -> None:
        ids = [str(self.id_of(type_id, each)) for each in (primary, other)]
        made = self.call(merge_records, type_id, *ids)
        if isinstance(made, WrittenRecord):
            self.ids[type_id].append(made.record.record_id)

    @rule(type_id=st.sampled_from(TYPES), place=PLACES)
    def erase(self, type_id: str, place: int) -> None:
        self.call(erase_record, type_id, str(self.id_of(type_id, place)), None)

    @invariant()
    def every_value_is_what_is_counted(self) -> None:
        assert_counted(self.database, self.portal_id)


def test_every_value_is_what_is_counted(database: Database) -> None:
    machine = type("OnThisDatabase", (Machine,), {"database": database})

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=15,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
