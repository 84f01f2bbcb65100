"""The promises of `storage/contract` about object types that a portal made itself."""

from dataclasses import replace

import pytest

from moyeu.catalog.pipelines import Pipeline
from moyeu.catalog.properties import PropertyGroup
from moyeu.crm.admin_rules import NO_ADMIN_RULES, AdminRules
from moyeu.crm.associations import Association
from moyeu.crm.object_schemas import ObjectSchema, SchemaAssociation
from moyeu.crm.records import UniqueMove
from moyeu.crm.validations import ValidationRule
from moyeu.storage.contract import AuditEntry, ReadTransaction, WriteTransaction
from tests.storage.scene import (
    CONTACTS,
    NOW_MS,
    OTHER_PORTAL,
    PORTAL,
    SERVICES_MODIFIED,
    Database,
    DeliberateError,
    insert,
    occasion,
    record,
    text_property,
    unique_property,
)


def schema(type_id: str, name: str = "car", **fields: object) -> ObjectSchema:
    """A custom object type with everything but a description."""
    plain = ObjectSchema(
        object_type_id=type_id,
        name=name,
        label="Car",
        label_plural="Cars",
        primary_display_property="hs_object_id",
        secondary_display_properties=("hs_createdate",),
        required_properties=("hs_object_id",),
        searchable_properties=("hs_object_id",),
        associations=(
            SchemaAssociation(
                id="1",
                from_object_type_id=type_id,
                to_object_type_id=CONTACTS,
                name="car_to_contact",
                created_at_ms=NOW_MS,
                updated_at_ms=NOW_MS,
            ),
        ),
        created_at_ms=NOW_MS,
        updated_at_ms=NOW_MS,
        created_user_id="7",
    )
    return replace(plain, **fields)  # type: ignore[arg-type] # fields of the dataclass


def new_type(database: Database, portal_id: int = PORTAL) -> str:
    """The id of a new custom object type."""
    return database.write(lambda each: each.new_object_type_id(portal_id))


def put(database: Database, *schemas: ObjectSchema) -> None:
    """Keeps schemas."""

    def work(transaction: WriteTransaction) -> None:
        for each in schemas:
            transaction.put_schema(PORTAL, each)

    database.write(work)


def schemas(database: Database, portal_id: int = PORTAL) -> dict[str, ObjectSchema]:
    """What the portal's snapshot has."""
    return dict(database.read(lambda each: each.object_types(portal_id)).schemas)


# --- ids -------------------------------------------------------------------------------------


def test_ids_begin_with_2_and_none_is_given_out_twice(database: Database) -> None:
    ids = [new_type(database) for _ in range(3)]

    assert len(set(ids)) == 3
    assert all(each.startswith("2-") and each[2:].isdecimal() for each in ids)


def test_the_next_id_is_told_by_the_counters(database: Database) -> None:
    told = database.read(lambda each: each.counters(PORTAL)).next_object_type

    assert new_type(database) == f"2-{told}"


def test_an_id_of_work_that_raises_is_given_out_again(database: Database) -> None:
    def work(transaction: WriteTransaction) -> None:
        transaction.new_object_type_id(PORTAL)
        raise DeliberateError

    told = database.read(lambda each: each.counters(PORTAL)).next_object_type
    with pytest.raises(DeliberateError):
        database.write(work)

    assert new_type(database) == f"2-{told}"


def test_a_purged_id_is_not_given_out_again(database: Database) -> None:
    type_id = new_type(database)
    put(database, schema(type_id))

    database.write(lambda each: each.purge_object_type(PORTAL, type_id))

    assert new_type(database) != type_id


def test_portals_count_for_themselves(database: Database) -> None:
    assert new_type(database) == new_type(database, OTHER_PORTAL)


# --- snapshots -------------------------------------------------------------------------------


def test_a_new_portal_has_no_custom_types(database: Database) -> None:
    types = database.read(lambda each: each.object_types(PORTAL))

    assert types.portal_id == PORTAL
    assert not types.schemas
    assert not types.custom
    assert types.find("contacts") is not None


def test_a_schema_is_kept_as_it_is_in_its_portal_alone(database: Database) -> None:
    car, bike = schema("2-5"), schema("2-4", "bike", description="d", archived_at_ms=9)

    put(database, car, bike)

    assert schemas(database) == {"2-5": car, "2-4": bike}
    assert schemas(database, OTHER_PORTAL) == {}


