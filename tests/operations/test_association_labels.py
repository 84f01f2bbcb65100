"""The operations on labels and limits of associations on a real store."""

import asyncio
from typing import Final

from moyeu.catalog.associations import AssociationType
from moyeu.catalog.limits import ASSOCIATION_LIMIT_INPUTS_MAX
from moyeu.crm.association_definition_problems import LabelInUse, LabelNameTaken, LimitOutOfRange
from moyeu.crm.association_labels import LabelChange, NewLabel
from moyeu.crm.association_limits import AssociationLimit, LimitInput
from moyeu.crm.associations import (
    Association,
    AssociationSpec,
    AssociationTypes,
    association_types_of,
)
from moyeu.crm.problems import Problem, RecordsLocked, TooManyInputs
from moyeu.crm.schema_associations import NewAssociation
from moyeu.crm.schemas import NewSchema
from moyeu.operations import association_labels as operations
from moyeu.operations import schemas
from moyeu.operations.association_limits import lift_limits, list_limits, set_limits
from moyeu.operations.schemas import DescribedType
from tests.operations.conftest import OpenDatabase
from tests.storage.scene import (
    CONTACTS,
    OTHER_PORTAL,
    PORTAL,
    SERVICES,
    Database,
    HeldTurn,
    insert,
    occasion,
    record,
)

LABEL: Final = NewLabel("Referrer", "referrer", "Referred")


def create(
    database: Database, given: NewLabel = LABEL, from_id: str = SERVICES, to_id: str = CONTACTS
) -> list[AssociationType]:
    made = database.run(operations.create_label(database.store, PORTAL, from_id, to_id, given))
    assert not isinstance(made, Problem), made
    return list(made)


def remove(database: Database, type_id: int) -> Problem | None:
    return database.run(
        operations.remove_label(database.store, PORTAL, SERVICES, CONTACTS, type_id)
    )


def types(database: Database, portal_id: int = PORTAL) -> AssociationTypes:
    return association_types_of(database.read(lambda each: each.object_types(portal_id)))


def labels(database: Database) -> list[tuple[int, str | None]]:
    return [(each.type_id, each.label) for each in types(database).own()]


def custom_type(database: Database) -> str:
    given = NewSchema(
        name="car", label="Car", label_plural="Cars", primary_display_property="hs_object_id"
    )
    made = database.run(schemas.create_schema(database.store, occasion(), given))
    assert isinstance(made, DescribedType), made
    database.run(
        schemas.create_association(
            database.store, occasion(), NewAssociation(made.object_type.id, CONTACTS)
        )
    )
    return made.object_type.id


def associate(database: Database, type_id: int) -> Association:
    way = Association(SERVICES, 1, CONTACTS, 2, "USER_DEFINED", type_id)
    database.write(lambda each: each.put_associations(PORTAL, [way]))
    return way


def test_a_label_is_seen_by_the_next_request_of_its_portal_alone(database: Database) -> None:
    made = create(database)

    found = database.run(operations.list_types(database.store, PORTAL, SERVICES, CONTACTS))

    assert made[1] in found
    assert made[0] not in found
    assert types(database, OTHER_PORTAL).own() == ()


def test_of_two_labels_with_one_name_made_together_one_is_refused(database: Database) -> None:
    async def both() -> list[object]:
        one, other = (
            operations.create_label(database.store, PORTAL, SERVICES, CONTACTS, LABEL)
            for _ in range(2)
        )
        return list(await asyncio.gather(one, other))

    outcomes = database.run(both())

    assert len([each for each in outcomes if isinstance(each, LabelNameTaken)]) == 1
    assert labels(database) == [(1, "Referrer"), (2, "Referred")]


def test_a_label_is_renamed_for_the_records_that_have_it(database: Database) -> None:
    create(database)
    associate(database, 1)

    problem = database.run(
        operations.change_label(
            database.store, PORTAL, SERVICES, CONTACTS, LabelChange(1, "Sender")
        )
    )

    assert problem is None
    assert labels(database) == [(1, "Sender"), (2, "Referred")]


def test_a_label_in_use_in_either_direction_is_not_deleted(database: Database) -> None:
    create(database)
    way = associate(database, 1)

    assert remove(database, 1) == LabelInUse(1, "Referrer")
    back = Association(CONTACTS, 2, SERVICES, 1, "USER_DEFINED", 2)
    database.write(lambda each: each.remove_associations(PORTAL, [way]))
    database.write(lambda each: each.put_associations(PORTAL, [back]))
    assert remove(database, 1) == LabelInUse(2, "Referred")
    database.write(lambda each: each.remove_associations(PORTAL, [back]))
    assert remove(database, 1) is None
    assert labels(database) == []


def test_a_label_of_an_archived_record_is_in_use(database: Database) -> None:
    create(database)
    insert(database, record(1))
    associate(database, 1)
    database.write(lambda each: each.archive_records(occasion(), SERVICES, [1]))

    assert remove(database, 1) == LabelInUse(1, "Referrer")


def test_the_ids_of_a_deleted_label_are_not_given_out_again(database: Database) -> None:
    create(database)
    limit_to(database, ("USER_DEFINED", 1, 5))
    assert remove(database, 1) is None

    create(database, NewLabel("New", "new"))

    assert labels(database) == [(3, "New"), (4, "New")]
    assert limits(database) == []


