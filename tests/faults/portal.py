"""The portal that the fault tests write to: its definitions, its token and its first records."""

import asyncio
import hashlib
from pathlib import Path

from moyeu.catalog.object_types import find_object_type
from moyeu.catalog.properties import PropertyDefinition
from moyeu.crm.callers import Caller, Occasion
from moyeu.crm.records import RecordInput, WritePlan
from moyeu.operations.portals import known_scopes
from moyeu.operations.records import create_records
from moyeu.storage.contract import Portal, Store, Token, WriteTransaction
from moyeu.storage.sqlite import open_store

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
COMPANIES = 10

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


def seed(database: Path, records: int) -> None:
    """A new database with that many partner services, and with a few companies after them."""
    store = open_store(database)
    try:
        asyncio.run(_seed(store, records))
    finally:
        store.close()


async def _seed(store: Store, count: int) -> None:
    await store.write(_add_portal)
    for start in range(0, count, 100):
        await _create(store, SERVICES_ID, range(start, min(start + 100, count)))
    await _create(store, COMPANIES_ID, range(count, count + COMPANIES))


async def _create(store: Store, type_id: str, numbers: range) -> None:
    occasion = Occasion(CALLER, CREATED_AT_MS, "seed")
    inputs = [
        RecordInput("", {SKU: f"first-{number}", MARK: f"{SEED}{number}"}) for number in numbers
    ]
    plan = await create_records(store, occasion, type_id, inputs, dates_normalised=False)
    assert isinstance(plan, WritePlan), plan


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
