"""The portal that the fault tests write to: its definitions, its token and its first records."""

import asyncio
import hashlib
from pathlib import Path

from moyeu.catalog.object_types import find_object_type
from moyeu.catalog.properties import PropertyDefinition
from moyeu.crm.callers import Caller, Occasion
from moyeu.crm.records import RecordInput
from moyeu.operations.records import create_records
from moyeu.storage.contract import Portal, Store, Token, WriteTransaction
from moyeu.storage.sqlite import open_store

PORTAL_ID = 7
APP_ID = 70
TOKEN = "fault-tests-only"
CREATED_AT_MS = 1_750_000_000_000

SERVICES_ID = "0-164"
CONTACTS_ID = "0-1"
TYPE_NAMES = {SERVICES_ID: "partner_services", CONTACTS_ID: "contacts"}

NOTES = tuple(f"note_{number}" for number in range(8))
"""Plain texts that anybody may overwrite."""
SKU = "sku"
"""The unique property by which records are named and whose values wander."""
MARK = "mark"
"""Written by every input with a text that no other input has: it finds the input in the history."""

CALLER = Caller(
    PORTAL_ID,
    APP_ID,
    None,
    frozenset(
        f"crm.objects.{name}.{verb}"
        for name in ("partner-services", "contacts")
        for verb in ("read", "write")
    ),
)


def seed(database: Path, records: int) -> dict[int, str]:
    """A new database with that many partner services; their skus by record id."""
    store = open_store(database)
    try:
        return asyncio.run(_seed(store, records))
    finally:
        store.close()


async def _seed(store: Store, count: int) -> dict[int, str]:
    await store.write(_add_portal)
    occasion = Occasion(CALLER, CREATED_AT_MS, "seed")
    skus: dict[int, str] = {}
    for start in range(0, count, 100):
        inputs = [
            RecordInput("", {SKU: f"first-{number}", MARK: f"seed-{number}"})
            for number in range(start, min(start + 100, count))
        ]
        plan = await create_records(store, occasion, SERVICES_ID, inputs, dates_normalised=False)
        assert hasattr(plan, "results"), plan
        skus |= {each.record.record_id: each.record.properties[SKU] for each in plan.results}
    return skus


def _add_portal(transaction: WriteTransaction) -> None:
    transaction.add_portal(Portal(PORTAL_ID, "fault tests", APP_ID, CREATED_AT_MS))
    token_hash = hashlib.sha256(TOKEN.encode()).digest()
    transaction.add_token(Token(token_hash, CALLER, TOKEN[:5], CREATED_AT_MS))
    for type_id, name in TYPE_NAMES.items():
        assert find_object_type(name) is not None
        group_name = f"{name}_information"
        for each in (*NOTES, SKU, MARK):
            transaction.put_property(
                PORTAL_ID,
                type_id,
                PropertyDefinition(
                    name=each,
                    label=each,
                    type="string",
                    field_type="text",
                    group_name=group_name,
                    has_unique_value=each == SKU,
                ),
            )
