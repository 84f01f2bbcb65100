"""Snapshots of portals: made, restored, replaced and removed."""

from collections.abc import Mapping

import pytest

from moyeu.crm.problems import Problem
from moyeu.operations import removals, snapshots
from moyeu.operations.job_runner import run_due_jobs
from moyeu.operations.jobs import LEASE_MS
from moyeu.operations.portals import PORTAL_ID_MAX, PortalNotFound
from moyeu.operations.snapshots import (
    BadSnapshotName,
    SnapshotNotFound,
    TooManySnapshots,
    create_snapshot,
    delete_snapshot,
    free_place,
    list_snapshots,
    restore_snapshot,
)
from moyeu.operations.store_comparing import Digest, Kind, digests_of
from moyeu.storage.contract import Snapshot
from tests.operations.archive_scene import FULL, fill
from tests.storage.scene import (
    NOW_MS,
    OTHER_PORTAL,
    PORTAL,
    SERVICES,
    Database,
    insert,
    new_record_ids,
    record,
    text_property,
    token,
    write_values,
)


def digests(database: Database, portal_id: int = PORTAL) -> Mapping[Kind, Digest]:
    """A checksum of each kind of what a portal has; its counters are not among them."""
    found = database.run(digests_of(database.store, portal_id, lambda _: None))
    return {kind: each for kind, each in found.items() if kind not in ("portal", "token")}


def create(database: Database, name: str = "one", portal_id: int = PORTAL) -> Snapshot:
    """A snapshot that is not refused."""
    made = database.run(create_snapshot(database.store, portal_id, name, NOW_MS))
    assert isinstance(made, Snapshot), made
    return made


def restore(database: Database, name: str = "one", portal_id: int = PORTAL) -> object:
    """What restoring a snapshot answers."""
    return database.run(restore_snapshot(database.store, portal_id, name, NOW_MS))


def names(database: Database, portal_id: int = PORTAL) -> list[str]:
    """The names of a portal's snapshots."""
    found = database.run(list_snapshots(database.store, portal_id))
    assert isinstance(found, list)
    return [each.name for each in found]


def rows_under(database: Database, contents_id: int) -> int:
    """How many records and entries of the history are kept under a negative id."""
    return database.read(
        lambda each: (
            len(each.writes_after(contents_id, 0, 10_000))
            + len(each.page(contents_id, SERVICES, 0, 10_000, archived=False))
        )
    )


# --- there and back ---------------------------------------------------------------------------


def test_a_restored_portal_has_all_that_it_had_and_nothing_else(database: Database) -> None:
    fill(database)
    before = digests(database, FULL)
    counters = database.read(lambda each: each.counters(FULL))
    made = create(database, portal_id=FULL)

    insert(database, record(70_000, {"hs_name": "new"}), portal_id=FULL)
    database.write(lambda each: each.put_property(FULL, SERVICES, text_property("later")))
    new_record_ids(database, 500, FULL)
    changed = digests(database, FULL)
    assert {kind for kind in before if before[kind] != changed[kind]} == {
        "definition",
        "record",
        "write",
    }

    assert restore(database, portal_id=FULL) == made
    assert digests(database, FULL) == before
    assert made.record_count == before["record"].count
    given = new_record_ids(database, 1, FULL)[0]
    assert given == counters.next_record_id


def test_a_portal_is_restored_as_often_as_one_likes(database: Database) -> None:
    insert(database, record(1, {"hs_name": "first"}))
    create(database)
    before = digests(database)

    for round_number in range(3):
        write_values(database, 1, {"hs_name": str(round_number)}, NOW_MS + round_number)
        insert(database, record(2))
        assert digests(database) != before
        restore(database)
        assert digests(database) == before


def test_other_portals_and_tokens_stay(database: Database) -> None:
    insert(database, record(1, {"hs_name": "theirs"}), portal_id=OTHER_PORTAL)
    database.write(lambda each: each.add_token(token()))
    create(database)
    before = digests(database, OTHER_PORTAL)
    insert(database, record(1))

    restore(database)

    assert digests(database, OTHER_PORTAL) == before
    assert database.read(lambda each: len(each.tokens(PORTAL))) == 1
    assert database.run(database.store.caller_of(token().hash)) is not None


