"""A portal that has something of everything, and archives as lists of lines."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec

from moyeu.catalog.properties import PropertyGroup
from moyeu.crm.admin_rules import AdminRules, ConditionalRule
from moyeu.crm.association_labels import NewLabel, plan_label_create
from moyeu.crm.associations import Association, default_associations
from moyeu.crm.callers import Occasion
from moyeu.crm.definitions import Owner, Team
from moyeu.crm.lists.changes import GivenList
from moyeu.crm.lists.folders import FolderTree
from moyeu.crm.object_schemas import ObjectSchema, SchemaAssociation
from moyeu.crm.problems import Problem
from moyeu.crm.records import RecordInput, WritePlan, WrittenRecord
from moyeu.crm.schema_associations import next_association_type_id
from moyeu.crm.validations import ValidationRule
from moyeu.operations.archives import export_portal
from moyeu.operations.list_folders import create_folder
from moyeu.operations.list_memberships import MembersChanged, change_members
from moyeu.operations.lists import ReadList, create_list, delete_list
from moyeu.operations.merges import erase_record, merge_records
from moyeu.operations.portals import PortalNotFound
from moyeu.operations.records import archive_records, create_records, update_records
from moyeu.operations.restoring import Restored, import_portal
from moyeu.storage.contract import AuditEntry, WriteTransaction
from tests.crm.scene import OWN_PROPERTIES, pipeline
from tests.storage.scene import (
    CONTACTS,
    NOW_MS,
    SERVICES,
    Database,
    occasion,
    portal,
    text_property,
    token,
    unique_property,
)

FULL: Final = 3003
"""The portal with something of everything."""

HEADER: Final = 0

FILTERS: Final = (
    '{"filterBranchType":"OR","filterBranchOperator":"OR","filters":[],"filterBranches":['
    '{"filterBranchType":"AND","filterBranchOperator":"AND","filterBranches":[],"filters":['
    '{"filterType":"PROPERTY","property":"hs_name","operation":'
    '{"operationType":"STRING","operator":"CONTAINS","value":"e"}}]}]}'
)
"""Partner services whose name contains an e."""


def export(database: Database, portal_id: int = FULL) -> list[bytes]:
    """The lines of a portal's archive."""
    written: list[bytes] = []
    header = database.run(export_portal(database.store, portal_id, written.append, lambda _: None))
    assert not isinstance(header, PortalNotFound)
    return b"".join(written).splitlines(keepends=True)


def restore(
    database: Database,
    lines: Sequence[bytes],
    portal_id: int | None = None,
    name: str | None = None,
) -> object:
    """What an import of the lines answers."""

    def opened() -> Iterator[bytes]:
        return iter(lines)

    return database.run(import_portal(database.store, opened, portal_id, name, lambda _: None))


def restored(database: Database, lines: Sequence[bytes], portal_id: int | None = None) -> Restored:
    """An import that is not refused."""
    made = restore(database, lines, portal_id)
    assert isinstance(made, Restored), made
    return made


def edited(lines: Sequence[bytes], at: int, **values: Any) -> list[bytes]:
    """The lines with some values of one of them changed, and the checksum made good."""
    changed = list(lines)
    changed[at] = spelled(msgspec.json.decode(lines[at]) | values)
    return signed(changed)


def signed(lines: Sequence[bytes]) -> list[bytes]:
    """The lines with the checksum that they have to have."""
    digest = hashlib.sha256(b"".join(lines[1:-1])).hexdigest()
    return [*lines[:-1], spelled({"kind": "end", "sha256": digest})]


def spelled(line: object) -> bytes:
    """A line as archives spell it."""
    return msgspec.json.encode(line, order="sorted") + b"\n"


def first_of(lines: Sequence[bytes], kind: str) -> int:
    """Where the first line of a kind stands."""
    return next(n for n, each in enumerate(lines) if msgspec.json.decode(each)["kind"] == kind)


# --- a portal with something of everything ---------------------------------------------------


def fill(database: Database) -> None:
    """Makes the portal `FULL`."""
    car = database.write(_define)
    records = _Records(database)
    # Values that need escapes, that are empty, and that repeat where the property is archived.
    one, two, three, four, five = records.create(
        SERVICES,
        {"hs_name": 'Ä "quoted"\n\u2028', "code": "A", "old": "same", "badge": "007"},
        {"hs_name": "two", "code": "B", "old": "same", "note": ""},
        {"hs_name": "three", "code": "C"},
        {"hs_name": "four", "code": "D"},
        {"hs_name": "five", "gone": "G"},
    )
    records.update(SERVICES, one, {"hs_name": "renamed", "code": "E"})
    records.update(SERVICES, one, {"note": "n", "badge": ""})
    records.archive(SERVICES, two)
    six = records.merge(SERVICES, three, four)
    records.merge(SERVICES, six, five)
    ada, bob, eve = records.create(
        CONTACTS,
        {"email": "ada@example.com", "hubspot_owner_id": "501"},
        {"email": "bob@example.com"},
        {"email": "eve@example.com"},
    )
    records.merge(CONTACTS, ada, bob)
    records.erase(CONTACTS, eve)
    (mini,) = records.create(car, {"plate": "X 1"})

    def end(transaction: WriteTransaction) -> None:
        types = transaction.object_types(FULL)
        last = max(transaction.merged_into(FULL, CONTACTS, [ada]).values())
        rows = default_associations(types, CONTACTS, last, SERVICES, one, primary=True)
        rows.append(Association(car, mini, CONTACTS, last, "USER_DEFINED", 1))
        rows.append(Association(car, mini, CONTACTS, last, "USER_DEFINED", 4))
        transaction.put_associations(FULL, rows)
        for name in ("old", "gone"):
            own = transaction.definitions(FULL, SERVICES).properties[name]
            archived = replace(own, archived_at_ms=NOW_MS + 50)
            transaction.put_property(FULL, SERVICES, archived)
        transaction.add_token(token("a-token-of-it", FULL))

    database.write(end)
    _make_lists(database, one, two)


