"""The handlers of the schema routes: decode → operation → encode."""

from typing import Final

from moyeu.catalog.scopes import SCHEMA_READ_SCOPES, SCHEMA_WRITE_SCOPES
from moyeu.crm.problems import Problem
from moyeu.operations import schemas as operations
from moyeu.operations.schemas import SchemaWish
from moyeu.wire.answering import created, ok, refuse
from moyeu.wire.decode import decoded
from moyeu.wire.errors import Refusal
from moyeu.wire.exchange import NO_CONTENT, Answer, Request
from moyeu.wire.jackson import JsonProblem
from moyeu.wire.property_words import DEFINITION_WORDS
from moyeu.wire.record_words import RECORD_WORDS
from moyeu.wire.routes import Clock, DefinitionRoute
from moyeu.wire.schema_answers import association_body, definition_body, schema_body
from moyeu.wire.schema_bodies import (
    decode_association_create,
    decode_schema_batch_read,
    decode_schema_create,
    decode_schema_update,
)
from moyeu.wire.schema_words import SCHEMA_WORDS, schema_scope_missing

_WORDS: Final = {**RECORD_WORDS, **DEFINITION_WORDS, **SCHEMA_WORDS}


def _refuse(request: Request, problem: Problem | JsonProblem) -> Answer:
    return refuse(request, problem, _WORDS)


def _done(request: Request, problem: Problem | None) -> Answer:
    return NO_CONTENT if problem is None else _refuse(request, problem)


def _included(request: Request, name: str) -> bool:
    """A flag of the query that is true where it is not given (the descriptions of 2026)."""
    return (request.query.last(name) or "true").lower() == "true"


def _wish(request: Request) -> SchemaWish:
    return SchemaWish(
        _included(request, "includePropertyDefinitions"),
        _included(request, "includeAssociationDefinitions"),
    )


async def list_schemas(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/schemas`: all custom types, without pages."""
    found = await operations.list_schemas(
        request.store,
        request.caller.portal_id,
        _wish(request),
        archived=request.query.flag("archived"),
    )
    audit = _included(request, "includeAuditMetadata")
    return ok({"results": [schema_body(each, audit=audit) for each in found]})


async def create_schema(request: Request, _clock_ms: Clock) -> Answer:
    """`POST …/schemas`. That it answers with a Location is a guess: as properties do."""
    given = await decoded(decode_schema_create, request.body)
    if isinstance(given, JsonProblem):
        return _refuse(request, given)
    made = await operations.create_schema(request.store, request.occasion(), given)
    if isinstance(made, Problem):
        return _refuse(request, made)
    return created(
        request, schema_body(made), request.version.schema_prefixes[0], made.object_type.id
    )


async def batch_read_schemas(request: Request, _clock_ms: Clock) -> Answer:
    """`POST …/schemas/batch/read`."""
    asked = await decoded(decode_schema_batch_read, request.body)
    if isinstance(asked, JsonProblem):
        return _refuse(request, asked)
    found = await operations.read_schemas(
        request.store, request.caller.portal_id, asked.texts, asked.wish
    )
    if isinstance(found, Problem):
        return _refuse(request, found)
    return ok({"results": [schema_body(each, audit=asked.audit) for each in found]})


async def read_schema(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/schemas/{objectType}`: HubSpot's own types too."""
    found = await operations.read_schema(
        request.store, request.caller.portal_id, request.path["schema"], _wish(request)
    )
    if isinstance(found, Problem):
        return _refuse(request, found)
    audit = _included(request, "includeAuditMetadata")
    return ok(schema_body(found, audit=audit))


async def update_schema(request: Request, _clock_ms: Clock) -> Answer:
    """`PATCH …/schemas/{objectType}`."""
    change = await decoded(decode_schema_update, request.body)
    if isinstance(change, JsonProblem):
        return _refuse(request, change)
    changed = await operations.update_schema(
        request.store, request.occasion(), request.path["schema"], change
    )
    if isinstance(changed, Problem):
        return _refuse(request, changed)
    return ok(definition_body(changed, request.caller.portal_id))


async def archive_schema(request: Request, _clock_ms: Clock) -> Answer:
    """`DELETE …/schemas/{objectType}`: archives, or purges with `archived=true`."""
    text = request.path["schema"]
    if request.query.flag("archived"):
        purged = await operations.purge_schema(request.store, request.caller.portal_id, text)
        return _done(request, purged)
    return _done(request, await operations.archive_schema(request.store, request.occasion(), text))


async def create_association(request: Request, _clock_ms: Clock) -> Answer:
    """`POST …/schemas/{objectType}/associations`: the body names both types, the path is not asked.

    That the path need not be one of them is a guess.
    """
    given = await decoded(decode_association_create, request.body)
    if isinstance(given, JsonProblem):
        return _refuse(request, given)
    made = await operations.create_association(request.store, request.occasion(), given)
    return _refuse(request, made) if isinstance(made, Problem) else ok(association_body(made), 201)


async def remove_association(request: Request, _clock_ms: Clock) -> Answer:
    """`DELETE …/schemas/{objectType}/associations/{associationIdentifier}`."""
    removed = await operations.remove_association(
        request.store,
        request.caller.portal_id,
        request.path["schema"],
        request.path["associationIdentifier"],
    )
    return _done(request, removed)


# --- the routes ------------------------------------------------------------------------------


def _may_read(request: Request) -> Refusal | None:
    return None if request.caller.may(SCHEMA_READ_SCOPES) else schema_scope_missing("read")


def _may_write(request: Request) -> Refusal | None:
    return None if request.caller.may(SCHEMA_WRITE_SCOPES) else schema_scope_missing("write")


# `{schema}` and not `{objectType}`, as schemas refuse an unknown type in words of their own.
SCHEMA_ROUTES: Final[tuple[DefinitionRoute, ...]] = tuple(
    DefinitionRoute(name, method, path, check, handler)
    for name, method, path, check, handler in (
        ("schema_list", "GET", "", _may_read, list_schemas),
        ("schema_create", "POST", "", _may_write, create_schema),
        ("schema_batch_read", "POST", "/batch/read", _may_read, batch_read_schemas),
        ("schema_read", "GET", "/{schema}", _may_read, read_schema),
        ("schema_update", "PATCH", "/{schema}", _may_write, update_schema),
        ("schema_archive", "DELETE", "/{schema}", _may_write, archive_schema),
        (
            "schema_association_create",
            "POST",
            "/{schema}/associations",
            _may_write,
            create_association,
        ),
        (
            "schema_association_archive",
            "DELETE",
            "/{schema}/associations/{associationIdentifier}",
            _may_write,
            remove_association,
        ),
    )
)
