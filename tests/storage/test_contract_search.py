"""The promises of `storage/contract` about searches, for every engine.

The engine that is told to make its index for every type stands beside itself as it is opened by
default, where types as small as those of these tests are looked through.
"""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moyeu.crm.associations import Association
from moyeu.crm.search.conditions import (
    EVERYTHING,
    AnyOf,
    Condition,
    HasTokens,
    Holds,
    Lacks,
    Linked,
    Mentions,
    OneOf,
    SortBy,
    Within,
)
from moyeu.crm.search.keys import Field, token_pattern
from moyeu.storage.contract import FoundRecords, RecordSearch, Store, WriteTransaction
from moyeu.storage.postgresql import search_upkeep as postgresql_upkeep
from moyeu.storage.sqlite import search_index as sqlite_index
from tests.storage.engines import Engine, engines_of
from tests.storage.scene import (
    NOW_MS,
    OTHER_PORTAL,
    PORTAL,
    SERVICES,
    SERVICES_MODIFIED,
    WAIT_MAX_S,
    Database,
    DeliberateError,
    change,
    furnish,
    insert,
    occasion,
    portal,
    record,
    stored,
    text_property,
    write_values,
)
from tests.storage.search_cases import (
    LINKED_IDS,
    OTHER_TYPE,
    conditions,
    documents,
    found_by_meaning,
    orders,
)

TITLE: Final = Field("title", "text")
OWNED: Final = Field("fee", "number")

_INDEXED: Final = {
    "sqlite": sqlite_index.SearchLimits(scan_max=0, part_records=7, columns_max=60, few_min=2),
    "postgresql": postgresql_upkeep.SearchLimits(
        scan_max=0, part_records=7, columns_max=60, few_min=2, pending_max=4, entries_max=9
    ),
}
"""Limits by which small types have an index too, and each way through it is gone."""


def _indexed(engine: Engine) -> Engine:
    """An engine that is told to make its index for every type."""

    def open_indexed(folder: Path, write_wait_max_s: float) -> Store:
        store: Store = engine.open(folder, write_wait_max_s, search=_INDEXED[engine.name])
        return store

    return replace(engine, name=f"{engine.name}, always by index", open=open_indexed)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests run on each engine as it is, and on each with its index."""
    if "database" in metafunc.fixturenames:
        engines = engines_of(metafunc.config)
        both = [*engines, *map(_indexed, engines)]
        metafunc.parametrize("database", both, ids=[each.name for each in both], indirect=True)


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A new database with two portals, by each engine in turn."""
    made = Database(request.param.open(tmp_path, WAIT_MAX_S))
    furnish(made)
    yield made
    made.close()
    request.param.forget(tmp_path)


def search_of(
    condition: Condition = EVERYTHING,
    sort: SortBy | None = None,
    *,
    offset: int = 0,
    count: int = 100,
    portal_id: int = PORTAL,
    seen_until_ms: int | None = None,
) -> RecordSearch:
    """A search for partner services."""
    return RecordSearch(portal_id, SERVICES, condition, sort, offset, count, seen_until_ms)


def found(database: Database, *arguments: Any, **options: Any) -> list[int]:
    """The ids that a search finds; there are as many as its total says."""
    answer = database.run(database.store.search(search_of(*arguments, **options)))
    assert answer.total == len(answer.records)
    return [each.record_id for each in answer.records]


# --- any search, between any writes -------------------------------------------------------------

_portal_ids = itertools.count(10_000)

Write = tuple[str, int, dict[str, str], int]
"""What is done, to the record of that number, with which values, and another number."""

IDS: Final = range(1, 25)
_WRITES: Final = (
    "create",
    "change",
    "archive",
    "unarchive",
    "merge",
    "erase",
    "restore",
    "link",
    "unlink",
)


def writes() -> st.SearchStrategy[Write]:
    """One write; those without a record that they need do nothing."""
    return st.tuples(
        st.sampled_from((*_WRITES, "create", "create", "change", "change")),
        st.sampled_from(IDS),
        documents(),
        st.sampled_from(IDS),
    )


