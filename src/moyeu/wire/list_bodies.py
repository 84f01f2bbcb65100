"""Request bodies of the list routes into the inputs of operations.

The fields are those of the API descriptions of August 2026; the names of Java classes are guesses
in the manner of the recorded ones.
"""

from dataclasses import dataclass
from typing import Final

import msgspec

from moyeu.crm.lists.changes import GivenList
from moyeu.crm.lists.definitions import (
    DateConversion,
    InactivityConversion,
    ListPermissions,
    MembershipSettings,
)
from moyeu.crm.lists.problems import FilterShapeInvalid, FiltersMissing, UnknownWord
from moyeu.crm.lists.searching import ListSearch
from moyeu.crm.problems import Problem
from moyeu.wire.fields import Fields, read_fields
from moyeu.wire.jackson import (
    ANY,
    FLAG,
    INT,
    LONG,
    TEXT,
    TEXT_LIST,
    TEXT_MAP,
    JsonProblem,
    ListOf,
    Record,
    read_json,
)

_PACKAGE: Final = "com.hubspot.lists.publicapi."

_PERMISSIONS: Final = Record(
    f"{_PACKAGE}PublicListPermissions$Json",
    {"usersWithEditAccess": ListOf(LONG), "teamsWithEditAccess": ListOf(LONG)},
)
_SETTINGS: Final = Record(
    f"{_PACKAGE}PublicMembershipSettings$Json",
    {"membershipTeamId": LONG, "includeUnassigned": FLAG},
)
_CREATE: Final = Record(
    f"{_PACKAGE}ListCreateRequest$Json",
    {
        "name": TEXT,
        "objectTypeId": TEXT,
        "processingType": TEXT,
        "filterBranch": ANY,
        "listFolderId": LONG,
        "listPermissions": _PERMISSIONS,
        "membershipSettings": _SETTINGS,
        "customProperties": TEXT_MAP,
    },
    required=("name", "objectTypeId", "processingType"),
)
_FILTERS: Final = Record(f"{_PACKAGE}ListFilterUpdateRequest$Json", {"filterBranch": ANY})
# Clients leave out what the descriptions require; the guide calls every field optional.
_SEARCH: Final = Record(
    f"{_PACKAGE}ListSearchRequest$Json",
    {
        "query": TEXT,
        "listIds": TEXT_LIST,
        "processingTypes": TEXT_LIST,
        "objectTypeId": TEXT,
        "offset": INT,
        "count": INT,
        "additionalProperties": TEXT_LIST,
        "sort": TEXT,
    },
)
_MEMBERS: Final = Record(
    f"{_PACKAGE}MembershipChangeRequest$Json",
    {"recordIdsToAdd": TEXT_LIST, "recordIdsToRemove": TEXT_LIST},
    required=("recordIdsToAdd", "recordIdsToRemove"),
)
_RECORDS: Final = Record(
    f"{_PACKAGE}BatchInputRecordId$Json",
    {
        "inputs": ListOf(
            Record(
                f"{_PACKAGE}RecordId$Json",
                {"objectTypeId": TEXT, "recordId": TEXT},
                required=("objectTypeId", "recordId"),
            )
        )
    },
    required=("inputs",),
)
_FOLDER: Final = Record(
    f"{_PACKAGE}ListFolderCreateRequest$Json",
    {"name": TEXT, "parentFolderId": TEXT},
    required=("name",),
)
_MOVE: Final = Record(
    f"{_PACKAGE}ListMoveRequest$Json",
    {"listId": TEXT, "newFolderId": TEXT},
    required=("listId", "newFolderId"),
)
_CONVERSION: Final = Record(
    f"{_PACKAGE}PublicListConversionTime$Json",
    {
        "conversionType": TEXT,
        "year": INT,
        "month": INT,
        "day": INT,
        "timeUnit": TEXT,
        "offset": INT,
    },
    required=("conversionType",),
)
_CONVERSION_FIELDS: Final = {
    "CONVERSION_DATE": ("year", "month", "day"),
    "INACTIVITY": ("timeUnit", "offset"),
}
_TIME_UNITS: Final = ("DAY", "WEEK", "MONTH")
_DEPTH_MAX: Final = 100
"""Of filters: far above that of branches, far below what a decoder can follow."""


@dataclass(frozen=True, slots=True)
class NullBody(Problem):
    """The body is the JSON literal `null`."""


@dataclass(frozen=True, slots=True)
class FieldsMissing(Problem):
    """Fields that a body needs beside what it says; names in wire spelling."""

    names: tuple[str, ...]


Refused = JsonProblem | Problem
"""Why a body cannot be read."""


def _read(body: bytes, shape: Record) -> Fields | Refused:
    return NullBody() if body.strip() == b"null" else read_fields(body, shape)


def decode_list(body: bytes) -> GivenList | Refused:
    """The list that a create gives."""
    fields = _read(body, _CREATE)
    if not isinstance(fields, dict):
        return fields
    filter_branch = _filter_branch(body, fields)
    if isinstance(filter_branch, Problem):
        return filter_branch
    return GivenList(
        name=fields["name"],
        object_type=fields["objectTypeId"],
        processing_type=fields["processingType"],
        filter_branch=filter_branch,
        folder_id=fields.get("listFolderId"),
        permissions=_permissions(fields.get("listPermissions")),
        membership_settings=_settings(fields.get("membershipSettings")),
        custom_properties={
            name: value
            for name, value in (fields.get("customProperties") or {}).items()
            if value is not None
        },
    )


