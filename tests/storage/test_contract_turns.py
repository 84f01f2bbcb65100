"""The promises of `storage/contract` about the writer's turn, for every engine."""

import asyncio
import threading
import time

import pytest

from moyeu.crm.definitions import TypeDefinitions
from moyeu.storage.contract import (
    ReadTransaction,
    StoreError,
    WriterBusyError,
    WriteTransaction,
)
from tests.storage.conftest import OpenDatabase
from tests.storage.scene import (
    OTHER_PORTAL,
    PORTAL,
    SERVICES,
    SERVICES_MODIFIED,
    WAIT_MAX_S,
    Database,
    DeliberateError,
    HeldTurn,
    furnish,
    insert,
    occasion,
    record,
    stored,
    text_property,
    token,
)


class Insert:
    """Work that adds one record, and raises afterwards if it is told to."""

    def __init__(self, record_id: int, *, fails: bool = False) -> None:
        self.record_id = record_id
        self.fails = fails
        self.runs = 0

    def __call__(self, transaction: WriteTransaction) -> int:
        self.runs += 1
        transaction.insert_records(
            occasion(), SERVICES, [record(self.record_id)], SERVICES_MODIFIED
        )
        if self.fails:
            raise DeliberateError(str(self.record_id))
        return self.record_id


async def write_together(database: Database, works: list[Insert]) -> list[int | BaseException]:
    """The outcomes of works that all wait while another write has its turn."""
    turn = HeldTurn()
    holding = await turn.take(database.store)
    waiting = [asyncio.create_task(database.store.write(work)) for work in works]
    await asyncio.sleep(0)
    turn.may_end.set()
    await holding
    return await asyncio.gather(*waiting, return_exceptions=True)


def active_ids(database: Database) -> list[int]:
    """Ids of the records that are there."""
    found = database.read(lambda each: each.page(PORTAL, SERVICES, 0, 1_000, archived=False))
    return [each.record_id for each in found]


def test_the_result_of_the_work_is_answered(database: Database) -> None:
    assert database.write(lambda each: len(each.portals())) == 2
    assert database.read(lambda each: len(each.portals())) == 2


def test_works_that_wait_together_are_all_committed(database: Database) -> None:
    works = [Insert(each) for each in range(1, 41)]

    outcomes = database.run(write_together(database, works))

    assert outcomes == list(range(1, 41))
    assert active_ids(database) == list(range(1, 41))


def test_work_that_raises_undoes_itself_and_not_its_neighbours(database: Database) -> None:
    works = [Insert(1), Insert(2, fails=True), Insert(3), Insert(4, fails=True), Insert(5)]

    outcomes = database.run(write_together(database, works))

    assert [outcomes[0], outcomes[2], outcomes[4]] == [1, 3, 5]
    assert isinstance(outcomes[1], DeliberateError)
    assert isinstance(outcomes[3], DeliberateError)
    assert [str(outcomes[1]), str(outcomes[3])] == ["2", "4"]
    assert active_ids(database) == [1, 3, 5]


def test_a_neighbours_failure_leaves_the_history_whole(database: Database) -> None:
    works = [Insert(1), Insert(2, fails=True), Insert(3)]

    database.run(write_together(database, works))

    writes = database.read(lambda each: each.writes_after(PORTAL, 0, 100))
    assert sorted(each.record_id for each in writes) == [1, 3]
    records = [stored(database, 1), stored(database, 3)]
    history = database.read(lambda each: each.history(PORTAL, SERVICES, records))
    assert [len(entries) for entries in history.values()] == [1, 1]


def test_a_write_sees_definitions_that_came_while_it_waited(database: Database) -> None:
    async def scenario() -> bool:
        turn = HeldTurn(lambda each: each.put_property(PORTAL, SERVICES, text_property("note")))
        defining = await turn.take(database.store)
        looking = asyncio.create_task(
            database.store.write(
                lambda each: "note" in each.definitions(PORTAL, SERVICES).properties
            )
        )
        await asyncio.sleep(0)
        turn.may_end.set()
        await defining
        return await looking

    database.read(lambda each: each.definitions(PORTAL, SERVICES))

    assert database.run(scenario())


