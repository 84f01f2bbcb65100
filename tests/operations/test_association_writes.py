"""Associating and dissociating as operations on storage, one after the other and together."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from moyeu.crm.association_labels import NewLabel
from moyeu.crm.association_problems import AssociationLimitExceeded, AssociationNameUnknown
from moyeu.crm.association_writes import PairInput, PairProblem, WrittenPairs
from moyeu.crm.associations import AssociationSpec
from moyeu.crm.object_schemas import ObjectSchema, SchemaAssociation
from moyeu.crm.problems import (
    AssociationTargetsInvalid,
    AssociationTypesUnknown,
    ManyForOneToOne,
    Problem,
    RecordsLocked,
    TooManyInputs,
)
from moyeu.crm.records import WrittenRecord
from moyeu.crm.schema_problems import UnknownObjectType
from moyeu.operations import association_writes
from moyeu.operations.association_labels import create_label
from moyeu.operations.association_writes import associate, dissociate, dissociate_types
from moyeu.operations.merges import merge_records
from tests.operations.association_scene import (
    COMPANIES,
    DEALS,
    add_records,
    archive,
    every,
    hubspot,
    link,
    linked,
    of,
    pair,
    unarchive,
    unlink,
    unlink_types,
)
from tests.operations.conftest import OpenDatabase
from tests.storage.scene import CONTACTS, NOW_MS, PORTAL, Database, HeldTurn, occasion

LINE_ITEMS = "0-8"


@pytest.fixture
def database(database: Database) -> Database:
    """Contacts 1 to 4, companies 11 to 14, deals 21 and 22."""
    add_records(database, CONTACTS, 1, 2, 3, 4)
    add_records(database, COMPANIES, 11, 12, 13, 14)
    add_records(database, DEALS, 21, 22)
    return database


def test_what_is_written_is_read_from_both_sides(database: Database) -> None:
    written = linked(database, CONTACTS, COMPANIES, pair(1, 11), pair(1, 12), pair(2, 12))

    assert [(each.from_id, each.to_id) for each in written.outcomes] == [(1, 11), (1, 12), (2, 12)]
    assert of(database, 1) == [(11, hubspot(1, 279)), (12, hubspot(279))]
    assert of(database, 12, COMPANIES, CONTACTS) == [(1, hubspot(280)), (2, hubspot(2, 280))]


def test_a_written_primary_moves(database: Database) -> None:
    linked(database, CONTACTS, COMPANIES, pair(1, 11), pair(1, 12))

    linked(database, CONTACTS, COMPANIES, pair(1, 12, 1))

    assert of(database, 1) == [(11, hubspot(279)), (12, hubspot(1, 279))]


def test_a_primary_moves_off_an_archived_company(database: Database) -> None:
    linked(database, CONTACTS, COMPANIES, pair(1, 11))
    archive(database, COMPANIES, 11)

    linked(database, CONTACTS, COMPANIES, pair(1, 12))
    unarchive(database, COMPANIES, 11)

    assert of(database, 1) == [(11, hubspot(279)), (12, hubspot(1, 279))]


def test_a_line_item_that_moves_takes_its_labels_off_the_deal(database: Database) -> None:
    add_records(database, LINE_ITEMS, 31)
    made = database.run(
        create_label(database.store, PORTAL, LINE_ITEMS, DEALS, NewLabel("Extra", "extra"))
    )
    assert not isinstance(made, Problem)
    linked(database, LINE_ITEMS, DEALS, pair(31, 21, made[1].key))

    linked(database, DEALS, LINE_ITEMS, pair(22, 31))

    assert of(database, 31, LINE_ITEMS, DEALS) == [(22, hubspot(20))]
    assert of(database, 21, DEALS, LINE_ITEMS) == []
    assert len(every(database)) == 2


def test_labels_are_replaced(database: Database) -> None:
    linked(database, CONTACTS, COMPANIES, pair(1, 11), pair(1, 12, 931))

    linked(database, CONTACTS, COMPANIES, pair(1, 12), mode="replace")

    assert of(database, 1) == [(11, hubspot(1, 279)), (12, hubspot(279))]


def test_good_inputs_are_written_beside_bad_ones(database: Database) -> None:
    archive(database, COMPANIES, 14)

    written = link(
        database,
        CONTACTS,
        COMPANIES,
        pair(1, 11),
        pair(99, 11),
        pair(2, 14),
        pair(2, 12, 77_777),
        pair(2, 12),
    )

    assert isinstance(written, WrittenPairs)
    assert [(each.from_id, each.to_id) for each in written.outcomes] == [(1, 11), (2, 12)]
    assert written.problems == (
        PairProblem(1, AssociationTargetsInvalid((("CONTACT", "99"),))),
        PairProblem(2, AssociationTargetsInvalid((("COMPANY", "14"),))),
        PairProblem(3, AssociationTypesUnknown((("HUBSPOT_DEFINED", 77_777),))),
    )
    assert of(database, 2) == [(12, hubspot(1, 279))]


def test_a_refused_call_writes_nothing(database: Database) -> None:
    refused = link(database, CONTACTS, COMPANIES, pair(1, 11, 1), pair(2, 11), pair(1, 12, 1))

    assert refused == ManyForOneToOne(("11", "12"), ("HUBSPOT_DEFINED", 1))
    assert every(database) == []


def test_a_limit_of_the_portal_holds(database: Database) -> None:
    kind = linked(database, CONTACTS, COMPANIES, pair(1, 11)).outcomes[0].types[0]
    database.write(lambda each: each.put_association_limit(PORTAL, kind, 2))

    written = link(database, COMPANIES, CONTACTS, pair(12, 1), pair(13, 1), pair(11, 1))

    assert isinstance(written, WrittenPairs)
    expected = AssociationLimitExceeded("CONTACT", "1", COMPANIES, ("HUBSPOT_DEFINED", 279), 2)
    assert written.problems == (PairProblem(1, expected),)
    assert [each for each, _ in of(database, 1)] == [11, 12]


def test_all_types_of_pairs_end_on_both_sides(database: Database) -> None:
    linked(database, CONTACTS, COMPANIES, pair(1, 11, 931), pair(1, 12), pair(2, 11))

    assert unlink(database, COMPANIES, CONTACTS, pair(11, 1), pair(11, 9), pair("x", 1)) is None

    assert of(database, 1) == [(12, hubspot(279))]
    assert of(database, 11, COMPANIES, CONTACTS) == [(2, hubspot(2, 280))]


def test_associations_with_archived_records_end_too(database: Database) -> None:
    linked(database, CONTACTS, COMPANIES, pair(1, 11))
    archive(database, COMPANIES, 11)

    unlink(database, CONTACTS, COMPANIES, pair(1, 11))

    assert every(database) == []


def test_an_association_whose_type_is_gone_ends_with_the_others(database: Database) -> None:
    ways = (
        SchemaAssociation(id="11", from_object_type_id="2-5", to_object_type_id=CONTACTS),
        SchemaAssociation(id="12", from_object_type_id=CONTACTS, to_object_type_id="2-5"),
        SchemaAssociation(id="13", from_object_type_id="2-5", to_object_type_id=CONTACTS),
        SchemaAssociation(id="14", from_object_type_id=CONTACTS, to_object_type_id="2-5"),
    )
    define(database, *ways)
    add_records(database, "2-5", 51)
    linked(database, "2-5", CONTACTS, pair(51, 1, ("USER_DEFINED", 13)))
    define(database, *ways[:2])

    assert of(database, 1, CONTACTS, "2-5") == [(51, [("USER_DEFINED", 12)])]
    unlink(database, CONTACTS, "2-5", pair(1, 51))

    assert every(database) == []


def define(database: Database, *ways: SchemaAssociation) -> None:
    schema = ObjectSchema(
        object_type_id="2-5",
        name="car",
        label="Car",
        label_plural="Cars",
        primary_display_property="hs_object_id",
        associations=ways,
        created_at_ms=0,
        updated_at_ms=0,
    )
    database.write(lambda each: each.put_schema(PORTAL, schema))


def test_named_types_end(database: Database) -> None:
    linked(database, CONTACTS, COMPANIES, pair(1, 11, 931), pair(2, 11, 931), pair(3, 11))

    problems = unlink_types(
        database,
        CONTACTS,
        COMPANIES,
        pair(1, 11, 931),
        PairInput("2", "11", None, "contact_to_company_unlabeled"),
        PairInput("3", "11", None, "test"),
    )

    assert problems == (PairProblem(2, AssociationNameUnknown("test", CONTACTS, COMPANIES)),)
    assert of(database, 11, COMPANIES, CONTACTS) == [
        (1, hubspot(2, 280)),
        (3, hubspot(2, 280)),
    ]


def test_a_name_of_both_directions_ends_either(database: Database) -> None:
    made = database.run(
        create_label(database.store, PORTAL, CONTACTS, CONTACTS, NewLabel("A", "guides", "B"))
    )
    assert not isinstance(made, Problem)
    back, label = (each.key for each in made)
    linked(database, CONTACTS, CONTACTS, pair(1, 2, label), pair(1, 3, back))

    inputs = [PairInput("1", to_id, None, "guides") for to_id in ("2", "3")]
    assert unlink_types(database, CONTACTS, CONTACTS, *inputs) == ()

    assert of(database, 1, CONTACTS, CONTACTS) == [(2, hubspot(449)), (3, hubspot(449))]


def many(count: int) -> list[PairInput]:
    return [pair(1, 10_000 + each) for each in range(count)]


def from_many(count: int) -> list[PairInput]:
    return [pair(10_000 + each, to_id) for each in range(count) for to_id in (11, 12)]


def test_calls_have_so_many_inputs_at_most(database: Database) -> None:
    assert link(database, CONTACTS, COMPANIES, *many(2_001)) == TooManyInputs(2_000)
    assert isinstance(link(database, CONTACTS, COMPANIES, *many(2_000)), WrittenPairs)
    assert unlink_types(database, CONTACTS, COMPANIES, *many(2_001)) == TooManyInputs(2_000)
    assert unlink_types(database, CONTACTS, COMPANIES, *many(2_000)) == ()
    assert unlink(database, CONTACTS, COMPANIES, *from_many(101)) == TooManyInputs(100)
    assert unlink(database, CONTACTS, COMPANIES, *from_many(100)) is None


def test_one_record_lets_go_of_many_in_several_turns(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(association_writes, "_REMOVALS_PART", 2)
    linked(database, CONTACTS, COMPANIES, *(pair(1, each) for each in (11, 12, 13, 14)))
    turns = count_turns(database, monkeypatch)

    assert unlink(database, CONTACTS, COMPANIES, *(pair(1, each) for each in (11, 12, 13))) is None

    assert len(turns) == 2
    assert of(database, 1) == [(14, hubspot(279))]


def test_a_removal_of_many_types_tells_the_place_of_what_is_wrong(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(association_writes, "_REMOVALS_PART", 3)
    linked(database, CONTACTS, COMPANIES, pair(1, 11, 931), pair(2, 11, 931))
    unknown = AssociationTypesUnknown((AssociationSpec("HUBSPOT_DEFINED", 8_000_000),))
    wrong = pair(3, 11, 8_000_000)
    turns = count_turns(database, monkeypatch)

    given = [pair(1, 11, 1, 931), wrong, pair(2, 11, 1, 931), pair(4, 11, 1, 931, 279, 3), wrong]
    problems = unlink_types(database, CONTACTS, COMPANIES, *given)

    assert problems == (PairProblem(1, unknown), PairProblem(4, unknown))
    assert len(turns) == 4
    assert of(database, 11, COMPANIES, CONTACTS) == [(1, hubspot(280)), (2, hubspot(280))]


def count_turns(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Grows by one with every turn of the writer that is asked for."""
    turns: list[object] = []
    write = database.store.write

    def counted(work: Any, **kwargs: Any) -> Any:
        turns.append(work)
        return write(work, **kwargs)

    monkeypatch.setattr(database.store, "write", counted)
    return turns


