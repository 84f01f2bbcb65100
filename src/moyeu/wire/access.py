"""Who may call the routes that are not of records: checks for the rows of the endpoint table."""

from dataclasses import replace
from typing import Literal

from moyeu.catalog.object_types import ObjectType
from moyeu.catalog.scopes import (
    GENERIC_PROPERTY_READ_SCOPES,
    GENERIC_PROPERTY_WRITE_SCOPES,
    property_read_scopes,
    property_write_scopes,
    read_scopes_named_in_refusal,
)
from moyeu.crm.callers import Caller
from moyeu.wire.errors import VALIDATION, Refusal, missing_scopes, type_coordinates
from moyeu.wire.exchange import Request
from moyeu.wire.routes import AccessCheck


def any_scope(*scopes: str) -> AccessCheck:
    """One of the scopes suffices; a refusal names them all."""

    def check(request: Request) -> Refusal | None:
        return None if request.caller.may(scopes) else missing_scopes(scopes)

    return check


def all_scopes(*scopes: str) -> AccessCheck:
    """Every one of the scopes is needed; a refusal names them all (words observed)."""

    def check(request: Request) -> Refusal | None:
        if request.caller.scopes.issuperset(scopes):
            return None
        refusal = missing_scopes(scopes)
        entry = {
            "message": "All of the following scopes are required.",
            "context": {"requiredGranularScopes": list(scopes)},
        }
        return replace(refusal, errors=[entry])

    return check


def may_read_records(request: Request) -> Refusal | None:
    """Whether the caller may read records of the object type."""
    scopes = request.object_type.read_scopes
    return None if request.caller.may(scopes) else missing_scopes(scopes)


def may_write_records(request: Request) -> Refusal | None:
    """Whether the caller may change records of the object type.

    It suffices for associations from them: a guess.
    """
    scopes = request.object_type.write_scopes
    return None if request.caller.may(scopes) else missing_scopes(scopes)


def may_write_associations(request: Request) -> Refusal | None:
    """Whether the caller may change associations from records of the object type."""
    return may_write_records(request) or edit_associations_refusal(request)


def edit_associations_refusal(request: Request) -> Refusal | None:
    """Why the caller's user may not change associations in this version, None if it may.

    Text and status: changelog of 2026-08-11. That the scopes are looked at first is a guess.
    """
    if not request.version.admin_rules_enforced or not request.caller.lacks_edit_associations:
        return None
    return Refusal(
        400, "Missing 'Edit Associations' permission.", VALIDATION, rule="edit-associations-missing"
    )


def may_read_definitions(request: Request) -> Refusal | None:
    """Whether the caller may read definitions of the object type."""
    return definitions_refusal(request.caller, request.object_type, "read")


def may_write_definitions(request: Request) -> Refusal | None:
    """Whether the caller may change definitions of the object type."""
    return definitions_refusal(request.caller, request.object_type, "write")


def definitions_refusal(
    caller: Caller, object_type: ObjectType, access: Literal["read", "write"]
) -> Refusal | None:
    """Why the caller may not, None if it may: the two steps of properties and pipelines.

    A token without any scope of the generic list lacks scopes; one that has such a scope but none
    for this type lacks permissions (a guess that explains both recorded refusals). The sentence
    is recorded for reads; for writes it is a guess.
    """
    if access == "read":
        generic, own = GENERIC_PROPERTY_READ_SCOPES, property_read_scopes(object_type)
        named = read_scopes_named_in_refusal(object_type)
    else:
        generic, own = GENERIC_PROPERTY_WRITE_SCOPES, property_write_scopes(object_type)
        named = own
    if caller.may(own):
        return None
    if caller.scopes.isdisjoint(generic):
        return missing_scopes(named)
    return Refusal(
        403,
        f"You do not have permissions to {'view' if access == 'read' else 'edit'} object type"
        f" {type_coordinates(object_type.id)} in portal {caller.portal_id}"
        f" (requires one of [{object_type.scope_name}-{access}])",
        rule="missing-permissions",
    )
