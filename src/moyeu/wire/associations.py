"""The handlers of the associations of records: nested below a record, and in batches.

v3 calls association types by name and has routes of its own; v4 and the dated versions call them
by category and id.
"""

from collections.abc import Callable, Sequence
from typing import Final

from moyeu.crm.association_problems import AssociationNameUnknown
from moyeu.crm.association_writes import (
    PairInput,
    PairOutcome,
    PairProblem,
    WriteMode,
    WrittenPairs,
)
from moyeu.crm.problems import Problem
from moyeu.operations import association_reads as reads
from moyeu.operations import association_writes as writes
from moyeu.operations.record_reads import read_record as find_record
from moyeu.operations.turns import definitions_at_hand
from moyeu.wire import association_answers as answers
from moyeu.wire import association_bodies as bodies
from moyeu.wire.access import may_read_records, may_write_associations
from moyeu.wire.answering import batch_answer, note, ok, worded
from moyeu.wire.associated import associations_link
from moyeu.wire.association_words import (
    ASSOCIATION_WORDS,
    name_unknown,
    no_associations,
    problem_entries,
)
from moyeu.wire.bodies import Json
from moyeu.wire.decode import decoded
from moyeu.wire.encode import Wished, form_of, read_record
from moyeu.wire.errors import Refusal, render_refusal
from moyeu.wire.exchange import NO_CONTENT, Answer, Request
from moyeu.wire.jackson import JsonProblem
from moyeu.wire.paging import next_query
from moyeu.wire.routes import Clock, DefinitionRoute


def _refusal(
    request: Request, problem: Problem | JsonProblem, inputs: tuple[int, ...] = ()
) -> Refusal:
    note(request, problem, inputs=inputs)
    if isinstance(problem, AssociationNameUnknown):
        return name_unknown(problem.name, request.path["objectType"], request.path["toObjectType"])
    return worded(request, problem, ASSOCIATION_WORDS)


def _refuse(request: Request, problem: Problem | JsonProblem) -> Answer:
    return render_refusal(_refusal(request, problem), request.correlation_id)


def _errors(request: Request, problems: Sequence[PairProblem]) -> list[Json]:
    return [
        entry
        for each in problems
        for entry in problem_entries(each.problem, _refusal(request, each.problem, (each.index,)))
    ]


# --- reads -----------------------------------------------------------------------------------


def _is_named(request: Request) -> bool:
    return request.version.association_form == "names"


def _shown(request: Request, page: reads.LinkedPage) -> list[Json]:
    return answers.named_results(page) if _is_named(request) else answers.results(page)


def _link(request: Request, record_id: str, after: str) -> str:
    """The address of the next page below the version's own nested route (observed of v3)."""
    prefix = request.base_url + request.version.nested_association_prefixes[0]
    portal_id = request.caller.portal_id
    types = request.object_type.id, request.to_type.id
    return associations_link(prefix, types[0], record_id, types[1], portal_id, after)


def _link_of_page(request: Request, after: str) -> str:
    """As `_link`, with the query of the request itself: a guess after the links of lists."""
    address, _, _ = _link(request, request.path["objectId"], after).partition("?")
    query = request.query_text
    if request.query.last("portalId") is None:
        query = f"portalId={request.caller.portal_id}&{query}"
    return f"{address}?{next_query(query, after)}"


