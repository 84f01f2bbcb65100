"""What every value that follows from associations has to be, counted one by one."""

from collections.abc import Mapping
from typing import Final

from moyeu.storage.contract import ReadTransaction
from tests.operations.association_scene import COMPANIES, DEALS
from tests.storage.scene import CONTACTS, PORTAL, Database

TICKETS, LINE_ITEMS, TASKS = "0-5", "0-8", "0-27"

COUNTED: Final = {
    (CONTACTS, "num_associated_deals"): (DEALS, 4),
    (COMPANIES, "num_associated_contacts"): (CONTACTS, 280),
    (COMPANIES, "num_associated_deals"): (DEALS, 342),
    (COMPANIES, "hs_num_child_companies"): (COMPANIES, 13),
    (DEALS, "num_associated_contacts"): (CONTACTS, 3),
    (DEALS, "hs_num_of_associated_line_items"): (LINE_ITEMS, 19),
    (TICKETS, "hs_num_associated_companies"): (COMPANIES, 339),
    (TASKS, "hs_num_associated_contacts"): (CONTACTS, 204),
    (TASKS, "hs_num_associated_companies"): (COMPANIES, 192),
    (TASKS, "hs_num_associated_deals"): (DEALS, 216),
    (TASKS, "hs_num_associated_tickets"): (TICKETS, 230),
}
"""By object type and property: records of which type are counted, by which association type."""

NAMED: Final = {
    (CONTACTS, "associatedcompanyid"): (COMPANIES, 1),
    (COMPANIES, "hs_parent_company_id"): (COMPANIES, 14),
}
"""As above, for the lowest id of such a record."""

TYPES: Final = (CONTACTS, COMPANIES, DEALS, TICKETS, LINE_ITEMS, TASKS)

Values = dict[tuple[str, int, str], str]
"""By object type, record id and property; "0" and no value are left out."""


def told_and_counted(
    database: Database, portal_id: int = PORTAL, *, types: Mapping[str, object] | None = None
) -> tuple[Values, Values]:
    """The values of all active records, and what they have to be."""

    def work(transaction: ReadTransaction) -> tuple[Values, Values]:
        records = {
            type_id: {
                each.record_id: each
                for each in transaction.page(portal_id, type_id, 0, 100_000, archived=False)
            }
            for type_id in types or TYPES
        }
        rows = transaction.associations_after(portal_id, None, 1_000_000)
        told = {
            (type_id, record_id, name): text
            for type_id, name in (*COUNTED, *NAMED)
            for record_id, each in records.get(type_id, {}).items()
            if (text := each.properties.get(name, "")) not in ("", "0")
        }
        others: dict[tuple[str, int, str], list[int]] = {}
        for (type_id, name), (to_type_id, association_id) in {**COUNTED, **NAMED}.items():
            for row in rows:
                if (
                    row.from_object_type_id == type_id
                    and row.to_object_type_id == to_type_id
                    and (row.category, row.type_id) == ("HUBSPOT_DEFINED", association_id)
                    and row.from_record_id in records.get(type_id, {})
                    and row.to_record_id in records.get(to_type_id, {})
                ):
                    others.setdefault((type_id, row.from_record_id, name), []).append(
                        row.to_record_id
                    )
        counted = {
            key: str(min(ids) if (key[0], key[2]) in NAMED else len(ids))
            for key, ids in others.items()
        }
        return told, counted

    return database.read(work)


def assert_counted(database: Database, portal_id: int = PORTAL) -> Values:
    """Every value of an active record is what is counted; the values."""
    told, counted = told_and_counted(database, portal_id)
    assert told == counted
    return told
