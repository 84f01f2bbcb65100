"""Lists, their members and their folders as HubSpot writes them.

Fields: API descriptions of August 2026; the order of keys is that of the guide's examples, as far
as they have them, else a guess. What is absent is not null.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from moyeu.crm.lists.definitions import Conversion, ListDefinition, ListFolder, ListMember
from moyeu.crm.lists.folders import FolderTree
from moyeu.operations.list_memberships import MembersChanged, RecordMemberships
from moyeu.operations.lists import FoundLists, ListHistory, ReadList
from moyeu.wire.bodies import Json, moment, present


def _definition_body(definition: ListDefinition) -> Json:
    return {
        "listId": str(definition.id),
        "listVersion": definition.version,
        "createdAt": moment(definition.created_at_ms),
        "updatedAt": moment(definition.updated_at_ms),
        "deletedAt": moment(definition.deleted_at_ms),
        "filtersUpdatedAt": moment(definition.filters_updated_at_ms),
        # PROCESSING: nobody has looked at all records yet, or a filter cannot be carried out.
        "processingStatus": "COMPLETE" if definition.is_evaluated else "PROCESSING",
        "createdById": definition.created_by,
        "updatedById": definition.updated_by,
        "processingType": definition.processing_type,
        "objectTypeId": definition.object_type_id,
        "name": definition.name,
    }


def list_body(read: ReadList, *, with_filters: bool) -> Json:
    """A list; with_filters: `includeFilters` of the request."""
    definition = read.definition
    body = _definition_body(definition)
    body["size"] = read.size
    if definition.permissions is not None:
        body["listPermissions"] = {
            "usersWithEditAccess": list(definition.permissions.users_with_edit_access),
            "teamsWithEditAccess": list(definition.permissions.teams_with_edit_access),
        }
    if definition.membership_settings is not None:
        settings = definition.membership_settings
        body["membershipSettings"] = present(
            {
                "membershipTeamId": settings.membership_team_id,
                "includeUnassigned": settings.include_unassigned,
            }
        )
    if with_filters and definition.filter_branch is not None:
        body["filterBranch"] = msgspec.Raw(definition.filter_branch.encode())
    return present(body)


def found_body(found: FoundLists, wanted: Sequence[str]) -> Json:
    """The part of the lists that a search found; wanted: `additionalProperties` of the request."""
    return {
        "offset": found.offset,
        "hasMore": found.has_more,
        "lists": [_found_list(each, wanted) for each in found.lists],
        "total": found.total,
    }


_USUAL_PROPERTIES: Final = (
    "hs_list_size",
    "hs_last_record_added_at",
    "hs_last_record_removed_at",
    "hs_folder_name",
    "hs_list_reference_count",
)
"""What a search tells of every list (SPEC)."""

_PROPERTIES: Final[Mapping[str, Callable[[ReadList], object]]] = {
    "hs_list_size": lambda each: each.size,
    "hs_last_record_added_at": lambda each: each.definition.last_joined_at_ms,
    "hs_last_record_removed_at": lambda each: each.definition.last_left_at_ms,
    "hs_folder_name": lambda each: each.folder or None,
    # Nothing here refers to lists but filters, which HubSpot may not count: a guess.
    "hs_list_reference_count": lambda _each: 0,
    "hs_list_id": lambda each: each.definition.id,
    "hs_list_name": lambda each: each.definition.name,
    "hs_folder_id": lambda each: each.definition.folder_id,
    "hs_createdate": lambda each: each.definition.created_at_ms,
    "hs_lastmodifieddate": lambda each: each.definition.updated_at_ms,
}
"""What else may be asked for; names beside the usual ones, and times in ms, are guesses."""


def _found_list(read: ReadList, wanted: Sequence[str]) -> Json:
    body = _definition_body(read.definition)
    own = read.definition.custom_properties
    told: Json = {}
    for name in dict.fromkeys((*_USUAL_PROPERTIES, *wanted)):
        value = _PROPERTIES[name](read) if name in _PROPERTIES else own.get(name)
        told[name] = None if value is None else str(value)
    return present(body | {"additionalProperties": present(told)})


def member_body(member: ListMember) -> Json:
    """A member."""
    return {
        "recordId": str(member.record_id),
        "membershipTimestamp": moment(member.joined_at_ms),
    }


def changed_body(changed: MembersChanged) -> Json:
    """What a write of members did; the spelling is that of the API description."""
    return {
        "recordIdsMissing": changed.missing,
        "recordIdsRemoved": changed.removed,
        "recordsIdsAdded": changed.added,
    }


def membership_bodies(found: RecordMemberships) -> list[Json]:
    """In which lists a record is; that it was in one before is not kept, so both times agree."""
    return [
        {
            "listId": str(each.list_id),
            "listVersion": version,
            "firstAddedTimestamp": moment(each.joined_at_ms),
            "lastAddedTimestamp": moment(each.joined_at_ms),
            "isPublicList": True,
        }
        for version, each in found.memberships
    ]


def record_memberships_body(found: RecordMemberships) -> Json:
    """A result of a batch read of memberships."""
    return {
        "objectTypeId": found.object_type_id,
        "recordId": found.record_id,
        "recordListMemberships": membership_bodies(found),
    }


def folder_body(tree: FolderTree) -> Json:
    """A folder with all that is in it; the root has neither a name nor times (a guess)."""
    folder: ListFolder | None = tree.folder
    own: Json = {"id": "0", "parentFolderId": "0"}
    if folder is not None:
        own = {
            "id": str(folder.id),
            "name": folder.name,
            "parentFolderId": str(folder.parent_id),
            "createdAt": moment(folder.created_at_ms),
            "updatedAt": moment(folder.updated_at_ms),
            "updatedContentsAt": moment(folder.contents_updated_at_ms),
            "userId": folder.user_id,
        }
    return present(
        {
            **own,
            "childNodes": [folder_body(each) for each in tree.folders],
            "childLists": list(tree.lists),
        }
    )


def conversion_body(definition: ListDefinition) -> Json:
    """When a list becomes static, and when it did."""
    return present(
        {
            "listId": str(definition.id),
            "requestedConversionTime": _conversion_time(definition.conversion),
            "convertedAt": moment(definition.converted_at_ms),
        }
    )


def _conversion_time(conversion: Conversion | None) -> Json | None:
    if conversion is None:
        return None
    if (date := conversion.date) is not None:
        return {
            "conversionType": "CONVERSION_DATE",
            "year": date.year,
            "month": date.month,
            "day": date.day,
        }
    assert conversion.inactivity is not None
    return {
        "conversionType": "INACTIVITY",
        "timeUnit": conversion.inactivity.time_unit,
        "offset": conversion.inactivity.offset,
    }


def history_body(history: ListHistory) -> Json:
    """When a list was edited, and how many members it had."""
    return {
        "editHistory": [moment(each) for each in history.edits_ms],
        "sizeHistory": [
            {"timestamp": moment(at_ms), "size": size} for at_ms, size in history.sizes
        ],
    }