def carry_out(transaction: WriteTransaction, portal_id: int, write: Write) -> None:
    """Makes a write in a portal."""
    kind, record_id, values, other = write
    at = occasion(portal_id)
    known = transaction.records(portal_id, SERVICES, IDS)
    active = {each: it for each, it in known.items() if it.archived_at_ms is None}
    link = Association(OTHER_TYPE, LINKED_IDS[other % 4], SERVICES, record_id, "HUBSPOT_DEFINED", 1)
    if kind == "create" and record_id not in known:
        transaction.insert_records(at, SERVICES, [record(record_id, values)], SERVICES_MODIFIED)
    elif kind == "restore" and record_id not in known:
        kept = record(record_id, values)
        if other % 2:
            kept.archived_at_ms = NOW_MS
        transaction.restore_records(portal_id, SERVICES, [kept])
    elif kind == "change" and record_id in active:
        made = change(active[record_id], values, NOW_MS, None)
        transaction.change_records(at, SERVICES, [made])
    elif kind == "archive":
        transaction.archive_records(at, SERVICES, [record_id])
    elif kind == "unarchive":
        transaction.unarchive_records(at, SERVICES, [record_id])
    elif kind == "merge" and {record_id, other} <= active.keys() and record_id != other:
        transaction.merge_away(portal_id, SERVICES, record_id, other)
    elif kind == "erase" and record_id in known:
        transaction.erase_records(portal_id, SERVICES, [record_id])
    elif kind == "link" and record_id in known:
        transaction.put_associations(portal_id, [link])
    elif kind == "unlink":
        transaction.remove_associations(portal_id, [link])


def new_portal(database: Database) -> int:
    """A portal with the records that others are linked to, one of them archived."""
    portal_id = next(_portal_ids)
    at = occasion(portal_id)

    def work(transaction: WriteTransaction) -> None:
        transaction.add_portal(portal(portal_id))
        others = [record(each) for each in LINKED_IDS]
        transaction.insert_records(at, OTHER_TYPE, others, SERVICES_MODIFIED)
        transaction.archive_records(at, OTHER_TYPE, [LINKED_IDS[0]])

    database.write(work)
    return portal_id


Asked = tuple[Condition, SortBy | None, int, int]


def asked() -> st.SearchStrategy[Asked]:
    """Condition, order, offset and count."""
    return st.tuples(conditions(), orders(), st.integers(0, 6), st.sampled_from((0, 1, 3, 100)))


# Each example makes some dozens of searches, more than a thousand in all on two engines.
@pytest.mark.timeout(600)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    rounds=st.lists(
        st.tuples(
            st.lists(writes(), min_size=3, max_size=14),
            st.lists(asked(), min_size=6, max_size=9),
        ),
        min_size=2,
        max_size=4,
    )
)
def test_searches_find_what_conditions_mean_whatever_was_written_between(
    database: Database, rounds: list[tuple[list[Write], list[Asked]]]
) -> None:
    portal_id = new_portal(database)
    for written, searches in rounds:

        def work(transaction: WriteTransaction, written: list[Write] = written) -> None:
            for each in written:
                carry_out(transaction, portal_id, each)

        database.write(work)
        for condition, sort, offset, count in searches:
            search = search_of(condition, sort, offset=offset, count=count, portal_id=portal_id)

            answer = database.run(database.store.search(search))

            assert answer == database.read(lambda each, it=search: found_by_meaning(each, it))  # type: ignore[misc]
            assert matching(database, search) == by_ids(database, search)


def matching(database: Database, search: RecordSearch) -> list[int]:
    """Some of the ids that meet the condition, from one on."""
    return database.run(
        database.store.matching_ids(
            search.portal_id, SERVICES, search.condition, search.offset, search.count
        )
    )


def by_ids(database: Database, search: RecordSearch) -> list[int]:
    """The same by the meaning of conditions."""
    whole = search_of(search.condition, count=1_000, portal_id=search.portal_id)
    every = database.read(lambda each: found_by_meaning(each, whole)).records
    return [each.record_id for each in every if each.record_id >= search.offset][: search.count]


# --- what it sees -------------------------------------------------------------------------------