def test_reads_go_on_beside_a_writer_that_is_busy(database: Database) -> None:
    insert(database, record(1, {"hs_name": "before"}))

    async def scenario() -> str:
        begun, may_end = threading.Event(), threading.Event()

        def work(transaction: WriteTransaction) -> None:
            transaction.insert_records(occasion(), SERVICES, [record(2)], SERVICES_MODIFIED)
            begun.set()
            assert may_end.wait(WAIT_MAX_S)

        writing = asyncio.create_task(database.store.write(work))
        assert await asyncio.to_thread(begun.wait, WAIT_MAX_S)
        seen = await database.store.read(lambda each: each.records(PORTAL, SERVICES, [1, 2]))
        may_end.set()
        await writing
        assert set(seen) == {1}, "what is not committed is not seen"
        return seen[1].properties["hs_name"]

    assert database.run(scenario()) == "before"
    assert active_ids(database) == [1, 2]


def test_a_read_keeps_its_view_while_others_commit(database: Database) -> None:
    insert(database, record(1))

    async def scenario() -> tuple[int, int]:
        begun, may_end = threading.Event(), threading.Event()

        def work(transaction: ReadTransaction) -> tuple[int, int]:
            before = transaction.count_records(PORTAL, SERVICES)
            begun.set()
            assert may_end.wait(WAIT_MAX_S)
            return before, transaction.count_records(PORTAL, SERVICES)

        reading = asyncio.create_task(database.store.read(work))
        assert await asyncio.to_thread(begun.wait, WAIT_MAX_S)
        await database.store.write(Insert(2))
        may_end.set()
        return await reading

    assert database.run(scenario()) == (1, 1)
    assert active_ids(database) == [1, 2]


def test_a_reader_with_an_old_view_does_not_bring_old_definitions_back(
    database: Database,
) -> None:
    async def scenario() -> TypeDefinitions:
        begun, may_end = threading.Event(), threading.Event()

        def work(transaction: ReadTransaction) -> TypeDefinitions:
            transaction.count_records(PORTAL, SERVICES)
            begun.set()
            assert may_end.wait(WAIT_MAX_S)
            return transaction.definitions(PORTAL, SERVICES)

        reading = asyncio.create_task(database.store.read(work))
        assert await asyncio.to_thread(begun.wait, WAIT_MAX_S)
        await database.store.write(
            lambda each: each.put_property(PORTAL, SERVICES, text_property("note"))
        )
        may_end.set()
        return await reading

    old = database.run(scenario())

    assert "note" not in old.properties, "the reader's own view is the old one"
    cached = database.store.cached_definitions(PORTAL, SERVICES)
    assert cached is None or "note" in cached.properties
    found = database.read(lambda each: each.definitions(PORTAL, SERVICES))
    assert "note" in found.properties


def test_definitions_that_are_not_committed_are_not_cached(database: Database) -> None:
    async def scenario() -> TypeDefinitions | None:
        begun, may_end = threading.Event(), threading.Event()

        def work(transaction: WriteTransaction) -> None:
            transaction.put_property(PORTAL, SERVICES, text_property("note"))
            transaction.definitions(PORTAL, SERVICES)
            begun.set()
            assert may_end.wait(WAIT_MAX_S)

        writing = asyncio.create_task(database.store.write(work))
        assert await asyncio.to_thread(begun.wait, WAIT_MAX_S)
        await database.store.read(lambda each: each.definitions(PORTAL, SERVICES))
        seen = database.store.cached_definitions(PORTAL, SERVICES)
        may_end.set()
        await writing
        return seen

    seen = database.run(scenario())

    assert seen is not None
    assert "note" not in seen.properties
    now = database.read(lambda each: each.definitions(PORTAL, SERVICES))
    assert "note" in now.properties


# --- tokens -----------------------------------------------------------------------------------


def test_a_caller_is_at_hand_once_it_was_asked_for(database: Database) -> None:
    added = token()
    database.write(lambda each: each.add_token(added))
    assert database.store.cached_caller(added.hash) is None

    found = database.run(database.store.caller_of(added.hash))

    assert found == added.caller
    assert database.store.cached_caller(added.hash) == added.caller


def test_a_revoked_token_stands_for_nobody_at_once(database: Database) -> None:
    added = token()
    database.write(lambda each: each.add_token(added))
    database.run(database.store.caller_of(added.hash))

    database.write(lambda each: each.remove_token(PORTAL, added.hash))

    assert database.store.cached_caller(added.hash) is None
    assert database.run(database.store.caller_of(added.hash)) is None


