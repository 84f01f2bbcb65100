"""The promises of `storage/contract` about copies of portals, their removal, and snapshots."""

from dataclasses import replace

import pytest

from moyeu.crm.records import UniqueMove
from moyeu.storage.contract import Counters, Job, Snapshot, WriterBusyError
from tests.storage.conftest import OpenDatabase
from tests.storage.scene import (
    CONTACTS,
    NOW_MS,
    OTHER_PORTAL,
    PORTAL,
    SERVICES,
    Database,
    HeldTurn,
    add_tokens,
    code_owners,
    definitions,
    furnish,
    insert,
    new_record_ids,
    portal,
    record,
    stored,
    take_codes,
    text_property,
    token,
    write_values,
    writes_after,
)

COPY = -5
COUNTERS = Counters(50_000_000_001, 2_000_009, 4, 5, 6, 0)
FIRST = Snapshot(PORTAL, "first", -11, NOW_MS, 3, COUNTERS)


def counters(database: Database) -> Counters:
    """Those of the portal."""
    return database.read(lambda each: each.counters(PORTAL))


def fill(database: Database) -> None:
    """Three records with unique values, one of them changed."""
    insert(database, *(record(each, {"hs_name": f"n{each}"}) for each in (1, 2, 3)))
    take_codes(database, {"A": 1, "B": 2})
    write_values(database, 1, {"hs_name": "again"}, NOW_MS + 1)


def back(database: Database) -> None:
    """Gives the portal what is kept under the negative id."""
    database.write(lambda each: each.clear_portal(PORTAL))
    database.write(lambda each: each.copy_contents(COPY, PORTAL))


# --- copies -----------------------------------------------------------------------------------


def test_contents_come_back_with_values_and_history(database: Database) -> None:
    fill(database)
    before = [stored(database, each) for each in (1, 2, 3)], writes_after(database, 0)
    history = database.read(lambda each: each.history(PORTAL, SERVICES, before[0]))

    assert database.write(lambda each: each.copy_contents(PORTAL, COPY)) == 3
    write_values(database, 2, {"hs_name": "later"}, NOW_MS + 2)
    insert(database, record(9))
    database.write(
        lambda each: each.move_unique_values(PORTAL, SERVICES, [UniqueMove("code", 1, "A", "Z")])
    )
    back(database)

    assert ([stored(database, each) for each in (1, 2, 3)], writes_after(database, 0)) == before
    assert database.read(lambda each: each.records(PORTAL, SERVICES, [9])) == {}
    assert code_owners(database, "A", "B", "Z") == {"A": 1, "B": 2}
    assert database.read(lambda each: each.history(PORTAL, SERVICES, before[0])) == history


def test_definitions_that_were_looked_at_are_seen_as_they_are_now(database: Database) -> None:
    database.write(lambda each: each.copy_contents(PORTAL, COPY))
    database.write(lambda each: each.put_property(PORTAL, SERVICES, text_property("note")))
    assert "note" in definitions(database).properties

    back(database)

    assert "note" not in definitions(database).properties
    assert "code" in definitions(database).properties
    cached = database.store.cached_definitions(PORTAL, SERVICES)
    assert cached is None or "note" not in cached.properties


def test_another_process_sees_the_definitions_as_they_are_now(open_database: OpenDatabase) -> None:
    first = open_database()
    furnish(first)
    if not first.store.is_shared:
        pytest.skip("one process has the database")
    second = open_database()
    first.write(lambda each: each.copy_contents(PORTAL, COPY))
    first.write(lambda each: each.put_property(PORTAL, SERVICES, text_property("note")))
    assert "note" in definitions(second).properties
    assert new_record_ids(second, 1)

    back(first)

    seen = second.write(lambda each: each.definitions(PORTAL, SERVICES).properties)
    assert "note" not in seen
    assert "note" not in definitions(second).properties


def test_numbers_of_writes_go_on_after_contents_came_back(database: Database) -> None:
    fill(database)
    database.write(lambda each: each.copy_contents(PORTAL, COPY))
    write_values(database, 1, {"hs_name": "lost"}, NOW_MS + 5)
    lost = database.write(lambda each: each.last_write(PORTAL))

    back(database)
    write_values(database, 1, {"hs_name": "new"}, NOW_MS + 9)

    (new,) = writes_after(database, lost)
    assert (new.record_id, new.changed) == (1, {"hs_name": "new"})
    of = stored(database, 1)
    chain = database.read(lambda each: each.history(PORTAL, SERVICES, [of]))[1]
    assert [each.changed["hs_name"] for each in chain] == ["new", "again", "n1"]


def test_jobs_of_a_copy_are_never_due_and_come_back(database: Database) -> None:
    fill_job = Job(PORTAL, "fill/0-1/a", "{}", NOW_MS)
    of_portal = Job(PORTAL, "portal/x", "{}", NOW_MS)
    database.write(lambda each: each.put_job(fill_job))
    database.write(lambda each: each.put_job(of_portal))
    database.write(lambda each: each.copy_contents(PORTAL, COPY))
    database.write(lambda each: each.remove_job(PORTAL, fill_job.id))

    assert database.read(lambda each: each.due_jobs(NOW_MS, 9)) == [of_portal]
    back(database)

    assert database.read(lambda each: each.due_jobs(NOW_MS, 9)) == [fill_job, of_portal]


# --- counters ---------------------------------------------------------------------------------


def test_counters_are_exactly_those_also_lower_ones(database: Database) -> None:
    given = new_record_ids(database, 500)

    database.write(lambda each: each.set_counters(PORTAL, COUNTERS))
    assert new_record_ids(database, 1)[0] == COUNTERS.next_record_id
    database.write(
        lambda each: each.set_counters(PORTAL, replace(COUNTERS, next_record_id=given[0]))
    )

    assert new_record_ids(database, 2) == range(given[0], given[0] + 2)
    assert database.write(lambda each: each.new_object_type_id(PORTAL)) == "2-2000009"
    found = counters(database)
    assert (found.next_list, found.next_list_folder, found.next_association_type) == (4, 5, 6)