def test_a_search_sees_each_write_that_was_answered_before(database: Database) -> None:
    insert(database, record(1, {"title": "red"}), record(2, {"title": "blue"}))
    is_red = OneOf(TITLE, frozenset({"red"}))
    steps: list[tuple[Callable[[WriteTransaction], Any], list[int]]] = [
        (lambda each: None, [1]),
        (lambda each: each.insert_records(occasion(), SERVICES, [record(3, {"title": "Red"})],
                                          SERVICES_MODIFIED), [1, 3]),
        (lambda each: each.archive_records(occasion(), SERVICES, [1]), [3]),
        (lambda each: each.unarchive_records(occasion(), SERVICES, [1]), [1, 3]),
        (lambda each: each.merge_away(PORTAL, SERVICES, 3, 1), [1]),
        (lambda each: each.restore_records(PORTAL, SERVICES, [record(4, {"title": "RED"})]),
         [1, 4]),
        (lambda each: each.erase_records(PORTAL, SERVICES, [1]), [4]),
    ]  # fmt: skip
    for work, expected in steps:
        database.write(work)

        assert found(database, is_red) == expected
        assert found(database, Mentions(("title",), ("re",))) == expected

    write_values(database, 2, {"title": "RED"})
    assert found(database, is_red) == [2, 4]


def test_a_search_sees_the_time_of_a_change_that_wrote_something_else(database: Database) -> None:
    insert(database, record(1, {"title": "red"}), record(2, {"title": "red"}))
    modified = Field(SERVICES_MODIFIED, "moment")
    assert found(database, Within(modified, NOW_MS + 1)) == []
    later = stored(database, 2)
    later.properties[SERVICES_MODIFIED] = "2026-09-21T13:33:25Z"
    made = change(later, {"fee": "5"}, NOW_MS + 5_000, None)

    database.write(lambda each: each.change_records(occasion(), SERVICES, [made]))

    assert found(database, Within(modified, 1_789_997_605_000)) == [2]
    assert found(database, Holds(OWNED)) == [2]
    assert found(database, OneOf(TITLE, frozenset({"red"}))) == [1, 2]


def test_a_purged_object_type_is_found_no_more(database: Database) -> None:
    insert(database, record(1, {"title": "red"}))
    assert found(database, Holds(TITLE)) == [1]

    database.write(lambda each: each.purge_object_type(PORTAL, SERVICES))

    assert found(database, Holds(TITLE)) == []


def test_what_was_undone_is_not_found(database: Database) -> None:
    insert(database, record(1, {"title": "red"}), record(2, {"title": "red"}))
    assert found(database, Holds(TITLE)) == [1, 2]

    def work(transaction: WriteTransaction) -> None:
        transaction.archive_records(occasion(), SERVICES, [1])
        raise DeliberateError

    with pytest.raises(DeliberateError):
        database.write(work)

    assert found(database, Holds(TITLE)) == [1, 2]
    database.write(lambda each: each.archive_records(occasion(), SERVICES, [2]))
    assert found(database, Holds(TITLE)) == [1]


def test_portals_do_not_see_each_others_records(database: Database) -> None:
    insert(database, record(1, {"title": "red"}))
    insert(database, record(2, {"title": "red"}), portal_id=OTHER_PORTAL)

    assert found(database, Holds(TITLE)) == [1]
    assert found(database, Holds(TITLE), portal_id=OTHER_PORTAL) == [2]


def test_groups_are_seen_whole(database: Database) -> None:
    """A writer moves a value between two records while searches run; exactly one has it."""
    insert(database, record(1, {"title": "red"}), record(2, {"title": ""}))

    async def write_on() -> None:
        for number in range(60):
            holder, other = (1, 2) if number % 2 == 0 else (2, 1)

            def work(
                transaction: WriteTransaction, holder: int = holder, other: int = other
            ) -> None:
                known = transaction.records(PORTAL, SERVICES, [1, 2])
                changes = [
                    change(known[holder], {"title": ""}, NOW_MS, None),
                    change(known[other], {"title": "red"}, NOW_MS, None),
                ]
                transaction.change_records(occasion(), SERVICES, changes)

            await database.store.write(work)

    async def search_on(writer: "asyncio.Task[None]") -> list[FoundRecords]:
        answers = []
        while not writer.done():
            answers.append(await database.store.search(search_of(OneOf(TITLE, frozenset({"red"})))))
        return answers

    async def both() -> list[FoundRecords]:
        writer = asyncio.create_task(write_on())
        answers = await search_on(writer)
        await writer
        return answers

    answers = database.run(both())

    assert answers
    assert {each.total for each in answers} == {1}