def test_a_token_that_is_added_again_with_other_scopes_is_known_at_once(
    database: Database,
) -> None:
    first = token()
    database.write(lambda each: each.add_token(first))
    database.run(database.store.caller_of(first.hash))
    second = token("pat-na1-one", OTHER_PORTAL)

    database.write(lambda each: each.add_token(second))

    assert database.run(database.store.caller_of(first.hash)) == second.caller


def test_an_unknown_token_is_known_once_it_was_added(database: Database) -> None:
    added = token()
    assert database.run(database.store.caller_of(added.hash)) is None

    database.write(lambda each: each.add_token(added))

    assert database.run(database.store.caller_of(added.hash)) == added.caller


def test_a_token_that_is_revoked_while_it_is_looked_up_is_not_kept(database: Database) -> None:
    added = token()
    database.write(lambda each: each.add_token(added))

    async def scenario() -> None:
        looking = asyncio.create_task(database.store.caller_of(added.hash))
        await asyncio.sleep(0)
        # The loop stands still, so the lookup cannot end before the token is revoked elsewhere.
        time.sleep(0.05)  # noqa: ASYNC251

        def revoke() -> None:
            asyncio.run(database.store.write(lambda each: each.remove_token(PORTAL, added.hash)))

        thread = threading.Thread(target=revoke)
        thread.start()
        thread.join(WAIT_MAX_S)
        await looking

    database.run(scenario())

    assert database.store.cached_caller(added.hash) is None


# --- waiting ----------------------------------------------------------------------------------


def test_work_whose_turn_does_not_come_in_time_changes_nothing(
    open_database: OpenDatabase,
) -> None:
    database = open_database(write_wait_max_s=0.05)
    furnish(database)
    late = Insert(1)

    async def scenario() -> None:
        turn = HeldTurn()
        holding = await turn.take(database.store)
        with pytest.raises(WriterBusyError):
            await database.store.write(late)
        turn.may_end.set()
        await holding
        await database.store.write(Insert(2))

    database.run(scenario())

    assert active_ids(database) == [2]


def test_work_that_has_begun_is_not_given_up(open_database: OpenDatabase) -> None:
    database = open_database(write_wait_max_s=0.05)
    furnish(database)

    async def scenario() -> int:
        def slow(transaction: WriteTransaction) -> int:
            time.sleep(0.4)
            return Insert(1)(transaction)

        return await database.store.write(slow)

    assert database.run(scenario()) == 1
    assert active_ids(database) == [1]


def test_a_turn_that_does_not_come_is_told_in_every_event_loop(
    open_database: OpenDatabase,
) -> None:
    database = open_database(write_wait_max_s=0.05)
    furnish(database)

    async def scenario() -> None:
        turn = HeldTurn()
        holding = await turn.take(database.store)
        try:
            with pytest.raises(WriterBusyError):
                await asyncio.wait_for(database.store.write(Insert(1)), 2)
        finally:
            turn.may_end.set()
            await holding

    asyncio.run(scenario())


def test_a_caller_that_goes_away_does_not_disturb_others(database: Database) -> None:
    async def scenario() -> int:
        turn = HeldTurn()
        holding = await turn.take(database.store)
        leaving = asyncio.create_task(database.store.write(Insert(1)))
        staying = asyncio.create_task(database.store.write(Insert(2)))
        await asyncio.sleep(0)
        leaving.cancel()
        turn.may_end.set()
        await holding
        return await staying

    assert database.run(scenario()) == 2
    # Nobody can say whether the work of the one who left was done; it is done or not, never half.
    assert active_ids(database) in ([2], [1, 2])
    assert len(database.read(lambda each: each.writes_after(PORTAL, 0, 9))) == len(
        active_ids(database)
    )


def test_closing_finishes_the_work_at_hand(open_database: OpenDatabase) -> None:
    database = open_database()
    furnish(database)

    async def scenario() -> list[int]:
        turn = HeldTurn()
        holding = await turn.take(database.store)
        waiting = [asyncio.create_task(database.store.write(Insert(each))) for each in (1, 2, 3)]
        await asyncio.sleep(0)
        turn.may_end.set()
        await asyncio.to_thread(database.store.close)
        await holding
        return await asyncio.gather(*waiting)

    assert database.run(scenario()) == [1, 2, 3]
    again = open_database()
    assert active_ids(again) == [1, 2, 3]


def test_a_closed_store_takes_no_more_writes_and_may_be_closed_again(
    open_database: OpenDatabase,
) -> None:
    database = open_database()
    database.store.close()

    with pytest.raises(StoreError):
        database.write(lambda each: each.portals())
    database.store.close()
