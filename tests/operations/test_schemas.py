"""The operations on schemas of custom object types on a real store."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, Final

import pytest

from moyeu.catalog.limits import CUSTOM_PROPERTIES_MAX
from moyeu.crm.association_labels import NewLabel
from moyeu.crm.associations import Association, default_associations
from moyeu.crm.definition_inputs import NewProperty
from moyeu.crm.definition_problems import PropertyExists
from moyeu.crm.object_schemas import PortalTypes, SchemaAssociation
from moyeu.crm.problems import Problem, RecordsLocked, TooManyInputs
from moyeu.crm.records import RecordInput, WritePlan
from moyeu.crm.schema_associations import NewAssociation
from moyeu.crm.schema_problems import ObjectTypeExists, ObjectTypeHasRecords, UnknownObjectType
from moyeu.crm.schemas import NewSchema, SchemaChange
from moyeu.operations import schemas as operations
from moyeu.operations.association_labels import create_label
from moyeu.operations.records import archive_records, create_records
from moyeu.operations.schemas import DescribedType, SchemaWish
from moyeu.storage.contract import WriteTransaction
from tests.operations.conftest import OpenDatabase
from tests.storage.scene import (
    CONTACTS,
    NOW_MS,
    PORTAL,
    Database,
    HeldTurn,
    insert,
    occasion,
    record,
)

BARE: Final = NewSchema(
    name="car", label="Car", label_plural="Cars", primary_display_property="hs_object_id"
)
ALL: Final = SchemaWish()


def create(database: Database, given: NewSchema = BARE) -> DescribedType | Problem:
    return database.run(operations.create_schema(database.store, occasion(), given))


def created(database: Database, given: NewSchema = BARE) -> str:
    """The id of a custom type that is made without trouble."""
    made = create(database, given)
    assert isinstance(made, DescribedType), made
    return made.object_type.id


def read(database: Database, text: str, wish: SchemaWish = ALL) -> DescribedType:
    found = database.run(operations.read_schema(database.store, PORTAL, text, wish))
    assert isinstance(found, DescribedType), found
    return found


def archive(database: Database, text: str) -> Problem | None:
    return database.run(operations.archive_schema(database.store, occasion(), text))


def add_record(database: Database, type_id: str) -> int:
    made = database.run(
        create_records(
            database.store, occasion(), type_id, [RecordInput("", {})], dates_normalised=False
        )
    )
    assert isinstance(made, WritePlan), made
    return made.results[0].record.record_id


def types(database: Database) -> PortalTypes:
    return database.read(lambda each: each.object_types(PORTAL))


def new_property(name: str) -> NewProperty:
    return NewProperty(name=name, label=name, type="string", field_type="text", group_name="")


# --- create ----------------------------------------------------------------------------------


def test_a_created_type_is_there_with_its_properties_groups_and_associations(
    database: Database,
) -> None:
    given = replace(BARE, properties=(new_property("model"),), associated_objects=("contacts",))

    made = create(database, given)

    assert isinstance(made, DescribedType)
    assert made == read(database, "p_car")
    assert "model" in [each.name for each in made.properties]
    assert len(made.associations) == 20
    found = database.read(lambda each: each.definitions(PORTAL, made.object_type.id))
    assert [each.name for each in found.groups] == ["car_information"]


def test_a_refused_create_takes_no_id(database: Database) -> None:
    before = database.read(lambda each: each.counters(PORTAL))
    given = replace(BARE, properties=(new_property("a"), new_property("a")))

    assert create(database, given) == PropertyExists("a")

    assert database.read(lambda each: each.counters(PORTAL)) == before
    assert types(database).schemas == {}


def test_of_two_creates_of_one_name_at_once_one_is_made(database: Database) -> None:
    async def both() -> list[DescribedType | Problem]:
        one = operations.create_schema(database.store, occasion(), BARE)
        other = operations.create_schema(database.store, occasion(), replace(BARE, name="CAR"))
        return list(await asyncio.gather(one, other))

    outcomes = database.run(both())

    assert len([each for each in outcomes if isinstance(each, DescribedType)]) == 1
    assert len([each for each in outcomes if isinstance(each, ObjectTypeExists)]) == 1
    assert len(types(database).schemas) == 1


def test_association_ids_follow_those_of_other_types_and_of_labels(database: Database) -> None:
    first = created(database)
    label = NewLabel("Friend", "friend")
    for _ in range(2):
        made = database.run(create_label(database.store, PORTAL, CONTACTS, CONTACTS, label))
        label = NewLabel("Manager", "manager", "Employee")
    assert [each.type_id for each in made] == [21, 20]  # type: ignore[union-attr] # no refusal

    second = created(database, replace(BARE, name="bike"))

    ids = [int(row.id) for row in types(database).schemas[second].associations]
    assert [int(row.id) for row in types(database).schemas[first].associations] == list(
        range(1, 19)
    )
    assert ids == list(range(22, 40))


def test_a_create_in_the_place_of_an_archived_type_leaves_nothing_of_it(
    database: Database,
) -> None:
    old = created(database, replace(BARE, properties=(new_property("model"),)))
    record_id = add_record(database, old)
    problem = database.run(archive_records(database.store, occasion(), old, [str(record_id)]))
    assert problem is None
    assert archive(database, old) is None

    new = created(database, replace(BARE, name="CAR"))

    assert list(types(database).schemas) == [new]
    assert new != old
    assert "model" not in [each.name for each in read(database, new).properties]
    assert database.read(lambda each: each.records(PORTAL, old, [record_id])) == {}


def test_the_limit_of_custom_properties_holds_for_those_of_a_create(database: Database) -> None:
    names = [f"p{number}" for number in range(CUSTOM_PROPERTIES_MAX + 1)]

    outcome = create(database, replace(BARE, properties=tuple(map(new_property, names))))

    assert isinstance(outcome, Problem)
    assert types(database).schemas == {}


# --- read ------------------------------------------------------------------------------------


def test_a_read_answers_what_is_wished_for(database: Database) -> None:
    created(database)

    bare = read(database, "p_car", SchemaWish(properties=False, associations=False))
    with_properties = read(database, "p_car", SchemaWish(associations=False))

    assert bare.properties == ()
    assert bare.associations == ()
    assert with_properties.properties != ()
    assert with_properties.associations == ()


def test_a_batch_read_answers_each_type_once_in_the_order_asked_for(database: Database) -> None:
    type_id = created(database)

    found = database.run(
        operations.read_schemas(
            database.store, PORTAL, ["contacts", "p_car", "nothing", "0-1", type_id], ALL
        )
    )

    assert isinstance(found, list)
    assert [each.object_type.id for each in found] == [CONTACTS, type_id]


def test_a_batch_read_of_101_is_refused(database: Database) -> None:
    hundred = ["0-1"] * 100

    def read_many(texts: list[str]) -> Coroutine[Any, Any, list[DescribedType] | Problem]:
        return operations.read_schemas(database.store, PORTAL, texts, ALL)

    assert isinstance(database.run(read_many(hundred)), list)
    assert database.run(read_many([*hundred, "0-2"])) == TooManyInputs(100)


def test_a_list_is_in_the_order_of_the_numbers_of_the_ids(database: Database) -> None:
    created(database)
    schema = next(iter(types(database).schemas.values()))

    database.write(
        lambda each: each.put_schema(
            PORTAL, replace(schema, object_type_id="2-30000001", name="late")
        )
    )
    found = database.run(operations.list_schemas(database.store, PORTAL, ALL, archived=False))

    assert [each.object_type.id for each in found] == [schema.object_type_id, "2-30000001"]


# --- update, archive, purge ------------------------------------------------------------------


def test_an_update_is_seen_by_the_next_read(database: Database) -> None:
    created(database)
    at = occasion(now_ms=NOW_MS + 5)

    changed = database.run(
        operations.update_schema(
            database.store,
            at,
            "p_car",
            SchemaChange(label="Auto", required_properties=("hs_object_id",)),
        )
    )

    assert isinstance(changed, DescribedType)
    assert changed.schema == read(database, "p_car").schema
    assert changed.object_type.label == "Auto"
    assert changed.schema is not None
    assert changed.schema.updated_at_ms == NOW_MS + 5


def test_only_an_active_record_holds_back_an_archive(database: Database) -> None:
    type_id = created(database)
    record_id = add_record(database, type_id)

    assert archive(database, type_id) == ObjectTypeHasRecords(type_id)

    database.run(archive_records(database.store, occasion(), type_id, [str(record_id)]))
    assert archive(database, type_id) is None
    assert archive(database, type_id) == UnknownObjectType(type_id)


def test_a_purge_takes_the_associations_of_other_types_with_it(database: Database) -> None:
    car = created(database)
    bike = created(database, replace(BARE, name="bike"))
    database.run(
        operations.create_association(database.store, occasion(), NewAssociation(bike, car))
    )
    before = len(types(database).schemas[bike].associations)
    assert archive(database, car) is None

    assert database.run(operations.purge_schema(database.store, PORTAL, car)) is None

    assert list(types(database).schemas) == [bike]
    assert len(types(database).schemas[bike].associations) == before - 2


# --- associations ----------------------------------------------------------------------------


def test_records_lose_an_association_that_is_removed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "_ASSOCIATIONS_PART", 1)
    car = created(database, replace(BARE, associated_objects=("contacts",)))
    removed = database.run(
        operations.create_association(
            database.store, occasion(), NewAssociation(car, CONTACTS, "second")
        )
    )
    assert isinstance(removed, SchemaAssociation)
    cars = [add_record(database, car) for _ in range(4)]
    insert(database, record(900), type_id=CONTACTS)
    type_id = int(removed.id)
    kept: list[Association] = []
    gone: list[Association] = []
    for each in cars:
        kept += default_associations(types(database), car, each, CONTACTS, 900)
        gone += [
            Association(car, each, CONTACTS, 900, "USER_DEFINED", type_id),
            Association(CONTACTS, 900, car, each, "USER_DEFINED", type_id + 1),
        ]
    # HubSpot's own types have ids of their own, which may be the same number.
    foreign = Association(CONTACTS, 900, CONTACTS, 901, "HUBSPOT_DEFINED", type_id)
    database.write(lambda each: each.put_associations(PORTAL, [*kept, *gone, foreign]))

    write = database.store.write
    left_after_turns: list[int] = []

    async def counted(work: Callable[[WriteTransaction], object]) -> object:
        outcome = await write(work)
        rows = await write(lambda each: each.associations_after(PORTAL, None, 100))
        left_after_turns.append(len({*rows} & {*gone}))
        return outcome

    monkeypatch.setattr(database.store, "write", counted)

    problem = database.run(operations.remove_association(database.store, PORTAL, car, removed.id))

    assert problem is None
    # Of four pairs one from each side in a turn, both directions of each together.
    assert left_after_turns == [4, 0, 0]
    left = database.read(lambda each: each.associations_after(PORTAL, None, 100))
    assert sorted(left) == sorted([*kept, foreign])


# --- a busy writer ---------------------------------------------------------------------------


def test_a_writer_that_stays_busy_is_told(open_database: OpenDatabase) -> None:
    database = open_database(write_wait_max_s=0.05)
    held = HeldTurn()

    async def blocked() -> list[object]:
        task = await held.take(database.store)
        store = database.store
        outcomes: list[object] = [
            await operations.create_schema(store, occasion(), BARE),
            await operations.update_schema(store, occasion(), "p_car", SchemaChange()),
            await operations.archive_schema(store, occasion(), "p_car"),
            await operations.purge_schema(store, PORTAL, "p_car"),
            await operations.create_association(store, occasion(), NewAssociation("a", "b")),
            await operations.remove_association(store, PORTAL, "p_car", "1"),
        ]
        held.may_end.set()
        await task
        return outcomes

    assert database.run(blocked()) == [RecordsLocked()] * 6
