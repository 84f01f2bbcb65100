"""The tables that a portal's contents are in, and the statements that are made of that list.

`tests/storage/test_portal_tables.py` holds it against the tables that there are.
"""

from dataclasses import dataclass
from typing import Final

from moyeu.storage.contract import PORTAL_JOBS


@dataclass(frozen=True, slots=True)
class ContentTable:
    """A table of contents; all columns but `portal_id`, those of the key first.

    is_large: whether it grows with the records. condition: which of its rows are contents.
    """

    name: str
    key: tuple[str, ...]
    others: tuple[str, ...]
    is_large: bool = False
    condition: str | None = None


CONTENT_TABLES: Final = (
    # The records come first: `copy_contents` counts them.
    ContentTable(
        "record",
        ("object_type_id", "record_id"),
        ("properties", "created_at_ms", "updated_at_ms", "archived_at_ms", "last_write"),
        is_large=True,
    ),
    ContentTable("record_merged", ("object_type_id", "record_id"), ("survivor_id",)),
    ContentTable(
        "unique_value", ("object_type_id", "property", "value"), ("record_id",), is_large=True
    ),
    ContentTable(
        "record_write",
        ("number",),
        (
            "object_type_id",
            "record_id",
            "previous",
            "written_at_ms",
            "changed",
            "source_type",
            "app_id",
            "user_id",
            "correlation_id",
            "trace_id",
        ),
        is_large=True,
    ),
    ContentTable(
        "association",
        ("from_record_id", "to_object_type_id", "to_record_id", "category", "type_id"),
        ("from_object_type_id",),
        is_large=True,
    ),
    ContentTable("related_change", ("object_type_id",), ("changes",)),
    ContentTable(
        "owner",
        ("owner_id",),
        (
            "email",
            "first_name",
            "last_name",
            "user_id",
            "archived",
            "type",
            "teams",
            "created_at_ms",
            "updated_at_ms",
        ),
    ),
    ContentTable("property", ("object_type_id", "name"), ("definition",)),
    ContentTable("property_group", ("object_type_id", "name"), ("definition",)),
    ContentTable("definition", ("object_type_id", "kind", "name"), ("document",)),
    ContentTable(
        "pipeline_audit",
        ("object_type_id", "pipeline_id", "stage_id", "number"),
        ("action", "at_ms", "user_id", "document"),
    ),
    ContentTable(
        "list",
        ("list_id",),
        ("object_type_id", "name", "processing_type", "deleted_at_ms", "document"),
    ),
    ContentTable("list_membership", ("list_id", "record_id"), ("joined_at_ms",), is_large=True),
    ContentTable("list_folder", ("folder_id",), ("document",)),
    ContentTable("pull", (), ("state",)),
    ContentTable(
        "job",
        ("job_id",),
        ("state", "due_at_ms"),
        condition=f"substr(job_id, 1, {len(PORTAL_JOBS)}) <> '{PORTAL_JOBS}'",
    ),
)
"""Every table of contents."""


def copying(portal: str, target: str) -> tuple[str, ...]:
    """Statements that copy contents. portal, target: the places of the two ids."""
    return tuple(_copying(each, portal, target) for each in CONTENT_TABLES)


def _copying(table: ContentTable, portal: str, target: str) -> str:
    names = ", ".join((*table.key, *table.others))
    order = ", ".join(table.key) or "portal_id"
    return (
        f"INSERT INTO {table.name} (portal_id, {names}) SELECT {target}, {names}"
        f" FROM {table.name} WHERE {_those(table, portal)} ORDER BY {order}"
    )


def clearing(portal: str) -> tuple[str, ...]:
    """Statements that remove contents."""
    return tuple(f"DELETE FROM {each.name} WHERE {_those(each, portal)}" for each in CONTENT_TABLES)


def clearing_parts(portal: str, count_max: str) -> tuple[str, ...]:
    """Statements that remove some of the rows of the large tables, in the order of their keys."""
    return tuple(
        f"DELETE FROM {each.name} WHERE portal_id = {portal} AND ({', '.join(each.key)}) IN ("
        f"SELECT {', '.join(each.key)} FROM {each.name} WHERE portal_id = {portal}"
        f" ORDER BY {', '.join(each.key)} LIMIT {count_max})"
        for each in CONTENT_TABLES
        if each.is_large
    )


def removing(tables: tuple[str, ...], portal: str) -> tuple[str, ...]:
    """Statements that remove all that tables have of a portal."""
    return tuple(f"DELETE FROM {each} WHERE portal_id = {portal}" for each in tables)


def _those(table: ContentTable, portal: str) -> str:
    named = f"portal_id = {portal}"
    return named if table.condition is None else f"{named} AND {table.condition}"
