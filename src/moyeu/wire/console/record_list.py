"""The list of the records of a type, found by the operations that the API lists and searches with.

Everything that is chosen stands in the address: `?filter=…&sort=…&column=…&after=…`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from moyeu.catalog.object_types import ObjectType
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.problems import Problem
from moyeu.crm.records import StoredRecord
from moyeu.crm.search.requests import OPERATORS, SearchRequest, Sort
from moyeu.crm.values.moment import render_ms
from moyeu.operations.overviews import Count, count_type, count_types, portal_types
from moyeu.operations.paging import is_digits, number_of
from moyeu.operations.record_reads import list_records
from moyeu.operations.searches import search_records
from moyeu.operations.turns import definitions_of
from moyeu.wire.console.answers import Moved, Page
from moyeu.wire.console.commands import curl
from moyeu.wire.console.filters import ShownFilter, filter_body, read_filters, write_filter
from moyeu.wire.console.problems import ShownProblem, shown_problem
from moyeu.wire.console.values import CELL_CHARACTERS_MAX, Cell, cell_of
from moyeu.wire.console.visits import QueryValue, Visit, type_path

PAGE_ROWS: Final = 50

_COLUMNS_MAX: Final = 20
_DEFAULT_COLUMNS_MAX: Final = 7


@dataclass(frozen=True, slots=True)
class Row:
    """A record of the list. raw, reason: of one that cannot be shown: its JSON, and why not."""

    record_id: int
    cells: tuple[Cell, ...] = ()
    updated_at: str = ""
    raw: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for."""

    columns: tuple[str, ...]
    filters: tuple[ShownFilter, ...]
    text: str
    sort: str
    after: str
    archived: bool

    @property
    def is_search(self) -> bool:
        """Whether the search operation is needed; it finds active records only."""
        return bool(self.filters or self.text or self.sort) and not self.archived

    def query(self, **changes: QueryValue) -> dict[str, QueryValue]:
        """The query of the address of this list, or of one that differs from it."""
        usual: dict[str, QueryValue] = {
            "q": self.text,
            "filter": [each.text for each in self.filters],
            "sort": self.sort,
            "column": self.columns,
            "archived": self.archived,
        }
        return usual | changes

    def search(self) -> SearchRequest:
        """What the search operation is asked."""
        sorts = (Sort(self.sort.removeprefix("-"), self.sort.startswith("-")),)
        filters = tuple(each.filter for each in self.filters if each.filter is not None)
        return SearchRequest(
            groups=(filters,) if filters else (),
            query=self.text,
            sorts=sorts if self.sort else (),
            limit=PAGE_ROWS,
            after=number_of(self.after) if self.after else None,
        )


@dataclass(frozen=True, slots=True)
class Found:
    """A part of the list; total: None if nobody counted. after: where the next part begins."""

    records: Sequence[StoredRecord]
    total: int | None
    after: int | None


async def types(visit: Visit) -> Page:
    """`/console/records`: all object types."""
    counted = await count_types(visit.store, visit.here.id)
    return Page("record_types.html", {"counted": counted, "type_path": type_path})


async def records(visit: Visit) -> Page | Moved:
    """`/console/records/{type}`."""
    object_type = (await portal_types(visit.store, visit.here.id)).find(visit.path["type"])
    if object_type is None:
        sentence = f"There is no object type {visit.path['type']} in this portal."
        return Page("missing.html", {"sentence": sentence}, 404)
    definitions = await definitions_of(visit.store, visit.here.id, object_type.id)
    asked = _asked(visit)
    added = _added_filter(visit)
    if added is not None:
        texts = [*(each.text for each in asked.filters), added]
        return Moved(_list_link(visit, object_type, asked.query(filter=texts)))
    found = await _find(visit, object_type, asked)
    problem = None if isinstance(found, Found) else found
    part = found if isinstance(found, Found) else Found((), None, None)
    shown = _existing(definitions, asked.columns) or default_columns(definitions)
    total = None
    if part.total is not None:
        total = Count(part.total)
    elif not asked.archived and problem is None:
        total = await count_type(visit.store, visit.here.id, object_type)

    def address(**changes: QueryValue) -> str:
        return _list_link(visit, object_type, asked.query(**changes))

    context = {
        "type": object_type,
        "path": type_path(object_type),
        "asked": asked,
        "problem": problem,
        "rows": [row_of(definitions, each, shown) for each in part.records],
        "columns": [_column(definitions, each) for each in shown],
        "properties": list(definitions.properties.values()),
        "operators": OPERATORS,
        "total": total,
        "next": None if part.after is None else address(after=part.after),
        "address": address,
        "without": lambda text: address(
            filter=[each.text for each in asked.filters if each.text != text]
        ),
        "curl": _curl(visit, object_type, asked, shown),
    }
    return Page("records.html", context, 200 if problem is None else problem.status)