async def read_linked(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/{objectId}/associations/{toObjectType}`; `includeFA` of v3 is passed over."""
    page = await reads.linked_page(
        request.store,
        request.caller.portal_id,
        request.object_type.id,
        request.path["objectId"],
        request.to_type.id,
        request.query.last("limit"),
        request.query.last("after"),
    )
    if isinstance(page, Problem):
        return _refuse(request, page)
    link = "" if page.after is None else _link_of_page(request, page.after)
    return ok(answers.page_body(_shown(request, page), page.after, link))


async def batch_read(request: Request, clock_ms: Clock) -> Answer:
    """`POST …/batch/read`: 207 where a record has no association (observed)."""
    decode = bodies.decode_named_reads if _is_named(request) else bodies.decode_reads
    inputs = await decoded(decode, request.body)
    if isinstance(inputs, JsonProblem):
        return _refuse(request, inputs)
    batch = await reads.linked_batch(
        request.store,
        request.caller.portal_id,
        request.object_type.id,
        request.to_type.id,
        inputs,
    )
    if isinstance(batch, Problem):
        return _refuse(request, batch)
    results = [_page_of_input(request, each) for each in batch.results]
    for each in batch.problems:
        note(request, each, (str(each.from_id),))
    errors = [
        no_associations(each, request.object_type, request.to_type) for each in batch.problems
    ]
    return batch_answer(request, clock_ms, 200, results, errors)


def _page_of_input(request: Request, each: reads.LinkedInput) -> Json:
    after = each.page.after
    link = "" if after is None else _link(request, str(each.from_id), after)
    return answers.page_of_input(each.from_id, _shown(request, each.page), after, link)


# --- writes ----------------------------------------------------------------------------------


async def _associate(
    request: Request, inputs: Sequence[PairInput], mode: WriteMode = "add"
) -> WrittenPairs | Problem:
    return await writes.associate(
        request.store,
        request.occasion(),
        request.object_type.id,
        request.to_type.id,
        inputs,
        mode=mode,
    )


def _path_pair(request: Request) -> tuple[str, str]:
    return request.path["objectId"], request.path["toObjectId"]


async def _associate_one(
    request: Request, pair: PairInput, mode: WriteMode = "add"
) -> PairOutcome | Problem:
    """What became of a call that is about one pair."""
    written = await _associate(request, [pair], mode)
    if isinstance(written, Problem):
        return written
    return written.problems[0].problem if written.problems else written.outcomes[0]


async def set_types(request: Request, _clock_ms: Clock) -> Answer:
    """`PUT …/{objectId}/associations/{toObjectType}/{toObjectId}`: 201 (observed)."""
    specs = await decoded(bodies.decode_specs, request.body)
    if isinstance(specs, JsonProblem):
        return _refuse(request, specs)
    outcome = await _associate_one(request, PairInput(*_path_pair(request), specs), "replace")
    if isinstance(outcome, Problem):
        return _refuse(request, outcome)
    return ok(answers.set_body(outcome), 201)


async def set_default(request: Request, clock_ms: Clock) -> Answer:
    """`PUT …/{objectId}/associations/default/{toObjectType}/{toObjectId}`: 200 (observed)."""
    outcome = await _associate_one(request, PairInput(*_path_pair(request)))
    if isinstance(outcome, Problem):
        return _refuse(request, outcome)
    return batch_answer(request, clock_ms, 200, answers.default_bodies([outcome]), ())


async def remove(request: Request, _clock_ms: Clock) -> Answer:
    """`DELETE …/{objectId}/associations/{toObjectType}/{toObjectId}`: all types of the pair."""
    problem = await writes.dissociate(
        request.store,
        request.occasion(),
        request.object_type.id,
        request.to_type.id,
        [PairInput(*_path_pair(request))],
    )
    return NO_CONTENT if problem is None else _refuse(request, problem)


async def set_named(request: Request, _clock_ms: Clock) -> Answer:
    """`PUT …/{toObjectId}/{associationType}` of v3: the from-record and its associations (fixture).

    The type is a name, or an id in digits (observed). The record has only the properties that every
    read answers (fixture, recording of 2022).
    """
    pair = PairInput(*_path_pair(request), name=request.path["associationType"])
    outcome = await _associate_one(request, pair)
    if isinstance(outcome, Problem):
        return _refuse(request, outcome)
    portal_id, type_id = request.caller.portal_id, request.object_type.id
    found = await find_record(
        request.store,
        portal_id,
        type_id,
        request.path["objectId"],
        None,
        archived=False,
        with_history=False,
        associations=[request.to_type.id],
    )
    if isinstance(found, Problem):
        return _refuse(request, found)
    form = form_of(await definitions_at_hand(request.store, portal_id, type_id))
    bare = Wished(request.object_type.always_properties, ())
    return ok(read_record(form, found, bare, request.base_url))


async def remove_named(request: Request, _clock_ms: Clock) -> Answer:
    """`DELETE …/{toObjectId}/{associationType}` of v3."""
    pair = PairInput(*_path_pair(request), name=request.path["associationType"])
    told = await _dissociate_types(request, [pair])
    if isinstance(told, Problem):
        return _refuse(request, told)
    return _refuse(request, told[0].problem) if told else NO_CONTENT


async def _dissociate_types(
    request: Request, inputs: Sequence[PairInput]
) -> tuple[PairProblem, ...] | Problem:
    return await writes.dissociate_types(
        request.store,
        request.occasion(),
        request.object_type.id,
        request.to_type.id,
        inputs,
    )


# --- batches of writes -----------------------------------------------------------------------


async def _write_batch(
    request: Request,
    clock_ms: Clock,
    decode: Callable[[bytes], Sequence[PairInput] | JsonProblem],
    status: int,
    bodies_of: Callable[[Sequence[PairOutcome]], list[Json]],
) -> Answer:
    """The answer to a batch that associates pairs; `status` when nothing of it was refused."""
    inputs = await decoded(decode, request.body)
    if isinstance(inputs, JsonProblem):
        return _refuse(request, inputs)
    written = await _associate(request, inputs)
    if isinstance(written, Problem):
        return _refuse(request, written)
    if request.trace is not None:
        request.trace.inputs, request.trace.inputs_ok = len(inputs), len(written.outcomes)
    errors = _errors(request, written.problems)
    return batch_answer(request, clock_ms, status, bodies_of(written.outcomes), errors)


async def batch_create(request: Request, clock_ms: Clock) -> Answer:
    """`POST …/batch/create`: 201, in 2026-09 200 (API description); 207 with errors (observed)."""
    created = request.version.association_created
    return await _write_batch(request, clock_ms, bodies.decode_pairs, created, answers.set_bodies)


async def batch_create_named(request: Request, clock_ms: Clock) -> Answer:
    """`POST …/batch/create` of v3; 207 with errors is a guess after v4."""
    created = request.version.association_created
    decode = bodies.decode_named_pairs
    return await _write_batch(request, clock_ms, decode, created, answers.named_bodies)


async def batch_default(request: Request, clock_ms: Clock) -> Answer:
    """`POST …/batch/associate/default`: 200."""
    decode = bodies.decode_default_pairs
    return await _write_batch(request, clock_ms, decode, 200, answers.default_bodies)


async def batch_archive(request: Request, clock_ms: Clock) -> Answer:
    """`POST …/batch/archive`: all types between the pairs."""
    inputs = await decoded(bodies.decode_removals, request.body)
    if isinstance(inputs, JsonProblem):
        return _refuse(request, inputs)
    problem = await writes.dissociate(
        request.store,
        request.occasion(),
        request.object_type.id,
        request.to_type.id,
        inputs,
    )
    return _removed(request, clock_ms, problem or ())


async def _remove_types(
    request: Request,
    clock_ms: Clock,
    decode: Callable[[bytes], Sequence[PairInput] | JsonProblem],
) -> Answer:
    inputs = await decoded(decode, request.body)
    if isinstance(inputs, JsonProblem):
        return _refuse(request, inputs)
    return _removed(request, clock_ms, await _dissociate_types(request, inputs))


async def batch_archive_labels(request: Request, clock_ms: Clock) -> Answer:
    """`POST …/batch/labels/archive`: the given types between the pairs."""
    return await _remove_types(request, clock_ms, bodies.decode_pairs)


async def batch_archive_named(request: Request, clock_ms: Clock) -> Answer:
    """`POST …/batch/archive` of v3: the named types between the pairs."""
    return await _remove_types(request, clock_ms, bodies.decode_named_pairs)


def _removed(request: Request, clock_ms: Clock, told: tuple[PairProblem, ...] | Problem) -> Answer:
    """204, or in dated versions 200 and a body (API descriptions); 207 with errors is a guess."""
    if isinstance(told, Problem):
        return _refuse(request, told)
    if told or request.version.association_removal_told:
        return batch_answer(request, clock_ms, 200, (), _errors(request, told))
    return NO_CONTENT


# --- routes ----------------------------------------------------------------------------------

_OF_RECORD: Final = "/{objectType}/{objectId}/associations"
_TO: Final = "/{toObjectType}/{toObjectId}"
_PAIR: Final = _OF_RECORD + _TO
_NAMED: Final = _PAIR + "/{associationType}"
_TYPES: Final = "/{objectType}/{toObjectType}"

NESTED_ROUTES: Final = (
    DefinitionRoute(
        "association_read", "GET", _OF_RECORD + "/{toObjectType}", may_read_records, read_linked
    ),
    DefinitionRoute("association_set", "PUT", _PAIR, may_write_associations, set_types),
    DefinitionRoute("association_remove", "DELETE", _PAIR, may_write_associations, remove),
    DefinitionRoute(
        "association_default",
        "PUT",
        f"{_OF_RECORD}/default{_TO}",
        may_write_associations,
        set_default,
        reads_body=False,
    ),
)
NAMED_NESTED_ROUTES: Final = (
    DefinitionRoute(
        "association_read", "GET", _OF_RECORD + "/{toObjectType}", may_read_records, read_linked
    ),
    DefinitionRoute(
        "named_association_set",
        "PUT",
        _NAMED,
        may_write_associations,
        set_named,
        reads_body=False,
    ),
    DefinitionRoute(
        "named_association_remove", "DELETE", _NAMED, may_write_associations, remove_named
    ),
)
_BATCH_READ: Final = DefinitionRoute(
    "association_batch_read", "POST", f"{_TYPES}/batch/read", may_read_records, batch_read
)
BATCH_ROUTES: Final = (
    _BATCH_READ,
    *(
        DefinitionRoute(name, "POST", f"{_TYPES}/batch/{path}", may_write_associations, handler)
        for name, path, handler in (
            ("association_batch_create", "create", batch_create),
            ("association_batch_default", "associate/default", batch_default),
            ("association_batch_archive", "archive", batch_archive),
            ("association_batch_archive_labels", "labels/archive", batch_archive_labels),
        )
    ),
)
NAMED_BATCH_ROUTES: Final = (
    _BATCH_READ,
    *(
        DefinitionRoute(name, "POST", f"{_TYPES}/batch/{path}", may_write_associations, handler)
        for name, path, handler in (
            ("named_association_batch_create", "create", batch_create_named),
            ("named_association_batch_archive", "archive", batch_archive_named),
        )
    ),
)
