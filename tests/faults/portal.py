"""The portal that the fault tests write to: its definitions, its token and its first records."""

import asyncio
import functools
import hashlib
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from moyeu.catalog.object_types import find_object_type
from moyeu.catalog.properties import PropertyDefinition
from moyeu.crm.callers import Caller, Occasion
from moyeu.crm.lists.changes import GivenList
from moyeu.crm.records import RecordInput, WritePlan
from moyeu.operations.lists import ReadList, create_list
from moyeu.operations.portals import known_scopes
from moyeu.operations.records import create_records
from moyeu.storage.contract import Portal, Store, Token, WriteTransaction
from tests.crm.lists.branches import any_of, group, on, root
from tests.faults.databases import Database, open_database
from tests.faults.ledger import Way

PORTAL_ID = 7
APP_ID = 70
TOKEN = "fault-tests-only"
CREATED_AT_MS = 1_750_000_000_000

SERVICES_ID = "0-164"
CONTACTS_ID = "0-1"
COMPANIES_ID = "0-2"
TYPE_NAMES = {SERVICES_ID: "partner_services", CONTACTS_ID: "contacts", COMPANIES_ID: "companies"}

PIPELINE = "default-partner-service-pipeline"
FIRST_STAGE = "partner-service-open"
CONTACT_TO_COMPANY = 279
COMPANY_TO_CONTACT = 280
DEFAULT = Way("HUBSPOT_DEFINED", CONTACT_TO_COMPANY, COMPANY_TO_CONTACT)
PRIMARY = Way("HUBSPOT_DEFINED", 1, 2)
BILLING = Way("HUBSPOT_DEFINED", 931, 930)
COMPANIES = 10

STATIC_LISTS = (1, 2)
"""Lists of contacts whose members are put there."""
NOTED_LIST = 3
"""Those partner services that have the first note."""
BESIDE_LIST = 4
"""Those contacts that are associated with a company that has `BESIDE` as its first note."""
BESIDE = "beside"

NOTES = tuple(f"note_{number}" for number in range(8))
"""Plain texts that anybody may overwrite."""
SKU = "sku"
"""The unique property by which records are named and whose values wander."""
STAGE = "hs_pipeline_stage"
MARK = "mark"
"""Written by every input with a text that no other input has: it finds the input in the history."""
SEED = "seed-"
"""How the marks of the first records begin."""

CALLER = Caller(PORTAL_ID, APP_ID, None, known_scopes())
_SEEDING = Occasion(CALLER, CREATED_AT_MS, "seed")


def seed(database: Database, records: int) -> None:
    """Fills a new database: that many partner services, a few companies after them, and lists.

    A third of the companies have `BESIDE` as their first note. The file of a database of SQLite is
    made here; one of PostgreSQL is there and empty.
    """
    if isinstance(database, str):
        _fill(open_database(database), records)
    else:
        database.write_bytes(_seeded(records))


@functools.cache
def _seeded(records: int) -> bytes:
    """The content of the file, made once in a process."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "moyeu.db"
        _fill(open_database(database), records)
        return database.read_bytes()


def _fill(store: Store, records: int) -> None:
    try:
        asyncio.run(_seed(store, records))
    finally:
        store.close()


async def _seed(store: Store, count: int) -> None:
    await store.write(_add_portal)
    for start in range(0, count, 100):
        numbers = range(start, min(start + 100, count))
        await _create(store, SERVICES_ID, [_values(number) for number in numbers])
    companies = [_values(number) for number in range(count, count + COMPANIES)]
    for each in companies[::3]:
        each[NOTES[0]] = BESIDE
    await _create(store, COMPANIES_ID, companies)
    await _make_lists(store)


def _values(number: int) -> dict[str, str]:
    return {SKU: f"first-{number}", MARK: f"{SEED}{number}"}


async def _create(store: Store, type_id: str, values: Sequence[dict[str, str]]) -> None:
    inputs = [RecordInput("", dict(each)) for each in values]
    plan = await create_records(store, _SEEDING, type_id, inputs, dates_normalised=False)
    assert isinstance(plan, WritePlan), plan


async def _make_lists(store: Store) -> None:
    noted = any_of(on(NOTES[0], "ALL_PROPERTY", "IS_KNOWN"))
    beside = group(
        on(NOTES[0], "STRING", "IS_EQUAL_TO", value=BESIDE),
        kind="ASSOCIATION",
        objectTypeId=COMPANIES_ID,
        operator="IN_LIST",
        associationTypeId=DEFAULT.forth,
        associationCategory=DEFAULT.category,
    )
    given = [GivenList(f"put {each}", CONTACTS_ID, "MANUAL") for each in STATIC_LISTS]
    given += [
        GivenList("noted", SERVICES_ID, "DYNAMIC", json.dumps(noted)),
        GivenList("beside", CONTACTS_ID, "DYNAMIC", json.dumps(root(group(branches=[beside])))),
    ]
    for number, each in enumerate(given, STATIC_LISTS[0]):
        made = await create_list(store, _SEEDING, each)
        assert isinstance(made, ReadList), made
        assert made.definition.id == number


def _add_portal(transaction: WriteTransaction) -> None:
    transaction.add_portal(Portal(PORTAL_ID, "fault tests", APP_ID, CREATED_AT_MS))
    token_hash = hashlib.sha256(TOKEN.encode()).digest()
    transaction.add_token(Token(token_hash, CALLER, TOKEN[:5], CREATED_AT_MS))
    for type_id, name in TYPE_NAMES.items():
        found = find_object_type(name)
        assert found is not None
        for each in (*NOTES, SKU, MARK):
            transaction.put_property(
                PORTAL_ID,
                type_id,
                PropertyDefinition(
                    name=each,
                    label=each,
                    type="string",
                    field_type="text",
                    group_name=f"{found.singular}_information",
                    has_unique_value=each == SKU,
                ),
            )