def test_the_number_of_the_last_write_only_grows(database: Database) -> None:
    fill(database)
    last = counters(database).last_write

    database.write(lambda each: each.set_counters(PORTAL, COUNTERS))
    assert counters(database).last_write >= last
    database.write(lambda each: each.set_counters(PORTAL, replace(COUNTERS, last_write=9_999)))
    insert(database, record(8))

    assert min(each.number for each in writes_after(database, last)) > 9_999


# --- removal ----------------------------------------------------------------------------------


def test_a_removed_portal_is_gone_and_its_tokens_are_nobodys(database: Database) -> None:
    add_tokens(database, token())
    assert database.run(database.store.caller_of(token().hash)) is not None
    fill(database)

    database.write(lambda each: each.remove_portal(PORTAL))

    assert [each.id for each in database.read(lambda each: each.portals())] == [OTHER_PORTAL]
    assert database.store.cached_caller(token().hash) is None
    assert database.run(database.store.caller_of(token().hash)) is None


def test_an_id_that_comes_back_has_nothing_of_before(database: Database) -> None:
    fill(database)
    database.write(lambda each: each.put_property(PORTAL, SERVICES, text_property("note")))
    assert "note" in definitions(database).properties
    database.write(lambda each: each.remove_portal(PORTAL))

    database.write(lambda each: each.add_portal(portal()))

    assert set(definitions(database).properties) & {"note", "code"} == set()
    assert (
        database.write(lambda each: "note" in each.definitions(PORTAL, SERVICES).properties)
        is False
    )
    assert new_record_ids(database, 1) == range(40_000_000_001, 40_000_000_002)
    insert(database, record(1, {"hs_name": "new"}))
    assert stored(database, 1).properties["hs_name"] == "new"
    assert [each.changed["hs_name"] for each in writes_after(database, 0)] == ["new"]


def test_an_id_that_comes_back_elsewhere_is_noticed(open_database: OpenDatabase) -> None:
    first = open_database()
    furnish(first)
    if not first.store.is_shared:
        pytest.skip("one process has the database")
    second = open_database()
    insert(second, record(1))
    ids = new_record_ids(second, 1)
    assert "code" in definitions(second).properties

    first.write(lambda each: each.remove_portal(PORTAL))
    assert (
        second.write(lambda each: "code" in each.definitions(PORTAL, SERVICES).properties) is False
    )
    first.write(lambda each: each.add_portal(portal()))

    seen = second.write(lambda each: each.definitions(PORTAL, SERVICES).properties)
    assert "code" not in seen
    assert new_record_ids(second, 1) == ids
    insert(second, record(1))
    assert len(writes_after(first, 0)) == 1


def test_contents_go_in_parts(database: Database) -> None:
    insert(database, *map(record, range(1, 26)))
    insert(database, *map(record, range(1, 6)), type_id=CONTACTS)
    parts = 0

    while database.write(lambda each: each.clear_part(PORTAL, 10)):
        parts += 1
        assert parts < 20

    assert 5 <= parts <= 7
    assert database.read(lambda each: each.census(PORTAL)).records == 0
    assert writes_after(database, 0) == []
    assert "code" not in definitions(database).properties


# --- snapshots --------------------------------------------------------------------------------


def test_snapshots_are_kept_by_portal_and_name(database: Database) -> None:
    of_none = replace(FIRST, portal_id=0, contents_id=-1)
    second = replace(FIRST, name="a-second", contents_id=-12)
    for each in (FIRST, of_none, second, replace(FIRST, contents_id=-13, record_count=4)):
        database.write(lambda at, each=each: at.put_snapshot(each))  # type: ignore[misc]  # the default binds this round's snapshot

    newest = replace(FIRST, contents_id=-13, record_count=4)
    assert database.read(lambda each: each.snapshots(PORTAL)) == [second, newest]
    assert database.write(lambda each: each.snapshots(0)) == [of_none]
    assert database.read(lambda each: each.snapshots(OTHER_PORTAL)) == []

    database.write(lambda each: each.remove_snapshot(PORTAL, "first"))
    database.write(lambda each: each.remove_snapshot(PORTAL, "none"))

    assert database.read(lambda each: each.snapshots(PORTAL)) == [second]


def test_contents_under_a_negative_id_are_in_no_list(database: Database) -> None:
    fill(database)
    before = database.read(lambda each: each.census(PORTAL))

    database.write(lambda each: each.copy_contents(PORTAL, COPY))

    assert [each.id for each in database.read(lambda each: each.portals())] == [
        PORTAL,
        OTHER_PORTAL,
    ]
    assert database.read(lambda each: each.census(PORTAL)) == before


@pytest.mark.parametrize("portal_id", [0, PORTAL])
def test_snapshots_that_work_has_seen_are_there_until_it_ends(
    open_database: OpenDatabase, portal_id: int
) -> None:
    database = open_database(write_wait_max_s=0.1)
    furnish(database)
    kept = replace(FIRST, portal_id=portal_id)
    database.write(lambda each: each.put_snapshot(kept))

    async def scenario() -> None:
        turn = HeldTurn(lambda each: each.snapshots(portal_id))
        holding = await turn.take(database.store)
        with pytest.raises(WriterBusyError):
            await database.store.write(lambda each: each.remove_snapshot(portal_id, kept.name))
        turn.may_end.set()
        await holding

    database.run(scenario())

    assert database.read(lambda each: each.snapshots(portal_id)) == [kept]