def test_no_inputs_are_no_problem(database: Database) -> None:
    assert link(database, CONTACTS, COMPANIES) == WrittenPairs()
    assert unlink(database, CONTACTS, COMPANIES) is None
    assert unlink_types(database, CONTACTS, COMPANIES) == ()


@pytest.mark.parametrize("operation", [associate, dissociate, dissociate_types])
def test_a_custom_type_that_went_before_the_turn_is_unknown(
    database: Database, operation: object
) -> None:
    outcome = database.run(
        operation(database.store, occasion(), CONTACTS, "2-5", [pair(1, 51)])  # type: ignore[operator] # one of three
    )

    assert outcome == UnknownObjectType("2-5")


@pytest.mark.parametrize("operation", [associate, dissociate, dissociate_types])
def test_a_turn_that_does_not_come_is_told(open_database: OpenDatabase, operation: object) -> None:
    database = open_database(write_wait_max_s=0.01)

    async def both() -> object:
        held = HeldTurn()
        task = await held.take(database.store)
        call = operation(  # type: ignore[operator] # one of three
            database.store, occasion(), CONTACTS, COMPANIES, [pair(1, 11)]
        )
        try:
            return await call
        finally:
            held.may_end.set()
            await task

    assert database.run(both()) == RecordsLocked()