def _make_lists(database: Database, member: int, archived: int) -> None:
    """Lists of each kind, one in a folder and one deleted; an archived record is in none."""
    store = database.store

    def make(name: str, kind: str, folder_id: int | None = None) -> str:
        given = GivenList(name, SERVICES, kind, None if kind == "MANUAL" else FILTERS, folder_id)
        made = database.run(create_list(store, occasion(FULL), given))
        assert isinstance(made, ReadList), made
        return str(made.definition.id)

    outer = database.run(create_folder(store, occasion(FULL), "Outer", "0"))
    assert isinstance(outer, FolderTree), outer
    database.run(create_folder(store, occasion(FULL), "Inner", "1"))
    by_hand = make("By hand Ä", "MANUAL", 2)
    for kind in ("DYNAMIC", "SNAPSHOT"):
        make(kind, kind)
    gone = make("Gone", "MANUAL")
    ids = [str(member), str(archived)]
    for each in (by_hand, gone):
        changed = database.run(change_members(store, occasion(FULL), each, ids, []))
        assert isinstance(changed, MembersChanged), changed
    database.run(delete_list(store, occasion(FULL), gone))


def _define(transaction: WriteTransaction) -> str:
    transaction.add_portal(replace(portal(FULL), name="Füll"))
    team = (Team("1", "North", primary=True), Team("2", "South", primary=False))
    transaction.add_owner(FULL, Owner("501", "o@example.com", "O", "", 9, teams=team))
    transaction.add_owner(FULL, Owner("502", "q@example.com", "", "Q", None, True, "QUEUE"))
    for own in (*OWN_PROPERTIES, text_property("old"), unique_property("gone")):
        transaction.put_property(FULL, SERVICES, own)
    transaction.put_group(FULL, SERVICES, PropertyGroup("ours", "Ours", 9))
    rules = [ValidationRule("MAX_LENGTH", ("40",), None)]
    transaction.put_validations(FULL, SERVICES, "note", rules)
    conditional = ConditionalRule("note", ("x",), ("size",))
    transaction.put_admin_rules(FULL, SERVICES, AdminRules(("note",), (conditional,)))
    transaction.put_pipeline(FULL, SERVICES, pipeline("ours", "o-new", "o-done"))
    (standard, _) = transaction.definitions(FULL, SERVICES).pipelines
    transaction.remove_pipeline(FULL, SERVICES, standard.id)
    for action in ("CREATE", "UPDATE", "DELETE"):
        entry = AuditEntry("ours", "", action, NOW_MS, None, '{"id": "ours", "b": 1, "a": [2]}')
        transaction.add_audit(FULL, SERVICES, [entry, replace(entry, stage_id="o-new", user_id=7)])
    car = transaction.new_object_type_id(FULL)
    associations = (
        SchemaAssociation(id="1", from_object_type_id=car, to_object_type_id=CONTACTS),
        SchemaAssociation(id="2", from_object_type_id=CONTACTS, to_object_type_id=car),
    )
    transaction.put_schema(
        FULL,
        ObjectSchema(
            object_type_id=car,
            name="car",
            label="Car",
            label_plural="Cars",
            primary_display_property="plate",
            required_properties=("plate",),
            associations=associations,
            created_at_ms=NOW_MS,
            updated_at_ms=NOW_MS,
        ),
    )
    transaction.put_property(FULL, car, replace(unique_property("plate"), group_name="car"))
    types = transaction.object_types(FULL)
    given = NewLabel("Drives", "drives", "Driver")
    made = plan_label_create(types, CONTACTS, car, given, next_association_type_id(types))
    assert not isinstance(made, Problem)
    transaction.put_association_types(FULL, made)
    transaction.remove_association_types(FULL, [replace(made[0], type_id=90)])
    for limit, kind in enumerate(made, start=7):
        transaction.put_association_limit(FULL, kind, limit)
    transaction.new_object_type_id(FULL)
    return car


class _Records:
    """Writes records as the API does, a second later each time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._now_ms = NOW_MS

    def _next(self) -> Occasion:
        self._now_ms += 1_000
        return occasion(FULL, self._now_ms)

    def create(self, type_id: str, *documents: dict[str, str]) -> list[int]:
        given = [RecordInput("", dict(each)) for each in documents]
        store = self._database.store
        made = self._database.run(
            create_records(store, self._next(), type_id, given, dates_normalised=False)
        )
        assert isinstance(made, WritePlan), made
        return [each.record.record_id for each in made.results]

    def update(self, type_id: str, record_id: int, values: dict[str, str]) -> None:
        given = [RecordInput(str(record_id), dict(values))]
        store = self._database.store
        plan = self._database.run(
            update_records(store, self._next(), type_id, given, dates_normalised=False)
        )
        assert len(plan.results) == 1  # type: ignore[union-attr] # a refusal fails the test

    def archive(self, type_id: str, record_id: int) -> None:
        store = self._database.store
        self._database.run(archive_records(store, self._next(), type_id, [str(record_id)]))

    def merge(self, type_id: str, primary: int, other: int) -> int:
        store = self._database.store
        made = self._database.run(
            merge_records(store, self._next(), type_id, str(primary), str(other))
        )
        assert isinstance(made, WrittenRecord), made
        return made.record.record_id

    def erase(self, type_id: str, record_id: int) -> None:
        store = self._database.store
        self._database.run(erase_record(store, self._next(), type_id, str(record_id), None))