def test_the_ids_of_what_a_schema_loses_are_not_given_out_again(database: Database) -> None:
    car = custom_type(database)
    before = {each.type_id for each in types(database).own()}
    removed = str(types(database).between(car, CONTACTS)[0].type_id)
    assert database.run(schemas.remove_association(database.store, PORTAL, car, removed)) is None

    assert {each.type_id for each in create(database)}.isdisjoint(before)


def test_the_ids_of_a_purged_type_are_not_given_out_again(database: Database) -> None:
    car = custom_type(database)
    before = {each.type_id for each in types(database).own()}
    database.run(schemas.archive_schema(database.store, occasion(), car))
    assert database.run(schemas.purge_schema(database.store, PORTAL, car)) is None

    assert {each.type_id for each in create(database)}.isdisjoint(before)


def test_a_label_in_the_schema_of_a_custom_type_is_renamed_and_deleted(
    database: Database,
) -> None:
    car = custom_type(database)
    given = NewAssociation(car, CONTACTS, "driver")
    row = database.run(schemas.create_association(database.store, occasion(), given))
    assert not isinstance(row, Problem)
    type_id = int(row.id)

    def label() -> str | None:
        found = types(database).find("USER_DEFINED", type_id)
        return found.label if found else None

    change = LabelChange(type_id, "Chauffeur")
    renamed = operations.change_label(database.store, PORTAL, car, CONTACTS, change)
    assert database.run(renamed) is None
    assert label() == "Chauffeur"
    removed = operations.remove_label(database.store, PORTAL, car, CONTACTS, type_id)
    assert database.run(removed) is None
    assert label() is None


def test_a_purged_type_takes_its_labels_and_limits_along(database: Database) -> None:
    car = custom_type(database)
    create(database, LABEL, CONTACTS, car)
    create(database, NewLabel("Kept", "kept"))
    for kind in types(database).own():
        database.write(lambda each, kind=kind: each.put_association_limit(PORTAL, kind, 5))  # type: ignore[misc]  # the default binds this round's type

    database.run(schemas.archive_schema(database.store, occasion(), car))
    assert database.run(schemas.purge_schema(database.store, PORTAL, car)) is None

    kept = types(database)
    assert {each.label for each in kept.own()} == {"Kept"}
    assert kept.object_types.association_limits.keys() == {each.key for each in kept.own()}


def test_a_label_that_the_schema_routes_remove_goes_from_all_records(database: Database) -> None:
    create(database)
    limit_to(database, ("USER_DEFINED", 1, 5))
    associate(database, 1)

    removed = schemas.remove_association(database.store, PORTAL, SERVICES, "referrer")

    assert database.run(removed) is None
    assert labels(database) == []
    assert limits(database) == []
    assert database.read(lambda each: each.associations(PORTAL, SERVICES, [1])) == {1: []}


def test_a_label_waits_for_its_turn_and_gives_up(open_database: OpenDatabase) -> None:
    database = open_database(write_wait_max_s=0.05)

    async def late() -> object:
        held = HeldTurn()
        holding = await held.take(database.store)
        try:
            return await operations.create_label(database.store, PORTAL, SERVICES, CONTACTS, LABEL)
        finally:
            held.may_end.set()
            await holding

    assert database.run(late()) == RecordsLocked()
    assert labels(database) == []


# --- limits ----------------------------------------------------------------------------------


def limit_to(database: Database, *inputs: tuple[str, int, int]) -> list[object]:
    given = [LimitInput(*each) for each in inputs]
    outcomes = database.run(set_limits(database.store, PORTAL, SERVICES, CONTACTS, given))
    assert not isinstance(outcomes, Problem)
    return list(outcomes)


def limits(database: Database) -> list[tuple[int, int | None]]:
    found = database.run(list_limits(database.store, PORTAL))
    return [(each.kind.type_id, each.limit) for each in found]


def test_what_can_be_set_is_set_and_the_rest_is_told(database: Database) -> None:
    create(database)
    default = types(database).default(SERVICES, CONTACTS)
    assert default is not None
    key = default.key

    outcomes = limit_to(database, (*key, 5), ("USER_DEFINED", 1, 6), ("USER_DEFINED", 1, 4))

    assert isinstance(outcomes[0], AssociationLimit)
    assert outcomes[1] == LimitOutOfRange("USER_DEFINED", 1, 6, 1, 5)
    assert limits(database) == [(key[1], 5), (1, 4)]


def test_limits_are_lifted(database: Database) -> None:
    create(database)
    limit_to(database, ("USER_DEFINED", 1, 4))

    for _ in range(2):
        specs = [AssociationSpec("USER_DEFINED", 1)]
        outcomes = database.run(lift_limits(database.store, PORTAL, SERVICES, CONTACTS, specs))
        assert isinstance(outcomes, list)
        assert limits(database) == []


def test_a_batch_has_so_many_limits_and_no_more(database: Database) -> None:
    create(database)
    most = [("USER_DEFINED", 1, 4)] * ASSOCIATION_LIMIT_INPUTS_MAX
    specs = [AssociationSpec("USER_DEFINED", 1)] * (ASSOCIATION_LIMIT_INPUTS_MAX + 1)
    given = [LimitInput(*each) for each in (*most, most[0])]

    assert len(limit_to(database, *most)) == ASSOCIATION_LIMIT_INPUTS_MAX
    for refused in (
        set_limits(database.store, PORTAL, SERVICES, CONTACTS, given),
        lift_limits(database.store, PORTAL, SERVICES, CONTACTS, specs),
    ):
        assert database.run(refused) == TooManyInputs(ASSOCIATION_LIMIT_INPUTS_MAX)
    assert limits(database) == [(1, 4)]