def test_a_schema_that_is_put_again_is_replaced(database: Database) -> None:
    put(database, schema("2-5"))
    changed = schema("2-5", label="Auto", associations=(), has_pipelines=True)

    put(database, changed)

    assert schemas(database) == {"2-5": changed}


def test_the_cached_snapshot_is_renewed_by_a_committed_change(database: Database) -> None:
    before = database.read(lambda each: each.object_types(PORTAL))

    put(database, schema("2-5"))

    cached = database.store.cached_object_types(PORTAL)
    assert cached is None or "2-5" in cached.schemas
    assert "2-5" in schemas(database)
    assert "2-5" not in before.schemas


def test_a_snapshot_at_hand_is_the_same_one(database: Database) -> None:
    put(database, schema("2-5"))

    found = database.read(lambda each: each.object_types(PORTAL))

    assert database.read(lambda each: each.object_types(PORTAL)) is found
    assert database.store.cached_object_types(PORTAL) is found


def test_a_write_sees_its_own_types_and_others_do_not(database: Database) -> None:
    def work(transaction: WriteTransaction) -> tuple[bool, bool, bool]:
        before = "2-5" in transaction.object_types(PORTAL).schemas
        transaction.put_schema(PORTAL, schema("2-5"))
        own = "2-5" in transaction.object_types(PORTAL).schemas
        return before, own, "2-5" in transaction.object_types(OTHER_PORTAL).schemas

    assert database.write(work) == (False, True, False)


def test_types_of_work_that_raises_are_undone_for_everybody(database: Database) -> None:
    def work(transaction: WriteTransaction) -> None:
        transaction.put_schema(PORTAL, schema("2-5"))
        assert "2-5" in transaction.object_types(PORTAL).schemas
        raise DeliberateError

    with pytest.raises(DeliberateError):
        database.write(work)

    def known(transaction: ReadTransaction) -> bool:
        return "2-5" in transaction.object_types(PORTAL).schemas

    assert database.read(known) is False
    assert database.write(known) is False


def test_definitions_of_a_custom_type_follow_its_schema(database: Database) -> None:
    put(database, schema("2-5", "Car"))
    before = database.read(lambda each: each.definitions(PORTAL, "2-5"))

    put(database, schema("2-5", "Car", required_properties=(), archived_at_ms=1))

    after = database.read(lambda each: each.definitions(PORTAL, "2-5"))
    assert "hs_object_id" in before.properties
    assert [(each.name, each.label) for each in before.groups] == [
        ("Car_information", "Car Information")
    ]
    assert before.object_type.required_properties == ("hs_object_id",)
    assert after.object_type.required_properties == ()


def test_a_write_sees_definitions_that_follow_its_own_schema(database: Database) -> None:
    put(database, schema("2-5"))

    def work(transaction: WriteTransaction) -> tuple[str, ...]:
        transaction.definitions(PORTAL, "2-5")
        transaction.put_schema(PORTAL, schema("2-5", required_properties=()))
        return transaction.definitions(PORTAL, "2-5").object_type.required_properties

    assert database.write(work) == ()


# --- purge -----------------------------------------------------------------------------------


def furnish_type(database: Database, type_id: str) -> None:
    """A custom type with one of everything: record 1 is active, record 2 archived."""

    def work(transaction: WriteTransaction) -> None:
        transaction.put_schema(PORTAL, schema(type_id, f"n{type_id[2:]}"))
        transaction.put_property(PORTAL, type_id, unique_property("code"))
        transaction.put_property(PORTAL, type_id, text_property("note"))
        transaction.put_group(PORTAL, type_id, PropertyGroup("billing", "Billing", 7))
        transaction.put_pipeline(PORTAL, type_id, Pipeline("p", "P", 0, (), "hs_pipeline_stage"))
        transaction.put_validations(PORTAL, type_id, "note", [ValidationRule("MAX_LENGTH", ("5",))])
        transaction.put_admin_rules(PORTAL, type_id, AdminRules(("note",)))
        entry = AuditEntry("p", "", "CREATE", NOW_MS, None, "{}")
        transaction.add_audit(PORTAL, type_id, [entry])

    database.write(work)
    first = int(type_id[2:]) * 10 + 1
    insert(database, record(first, {"code": "A"}), record(first + 1), type_id=type_id)
    database.write(
        lambda each: each.move_unique_values(
            PORTAL, type_id, [UniqueMove("code", first, None, "A")]
        )
    )
    database.write(lambda each: each.archive_records(occasion(), type_id, [first + 1]))


