"""What the handlers of all routes answer with: bodies, and refusals in HubSpot's envelope."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

import msgspec

from moyeu.crm.problems import Problem
from moyeu.wire.bodies import Json, encode_json
from moyeu.wire.encode import batch_body
from moyeu.wire.errors import Refusal, Render, render_refusal
from moyeu.wire.exchange import Answer, Request
from moyeu.wire.jackson import JsonProblem
from moyeu.wire.record_words import RECORD_WORDS
from moyeu.wire.routes import Clock

Words = Mapping[type[Problem], Render]
"""The words of an API: one row per problem."""


def ok(body: Json | msgspec.Struct, status: int = 200) -> Answer:
    """An answer with a JSON body."""
    return Answer(status, encode_json(body))


def created(request: Request, body: Json | msgspec.Struct, prefix: str, *segments: str) -> Answer:
    """201 with the address of what was made: a prefix of the version, then segments to encode.

    That a create answers with a Location is observed; its form is that of record creates. The
    scheme and host are those that the client called: our rule.
    """
    parts = (quote(each, safe="") for each in segments)
    address = "/".join((request.base_url + prefix, *parts))
    return Answer(201, encode_json(body), headers=((b"location", address.encode()),))


def batch_answer(
    request: Request,
    clock_ms: Clock,
    status: int,
    results: Sequence[Json | msgspec.Struct],
    errors: Sequence[Json],
) -> Answer:
    """The answer to a batch; status: when nothing of it was refused, else it is 207."""
    if request.trace is not None:
        request.trace.end_batch(len(results), len(errors))
    body = batch_body(results, errors, request.now_ms, clock_ms())
    return Answer(207 if errors else status, body)


def refusal_of(
    request: Request,
    problem: Problem | JsonProblem,
    words: Words = RECORD_WORDS,
    keys: tuple[str, ...] = (),
) -> Refusal:
    """How a problem is refused; words: the texts of the API that was called.

    keys: what the answer calls the inputs of a batch that it is about.
    """
    note(request, problem, keys)
    return worded(request, problem, words)


def worded(request: Request, problem: Problem | JsonProblem, words: Words) -> Refusal:
    """The same without telling the log."""
    if isinstance(problem, JsonProblem):
        return Refusal(400, problem.message, problem.category)
    type_id = request.named_type.id if request.named_type else ""
    return words[type(problem)](problem, request.caller.portal_id, type_id)


def note(
    request: Request,
    problem: Problem | JsonProblem,
    keys: tuple[str, ...] = (),
    inputs: tuple[int, ...] = (),
) -> None:
    """Tells the log of requests what decided, as `refusal_of` does by itself."""
    if request.trace is not None:
        request.trace.note(problem, keys, inputs)


def refuse(request: Request, problem: Problem | JsonProblem, words: Words = RECORD_WORDS) -> Answer:
    """The refusal as an answer."""
    return render_refusal(refusal_of(request, problem, words), request.correlation_id)
