"""The refusals of calls: their envelope, and what is told to those who may not call.

Every other word stands in a table of `*_words`, one row per problem. The texts are HubSpot's as
recorded unless said otherwise. Key order of a body: `status, message, correlationId, context?,
errors?, links?, category?, subCategory?` (observed).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from moyeu.catalog.object_types import ObjectType, object_type_by_id
from moyeu.wire.bodies import Json, encode_json, present
from moyeu.wire.exchange import HTML_TYPE, Answer
from moyeu.wire.pages import container_page

VALIDATION = "VALIDATION_ERROR"
NOT_FOUND = "OBJECT_NOT_FOUND"

NOT_FOUND_MARK = (b"x-hubspot-notfound", b"true")
"""A header of every 404 that an application answers (observed 2019–2024)."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error body before it has a correlation id.

    context: values are lists of texts. errors: entries as they stand in the body. last: what two
    of the authentication errors put after the category. rule: of `catalog.rules`, where no problem
    led to the refusal.
    """

    status: int
    message: str
    category: str | None = None
    context: Json | None = None
    errors: list[Json] | None = None
    links: Json | None = None
    sub_category: str | None = None
    last: Json | None = None
    rule: str | None = None


def render_refusal(refusal: Refusal, correlation_id: str) -> Answer:
    """The answer in HubSpot's standard envelope."""
    body: Json = {
        "status": "error",
        "message": refusal.message,
        "correlationId": correlation_id,
        "context": refusal.context,
        "errors": refusal.errors,
        "links": refusal.links,
        "category": refusal.category,
        "subCategory": refusal.sub_category,
    }
    shown = present(body) | (refusal.last or {})
    headers = (NOT_FOUND_MARK,) if refusal.status == 404 else ()
    return Answer(refusal.status, encode_json(shown), headers=headers)


def container_answer(status: int, *headers: tuple[bytes, bytes]) -> Answer:
    """The servlet container's HTML page (observed for 404, 405 and 415; 400 is a guess)."""
    common = [(b"cache-control", b"must-revalidate,no-cache,no-store")]
    if status == 404:
        common.append(NOT_FOUND_MARK)
    return Answer(status, container_page(status), HTML_TYPE, (*common, *headers))


Render = Callable[[Any, int, str], Refusal]
"""Takes a problem, the portal id and the object type id of the path, "" where it names none."""


# --- object types in texts -------------------------------------------------------------------


def type_name(object_type_id: str) -> str:
    """The name in `Could not get some … objects`: upper case, the word null for a custom type."""
    found = object_type_by_id(object_type_id)
    return found.upper_name if found else "null"


def type_coordinates(object_type_id: str) -> str:
    """The object type as Java prints it (a guess for partner services)."""
    found = object_type_by_id(object_type_id)
    if found:
        return f"ObjectTypeId{{legacyObjectType={found.upper_name}}}"
    meta, _, inner = object_type_id.partition("-")
    return f"ObjectTypeId{{metaTypeId={meta}, innerId={inner}}}"


# --- who may not -----------------------------------------------------------------------------

UNAUTHENTICATED = Refusal(
    401,
    "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can"
    " find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
    "INVALID_AUTHENTICATION",
    rule="unauthenticated",
)

_SCOPES_PAGE = "https://developers.hubspot.com/scopes"


def missing_scopes(any_of: tuple[str, ...]) -> Refusal:
    """The refusal of a token that has none of these scopes (observed, cases p10 and p12)."""
    return Refusal(
        403,
        "This app hasn't been granted all required scopes to make this call. Read more about"
        f" required scopes here: {_SCOPES_PAGE}.",
        "MISSING_SCOPES",
        errors=[
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": list(any_of)},
            }
        ],
        links={"scopes": _SCOPES_PAGE},
        rule="missing-scopes",
    )


INTERNAL_ERROR = Refusal(500, "internal error", rule="internal-error")
# For a call that changed nothing, as the database was away: it may be sent again. A guess.
UNAVAILABLE = Refusal(503, "service unavailable", rule="database-away")


_UNKNOWN_TYPE = "unknown-object-type"


def unknown_type(text: str, *, is_id: bool) -> Refusal:
    """The refusal of a path that names no object type; the text is told as decoded."""
    if is_id:
        return Refusal(400, f"Invalid object or event type id: {text}", rule=_UNKNOWN_TYPE)
    return Refusal(400, f"Unable to infer object type from: {text}", rule=_UNKNOWN_TYPE)


def unsupported_operation(object_type: ObjectType, supported: tuple[str, ...]) -> Refusal:
    """The refusal of an operation that the type lacks (observed for batch create, 2023)."""
    return Refusal(
        400,
        f"Object type {object_type.upper_name} is not supported by this endpoint, supported object"
        f" types [{', '.join(supported)}].",
        VALIDATION,
        rule="operation-not-supported",
    )