def what_is_left(database: Database, type_id: str) -> dict[str, object]:
    """All that is kept of a type, if it had that id again."""
    first = int(type_id[2:]) * 10 + 1

    def work(transaction: WriteTransaction) -> dict[str, object]:
        transaction.put_schema(PORTAL, schema(type_id, f"n{type_id[2:]}", associations=()))
        found = transaction.definitions(PORTAL, type_id)
        left: dict[str, object] = {
            "properties": {"code", "note"} & found.properties.keys(),
            "groups": [each.name for each in found.groups],
            "pipelines": [each.id for each in found.pipelines],
            "validations": dict(found.validations),
            "admin_rules": found.admin_rules,
            "audit": transaction.pipeline_audit(PORTAL, type_id, "p", ""),
            "records": sorted(transaction.records(PORTAL, type_id, [first, first + 1])),
            "unique values": transaction.value_owners(PORTAL, type_id, [("code", "A")]),
            "history": [
                each.record_id
                for each in transaction.writes_after(PORTAL, 0, 1_000)
                if each.object_type_id == type_id
            ],
            "associations": transaction.associations(PORTAL, type_id, [first])
            | transaction.associations(PORTAL, CONTACTS, [900]),
        }
        raise _Seen(left)

    with pytest.raises(_Seen) as seen:
        database.write(work)
    return seen.value.left


class _Seen(Exception):  # noqa: N818 — no error: it undoes what looking needed
    def __init__(self, left: dict[str, object]) -> None:
        super().__init__()
        self.left = left


def test_a_purge_removes_everything_of_the_type_and_nothing_else(database: Database) -> None:
    furnish_type(database, "2-5")
    furnish_type(database, "2-6")
    insert(database, record(900), type_id=CONTACTS)
    rows = [
        Association("2-5", 51, CONTACTS, 900, "USER_DEFINED", 1),
        Association(CONTACTS, 900, "2-5", 51, "USER_DEFINED", 2),
        Association("2-6", 61, CONTACTS, 900, "USER_DEFINED", 3),
        Association(CONTACTS, 900, "2-6", 61, "USER_DEFINED", 4),
    ]
    database.write(lambda each: each.put_associations(PORTAL, rows))
    whole = what_is_left(database, "2-6")

    database.write(lambda each: each.purge_object_type(PORTAL, "2-5"))

    assert list(schemas(database)) == ["2-6"]
    assert what_is_left(database, "2-5") == {
        "properties": set(),
        "groups": ["n5_information"],
        "pipelines": [],
        "validations": {},
        "admin_rules": NO_ADMIN_RULES,
        "audit": [],
        "records": [],
        "unique values": {},
        "history": [],
        "associations": {51: [], 900: [rows[3]]},
    }
    after = what_is_left(database, "2-6")
    # Those of the contact lose the ones to the purged type.
    assert after.pop("associations") == {61: [rows[2]], 900: [rows[3]]}
    whole.pop("associations")
    assert after == whole
    assert whole["records"] == [61, 62]
    assert list(database.read(lambda each: each.records(PORTAL, CONTACTS, [900]))) == [900]


def test_a_purge_is_undone_with_its_work(database: Database) -> None:
    furnish_type(database, "2-5")
    whole = what_is_left(database, "2-5")

    def work(transaction: WriteTransaction) -> None:
        transaction.purge_object_type(PORTAL, "2-5")
        assert "2-5" not in transaction.object_types(PORTAL).schemas
        raise DeliberateError

    with pytest.raises(DeliberateError):
        database.write(work)

    assert what_is_left(database, "2-5") == whole


def test_records_can_be_written_after_a_purge(database: Database) -> None:
    furnish_type(database, "2-5")
    furnish_type(database, "2-6")
    database.write(lambda each: each.purge_object_type(PORTAL, "2-5"))

    def work(transaction: WriteTransaction) -> None:
        transaction.insert_records(occasion(), "2-6", [record(70)], SERVICES_MODIFIED)

    database.write(work)

    found = database.read(lambda each: each.records(PORTAL, "2-6", [70]))
    assert found[70].last_write > 0
