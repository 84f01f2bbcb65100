"""Writes of records beside other writers: nothing is lost, and nobody wins twice."""

import asyncio
from dataclasses import replace
from typing import Final

import pytest

from moyeu.crm.problems import (
    InvalidValues,
    Problem,
    RecordsLocked,
    UniqueValueLocked,
    UniqueValueTaken,
    UnknownProperty,
)
from moyeu.crm.records import WritePlan
from moyeu.operations.records import archive_records
from tests.crm.scene import given
from tests.operations.conftest import OpenDatabase
from tests.operations.scene import (
    TEXT_NAMES,
    all_writes,
    create_in,
    created,
    everything,
    history,
    one,
    update_in,
)
from tests.storage.scene import (
    NOW_MS,
    PORTAL,
    SERVICES,
    Database,
    HeldTurn,
    occasion,
    text_property,
)

# --- beside other writers ---------------------------------------------------------------------


def test_clients_that_write_different_properties_of_a_record_all_win(database: Database) -> None:
    record_ids = created(database, *({"note": "x"} for _ in range(20)))
    rounds = 5

    async def client(name: str) -> None:
        for number in range(rounds):
            inputs = [given(each, {name: str(number)}) for each in record_ids]
            made = await update_in(database, inputs)
            assert isinstance(made, WritePlan)
            assert len(made.changes) == len(record_ids)

    async def everybody() -> None:
        await asyncio.gather(*(client(name) for name in TEXT_NAMES))

    database.run(everybody())

    last = dict.fromkeys(TEXT_NAMES, str(rounds - 1))
    found = everything(database)
    assert all(last.items() <= each.properties.items() for each in found.values())
    for entries in history(database, list(found.values())).values():
        written = [tuple(each.changed.items()) for each in entries[:-1]]
        assert sorted(written) == sorted(
            ((name, str(number)),) for name in TEXT_NAMES for number in range(rounds)
        )


def test_of_many_claims_of_one_value_exactly_one_wins(database: Database) -> None:
    record_ids = created(database, *({} for _ in range(8)))

    async def everybody() -> list[WritePlan | Problem]:
        claims = (update_in(database, [given(each, {"code": "N"})]) for each in record_ids)
        return await asyncio.gather(*claims)

    outcomes = database.run(everybody())

    (won,) = [each for each in outcomes if isinstance(each, WritePlan)]
    winner = won.results[0].record.record_id
    assert [each for each in outcomes if each is not won] == [
        UniqueValueTaken(SERVICES, "code", "N", str(record_id), str(winner))
        for record_id in record_ids
        if record_id != winner
    ]
    holders = [each for each in everything(database).values() if each.properties.get("code")]
    assert [each.record_id for each in holders] == [winner]
    owners = database.read(lambda each: each.value_owners(PORTAL, SERVICES, [("code", "N")]))
    assert owners == {("code", "N"): winner}


def test_of_many_creates_with_one_value_exactly_one_wins(database: Database) -> None:
    async def everybody() -> list[WritePlan | Problem]:
        return await asyncio.gather(*(create_in(database, [{"code": "N"}]) for _ in range(8)))

    outcomes = database.run(everybody())

    assert sum(isinstance(each, WritePlan) for each in outcomes) == 1
    assert sum(isinstance(each, UniqueValueTaken) for each in outcomes) == 7
    assert len(everything(database)) == 1


def test_options_that_clients_append_are_all_there(database: Database) -> None:
    (record_id,) = created(database, {})

    async def everybody() -> None:
        appends = (update_in(database, [given(record_id, {"tags": f";{each}"})]) for each in "abcd")
        await asyncio.gather(*appends)

    database.run(everybody())

    assert sorted(one(database, record_id).properties["tags"].split(";")) == list("abcd")


def test_batches_that_name_the_same_records_in_crossing_order_all_succeed(
    database: Database,
) -> None:
    record_ids = created(database, *({} for _ in range(30)))

    async def everybody() -> list[WritePlan | Problem]:
        orders = (record_ids if each % 2 else record_ids[::-1] for each in range(8))
        return await asyncio.gather(
            *(
                update_in(database, [given(each, {name: "x"}) for each in order])
                for name, order in zip(TEXT_NAMES, orders, strict=True)
            )
        )

    outcomes = database.run(everybody())

    assert all(isinstance(each, WritePlan) for each in outcomes)
    assert len(all_writes(database)) == 30 * 9


# --- a turn that does not come, and definitions that change meanwhile --------------------------

LOCKED: Final[tuple[tuple[dict[str, str | None], Problem], ...]] = (
    ({"note": "x"}, RecordsLocked()),
    ({"note": "x", "code": ""}, RecordsLocked()),
    ({"note": "x", "code": "N"}, UniqueValueLocked(SERVICES, "code", "N")),
    ({"badge": "7", "code": "N"}, UniqueValueLocked(SERVICES, "badge", "7")),
)


@pytest.mark.parametrize(("properties", "expected"), LOCKED, ids=str)
def test_a_batch_whose_turn_does_not_come_is_told_what_is_locked(
    open_database: OpenDatabase, properties: dict[str, str | None], expected: Problem
) -> None:
    database = open_database(write_wait_max_s=0.05)
    (record_id,) = created(database, {})
    before = everything(database)

    async def scenario() -> WritePlan | Problem:
        turn = HeldTurn()
        holding = await turn.take(database.store)
        outcome = await update_in(database, [given(record_id, properties)])
        turn.may_end.set()
        await holding
        return outcome

    assert database.run(scenario()) == expected
    assert everything(database) == before


def test_a_create_and_an_archive_whose_turn_does_not_come_are_locked(
    open_database: OpenDatabase,
) -> None:
    database = open_database(write_wait_max_s=0.05)
    (record_id,) = created(database, {})

    async def scenario() -> list[object]:
        turn = HeldTurn()
        holding = await turn.take(database.store)
        archiving = archive_records(database.store, occasion(), SERVICES, [str(record_id)])
        outcomes = await asyncio.gather(create_in(database, [{}]), archiving)
        turn.may_end.set()
        await holding
        return list(outcomes)

    assert database.run(scenario()) == [RecordsLocked(), RecordsLocked()]
    assert list(everything(database)) == [record_id]
    assert one(database, record_id).archived_at_ms is None


def test_a_batch_is_judged_by_the_definitions_of_its_turn(database: Database) -> None:
    (record_id,) = created(database, {})
    database.read(lambda each: each.definitions(PORTAL, SERVICES))
    archived = replace(text_property("p0"), archived_at_ms=NOW_MS)

    async def scenario() -> list[WritePlan | Problem]:
        turn = HeldTurn(lambda each: each.put_property(PORTAL, SERVICES, archived))
        changing = await turn.take(database.store)
        updates = [
            asyncio.create_task(update_in(database, [given(record_id, {name: "x"})]))
            for name in ("p0", "p1")
        ]
        await asyncio.sleep(0)
        turn.may_end.set()
        await changing
        return await asyncio.gather(*updates)

    of_archived, of_active = database.run(scenario())

    assert of_archived == InvalidValues((UnknownProperty("p0", None),))
    assert isinstance(of_active, WritePlan)
    assert "p0" not in one(database, record_id).properties
    assert one(database, record_id).properties["p1"] == "x"
