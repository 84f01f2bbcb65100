"""The first page, the page of keys, and where a pasted text leads."""

from moyeu.operations.overviews import (
    active_types,
    count_types,
    portal_types,
    types_with_record,
)
from moyeu.operations.portals import list_tokens
from moyeu.operations.turns import definitions_of
from moyeu.wire.console.answers import Moved, Page
from moyeu.wire.console.commands import curl
from moyeu.wire.console.visits import Visit, type_path

_TYPES_SHOWN_MAX = 20


async def overview(visit: Visit) -> Page:
    """`/`: the portal, how to call it, and what is in it."""
    counted = await count_types(visit.store, visit.here.id)
    filled = sorted(
        (each for each in counted if each.count.number),
        key=lambda each: -each.count.number,
    )
    tokens = await list_tokens(visit.store, visit.here.id)
    hints = [each.hint for each in tokens] if isinstance(tokens, list) else []
    first = filled[0].object_type if filled else counted[0].object_type
    context = {
        "counted": filled[:_TYPES_SHOWN_MAX],
        "others": len(counted) - min(len(filled), _TYPES_SHOWN_MAX),
        "hints": hints,
        "curl": curl(visit, "GET", f"/crm/v3/objects/{type_path(first)}?limit=3"),
        "type_path": type_path,
    }
    return Page("overview.html", context)


async def to_overview(visit: Visit) -> Moved:
    """`/console` leads to the first page."""
    return Moved(visit.link())


async def keys(_visit: Visit) -> Page:
    """`/console/keys`: what each key does."""
    return Page("keys.html", {})


async def go(visit: Visit) -> Page | Moved:
    """`/console/go?q=…`: the page of what the text names, or a list of what it may be."""
    text = (visit.query.last("q") or "").strip()
    portal = next((each for each in visit.portals if str(each.id) == text), None)
    if portal is not None:
        return Moved(visit.link("portals", text))
    types = await portal_types(visit.store, visit.here.id)
    object_type = types.find(text) if text else None
    if object_type is not None:
        return Moved(visit.link("records", type_path(object_type)))
    found = await types_with_record(visit.store, visit.here.id, text)
    if len(found) == 1:
        return Moved(visit.link("records", type_path(found[0]), text))
    having = []
    for each in active_types(types):
        definitions = await definitions_of(visit.store, visit.here.id, each.id)
        if text in definitions.properties or text in definitions.archived:
            having.append(each)
    context = {"text": text, "with_record": found, "having": having, "type_path": type_path}
    return Page("go.html", context, 200 if found or having else 404)
