"""Lists travel in archives of portals, and archives that are wrong about lists are refused."""

from collections.abc import Iterator
from dataclasses import replace

import msgspec
import pytest

from moyeu.crm.lists.definitions import ROOT_FOLDER, without_marks
from moyeu.crm.problems import Problem
from moyeu.operations.archive_problems import (
    InvalidListDocument,
    ListIdNotGivenOut,
    UnknownInArchive,
)
from moyeu.operations.list_memberships import MemberPage, read_members
from moyeu.operations.lists import ReadList, read_list
from tests.crm.lists.branches import any_of
from tests.operations.archive_scene import (
    FULL,
    edited,
    export,
    fill,
    first_of,
    restore,
    restored,
    signed,
)
from tests.operations.list_scene import change, made, member_ids
from tests.storage.engines import Engine, database_in
from tests.storage.scene import NOW_MS, SERVICES, Database


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


def lists_of(database: Database) -> list[tuple[ReadList, list[str]]]:
    """The lists of the portal with the ids of their members."""
    told = []
    for number in range(1, 5):
        read = database.run(read_list(database.store, FULL, str(number), NOW_MS))
        page = database.run(
            read_members(database.store, FULL, str(number), None, None, None, NOW_MS, by_time=False)
        )
        assert isinstance(read, ReadList), read
        members = page.members if isinstance(page, MemberPage) else []
        read = replace(read, definition=without_marks(read.definition))
        told.append((read, [str(each.record_id) for each in members]))
    return told


def test_lists_come_back_with_their_members(full: Database, other: Database) -> None:
    restored(other, export(full))

    told = lists_of(other)

    assert told == lists_of(full)
    assert [len(members) for _, members in told] == [1, 2, 2, 0]
    assert told[0][0].definition.folder_id == 2


def test_a_list_that_looks_at_others_is_carried_out_anew(full: Database, other: Database) -> None:
    """The counts of changes that it was compared with are those of the other database."""
    by_hand, type_id = lists_of(full)[0][0].definition.id, SERVICES
    inside = {"filterType": "IN_LIST", "operator": "IN_LIST", "listId": str(by_hand)}
    list_id = made(full, "Inside", "DYNAMIC", any_of(inside), portal_id=FULL, type_id=type_id)
    before = member_ids(full, list_id, portal_id=FULL)
    change(full, str(by_hand), [], before, portal_id=FULL)

    restored(other, export(full))

    assert before
    assert member_ids(other, list_id, portal_id=FULL) == []


def test_the_next_list_has_an_id_that_no_list_had(full: Database, other: Database) -> None:
    restored(other, export(full))

    assert other.write(lambda tx: tx.new_list_id(FULL)) == 5
    assert other.write(lambda tx: tx.new_list_folder_id(FULL)) == 3


def test_an_archive_of_the_first_format_has_no_lists(full: Database, other: Database) -> None:
    lines = export(full)
    sections = [b'"kind":"%s"' % kind for kind in (b"list_folder", b"list", b"list_membership")]
    closings = [each.replace(b"kind", b"section") for each in sections]
    kept = [line for line in lines if not any(each in line for each in (*sections, *closings))]
    header = msgspec.json.decode(kept[0])
    for name in ("list", "list_folder", "list_membership"):
        del header["counts"][name]
    del header["next_list"], header["next_list_folder"]
    first = edited(kept, 0, version=1, counts=header["counts"])

    restored(other, signed(first))

    assert other.read(lambda tx: tx.all_lists(FULL)) == []
    assert other.read(lambda tx: tx.records_after(FULL, "", -1, 1))


def refusal(other: Database, lines: list[bytes]) -> Problem:
    """Why the lines are refused, with nothing kept."""
    problem = restore(other, lines)
    assert isinstance(problem, Problem), problem
    assert other.read(lambda tx: tx.portals()) == []
    return problem


@pytest.mark.parametrize("kind", ["list", "list_folder"])
def test_an_id_that_is_not_given_out_is_refused(full: Database, other: Database, kind: str) -> None:
    lines = edited(export(full), 0, **{f"next_{kind}": 1})

    assert refusal(other, lines) == ListIdNotGivenOut(first_of(lines, kind) + 1, kind, 1)  # type: ignore[arg-type] # a section's name


@pytest.mark.parametrize("kind", ["list", "list_folder"])
@pytest.mark.parametrize("document", [{}, {"id": "one"}, 7])
def test_a_document_of_another_shape_is_refused(
    full: Database, other: Database, kind: str, document: object
) -> None:
    lines = export(full)
    at = first_of(lines, kind)

    problem = refusal(other, edited(lines, at, document=document))

    assert isinstance(problem, InvalidListDocument)
    assert (problem.line, problem.kind) == (at + 1, kind)


def test_a_document_of_another_list_is_refused(full: Database, other: Database) -> None:
    lines = export(full)
    at = first_of(lines, "list")
    document = msgspec.json.decode(lines[at])["document"]

    problem = refusal(other, edited(lines, at, document=document | {"id": 2}))

    assert problem == InvalidListDocument(at + 1, "list", "the id is 2")


def test_a_list_of_an_unknown_type_is_refused(full: Database, other: Database) -> None:
    lines = export(full)
    at = first_of(lines, "list")
    document = msgspec.json.decode(lines[at])["document"] | {"object_type_id": "2-77"}

    problem = refusal(other, edited(lines, at, document=document))

    assert problem == UnknownInArchive(at + 1, "object type", "2-77")


def test_members_of_unknown_lists_are_refused(full: Database, other: Database) -> None:
    lines = export(full)
    at = first_of(lines, "list_membership")

    assert refusal(other, edited(lines, at, list_id=0)) == UnknownInArchive(at + 1, "list", "0")


def test_members_that_are_no_active_records_are_refused(full: Database, other: Database) -> None:
    lines = export(full)
    at = first_of(lines, "list_membership")

    problem = refusal(other, edited(lines, at, record_id=1))

    assert problem == UnknownInArchive(at + 1, "record", "1")


@pytest.mark.parametrize("parent_id", [2, 9])
def test_folders_that_lie_nowhere_are_refused(
    full: Database, other: Database, parent_id: int
) -> None:
    lines = export(full)
    at = first_of(lines, "list_folder")
    document = msgspec.json.decode(lines[at])["document"] | {"parent_id": parent_id}

    problem = refusal(other, edited(lines, at, document=document))

    assert problem == UnknownInArchive(at + 3, "list folder", str(parent_id))


def test_folders_come_back_in_their_places(full: Database, other: Database) -> None:
    restored(other, export(full))

    folders = other.read(lambda tx: tx.list_folders(FULL))

    assert [(each.name, each.parent_id) for each in folders] == [
        ("Outer", ROOT_FOLDER),
        ("Inner", 1),
    ]