# --- together --------------------------------------------------------------------------------


async def together(database: Database, *batches: Sequence[PairInput]) -> list[object]:
    """Batches that wait for the writer's turn at the same time."""
    held = HeldTurn()
    task = await held.take(database.store)
    calls = [
        asyncio.create_task(associate(database.store, occasion(), CONTACTS, COMPANIES, each))
        for each in batches
    ]
    await asyncio.sleep(0)
    held.may_end.set()
    await task
    return list(await asyncio.gather(*calls))


def test_batches_that_set_different_primaries_leave_one(database: Database) -> None:
    companies = (11, 12, 13, 14)
    batches = [[pair(contact, company, 1) for contact in (1, 2, 3)] for company in companies]

    outcomes = database.run(together(database, *batches))

    assert all(isinstance(each, WrittenPairs) and not each.problems for each in outcomes)
    for contact in (1, 2, 3):
        told = of(database, contact)
        assert [company for company, _ in told] == list(companies)
        assert [keys for _, keys in told].count(hubspot(1, 279)) == 1


def test_a_limit_holds_for_batches_together(database: Database) -> None:
    kind = linked(database, CONTACTS, COMPANIES, pair(1, 11)).outcomes[0].inverses[0]
    database.write(lambda each: each.put_association_limit(PORTAL, kind, 2))

    outcomes = database.run(together(database, *([pair(each, 11)] for each in (2, 3, 4))))

    assert [isinstance(each, Problem) for each in outcomes] == [False] * 3
    assert len(of(database, 11, COMPANIES, CONTACTS)) == 2


