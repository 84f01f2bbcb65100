"""The handlers of the object routes: decode → operation → encode."""

from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import quote

import msgspec

from moyeu.crm.problems import Problem, RecordNotFound
from moyeu.crm.records import RecordInput, WritePlan, WrittenRecord
from moyeu.operations import record_reads
from moyeu.operations import records as operations
from moyeu.operations.merges import erase_record, merge_records
from moyeu.operations.turns import definitions_at_hand
from moyeu.operations.upserts import upsert_records
from moyeu.wire.access import edit_associations_refusal
from moyeu.wire.answering import batch_answer, created, note, ok, refuse
from moyeu.wire.bodies import Json
from moyeu.wire.decode import (
    decode_batch_archive,
    decode_batch_create,
    decode_batch_read,
    decode_batch_update,
    decode_batch_upsert,
    decode_create,
    decode_gdpr_delete,
    decode_merge,
    decode_update,
    decoded,
)
from moyeu.wire.encode import (
    RecordForm,
    Wished,
    batch_errors,
    form_of,
    read_record,
    written_record,
)
from moyeu.wire.errors import container_answer, render_refusal
from moyeu.wire.exchange import NO_CONTENT, Answer, Request
from moyeu.wire.jackson import JsonProblem
from moyeu.wire.paging import next_query, paging_body
from moyeu.wire.routes import Clock

WriteRecords = Callable[..., Awaitable[WritePlan | Problem]]
"""`update_records`, `create_records` or `upsert_records` of the operations."""


async def _form(request: Request) -> RecordForm:
    return form_of(
        await definitions_at_hand(request.store, request.caller.portal_id, request.object_type.id)
    )


async def _write_batch(
    request: Request,
    clock_ms: Clock,
    inputs: Sequence[RecordInput] | JsonProblem,
    write: WriteRecords,
    status: int,
) -> Answer:
    """The answer to a batch of writes; `status` when every input was carried out, else 207."""
    if isinstance(inputs, JsonProblem):
        return refuse(request, inputs)
    if request.trace is not None:
        request.trace.inputs = len(inputs)
    plan = await write(
        request.store,
        request.occasion(),
        request.object_type.id,
        inputs,
        dates_normalised=request.version.dates_normalised,
        admin_rules=request.version.admin_rules_enforced,
    )
    if isinstance(plan, Problem):
        return refuse(request, plan)
    form = await _form(request)
    warn = request.version.warnings_on_records
    results = [written_record(form, each, warn=warn) for each in plan.results]
    if request.trace is not None:
        for each in plan.problems:
            request.trace.note(each.problem, (each.trace_id,))
        if plan.missing is not None:
            request.trace.note(plan.missing)
    errors = batch_errors(form, plan.problems, plan.missing)
    return batch_answer(request, clock_ms, status, results, errors)


async def batch_update(request: Request, clock_ms: Clock) -> Answer:
    """`POST …/batch/update`."""
    inputs = await decoded(decode_batch_update, request.body)
    return await _write_batch(request, clock_ms, inputs, operations.update_records, 200)


async def batch_create(request: Request, clock_ms: Clock) -> Answer:
    """`POST …/batch/create`."""
    inputs = await decoded(decode_batch_create, request.body)
    if not isinstance(inputs, JsonProblem):
        refused = _associating_refused(request, asked=any(each.associations for each in inputs))
        if refused is not None:
            return refused
    return await _write_batch(request, clock_ms, inputs, operations.create_records, 201)


def _associating_refused(request: Request, *, asked: bool) -> Answer | None:
    """The refusal of a create with associations by a user who may not change them, if so.

    The whole call is refused, before its values are looked at: a guess.
    """
    refusal = edit_associations_refusal(request) if asked else None
    if refusal is not None and request.trace is not None:
        request.trace.note_refusal(refusal.rule)
    return None if refusal is None else render_refusal(refusal, request.correlation_id)


async def batch_upsert(request: Request, clock_ms: Clock) -> Answer:
    """`POST …/batch/upsert`: 200 whether records were made or not (observed 2026)."""
    inputs = await decoded(decode_batch_upsert, request.body)
    return await _write_batch(request, clock_ms, inputs, upsert_records, 200)


async def update(request: Request, _clock_ms: Clock) -> Answer:
    """`PATCH …/{objectId}`."""
    properties = await decoded(decode_update, request.body)
    if isinstance(properties, JsonProblem):
        return refuse(request, properties)
    result = await operations.update_record(
        request.store,
        request.occasion(),
        request.object_type.id,
        RecordInput(request.path["objectId"], properties, request.query.last("idProperty")),
        dates_normalised=request.version.dates_normalised,
        admin_rules=request.version.admin_rules_enforced,
    )
    return await _written(request, result)


async def _written(request: Request, result: WrittenRecord | Problem) -> Answer:
    if isinstance(result, Problem):
        return refuse(request, result)
    return ok(await _record_body(request, result))


async def _record_body(request: Request, result: WrittenRecord) -> msgspec.Struct:
    warn = request.version.warnings_on_records
    return written_record(await _form(request), result, warn=warn)