def _list_link(visit: Visit, object_type: ObjectType, query: dict[str, QueryValue]) -> str:
    return visit.link("records", type_path(object_type), **query)


def _asked(visit: Visit) -> Asked:
    query = visit.query
    after = query.last("after") or ""
    return Asked(
        columns=tuple(query.names("column"))[:_COLUMNS_MAX],
        filters=tuple(read_filters(text for name, text in query.pairs if name == "filter")),
        text=(query.last("q") or "").strip(),
        sort=query.last("sort") or "",
        after=after if is_digits(after) else "",
        archived=query.flag("archived"),
    )


def _added_filter(visit: Visit) -> str | None:
    """The filter of the form below the list, as the address has it."""
    name, operator = visit.query.last("property"), visit.query.last("operator")
    if not name or not operator:
        return None
    return write_filter(name, operator, visit.query.last("value") or "")


async def _find(visit: Visit, object_type: ObjectType, asked: Asked) -> Found | ShownProblem:
    portal_id = visit.here.id
    if unread := [each.text for each in asked.filters if each.filter is None]:
        text = f"{unread[0]} is no filter: it is written property:OPERATOR:value"
        return ShownProblem(400, "", text, (), "")
    if asked.is_search:
        request = asked.search()
        page = await search_records(visit.store, portal_id, object_type.id, request, visit.now_ms)
        if isinstance(page, Problem):
            return shown_problem(page, portal_id, object_type.id)
        return Found([each.record for each in page.records], page.total, page.next_offset)
    listed = await list_records(
        visit.store,
        portal_id,
        object_type.id,
        str(PAGE_ROWS),
        asked.after or None,
        archived=asked.archived,
        with_history=False,
    )
    if isinstance(listed, Problem):
        return shown_problem(listed, portal_id, object_type.id)
    return Found([each.record for each in listed.records], None, listed.next_id)


def default_columns(definitions: TypeDefinitions) -> tuple[str, ...]:
    """What a list shows unless it is told: what a read answers unasked, and the portal's own."""
    object_type = definitions.object_type
    always = object_type.always_properties
    own = (
        name
        for name, each in definitions.properties.items()
        if not each.hubspot_defined and not each.hidden
    )
    names = (
        object_type.primary_display_property,
        *object_type.secondary_display_properties,
        *(each for each in object_type.default_properties if each not in always),
        *object_type.required_properties,
        *object_type.id_properties,
        object_type.stage_property or "",
        *own,
    )
    return _existing(definitions, names)[:_DEFAULT_COLUMNS_MAX]


def _existing(definitions: TypeDefinitions, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(each for each in dict.fromkeys(names) if each in definitions.properties)


def _column(definitions: TypeDefinitions, name: str) -> dict[str, Any]:
    definition = definitions.properties[name]
    return {
        "name": name,
        "label": definition.label,
        "is_number": definition.type == "number",
    }


def row_of(definitions: TypeDefinitions, record: StoredRecord, names: Sequence[str]) -> Row:
    """The record as a row. One that cannot be shown is told as it is, so that the list goes on."""
    try:
        cells = tuple(
            cell_of(definitions, each, record.properties.get(each, ""), CELL_CHARACTERS_MAX)
            for each in names
        )
        return Row(record.record_id, cells, render_ms(record.updated_at_ms))
    except Exception as error:  # noqa: BLE001 — whatever is wrong with it, others are shown
        raw, reason = told_raw(record, error)
        return Row(record.record_id, raw=raw, reason=reason)


def told_raw(record: StoredRecord, error: Exception) -> tuple[str, str]:
    """A record that cannot be shown: its JSON text, and why not."""
    return msgspec.json.encode(record).decode(), f"{type(error).__name__}: {error}"


def _curl(visit: Visit, object_type: ObjectType, asked: Asked, columns: Sequence[str]) -> str:
    """The call of the API that this page is."""
    path = f"/crm/v3/objects/{type_path(object_type)}"
    if not asked.is_search:
        query = f"limit={PAGE_ROWS}&properties={','.join(columns)}"
        query += f"&after={asked.after}" if asked.after else ""
        query += "&archived=true" if asked.archived else ""
        return curl(visit, "GET", f"{path}?{query}")
    filters = [filter_body(each.filter) for each in asked.filters if each.filter is not None]
    body: dict[str, Any] = {}
    if filters:
        body["filterGroups"] = [{"filters": filters}]
    if asked.text:
        body["query"] = asked.text
    if asked.sort:
        direction = "DESCENDING" if asked.sort.startswith("-") else "ASCENDING"
        body["sorts"] = [{"propertyName": asked.sort.removeprefix("-"), "direction": direction}]
    body |= {"properties": list(columns), "limit": PAGE_ROWS}
    if asked.after:
        body["after"] = asked.after
    return curl(visit, "POST", f"{path}/search", body)
