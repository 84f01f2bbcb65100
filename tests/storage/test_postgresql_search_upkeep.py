"""How columns are made and follow on PostgreSQL: by many at once, interrupted, bounded, erased."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from moyeu.crm.search.conditions import (
    EVERYTHING,
    Condition,
    HasTokens,
    Holds,
    Lacks,
    Mentions,
    OneOf,
    SortBy,
    Within,
)
from moyeu.crm.search.keys import Field, token_pattern
from moyeu.storage.contract import RecordSearch, WriteTransaction
from moyeu.storage.postgresql import search_index, search_removals
from moyeu.storage.postgresql.connections import Connection
from moyeu.storage.postgresql.search_answers import Answers
from moyeu.storage.postgresql.search_upkeep import Source
from tests.storage.postgresql_search import (
    FEE,
    RED,
    TAGS,
    TITLE,
    Indexed,
    ids,
    indexed_database,
    search,
    store_of,
)
from tests.storage.scene import (
    NOW_MS,
    PORTAL,
    SERVICES,
    SERVICES_MODIFIED,
    WAIT_MAX_S,
    Database,
    change,
    insert,
    occasion,
    record,
    write_values,
)
from tests.storage.search_cases import found_by_meaning

BLUE: Final = HasTokens(TITLE, token_pattern(TITLE, "blue"))
QUERY: Final = Mentions(("title", "tags"), ("de",))
ASKED: Final[tuple[tuple[Condition, SortBy | None], ...]] = (
    (RED, SortBy(FEE)),
    (BLUE, None),
    (OneOf(TAGS, frozenset({"b"})), SortBy(TITLE, descending=True)),
    (QUERY, None),
    (Lacks(FEE), None),
)


@pytest.fixture
def indexed() -> Iterator[Indexed]:
    """An empty database."""
    with indexed_database() as made:
        yield made


def agree(database: Database) -> None:
    """Searches find what conditions mean."""
    for condition, sort in ASKED:
        asked = RecordSearch(PORTAL, SERVICES, condition, sort, 0, 200)
        meant = database.read(lambda each, asked=asked: found_by_meaning(each, asked))  # type: ignore[misc]
        assert database.run(database.store.search(asked)) == meant


def change_some(database: Database, number: int) -> None:
    """Writes of every kind to some of the 60 records."""

    def work(transaction: WriteTransaction) -> None:
        known = transaction.records(PORTAL, SERVICES, list(range(1, 90)))
        active = [each for each in known.values() if each.archived_at_ms is None]
        some = active[number % 5 :: 3][:9]
        values = {"title": f"red {number}" if number % 2 else "deep blue", "fee": str(number)}
        changes = [change(each, values, NOW_MS, None) for each in some[2:]]
        transaction.change_records(occasion(), SERVICES, changes)
        transaction.archive_records(occasion(), SERVICES, [some[0].record_id])
        transaction.merge_away(PORTAL, SERVICES, some[1].record_id, some[2].record_id)
        new = [record(100 + number, {"title": "red", "tags": "b"})]
        transaction.insert_records(occasion(), SERVICES, new, SERVICES_MODIFIED)

    database.write(work)


# --- notes --------------------------------------------------------------------------------------


def test_nobody_notes_anything_of_a_type_that_is_not_searched(indexed: Indexed) -> None:
    database = indexed.filled()
    archive(database, 1)
    assert indexed.rows("SELECT * FROM search_removal") == []

    search(database, RED)
    write_values(database, 2, {"title": "x"})
    assert indexed.rows("SELECT * FROM search_removal") == []
    archive(database, 2, 3)
    assert indexed.rows("SELECT number, record_ids FROM search_removal") == [(1, [2, 3])]


def archive(database: Database, *record_ids: int) -> None:
    """Archives records."""
    database.write(lambda each: each.archive_records(occasion(), SERVICES, record_ids))


def test_notes_go_when_all_columns_have_taken_them_in(indexed: Indexed) -> None:
    database = indexed.filled(pending_max=0)
    search(database, RED)
    search(database, Within(FEE, 1, 9))
    archive(database, 2)

    assert search(database, RED).total == 39
    assert len(indexed.rows("SELECT * FROM search_removal")) == 1
    search(database, Within(FEE, 1, 9))
    assert indexed.rows("SELECT * FROM search_removal") == []


def test_a_column_that_missed_notes_is_made_anew(
    indexed: Indexed, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (search_removals, search_index):
        monkeypatch.setattr(module, "NOTES_MAX", 3)
    database = indexed.filled()
    search(database, RED)
    before = set(indexed.columns().values())
    for each in (2, 3, 5, 6, 8):
        archive(database, each)
    assert len(indexed.rows("SELECT * FROM search_removal")) == 3

    assert search(database, RED).total == 35
    assert before.isdisjoint(indexed.columns().values())


def test_a_note_of_very_many_records_stands_for_all(
    indexed: Indexed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_removals, "_RECORDS_MAX", 3)
    database = indexed.filled()
    search(database, RED)
    before = set(indexed.columns().values())
    archive(database, 2, 3, 5, 6)
    assert indexed.rows("SELECT record_ids FROM search_removal") == [(None,)]

    assert search(database, RED).total == 36
    assert before.isdisjoint(indexed.columns().values())


# --- erasure ------------------------------------------------------------------------------------


def kept_of(indexed: Indexed, text: str) -> int:
    """In how many rows of the index a text stands."""
    ((found,),) = indexed.rows(
        "SELECT (SELECT count(*) FROM search_key WHERE position(%(text)s::bytea IN k) > 0"
        " OR position(%(text)s::bytea IN whole) > 0)"
        " + (SELECT count(*) FROM search_text WHERE position(%(name)s IN terms::text) > 0)",
        text=text.encode(),
        name=text,
    )
    return int(found)


SECRET: Final = "secretword"


@pytest.mark.parametrize("way", ["erased", "archived before", "merged before", "purged"])
def test_nothing_of_an_erased_record_stays_in_the_index(indexed: Indexed, way: str) -> None:
    database = indexed.filled()
    insert(database, record(100, {"title": f"{SECRET} red", "long": f"{SECRET} " * 200}))
    agree(database)
    search(database, Holds(Field("long", "text")))
    assert kept_of(indexed, SECRET) > 3
    if way == "archived before":
        archive(database, 100)
    if way == "merged before":
        database.write(lambda each: each.merge_away(PORTAL, SERVICES, 100, 1))
    if way == "purged":
        database.write(lambda each: each.purge_object_type(PORTAL, SERVICES))
    else:
        erased = [1] if way == "merged before" else [100]
        database.write(lambda each: each.erase_records(PORTAL, SERVICES, erased))

    assert kept_of(indexed, SECRET) == 0
    agree(database)


def test_an_erasure_waits_for_whoever_takes_records_in(indexed: Indexed) -> None:
    """Else a step that has read the record before would bring it back."""
    database = indexed.filled()
    insert(database, record(100, {"title": SECRET}))
    search(database, EVERYTHING)
    held = Held(database)
    other = indexed.open()
    searching = threading.Thread(target=search, args=(database, Holds(TITLE)))
    searching.start()
    assert held.begun.wait(WAIT_MAX_S)

    def erase() -> None:
        other.write(lambda each: each.erase_records(PORTAL, SERVICES, [100]))

    erasing = threading.Thread(target=erase)
    erasing.start()
    waits = (
        "SELECT 1 FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    until(lambda: not erasing.is_alive() or bool(indexed.rows(waits)))
    held.may_end.set()
    searching.join(WAIT_MAX_S)
    erasing.join(WAIT_MAX_S)

    assert kept_of(indexed, SECRET) == 0
    agree(database)


class Held:
    """Keeps a store's next step that takes records in from its commit."""

    def __init__(self, database: Database) -> None:
        self.begun = threading.Event()
        self.may_end = threading.Event()
        upkeep = store_of(database)._index._upkeep
        known = upkeep._load

        def load(*arguments: Any) -> bool:
            done = known(*arguments)
            self.begun.set()
            assert self.may_end.wait(WAIT_MAX_S)
            return done

        upkeep._load = load  # type: ignore[assignment]


