"""The words of the control plane's refusals, all ours: one row per problem."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from moyeu.crm.problems import InvalidParameter, Problem, RecordsLocked
from moyeu.operations import portal_templates as templates
from moyeu.operations import portals, request_log, snapshots
from moyeu.wire.control.bodies import BadBody
from moyeu.wire.control.routes import ControlRequest
from moyeu.wire.errors import NOT_FOUND, VALIDATION, Refusal, render_refusal
from moyeu.wire.exchange import Answer
from moyeu.wire.record_words import word_problem

CONFLICT: Final = "CONFLICT"


def _not_found(message: str) -> Refusal:
    return Refusal(404, message, NOT_FOUND)


def _bad(message: str) -> Refusal:
    return Refusal(400, message, VALIDATION)


def _conflict(message: str) -> Refusal:
    return Refusal(409, message, CONFLICT)


def bad_portal_id(text: str) -> Refusal:
    """The refusal of a path whose portal id is no number."""
    return _bad(f"portalId must be a whole number, not '{text}'")


def no_route(path: str) -> Refusal:
    """The refusal of a path that the control plane does not have."""
    return _not_found(f"The control plane has no '{path}'. GET /_moyeu/v1/ lists what it has.")


def wrong_method(method: str, allowed: str) -> Refusal:
    """The refusal of a method that a path does not have."""
    return Refusal(405, f"{method} is none of {allowed}", "METHOD_NOT_ALLOWED")


# No store keeps U+0000.
NULL_IN_PATH: Final = _bad("The path has a null character")

NOT_JSON: Final = Refusal(
    415, "The body must be JSON, with Content-Type: application/json.", "UNSUPPORTED_MEDIA_TYPE"
)

CONTROL_WORDS: Final[Mapping[type[Problem], Callable[[Any], Refusal]]] = {
    BadBody: lambda each: _bad(f"Invalid input JSON: {each.text}"),
    InvalidParameter: lambda each: word_problem(each, 0, ""),
    RecordsLocked: lambda each: word_problem(each, 0, ""),
    portals.PortalNotFound: lambda each: _not_found(f"There is no portal {each.portal_id}."),
    portals.UnknownScopes: lambda each: _bad(
        "No route asks for these scopes: " + ", ".join(each.names)
    ),
    portals.TokenNotFound: lambda each: _not_found(
        f"The portal has no token that begins with '{each.hint}'."
    ),
    portals.AmbiguousToken: lambda each: _conflict(
        f"Several tokens of the portal begin with '{each.hint}'."
    ),
    snapshots.SnapshotNotFound: lambda each: _not_found(
        f"Portal {each.portal_id} has no snapshot '{each.name}'."
    ),
    snapshots.BadSnapshotName: lambda each: _bad(
        f"'{each.name}' is no name: 1 to 64 of a-z, 0-9, _ and - are."
    ),
    snapshots.TooManySnapshots: lambda _: _conflict(
        f"There are {snapshots.SNAPSHOTS_MAX} already; delete one first."
    ),
    templates.TemplateNotFound: lambda each: _not_found(f"There is no template '{each.name}'."),
    templates.TemplateIsBuiltIn: lambda each: _conflict(
        f"The template '{each.name}' is built in and stays as it is."
    ),
    templates.PortalIdInUse: lambda each: _conflict(f"Portal {each.portal_id} exists already."),
    templates.BadPortalId: lambda each: _bad(
        f"Ids of portals are from 1 to {portals.PORTAL_ID_MAX}, not {each.portal_id}."
    ),
    request_log.RequestNotFound: lambda each: _not_found(
        f"No request with the correlation id '{each.correlation_id}' is logged."
    ),
}


def refuse(request: ControlRequest, problem: Problem) -> Answer:
    """The refusal as an answer."""
    refusal = CONTROL_WORDS[type(problem)](problem)
    return render_refusal(refusal, request.correlation_id)
