"""A portal leaves as lines and comes back the same; lines that are not whole are refused."""

import tracemalloc
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moyeu.crm.problems import Problem
from moyeu.crm.records import RecordInput, StoredRecord, UniqueMove, WritePlan
from moyeu.operations.archive_lines import VERSION, SectionName
from moyeu.operations.archive_problems import (
    EarlierWriteExpected,
    IdNotGivenOut,
    InvalidDocument,
    MisplacedLine,
    MissingLines,
    NewerArchive,
    NotAnArchive,
    NotAscending,
    PortalIdTaken,
    RestoredValueTaken,
    TrailingLine,
    UnknownInArchive,
    UnreadableLine,
    WrongChecksum,
    WrongCount,
)
from moyeu.operations.archives import export_portal
from moyeu.operations.associations import free_association_type_id
from moyeu.operations.portals import PortalNotFound
from moyeu.operations.record_reads import ReadRecord, read_record
from moyeu.operations.records import update_records
from moyeu.operations.restoring import Restored, import_portal
from moyeu.storage.contract import WriteTransaction
from tests.operations.archive_scene import (
    FULL,
    edited,
    export,
    fill,
    first_of,
    restore,
    restored,
    signed,
    spelled,
)
from tests.storage.engines import Engine, database_in
from tests.storage.scene import (
    NOW_MS,
    SERVICES,
    SERVICES_MODIFIED,
    Database,
    new_record_ids,
    occasion,
    portal,
    unique_property,
)

SECTIONS: Sequence[SectionName] = (
    "owner",
    "definition",
    "audit",
    "record",
    "association",
    "merged",
    "write",
    "list_folder",
    "list",
    "list_membership",
)


