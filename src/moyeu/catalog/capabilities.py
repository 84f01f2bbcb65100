"""Which operations each object type has in each version, with success codes, query and scopes.

The association routes of the associations API exist for every type in every version; the
`association_*` operations here are those that the descriptions of the type itself list.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final, Literal, get_args

import msgspec

from moyeu.catalog.object_types import OBJECT_TYPES, ObjectType
from moyeu.catalog.tables import read_table

Operation = Literal[
    "list",
    "read",
    "create",
    "update",
    "archive",
    "batch_read",
    "batch_create",
    "batch_update",
    "batch_upsert",
    "batch_archive",
    "merge",
    "gdpr_delete",
    "search",
    "association_list",
    "association_create",
    "association_archive",
    "association_create_default",
    "association_set_labels",
    "association_archive_all",
]
"""An operation on records of a type."""

OPERATIONS: Final[tuple[Operation, ...]] = get_args(Operation)

READ_OPERATIONS: Final[frozenset[Operation]] = frozenset(
    {"list", "read", "batch_read", "search", "association_list"}
)
"""Operations that need the read scope of the type; the others need its write scope."""

Evidence = Literal["SPEC", "GENERIC"]
"""SPEC: described for this type by name. GENERIC: described by a template for every type."""

_CUSTOM_OBJECTS = "custom_objects"


@dataclass(frozen=True, slots=True)
class Capability:
    """What one version says about one operation on one object type.

    success: status codes, ascending. query: wire names, ascending. scopes: any one suffices.
    """

    success: tuple[int, ...]
    query: tuple[str, ...]
    scopes: tuple[str, ...]
    scopes_guessed: bool
    """The description lists a long generic set; the scopes of the type stand here instead."""
    evidence: Evidence


class _Answer(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    version: str
    operation: Operation
    success: tuple[int, ...]
    query: tuple[str, ...]


class _Row(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    object_type: str
    version: str
    evidence: Evidence
    operations: str
    operations_without_scopes: str
    read_scopes: tuple[str, ...]
    write_scopes: tuple[str, ...]


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    source: str
    evidence: str
    notes: tuple[str, ...]
    answers: tuple[_Answer, ...]
    rows: tuple[_Row, ...]


@cache
def _table() -> _Table:
    return read_table("capabilities", _Table)


@cache
def _answers() -> dict[tuple[str, str], _Answer]:
    return {(answer.version, answer.operation): answer for answer in _table().answers}


@cache
def _rows() -> dict[tuple[str, str], _Row]:
    return {(row.version, row.object_type): row for row in _table().rows}


def source_and_evidence() -> tuple[str, str]:
    """Where the table comes from and what its marks mean, in sentences."""
    return _table().source, _table().evidence


def capability(
    version_name: str, object_type: ObjectType, operation: Operation
) -> Capability | None:
    """What the version offers for the operation on records of the type, None if it does not.

    A custom object type has the capabilities of the description of custom objects.
    """
    row_name = _CUSTOM_OBJECTS if object_type.is_custom else object_type.name
    is_read = operation in READ_OPERATIONS
    own_scopes = object_type.read_scopes if is_read else object_type.write_scopes
    return _capability(version_name, row_name, operation, own_scopes)


@cache
def _capability(
    version_name: str, row_name: str, operation: Operation, own_scopes: tuple[str, ...]
) -> Capability | None:
    row = _rows().get((version_name, row_name))
    if row is None or operation not in row.operations.split():
        return None
    answer = _answers()[version_name, operation]
    unscoped = row.operations_without_scopes
    scopes_guessed = unscoped == "all" or operation in unscoped.split()
    described = row.read_scopes if operation in READ_OPERATIONS else row.write_scopes
    scopes = own_scopes if scopes_guessed else described
    return Capability(answer.success, answer.query, scopes, scopes_guessed, row.evidence)


@cache
def types_offering(version_name: str, operation: Operation) -> tuple[str, ...]:
    """Upper-case names, ascending, of HubSpot's own types that have the operation in the version.

    This is the list in the refusal of an operation that a type does not have; custom types are
    not in it. Source: observed 2023-12-05 for batch create.
    """
    return tuple(
        sorted(
            object_type.upper_name
            for object_type in OBJECT_TYPES
            if capability(version_name, object_type, operation) is not None
        )
    )
