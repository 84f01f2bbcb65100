"""What the handlers of all routes answer with: bodies, and refusals in HubSpot's envelope."""

from collections.abc import Mapping
from urllib.parse import quote

from moyeu.crm.problems import Problem
from moyeu.wire.encode import encode_json
from moyeu.wire.errors import PROBLEM_WORDS, Json, Refusal, Render, render_refusal
from moyeu.wire.exchange import Answer, Request
from moyeu.wire.jackson import JsonProblem

Words = Mapping[type[Problem], Render]


def ok(body: Json, status: int = 200) -> Answer:
    """An answer with a JSON body."""
    return Answer(status, encode_json(body))


def created(request: Request, body: Json, *path: str) -> Answer:
    """201 with the address of what was made: the segments of a path, from its prefix on.

    That a create answers with a Location is observed; its form is that of record creates. The
    scheme and host are those that the client called: our rule.
    """
    prefix, *parts = path
    address = "/".join((request.base_url + prefix, *(quote(part, safe="") for part in parts)))
    return Answer(201, encode_json(body), headers=((b"location", address.encode()),))


def refusal_of(
    request: Request, problem: Problem | JsonProblem, words: Words = PROBLEM_WORDS
) -> Refusal:
    """How a problem is refused; words: the texts of the API that was called."""
    if isinstance(problem, JsonProblem):
        return Refusal(400, problem.message, problem.category)
    type_id = request.named_type.id if request.named_type else ""
    return words[type(problem)](problem, request.caller.portal_id, type_id)


def refuse(
    request: Request, problem: Problem | JsonProblem, words: Words = PROBLEM_WORDS
) -> Answer:
    """The refusal as an answer."""
    return render_refusal(refusal_of(request, problem, words), request.correlation_id)