def test_an_archive_and_a_create_of_one_write_are_seen_together(database: Database) -> None:
    insert(database, record(1, {"title": "red"}))

    async def both() -> set[int]:
        async def write_on() -> None:
            for number in range(2, 60):

                def work(transaction: WriteTransaction, number: int = number) -> None:
                    transaction.archive_records(occasion(), SERVICES, [number - 1])
                    new = record(number, {"title": "red"})
                    transaction.insert_records(occasion(), SERVICES, [new], SERVICES_MODIFIED)

                await database.store.write(work)

        writer = asyncio.create_task(write_on())
        totals = set()
        while not writer.done():
            totals.add((await database.store.search(search_of(Holds(TITLE)))).total)
        await writer
        return totals

    assert database.run(both()) == {1}


# --- order and parts ----------------------------------------------------------------------------


def test_a_part_is_cut_out_of_the_order(database: Database) -> None:
    fees = {1: "5", 2: "1", 3: "", 4: "5", 5: "x", 6: "-2"}
    insert(database, *(record(each, {"fee": fee}) for each, fee in fees.items()))
    ascending, descending = [6, 2, 1, 4, 3, 5], [4, 1, 2, 6, 3, 5]

    for order, expected in ((False, ascending), (True, descending)):
        for offset in range(7):
            answer = database.run(
                database.store.search(
                    search_of(EVERYTHING, SortBy(OWNED, order), offset=offset, count=2)
                )
            )
            assert [each.record_id for each in answer.records] == expected[offset : offset + 2]
            assert answer.total == 6


def test_associated_records_are_found_by_the_record_they_are_with(database: Database) -> None:
    insert(database, record(1), record(2), record(3))
    insert(database, record(901), record(902), type_id=OTHER_TYPE)
    links = [
        Association(OTHER_TYPE, 901, SERVICES, 1, "HUBSPOT_DEFINED", 1),
        Association(OTHER_TYPE, 901, SERVICES, 1, "USER_DEFINED", 7),
        Association(OTHER_TYPE, 902, SERVICES, 2, "HUBSPOT_DEFINED", 1),
    ]
    database.write(lambda each: each.put_associations(PORTAL, links))

    assert found(database, Linked(OTHER_TYPE, frozenset({901}))) == [1]
    assert found(database, Linked(OTHER_TYPE, frozenset({901, 902}))) == [1, 2]
    database.write(lambda each: each.archive_records(occasion(), OTHER_TYPE, [901]))
    assert found(database, Linked(OTHER_TYPE, frozenset({901, 902}))) == [2]


# --- searches that run behind -------------------------------------------------------------------

T0: Final = NOW_MS


def _age(database: Database) -> None:
    """Records made at T0, and one write of each kind 100 ms later."""
    database.write(lambda each: each.put_property(PORTAL, SERVICES, text_property("title")))
    insert(database, *(record(each, {"title": "old"}, T0) for each in range(1, 7)))
    later = occasion(now_ms=T0 + 100)

    def work(transaction: WriteTransaction) -> None:
        new = [record(10, {"title": "old"}, T0 + 100)]
        transaction.insert_records(later, SERVICES, new, SERVICES_MODIFIED)
        transaction.archive_records(later, SERVICES, [2])
        known = transaction.records(PORTAL, SERVICES, [3])
        made = change(known[3], {"title": "new", "fee": "5"}, T0 + 100, None)
        transaction.change_records(later, SERVICES, [made])
        transaction.merge_away(PORTAL, SERVICES, 4, 1)
        transaction.erase_records(PORTAL, SERVICES, [5])

    database.write(work)


@pytest.mark.parametrize(
    ("condition", "before", "after"),
    [
        (OneOf(TITLE, frozenset({"old"})), [1, 2, 3, 6], [1, 6, 10]),
        (OneOf(TITLE, frozenset({"new"})), [], [3]),
        (Holds(OWNED), [], [3]),
        (Lacks(OWNED), [1, 2, 3, 6], [1, 6, 10]),
        (HasTokens(TITLE, token_pattern(TITLE, "o*")), [1, 2, 3, 6], [1, 6, 10]),
    ],
    ids=["left value", "new value", "new property", "missing property", "tokens"],
)
def test_a_search_that_runs_behind_sees_records_as_they_were(
    database: Database, condition: Condition, before: list[int], after: list[int]
) -> None:
    _age(database)

    assert found(database, condition, seen_until_ms=T0 + 99) == before
    assert found(database, condition, seen_until_ms=T0 + 100) == after
    assert found(database, condition) == after
    assert found(database, seen_until_ms=T0 - 1) == []