@pytest.fixture
def other(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database without a portal."""
    with database_in(engine, tmp_path_factory.mktemp("other")) as made:
        yield made


@pytest.fixture
def full(database: Database) -> Database:
    """A database with the portal `FULL`."""
    fill(database)
    return database


def portal_ids(database: Database) -> list[int]:
    """Which portals there are."""
    return [each.id for each in database.read(lambda tx: tx.portals())]


# --- there and back --------------------------------------------------------------------------


def test_a_portal_comes_back_the_same(full: Database, other: Database) -> None:
    lines = export(full)

    made = restored(other, lines)

    assert export(other) == lines
    assert (made.portal.id, made.portal.name) == (FULL, "Füll")
    assert min(msgspec.structs.astuple(made.header.counts)) > 0


def test_labels_and_their_limits_come_back(full: Database, other: Database) -> None:
    restored(other, export(full))

    there, here = (each.read(lambda tx: tx.object_types(FULL)) for each in (full, other))
    assert [(each.name, each.label) for each in here.labels] == [
        ("drives", "Drives"),
        ("drives", "Driver"),
    ]
    assert here.labels == there.labels
    assert here.association_limits == there.association_limits
    assert sorted(here.association_limits.values()) == [7, 8]


def test_only_the_header_tells_the_portal(full: Database) -> None:
    lines = export(full)

    restored(full, lines, portal_id=4004)

    again = export(full, 4004)
    assert again[1:] == lines[1:]
    assert edited(again, 0, portal_id=FULL)[0] == lines[0]


def test_a_name_may_be_given(full: Database, other: Database) -> None:
    made = restore(other, export(full), name="Copy")

    assert isinstance(made, Restored)
    assert [each.name for each in other.read(lambda tx: tx.portals())] == ["Copy"]


def test_no_token_leaves(full: Database, other: Database) -> None:
    lines = export(full)
    restored(other, lines)

    assert full.read(lambda tx: tx.tokens(FULL))
    assert b"token" not in b"".join(lines)
    assert other.read(lambda tx: tx.tokens(FULL)) == []


def test_an_empty_portal_comes_back_too(database: Database, other: Database) -> None:
    database.write(lambda tx: tx.add_portal(portal(FULL)))
    lines = export(database)

    restored(other, lines)

    assert export(other) == lines


def test_an_unknown_portal_cannot_leave(database: Database) -> None:
    written: list[bytes] = []

    outcome = database.run(export_portal(database.store, 9, written.append, lambda _: None))

    assert (outcome, written) == (PortalNotFound(9), [])


def test_progress_is_told_in_lines(full: Database) -> None:
    told: list[int] = []

    header = full.run(export_portal(full.store, FULL, lambda _: None, told.append))

    assert not isinstance(header, PortalNotFound)
    assert told[-1] == header.counts.total
    assert told == sorted(told)


# --- what works afterwards -------------------------------------------------------------------


def read(database: Database, record_id: str, id_property: str | None = None) -> ReadRecord:
    """A partner service with its history."""
    found = database.run(
        read_record(
            database.store,
            FULL,
            SERVICES,
            record_id,
            id_property,
            archived=False,
            with_history=True,
        )
    )
    assert isinstance(found, ReadRecord), found
    return found


def test_records_are_found_by_unique_values_with_their_history(
    full: Database, other: Database
) -> None:
    restored(other, export(full))

    found = read(other, "E", "code")

    assert found == read(full, "E", "code")
    assert found.writes is not None
    assert [each.changed.get("hs_name") for each in found.writes] == [
        None,
        "renamed",
        'Ä "quoted"\n\u2028',
    ]


def test_updates_by_unique_value_go_on_where_the_history_ended(
    full: Database, other: Database
) -> None:
    restored(other, export(full))
    given = [RecordInput("E", {"note": "after"}, "code")]

    plan = other.run(
        update_records(
            other.store, occasion(FULL, NOW_MS + 99_000), SERVICES, given, dates_normalised=False
        )
    )

    assert isinstance(plan, WritePlan)
    writes = read(other, "E", "code").writes
    assert writes is not None
    assert [each.changed.get("note") for each in writes][:2] == ["after", "n"]


def test_freed_values_stay_free_and_held_ones_held(full: Database, other: Database) -> None:
    restored(other, export(full))
    keys = [("code", each) for each in "ABCDE"] + [("gone", "G"), ("badge", "007")]

    for database in (full, other):
        holders = database.read(lambda tx: tx.value_owners(FULL, SERVICES, keys))
        assert sorted(holders) == [("code", "C"), ("code", "E"), ("gone", "G")]


def test_merged_ids_read_forward(full: Database, other: Database) -> None:
    restored(other, export(full))
    merged = full.read(lambda tx: tx.merged_after(FULL, SERVICES, 0, 100))

    assert len(merged) > 2
    for type_id, record_id, survivor_id in merged:
        if type_id == SERVICES:
            assert read(other, str(record_id)).record.record_id == survivor_id


def test_no_id_is_given_out_twice(full: Database, other: Database) -> None:
    counters = full.read(lambda tx: tx.counters(FULL))
    restored(other, export(full))

    def next_ids(transaction: WriteTransaction) -> tuple[str, int]:
        return transaction.new_object_type_id(FULL), free_association_type_id(transaction, FULL)

    assert other.write(next_ids) == full.write(next_ids)
    assert new_record_ids(other, 1, FULL)[0] >= counters.next_record_id


def test_names_follow_the_id_of_the_portal(full: Database) -> None:
    restored(full, export(full), portal_id=4004)

    types = full.read(lambda tx: tx.object_types(4004))

    assert types.find("p4004_car") is not None
    assert types.find(f"p{FULL}_car") is None


# --- what is refused -------------------------------------------------------------------------


def refused(database: Database, lines: Sequence[bytes]) -> Problem:
    """Why an import is refused, and that nothing of it is there."""
    problem = restore(database, lines)
    assert isinstance(problem, Problem), problem
    assert portal_ids(database) == []
    again = restore(database, lines)
    assert again == problem
    return problem


def test_a_portal_id_that_is_taken_is_refused(full: Database) -> None:
    assert restore(full, export(full)) == PortalIdTaken(FULL)


def test_a_newer_format_is_refused(full: Database, other: Database) -> None:
    newer = edited(export(full), 0, version=VERSION + 1, unheard_of=[1])

    assert refused(other, newer) == NewerArchive(VERSION + 1)


@pytest.mark.parametrize("first", [b"", b"[]\n", b'{"format":"x","version":1}\n', b"\xff\n"])
def test_what_does_not_begin_as_an_archive_is_refused(other: Database, first: bytes) -> None:
    assert isinstance(refused(other, [first]), NotAnArchive)


def test_every_cut_is_noticed_at_its_line(full: Database, other: Database) -> None:
    lines = export(full)

    for end in range(1, len(lines)):
        assert restore(other, lines[:end]) == MissingLines(end + 1)
    assert portal_ids(other) == []


def test_every_missing_line_is_noticed(full: Database, other: Database) -> None:
    lines = export(full)

    for gap in range(1, len(lines)):
        assert isinstance(restore(other, [*lines[:gap], *lines[gap + 1 :]]), Problem)
    assert portal_ids(other) == []


def test_every_repeated_line_is_noticed(full: Database, other: Database) -> None:
    lines = export(full)

    for at in range(len(lines)):
        assert isinstance(restore(other, signed([*lines[: at + 1], *lines[at:]])), Problem)
    assert portal_ids(other) == []


@pytest.mark.parametrize("kind", SECTIONS)
def test_an_edited_line_has_a_wrong_checksum(full: Database, other: Database, kind: str) -> None:
    lines = export(full)
    at = first_of(lines, kind)
    edit: dict[str, dict[str, object]] = {
        "audit": {"action": "X"},
        "merged": {"survivor_id": 1},
        "owner": {"email": "x@y"},
    }
    change = edit.get(kind, {})
    if not change:
        lines[at] = lines[at].replace(b"{", b"{ ", 1)
    else:
        lines[at] = edited(lines, at, **change)[at]

    assert refused(other, lines) == WrongChecksum(len(lines))


@pytest.mark.parametrize("kind", SECTIONS)
def test_a_wrong_count_is_refused_whoever_tells_it(
    full: Database, other: Database, kind: SectionName
) -> None:
    lines = export(full)
    counts = msgspec.json.decode(lines[0])["counts"]
    count = counts[kind]
    closing = lines.index(spelled({"kind": "close", "section": kind, "count": count}))

    wrong_header = edited(lines, 0, counts=counts | {kind: count + 1})
    wrong_closing = edited(lines, closing, count=count + 2)

    assert refused(other, wrong_header) == WrongCount(closing + 1, kind, count + 1, count)
    assert refused(other, wrong_closing) == WrongCount(closing + 1, kind, count + 2, count)


@pytest.mark.parametrize("kind", sorted({*SECTIONS} - {"audit"}))
def test_the_same_thing_twice_is_refused_at_its_line(
    full: Database, other: Database, kind: str
) -> None:
    lines = export(full)
    at = first_of(lines, kind)

    problem = refused(other, signed([*lines[: at + 1], *lines[at:]]))

    assert isinstance(problem, NotAscending)
    assert (problem.line, problem.kind) == (at + 2, kind)


@pytest.mark.parametrize(
    "line",
    [
        b"{\n",
        b"\n",
        b'{"kind":"spaceship"}\n',
        b'{"kind":"merged","object_type_id":"0-1","record_id":1}\n',
        b'{"kind":"merged","object_type_id":"0-1","record_id":1,"survivor_id":2,"more":3}\n',
        b'{"kind":"merged","object_type_id":"0-1","record_id":-1,"survivor_id":2}\n',
        b'{"kind":"merged","object_type_id":"0-1","record_id":1,"survivor_id":9223372036854775808}\n',
        b'{"kind":"merged","object_type_id":"\xff","record_id":1,"survivor_id":2}\n',
        b"[" * 100_000 + b"\n",
    ],
)
def test_a_line_that_cannot_be_read_is_refused(
    full: Database, other: Database, line: bytes
) -> None:
    lines = export(full)
    at = first_of(lines, "merged")

    problem = refused(other, signed([*lines[:at], line, *lines[at:]]))

    assert isinstance(problem, UnreadableLine)
    assert problem.line == at + 1


def test_a_line_in_the_section_of_another_kind_is_refused(full: Database, other: Database) -> None:
    lines = export(full)
    at, owner = first_of(lines, "record"), lines[first_of(lines, "owner")]

    problem = refused(other, signed([*lines[:at], owner, *lines[at:]]))

    assert problem == MisplacedLine(at + 1, "owner", "record")


def test_nothing_may_follow_the_end(full: Database, other: Database) -> None:
    lines = export(full)

    assert refused(other, [*lines, lines[-1]]) == TrailingLine(len(lines) + 1)


def test_what_no_portal_could_have_is_refused(full: Database, other: Database) -> None:
    lines = export(full)
    record = first_of(lines, "record")
    association = first_of(lines, "association")
    write = first_of(lines, "write")
    definition = first_of(lines, "definition")
    next_id = msgspec.json.decode(lines[0])["next_record_id"]

    unknown_type = edited(lines, record, object_type_id="0-0")
    early_id = edited(lines, 0, next_record_id=next_id - 6)
    unknown_association = edited(lines, association, type_id=987_654)
    loop = edited(lines, write, previous=1)
    no_document = edited(lines, definition, document={"conditional": 1})
    label = next(n for n, each in enumerate(lines) if b'"what":"association_type"' in each)
    told = msgspec.json.decode(lines[label])["document"]
    no_inverse = edited(lines, label, document=told | {"inverse_id": 99})

    assert refused(other, unknown_type) == UnknownInArchive(record + 1, "object type", "0-0")
    assert isinstance(refused(other, early_id), IdNotGivenOut)
    assert refused(other, unknown_association) == UnknownInArchive(
        association + 1, "association type", "HUBSPOT_DEFINED:987654"
    )
    assert refused(other, loop) == EarlierWriteExpected(write + 1, 1)
    assert isinstance(refused(other, no_document), InvalidDocument)
    assert isinstance(refused(other, no_inverse), InvalidDocument)


def test_a_unique_value_of_two_records_is_refused_at_the_later_one(
    database: Database, other: Database
) -> None:
    fill_codes(database, count=3)
    lines = export(database)
    last = first_of(lines, "record") + 2
    document = msgspec.json.decode(lines[last])["properties"]

    problem = refused(other, edited(lines, last, properties=document | {"code": "code 0"}))

    assert problem == RestoredValueTaken(last + 1, "code", "code 0")


def test_what_the_source_of_lines_raises_leaves_nothing(full: Database, other: Database) -> None:
    lines = export(full)

    def broken() -> Iterator[bytes]:
        yield from lines[:-3]
        raise OSError("unplugged")

    with pytest.raises(OSError, match="unplugged"):
        other.run(import_portal(other.store, broken, None, None, lambda _: None))
    assert portal_ids(other) == []


# --- any values, any size --------------------------------------------------------------------


def fill_codes(database: Database, count: int, text: str = "") -> None:
    """The portal `FULL` with that many partner services, each with a unique code."""

    def work(transaction: WriteTransaction) -> None:
        transaction.add_portal(portal(FULL))
        transaction.put_property(FULL, SERVICES, unique_property("code"))
        at = occasion(FULL)
        ids = transaction.new_record_ids(FULL, count)
        for start in range(0, count, 500):
            part = list(enumerate(ids))[start : start + 500]
            records = [
                StoredRecord(
                    record_id,
                    {"code": f"code {n}", "hs_name": text, SERVICES_MODIFIED: ""},
                    NOW_MS,
                    NOW_MS,
                    None,
                    0,
                )
                for n, record_id in part
            ]
            transaction.insert_records(at, SERVICES, records, SERVICES_MODIFIED)
            moves = [UniqueMove("code", record_id, None, f"code {n}") for n, record_id in part]
            transaction.move_unique_values(FULL, SERVICES, moves)

    database.write(work)


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
documents = st.dictionaries(texts.filter(bool), texts, max_size=4)
times = st.integers(-(2**62), 2**62)


@given(
    data=st.lists(st.tuples(documents, times, times, st.none() | times), max_size=5),
)
@settings(max_examples=20)
def test_any_record_comes_back_as_it_is(
    engine: Engine,
    tmp_path_factory: pytest.TempPathFactory,
    data: list[tuple[dict[str, str], int, int, int | None]],
) -> None:
    records = [
        StoredRecord(number, properties, created_at_ms, updated_at_ms, archived_at_ms, 0)
        for number, (properties, created_at_ms, updated_at_ms, archived_at_ms) in enumerate(data)
    ]

    def work(transaction: WriteTransaction) -> None:
        transaction.add_portal(portal(FULL))
        transaction.restore_records(FULL, SERVICES, records)

    with (
        database_in(engine, tmp_path_factory.mktemp("first")) as first,
        database_in(engine, tmp_path_factory.mktemp("second")) as second,
    ):
        first.write(work)
        lines = export(first)
        restored(second, lines)

        back = second.read(lambda tx: tx.records(FULL, SERVICES, range(9)))
        assert list(back.values()) == records
        assert export(second) == lines


def peak_bytes(database: Database, other: Database, file: Path) -> tuple[int, int]:
    """The most memory that Python held during an export to a file, and during its import."""

    def opened() -> Iterator[bytes]:
        with file.open("rb") as lines:
            yield from lines

    with file.open("wb") as written:
        tracemalloc.start()
        database.run(export_portal(database.store, FULL, written.write, lambda _: None))
        _, leaving = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
    made = other.run(import_portal(other.store, opened, None, None, lambda _: None))
    _, coming = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(made, Restored), made
    return leaving, coming


def test_memory_does_not_grow_with_the_portal(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    peaks = []
    for count in (2_000, 8_000):
        with (
            database_in(engine, tmp_path_factory.mktemp("first")) as first,
            database_in(engine, tmp_path_factory.mktemp("second")) as second,
        ):
            fill_codes(first, count, "x" * 500)
            peaks.append(peak_bytes(first, second, tmp_path_factory.mktemp("file") / "lines"))

    (leaving_small, coming_small), (leaving_large, coming_large) = peaks
    assert leaving_large < 1.3 * leaving_small
    assert coming_large < 1.3 * coming_small
