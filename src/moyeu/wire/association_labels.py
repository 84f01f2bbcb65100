"""The handlers of the routes of association types and labels: decode → operation → encode."""

from typing import Final

from moyeu.catalog.associations import AssociationType
from moyeu.crm.problems import Problem
from moyeu.operations import association_labels as operations
from moyeu.wire.access import may_read_records, may_write_records
from moyeu.wire.answering import ok, refuse
from moyeu.wire.association_definition_bodies import decode_label_create, decode_label_update
from moyeu.wire.association_definition_words import ASSOCIATION_DEFINITION_WORDS
from moyeu.wire.bodies import Json
from moyeu.wire.decode import decoded
from moyeu.wire.errors import container_answer
from moyeu.wire.exchange import NO_CONTENT, Answer, Request
from moyeu.wire.jackson import JsonProblem
from moyeu.wire.record_words import RECORD_WORDS
from moyeu.wire.routes import Clock, DefinitionRoute

_WORDS: Final = {**RECORD_WORDS, **ASSOCIATION_DEFINITION_WORDS}
_TYPE_ID_MAX: Final = 2**31 - 1


def _refuse(request: Request, problem: Problem | JsonProblem) -> Answer:
    return refuse(request, problem, _WORDS)


def _done(request: Request, problem: Problem | None) -> Answer:
    return NO_CONTENT if problem is None else _refuse(request, problem)


def label_body(kind: AssociationType) -> Json:
    """An association type with its label, null where it has none (observed)."""
    return {"category": kind.category, "typeId": kind.type_id, "label": kind.label}


async def list_names(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/types` of v3: ids are texts, a label goes by its internal name."""
    found = await operations.list_types(
        request.store, request.caller.portal_id, request.object_type.id, request.to_type.id
    )
    return ok({"results": [{"id": str(each.type_id), "name": each.name} for each in found]})


async def list_labels(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/labels`: HubSpot's own types too, of the one direction."""
    found = await operations.list_types(
        request.store, request.caller.portal_id, request.object_type.id, request.to_type.id
    )
    return ok({"results": [label_body(each) for each in found]})


async def create_label(request: Request, _clock_ms: Clock) -> Answer:
    """`POST …/labels`."""
    given = await decoded(decode_label_create, request.body)
    if isinstance(given, JsonProblem):
        return _refuse(request, given)
    made = await operations.create_label(
        request.store,
        request.caller.portal_id,
        request.object_type.id,
        request.to_type.id,
        given,
    )
    if isinstance(made, Problem):
        return _refuse(request, made)
    return ok({"results": [label_body(each) for each in made]})


async def update_label(request: Request, _clock_ms: Clock) -> Answer:
    """`PUT …/labels`."""
    change = await decoded(decode_label_update, request.body)
    if isinstance(change, JsonProblem):
        return _refuse(request, change)
    problem = await operations.change_label(
        request.store,
        request.caller.portal_id,
        request.object_type.id,
        request.to_type.id,
        change,
    )
    return _done(request, problem)


async def archive_label(request: Request, _clock_ms: Clock) -> Answer:
    """`DELETE …/labels/{associationTypeId}`.

    What is no number of 32 bits is no path, as the container sees it (a guess).
    """
    type_id = read_type_id(request.path["associationTypeId"])
    if type_id is None:
        return container_answer(404)
    problem = await operations.remove_label(
        request.store,
        request.caller.portal_id,
        request.object_type.id,
        request.to_type.id,
        type_id,
    )
    return _done(request, problem)


def read_type_id(text: str) -> int | None:
    """The number of at most 31 bits that the digits mean, whatever zeros are before them."""
    if not (text.isascii() and text.isdecimal()):
        return None
    digits = text.lstrip("0") or "0"
    # A number of thousands of digits is not read at all.
    fits = len(digits) <= len(str(_TYPE_ID_MAX)) and int(digits) <= _TYPE_ID_MAX
    return int(digits) if fits else None


_PAIR: Final = "/{objectType}/{toObjectType}"

ASSOCIATION_NAME_ROUTES: Final = (
    DefinitionRoute("association_type_list", "GET", f"{_PAIR}/types", may_read_records, list_names),
)
"""Of the versions that know association types by name."""

# The scopes are a guess: those of records of the from-type.
ASSOCIATION_LABEL_ROUTES: Final = tuple(
    DefinitionRoute(f"association_label_{name}", method, _PAIR + path, check, handler)
    for name, method, path, check, handler in (
        ("list", "GET", "/labels", may_read_records, list_labels),
        ("create", "POST", "/labels", may_write_records, create_label),
        ("update", "PUT", "/labels", may_write_records, update_label),
        ("archive", "DELETE", "/labels/{associationTypeId}", may_write_records, archive_label),
    )
)
"""Of the versions that know association types by category and id."""