# --- by many at once ----------------------------------------------------------------------------


def test_two_processes_share_columns(indexed: Indexed) -> None:
    one = indexed.filled()
    other = indexed.open()
    agree(one)
    columns = indexed.columns()

    agree(other)
    assert indexed.columns() == columns
    write_values(one, 1, {"title": "red"})
    agree(other)


def test_two_processes_make_a_column_together(indexed: Indexed) -> None:
    one = indexed.filled(part_records=3)
    stores = [one.store, *(indexed.open(part_records=3).store for _ in range(2))]
    asked = RecordSearch(PORTAL, SERVICES, RED, SortBy(FEE), 0, 5)

    async def all_at_once() -> list[int]:
        answers = await asyncio.gather(*(each.search(asked) for each in stores * 3))
        return [each.total for each in answers]

    assert one.run(all_at_once()) == [40] * 9
    assert indexed.rows("SELECT count(*), count(DISTINCT spec) FROM search_column") == [(3, 3)]
    rows = indexed.rows("SELECT count(*) FROM search_key GROUP BY column_id")
    assert rows == [(60,)] * 3


def test_who_meets_a_step_of_another_waits_for_its_end(indexed: Indexed) -> None:
    one = indexed.filled()
    held = Held(one)
    other = indexed.open()
    found: list[int] = []
    making = threading.Thread(target=lambda: found.append(search(one, RED).total))
    making.start()
    assert held.begun.wait(WAIT_MAX_S)
    waiting = threading.Thread(target=lambda: found.append(search(other, RED).total))
    waiting.start()
    # Others of the same process go on meanwhile.
    assert other.store.cached_definitions(PORTAL, "0-1") is None

    held.may_end.set()
    making.join(WAIT_MAX_S)
    waiting.join(WAIT_MAX_S)
    assert found == [40, 40]