def _filter_branch(body: bytes, fields: Fields) -> str | FilterShapeInvalid | None:
    """The JSON text of a filter branch, without blanks; the reader has read the same bytes."""
    if fields.get("filterBranch") is None:
        return None
    raw = msgspec.json.decode(body, type=dict[str, msgspec.Raw])["filterBranch"]
    try:
        value = msgspec.json.decode(raw)
    except RecursionError:
        return FilterShapeInvalid("", "the filter branches are too deep")
    except msgspec.DecodeError:
        # The reader takes numbers of any size, as text; filters are kept as numbers.
        return FilterShapeInvalid("", "a number is out of range")
    if not _is_within(value, _DEPTH_MAX):
        return FilterShapeInvalid("", "the filter branches are too deep")
    return msgspec.json.encode(value).decode()


def _is_within(value: object, depth: int) -> bool:
    """Whether objects and arrays lie at most so many deep in each other."""
    level = [value]
    for _ in range(depth + 1):
        opened = [each for each in level if isinstance(each, dict | list)]
        level = [
            one for each in opened for one in (each.values() if isinstance(each, dict) else each)
        ]
    return not any(isinstance(each, dict | list) for each in level)


def _permissions(fields: Fields | None) -> ListPermissions | None:
    if fields is None:
        return None
    return ListPermissions(
        tuple(fields.get("usersWithEditAccess") or ()),
        tuple(fields.get("teamsWithEditAccess") or ()),
    )


def _settings(fields: Fields | None) -> MembershipSettings | None:
    if fields is None:
        return None
    return MembershipSettings(fields.get("membershipTeamId"), fields.get("includeUnassigned"))


def decode_filters(body: bytes) -> str | Refused:
    """The filters that a list is given instead, JSON text."""
    fields = _read(body, _FILTERS)
    if not isinstance(fields, dict):
        return fields
    return _filter_branch(body, fields) or FiltersMissing("DYNAMIC")


def decode_search(body: bytes) -> ListSearch | Refused:
    """A search of lists."""
    fields = _read(body, _SEARCH)
    if not isinstance(fields, dict):
        return fields
    return ListSearch(
        query=fields.get("query") or "",
        list_ids=tuple(fields.get("listIds") or ()),
        processing_types=tuple(fields.get("processingTypes") or ()),
        object_type=fields.get("objectTypeId") or None,
        offset=fields.get("offset") or 0,
        count=fields.get("count"),
        additional_properties=tuple(fields.get("additionalProperties") or ()),
        sort=fields.get("sort") or "",
    )


def decode_ids(body: bytes) -> list[str] | Refused:
    """A bare array of ids."""
    if body.strip() == b"null":
        return NullBody()
    found = read_json(body, TEXT_LIST)
    if isinstance(found, JsonProblem):
        return found
    assert isinstance(found, list)
    return [str(each) for each in found]


def decode_members(body: bytes) -> tuple[list[str], list[str]] | Refused:
    """The record ids to add and those to remove."""
    fields = _read(body, _MEMBERS)
    if not isinstance(fields, dict):
        return fields
    return fields["recordIdsToAdd"], fields["recordIdsToRemove"]


def decode_records(body: bytes) -> list[tuple[str, str]] | Refused:
    """(object type, record id) of each input of a batch."""
    fields = _read(body, _RECORDS)
    if not isinstance(fields, dict):
        return fields
    return [(each["objectTypeId"], each["recordId"]) for each in fields["inputs"]]


def decode_folder(body: bytes) -> tuple[str, str] | Refused:
    """The name of a new folder and the id of its parent; the root without one (SPEC)."""
    fields = _read(body, _FOLDER)
    if not isinstance(fields, dict):
        return fields
    return fields["name"], fields.get("parentFolderId") or "0"


def decode_move(body: bytes) -> tuple[str, str] | Refused:
    """The id of a list and that of the folder it goes to."""
    fields = _read(body, _MOVE)
    if not isinstance(fields, dict):
        return fields
    return fields["listId"], fields["newFolderId"]


def decode_conversion(body: bytes) -> DateConversion | InactivityConversion | Refused:
    """When a list is to become static."""
    fields = _read(body, _CONVERSION)
    if not isinstance(fields, dict):
        return fields
    kind = fields["conversionType"]
    if kind not in _CONVERSION_FIELDS:
        return UnknownWord("conversionType", kind, tuple(_CONVERSION_FIELDS))
    if missing := tuple(name for name in _CONVERSION_FIELDS[kind] if fields.get(name) is None):
        return FieldsMissing(missing)
    if kind == "CONVERSION_DATE":
        return DateConversion(fields["year"], fields["month"], fields["day"])
    if fields["timeUnit"] not in _TIME_UNITS:
        return UnknownWord("timeUnit", fields["timeUnit"], _TIME_UNITS)
    return InactivityConversion(fields["timeUnit"], fields["offset"])