def test_a_search_that_runs_behind_answers_the_values_it_saw(database: Database) -> None:
    _age(database)
    now = stored(database, 3)

    answer = database.run(
        database.store.search(search_of(OneOf(TITLE, frozenset({"old"})), seen_until_ms=T0 + 50))
    )

    seen = {each.record_id: each for each in answer.records}[3]
    assert (seen.properties["title"], "fee" in seen.properties) == ("old", False)
    assert (seen.updated_at_ms, now.updated_at_ms) == (T0, T0 + 100)
    assert seen.properties[SERVICES_MODIFIED] == "2026-09-21T14:13:20Z"


def test_a_restored_record_without_a_history_is_seen_from_its_own_time_on(
    database: Database,
) -> None:
    restored = record(1, {"title": "old"}, T0)
    database.write(lambda each: each.restore_records(PORTAL, SERVICES, [restored]))

    assert found(database, seen_until_ms=T0 - 1) == []
    assert found(database, seen_until_ms=T0) == [1]


def test_the_lag_of_a_portal_is_kept(database: Database) -> None:
    database.write(lambda each: each.put_search_lag(PORTAL, 5_000))

    assert database.read(lambda each: each.search_lag_ms(PORTAL)) == 5_000
    assert database.read(lambda each: each.search_lag_ms(OTHER_PORTAL)) == 0


def test_several_groups_find_a_record_once(database: Database) -> None:
    insert(database, record(1, {"title": "red", "fee": "5"}), record(2, {"title": "blue"}))
    either = AnyOf((OneOf(TITLE, frozenset({"red"})), Within(OWNED, 1, 9), Holds(TITLE)))

    assert found(database, either) == [1, 2]


# --- contents that come and go as a whole -------------------------------------------------------


def _titled(database: Database) -> tuple[list[int], list[int], list[int]]:
    """Ids of the records called red, of those called blue, and of all by their fee."""
    by_fee = SortBy(OWNED, descending=True)
    return (
        found(database, OneOf(TITLE, frozenset({"red"}))),
        found(database, OneOf(TITLE, frozenset({"blue"}))),
        found(database, sort=by_fee),
    )


def test_searches_see_contents_that_came_back(database: Database) -> None:
    insert(database, record(1, {"title": "red", "fee": "1"}), record(2, {"title": "blue"}))
    before = _titled(database)
    assert before == ([1], [2], [1, 2])
    database.write(lambda each: each.copy_contents(PORTAL, -9))
    for round_number in range(3):
        write_values(database, 1, {"title": "blue", "fee": ""})
        insert(database, record(3, {"title": "red", "fee": str(round_number)}))
        database.write(lambda each: each.archive_records(occasion(), SERVICES, [2]))
        assert _titled(database) == ([3], [1], [3, 1])

        database.write(lambda each: each.clear_portal(PORTAL))
        assert _titled(database) == ([], [], [])
        database.write(lambda each: each.copy_contents(-9, PORTAL))

        assert _titled(database) == before
    write_values(database, 2, {"title": "red"})
    assert _titled(database) == ([1, 2], [], [1, 2])


def test_searches_of_an_id_that_comes_back_see_the_new_portal(database: Database) -> None:
    insert(database, *(record(each, {"title": "red", "fee": "1"}) for each in range(1, 30)))
    assert _titled(database)[0] == [*range(1, 30)]
    database.write(lambda each: each.remove_portal(PORTAL))

    database.write(lambda each: each.add_portal(portal()))
    insert(database, record(5, {"title": "blue", "fee": "2"}))

    assert _titled(database) == ([], [5], [5])
    insert(database, record(6, {"title": "red"}))
    assert _titled(database) == ([6], [5], [5, 6])


def test_searches_of_other_portals_do_not_change(database: Database) -> None:
    insert(database, record(1, {"title": "red"}), portal_id=OTHER_PORTAL)
    red = OneOf(TITLE, frozenset({"red"}))
    assert found(database, red, portal_id=OTHER_PORTAL) == [1]

    database.write(lambda each: each.clear_portal(PORTAL))

    assert found(database, red, portal_id=OTHER_PORTAL) == [1]