def test_a_name_that_is_taken_is_of_the_newer_one(database: Database) -> None:
    first = create(database)
    insert(database, record(1))
    second = create(database)
    insert(database, record(2))

    restore(database)

    found = database.read(lambda each: each.page(PORTAL, SERVICES, 0, 9, archived=False))
    assert [each.record_id for each in found] == [1]
    assert (first.record_count, second.record_count) == (0, 1)
    assert names(database) == ["one"]


# --- removal ----------------------------------------------------------------------------------


def test_a_removed_snapshot_leaves_nothing(database: Database) -> None:
    insert(database, *map(record, range(1, 20)))
    made = create(database)
    kept = create(database, "two")
    assert rows_under(database, made.contents_id) == 38

    ended = database.run(delete_snapshot(database.store, PORTAL, "one", NOW_MS))

    assert ended is None
    assert names(database) == ["two"]
    assert rows_under(database, made.contents_id) == 0
    assert rows_under(database, kept.contents_id) == 38
    assert restore(database) == SnapshotNotFound(PORTAL, "one")


def test_a_large_one_goes_in_parts_and_its_name_is_free(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert(database, *map(record, range(1, 20)))
    made = create(database)
    monkeypatch.setattr(removals, "PART_ROWS", 5)

    database.run(delete_snapshot(database.store, PORTAL, "one", NOW_MS))

    assert rows_under(database, made.contents_id) == 0
    assert database.read(lambda each: each.snapshots(PORTAL)) == []
    assert database.read(lambda each: each.due_jobs(NOW_MS * 2, 9)) == []


def test_a_removal_that_was_cut_off_is_finished_by_another(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert(database, *map(record, range(1, 20)))
    made = create(database)
    monkeypatch.setattr(removals, "PART_ROWS", 5)
    database.write(lambda each: removals.retire(each, made, NOW_MS))

    assert names(database) == []
    assert restore(database, f"~{made.contents_id}") == SnapshotNotFound(
        PORTAL, f"~{made.contents_id}"
    )
    again = create(database)
    assert again.contents_id != made.contents_id
    assert rows_under(database, made.contents_id) > 0
    due = NOW_MS + LEASE_MS
    assert database.run(run_due_jobs(database.store, lambda: due)) == 1

    assert rows_under(database, made.contents_id) == 0
    assert rows_under(database, again.contents_id) == 38
    assert names(database) == ["one"]


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "A", "a b", "x" * 65, "~1", "é", "a\n"])
def test_a_name_of_other_characters_is_refused(database: Database, name: str) -> None:
    made = database.run(create_snapshot(database.store, PORTAL, name, NOW_MS))

    assert made == BadSnapshotName(name)


@pytest.mark.parametrize("name", ["a", "0", "-_", "x" * 64])
def test_a_name_of_these_characters_is_taken(database: Database, name: str) -> None:
    create(database, name)

    assert names(database) == [name]


def test_no_portal_and_no_snapshot_are_problems(database: Database) -> None:
    store = database.store

    def asked(portal_id: int) -> list[Problem | None]:
        return [
            database.run(delete_snapshot(store, portal_id, "none", NOW_MS)),
            restore(database, "none", portal_id),  # type: ignore[list-item]  # compared below
        ]

    assert asked(PORTAL) == [SnapshotNotFound(PORTAL, "none")] * 2
    for portal_id in (5, 0, -1):
        assert asked(portal_id) == [PortalNotFound(portal_id)] * 2
        assert database.run(create_snapshot(store, portal_id, "a", NOW_MS)) == PortalNotFound(
            portal_id
        )
        assert database.run(list_snapshots(store, portal_id)) == PortalNotFound(portal_id)


def test_a_portal_has_no_more_than_so_many(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "SNAPSHOTS_MAX", 2)
    create(database, "a")
    create(database, "b")

    refused = database.run(create_snapshot(database.store, PORTAL, "c", NOW_MS))

    assert refused == TooManySnapshots(PORTAL)
    create(database, "b")
    create(database, "c", OTHER_PORTAL)


def test_the_places_of_portals_are_apart() -> None:
    def all_of(owner_id: int) -> set[int]:
        taken: list[Snapshot] = []
        while (place := free_place(owner_id, taken)) is not None:
            taken.append(Snapshot(owner_id, str(place), place, 0, 0, None))  # type: ignore[arg-type]  # nobody looks at the counters
        return {each.contents_id for each in taken}

    first, second, third = all_of(0), all_of(1), all_of(2)
    assert len(first | second | third) == 3 * 512
    assert max(first | second | third) < 0
    assert min(all_of(PORTAL_ID_MAX)) >= -(2**63)