async def create(request: Request, _clock_ms: Clock) -> Answer:
    """`POST …/{objectType}`."""
    given = await decoded(decode_create, request.body)
    if isinstance(given, JsonProblem):
        return refuse(request, given)
    refused = _associating_refused(request, asked=bool(given.associations))
    if refused is not None:
        return refused
    plan = await operations.create_records(
        request.store,
        request.occasion(),
        request.object_type.id,
        [RecordInput("", given.properties, associations=given.associations)],
        dates_normalised=request.version.dates_normalised,
        admin_rules=request.version.admin_rules_enforced,
    )
    if isinstance(plan, Problem):
        return refuse(request, plan)
    result = plan.results[0]
    body = await _record_body(request, result)
    # The v3 path is observed; that other versions answer it too, a guess after the links of lists.
    place = (_path_name(request), str(result.record.record_id))
    return created(request, body, "/crm/v3/objects", *place)


def _path_name(request: Request) -> str:
    """The object type in addresses; of a custom one its fully qualified name: a guess."""
    object_type = request.object_type
    return object_type.upper_name if object_type.is_custom else object_type.name


async def archive(request: Request, _clock_ms: Clock) -> Answer:
    """`DELETE …/{objectId}`: 204 whatever was there (observed)."""
    problem = await operations.archive_records(
        request.store, request.occasion(), request.object_type.id, [request.path["objectId"]]
    )
    return NO_CONTENT if problem is None else refuse(request, problem)


async def batch_archive(request: Request, _clock_ms: Clock) -> Answer:
    """`POST …/batch/archive`."""
    ids = await decoded(decode_batch_archive, request.body)
    if isinstance(ids, JsonProblem):
        return refuse(request, ids)
    problem = await operations.archive_records(
        request.store, request.occasion(), request.object_type.id, ids
    )
    return NO_CONTENT if problem is None else refuse(request, problem)


async def merge(request: Request, _clock_ms: Clock) -> Answer:
    """`POST …/merge`: 200 and the new record."""
    ids = await decoded(decode_merge, request.body)
    if isinstance(ids, JsonProblem):
        return refuse(request, ids)
    result = await merge_records(request.store, request.occasion(), request.object_type.id, *ids)
    return await _written(request, result)


async def gdpr_delete(request: Request, _clock_ms: Clock) -> Answer:
    """`POST …/gdpr-delete`."""
    named = await decoded(decode_gdpr_delete, request.body)
    if isinstance(named, JsonProblem):
        return refuse(request, named)
    problem = await erase_record(
        request.store, request.occasion(), request.object_type.id, named.id, named.id_property
    )
    return NO_CONTENT if problem is None else refuse(request, problem)


async def read(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/{objectId}`."""
    with_history = request.query.names("propertiesWithHistory")
    found = await record_reads.read_record(
        request.store,
        request.caller.portal_id,
        request.object_type.id,
        request.path["objectId"],
        request.query.last("idProperty"),
        archived=request.query.flag("archived"),
        with_history=bool(with_history),
        associations=request.query.names("associations"),
    )
    if isinstance(found, RecordNotFound) and request.accepts_html():
        note(request, found)
        return container_answer(404)
    if isinstance(found, Problem):
        return refuse(request, found)
    form = await _form(request)
    wished = Wished.of(form.definitions, request.query.names("properties"), with_history)
    return ok(read_record(form, found, wished, request.base_url))


async def batch_read(request: Request, clock_ms: Clock) -> Answer:
    """`POST …/batch/read`."""
    asked = await decoded(decode_batch_read, request.body)
    if isinstance(asked, JsonProblem):
        return refuse(request, asked)
    if request.trace is not None:
        request.trace.inputs = len(asked.ids)
    found = await record_reads.read_records(
        request.store,
        request.caller.portal_id,
        request.object_type.id,
        asked.ids,
        asked.id_property,
        archived=request.query.flag("archived"),
        with_history=bool(asked.properties_with_history),
    )
    if isinstance(found, Problem):
        return refuse(request, found)
    form = await _form(request)
    wished = Wished.of(form.definitions, asked.properties, asked.properties_with_history)
    results = [read_record(form, each, wished, request.base_url) for each in found.records]
    if found.missing is not None:
        note(request, found.missing)
    errors = batch_errors(form, (), found.missing)
    return batch_answer(request, clock_ms, 200, results, errors)


async def list_page(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/{objectType}`."""
    with_history = request.query.names("propertiesWithHistory")
    page = await record_reads.list_records(
        request.store,
        request.caller.portal_id,
        request.object_type.id,
        request.query.last("limit"),
        request.query.last("after"),
        archived=request.query.flag("archived"),
        with_history=bool(with_history),
        associations=request.query.names("associations"),
    )
    if isinstance(page, Problem):
        return refuse(request, page)
    form = await _form(request)
    wished = Wished.of(form.definitions, request.query.names("properties"), with_history)
    body: Json = {
        "results": [read_record(form, each, wished, request.base_url) for each in page.records]
    }
    if page.next_id is not None:
        after = str(page.next_id)
        body["paging"] = paging_body(after, _next_link(request, after))
    return ok(body)


def _next_link(request: Request, after: str) -> str:
    """The address of the next page.

    Observed April 2026: the path is `/crm/objects/v3/…` also for calls to `/crm/v3/objects`, and
    the guide shows that path for dated versions too. The scheme and host are those that the client
    called: our rule.
    """
    path = f"/crm/objects/v3/{quote(_path_name(request), safe='')}"
    return f"{request.base_url}{path}?{next_query(request.query_text, after)}"