# --- merges ----------------------------------------------------------------------------------


def merged(database: Database, type_id: str, primary: int, other: int) -> int:
    made = database.run(
        merge_records(
            database.store, occasion(now_ms=NOW_MS + 1), type_id, str(primary), str(other)
        )
    )
    assert isinstance(made, WrittenRecord), made
    return made.record.record_id


def test_a_merge_carries_labels_along_and_keeps_one_primary(database: Database) -> None:
    linked(database, CONTACTS, COMPANIES, pair(1, 11), pair(1, 12), pair(2, 12, 1, 931))

    survivor = merged(database, CONTACTS, 1, 2)

    assert of(database, survivor) == [(11, hubspot(1, 279)), (12, hubspot(279, 931))]
    assert of(database, 12, COMPANIES, CONTACTS) == [(survivor, hubspot(280, 930))]


def test_an_archived_primary_gives_way_to_an_active_one_in_a_merge(database: Database) -> None:
    linked(database, CONTACTS, COMPANIES, pair(1, 11), pair(2, 12))
    archive(database, COMPANIES, 11)

    survivor = merged(database, CONTACTS, 1, 2)

    assert of(database, survivor) == [(12, hubspot(1, 279))]
    unarchive(database, COMPANIES, 11)
    assert of(database, survivor) == [(11, hubspot(279)), (12, hubspot(1, 279))]


def test_of_two_archived_primaries_a_merge_keeps_that_of_the_primary_record(
    database: Database,
) -> None:
    linked(database, CONTACTS, COMPANIES, pair(1, 11), pair(2, 12))
    archive(database, COMPANIES, 11, 12)

    survivor = merged(database, CONTACTS, 1, 2)

    unarchive(database, COMPANIES, 11, 12)
    assert of(database, survivor) == [(11, hubspot(1, 279)), (12, hubspot(279))]


def test_merged_companies_stay_primary_of_their_contacts(database: Database) -> None:
    linked(database, CONTACTS, COMPANIES, pair(1, 11), pair(2, 12), pair(1, 12))

    survivor = merged(database, COMPANIES, 11, 12)

    assert of(database, 1) == [(survivor, hubspot(1, 279))]
    assert of(database, 2) == [(survivor, hubspot(1, 279))]


def test_a_merge_is_beyond_no_limit(database: Database) -> None:
    kind = linked(database, CONTACTS, COMPANIES, pair(1, 11), pair(2, 12)).outcomes[0].types[0]
    database.write(lambda each: each.put_association_limit(PORTAL, kind, 1))

    survivor = merged(database, CONTACTS, 1, 2)

    assert [each for each, _ in of(database, survivor)] == [11, 12]


def test_a_company_with_the_id_of_the_merged_contact_stays_the_primary_one(
    database: Database,
) -> None:
    add_records(database, COMPANIES, 2)
    linked(database, CONTACTS, COMPANIES, pair(1, 2), pair(2, 11))

    survivor = merged(database, CONTACTS, 1, 2)

    assert of(database, survivor) == [(2, hubspot(1, 279)), (11, hubspot(279))]