def test_who_waits_too_long_looks_at_all_records(
    indexed: Indexed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_index, "_BUSY_MAX_S", 0.1)
    one = indexed.filled()
    held = Held(one)
    other = indexed.open()
    making = threading.Thread(target=search, args=(one, RED))
    making.start()
    assert held.begun.wait(WAIT_MAX_S)

    assert search(other, RED).total == 40

    held.may_end.set()
    making.join(WAIT_MAX_S)


@pytest.mark.timeout(300)
def test_searches_agree_while_several_processes_write_and_search(indexed: Indexed) -> None:
    limits = {"pending_max": 3, "entries_max": 9, "part_records": 5, "few_min": 2}
    databases = [indexed.filled(**limits), *(indexed.open(**limits) for _ in range(2))]
    problems: list[BaseException] = []

    def act(place: int) -> None:
        try:
            for number in range(8):
                change_some(databases[place], 10 * place + number)
                for condition, sort in ASKED:
                    answer = search(databases[place], condition, sort, count=200)
                    assert answer.total == len(answer.records)
                    for each in answer.records:
                        values = each.properties
                        assert condition != RED or values["title"].lower() == "red"
                        assert condition != BLUE or "blue" in values["title"]
        except BaseException as error:  # noqa: BLE001 — the test tells
            problems.append(error)

    threads = [threading.Thread(target=act, args=(place,)) for place in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert problems == []
    for database in databases:
        agree(database)


# --- interrupted --------------------------------------------------------------------------------


class CutError(Exception):
    """Ends a process in the middle of a step."""


def test_a_process_may_die_in_any_step(indexed: Indexed) -> None:
    """Whatever is committed by then, the next one goes on from there."""
    limits = {"pending_max": 0, "part_records": 25}
    indexed.filled(**limits)
    for number in range(40):
        database = indexed.open(**limits)
        cut_after(database, number)
        try:
            agree(database)
        except CutError:
            pass
        else:
            break
        if number % 4 == 3:
            change_some(database, number)
        agree(indexed.open(**limits))
        for each in indexed.opened[1:]:
            each.close()
        del indexed.opened[1:]
        if number % 3 == 2:
            indexed.run("UPDATE search_column SET dropped = true, loaded_to = -1")
    else:
        pytest.fail("there is no end of steps")


def cut_after(database: Database, count: int) -> None:
    """Lets so many transactions of the index commit, and no more."""
    index = store_of(database)._index
    known = index._source
    left = [count]

    def own_transaction(work: Callable[[Connection], Any]) -> Any:
        def cut(connection: Connection) -> Any:
            done = work(connection)
            left[0] -= 1
            if left[0] < 0:
                raise CutError
            return done

        return known.own_transaction(cut)

    index._upkeep._source = Source(known.read, own_transaction, known.fence)


def test_searches_do_without_the_index_when_it_cannot_be_written(
    indexed: Indexed, caplog: pytest.LogCaptureFixture
) -> None:
    database = indexed.filled()
    assert search(database, RED).total == 40
    indexed.run("ALTER TABLE search_text ADD CONSTRAINT broken CHECK (column_id < 0) NOT VALID")
    try:
        with caplog.at_level(logging.WARNING, "moyeu.storage"):
            assert search(database, BLUE).total == 20
            assert search(database, QUERY).total == 20
            # What is there is used.
            assert search(database, RED).total == 40

        assert len(caplog.records) == 1
        assert "search index" in caplog.text
    finally:
        indexed.run("ALTER TABLE search_text DROP CONSTRAINT broken")
    store_of(database)._index._rests_until = 0.0
    assert search(database, BLUE).total == 20
    assert any("terms" in each for each in indexed.columns())


# --- bounds -------------------------------------------------------------------------------------


def test_columns_that_nobody_used_for_longest_go_first(indexed: Indexed) -> None:
    database = indexed.filled(columns_max=4)
    for condition, sort in ASKED * 2:
        search(database, condition, sort)

        assert len(indexed.columns()) <= 4
    agree(database)


def test_columns_go_when_there_are_too_many_rows(indexed: Indexed) -> None:
    database = indexed.filled(rows_max=70)
    search(database, RED)
    search(database, Within(FEE, 1, 9))
    search(database, Lacks(TAGS))

    assert [spec for spec in indexed.columns() if '"title"' in spec] == []
    agree(database)


def test_columns_that_nobody_uses_are_dropped(indexed: Indexed) -> None:
    database = indexed.filled(unused_days_max=7)
    search(database, RED)
    search(database, BLUE)
    indexed.run("UPDATE search_column SET used_on = used_on - 8 WHERE spec LIKE '[\"terms\"%'")
    indexed.run("UPDATE search_column SET used_on = used_on - 1 WHERE spec LIKE '[\"keys\"%'")

    search(database, RED)

    until(lambda: not any("terms" in each for each in indexed.columns()))
    until(lambda: indexed.rows("SELECT count(*) FROM search_text") == [(0,)])
    used = (
        "SELECT DISTINCT used_on = (now() AT TIME ZONE 'UTC')::date FROM search_column"
        " WHERE NOT dropped"
    )
    assert indexed.rows(used) == [(True,)]


def until(is_so: Callable[[], bool]) -> None:
    """Waits for what the index does besides."""
    give_up_at = time.monotonic() + WAIT_MAX_S
    while not is_so():
        assert time.monotonic() < give_up_at
        time.sleep(0.01)


def test_the_rows_of_dropped_columns_are_removed_in_parts(indexed: Indexed) -> None:
    database = indexed.filled(part_records=7)
    agree(database)
    indexed.run("UPDATE search_column SET dropped = true, loaded_to = -1")
    ((number,),) = indexed.rows("SELECT max(column_id) FROM search_column")

    search(database, RED)

    until(lambda: not indexed.rows("SELECT 1 FROM search_column WHERE dropped"))
    old = "SELECT count(*) FROM search_{} WHERE column_id <= %(number)s"
    assert indexed.rows(old.format("key"), number=number) == [(0,)]
    assert indexed.rows(old.format("text"), number=number) == [(0,)]
    agree(database)


def test_a_column_far_behind_is_made_anew(indexed: Indexed) -> None:
    database = indexed.filled(part_records=2)
    search(database, RED)
    before = set(indexed.columns().values())
    # Numbers that nobody used are no writes.
    indexed.run(
        "UPDATE counter SET next_write = next_write + 100000, write_epoch = write_epoch + 1"
    )
    write_values(database, 1, {"title": "green"})
    search(database, RED)
    assert before == set(indexed.columns().values())

    for number in range(160):
        write_values(database, number % 60 + 1, {"title": f"green {number % 2}"})

    assert search(database, RED).total == 0
    assert before.isdisjoint(indexed.columns().values())


def test_the_count_of_all_records_is_kept(indexed: Indexed) -> None:
    """No search counts them."""
    database = indexed.filled(pending_max=0, part_records=11)
    agree(database)
    for number in range(6):
        change_some(database, number)
        database.write(
            lambda each, number=number: each.erase_records(  # type: ignore[misc]
                PORTAL, SERVICES, [3 + number]
            )
        )
        agree(database)

        assert indexed.rows(
            "SELECT row_count - (SELECT count(*) FROM search_key s WHERE s.column_id = c.column_id)"
            " FROM search_column c WHERE starts_with(spec, '[\"all\"')"
        ) == [(0,)]


# --- what is not committed yet ------------------------------------------------------------------


def test_a_write_that_commits_late_is_not_missed(indexed: Indexed) -> None:
    """Its number is below those of others that were committed and searched before."""
    database = indexed.filled()
    search(database, RED)
    late = indexed.open()
    begun, may_end = threading.Event(), threading.Event()

    def slowly(transaction: WriteTransaction) -> None:
        known = transaction.records(PORTAL, SERVICES, [1])
        made = change(known[1], {"title": "red"}, NOW_MS, None)
        transaction.change_records(occasion(), SERVICES, [made])
        begun.set()
        assert may_end.wait(WAIT_MAX_S)

    writing = threading.Thread(target=late.write, args=(slowly,))
    writing.start()
    assert begun.wait(WAIT_MAX_S)
    write_values(database, 4, {"title": "red"})

    assert search(database, RED).total == 41
    may_end.set()
    writing.join(WAIT_MAX_S)
    assert search(database, RED).total == 42
    insert(database, *(record(each, {"title": "red"}) for each in range(200, 400)))
    assert ids(search(database, RED)) == [1, 2, 3]
    assert search(database, RED).total == 242


def test_the_documents_of_one_search_are_of_one_moment(
    indexed: Indexed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write between two of its statements is not seen."""
    database = indexed.filled()
    search(database, RED)
    known = Answers.part

    def part(self: Answers, *arguments: Any) -> Any:
        found = known(self, *arguments)
        indexed.run("UPDATE record SET archived_at_ms = 1 WHERE record_id = 2")
        return found

    monkeypatch.setattr(Answers, "part", part)
    answer = search(database, RED)

    assert ids(answer) == [2, 3, 5]
    assert answer.records[0].archived_at_ms is None
