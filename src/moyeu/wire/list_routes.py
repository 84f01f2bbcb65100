"""The routes of lists, and who may call them."""

from typing import Final

from moyeu.catalog.scopes import LIST_READ_SCOPES, LIST_WRITE_SCOPES
from moyeu.catalog.versions import ApiVersion
from moyeu.wire import list_folders as folders
from moyeu.wire import list_memberships as members
from moyeu.wire import lists
from moyeu.wire.access import all_scopes, any_scope
from moyeu.wire.routes import DefinitionRoute

_READ: Final = any_scope(*LIST_READ_SCOPES)
_WRITE: Final = any_scope(*LIST_WRITE_SCOPES)
_BOTH: Final = all_scopes(*LIST_READ_SCOPES, *LIST_WRITE_SCOPES)
_ONE: Final = "/{listId}"
_MEMBERS: Final = "/{listId}/memberships"
_CONVERSION: Final = "/{listId}/schedule-conversion"
_FOLDER: Final = "/folders/{folderId}"

_WITH_BODY: Final = tuple(
    DefinitionRoute(name, method, path, check, handler)
    for name, method, path, check, handler in (
        ("list_read_many", "GET", "", _READ, lists.read_lists),
        ("list_create", "POST", "", _WRITE, lists.create_list),
        ("list_read", "GET", _ONE, _READ, lists.read_list),
        ("list_delete", "DELETE", _ONE, _WRITE, lists.delete_list),
        (
            "list_read_named",
            "GET",
            "/object-type-id/{objectTypeId}/name/{listName}",
            _READ,
            lists.read_list_named,
        ),
        ("list_search", "POST", "/search", _READ, lists.search_lists),
        (
            "list_update_filters",
            "PUT",
            "/{listId}/update-list-filters",
            _WRITE,
            lists.update_filters,
        ),
        ("list_conversion_read", "GET", _CONVERSION, _READ, lists.read_conversion),
        ("list_conversion_put", "PUT", _CONVERSION, _WRITE, lists.schedule_conversion),
        ("list_conversion_delete", "DELETE", _CONVERSION, _WRITE, lists.cancel_conversion),
        ("list_id_mapping_read", "GET", "/idmapping", _READ, lists.map_id),
        ("list_id_mapping_batch", "POST", "/idmapping", _READ, lists.map_ids),
        ("list_member_page", "GET", _MEMBERS, _READ, members.read_members),
        (
            "list_member_join_order",
            "GET",
            f"{_MEMBERS}/join-order",
            _READ,
            members.read_members_by_time,
        ),
        ("list_member_remove_all", "DELETE", _MEMBERS, _BOTH, members.remove_all_members),
        ("list_member_add", "PUT", f"{_MEMBERS}/add", _BOTH, members.add_members),
        ("list_member_remove", "PUT", f"{_MEMBERS}/remove", _BOTH, members.remove_members),
        (
            "list_member_change",
            "PUT",
            f"{_MEMBERS}/add-and-remove",
            _BOTH,
            members.change_members,
        ),
        (
            "list_membership_read",
            "GET",
            "/records/{objectTypeId}/{recordId}/memberships",
            _READ,
            members.read_record_memberships,
        ),
        (
            "list_membership_batch_read",
            "POST",
            "/records/memberships/batch/read",
            _READ,
            members.batch_read_memberships,
        ),
        ("list_folder_read", "GET", "/folders", _READ, folders.read_folder),
        ("list_folder_create", "POST", "/folders", _WRITE, folders.create_folder),
        ("list_folder_delete", "DELETE", _FOLDER, _WRITE, folders.remove_folder),
        ("list_folder_move_list", "PUT", "/folders/move-list", _WRITE, folders.move_list),
    )
)

_WITHOUT_BODY: Final = tuple(
    DefinitionRoute(name, "PUT", path, check, handler, reads_body=False)
    for name, path, check, handler in (
        ("list_restore", "/{listId}/restore", _WRITE, lists.restore_list),
        ("list_rename", "/{listId}/update-list-name", _WRITE, lists.rename_list),
        (
            "list_member_add_from",
            f"{_MEMBERS}/add-from/{{sourceListId}}",
            _BOTH,
            members.add_members_from,
        ),
        ("list_folder_rename", f"{_FOLDER}/rename", _WRITE, folders.rename_folder),
        (
            "list_folder_move",
            f"{_FOLDER}/move/{{newParentFolderId}}",
            _WRITE,
            folders.move_folder,
        ),
    )
)

LIST_ROUTES: Final = (*_WITH_BODY, *_WITHOUT_BODY)

LIST_HISTORY_ROUTES: Final = (
    DefinitionRoute(
        "list_history",
        "GET",
        "/{listId}/size-and-edits-history/between",
        _READ,
        lists.read_history,
    ),
)
"""Not in every version; see `list_history_prefixes`."""

LIST_ALL_ROUTES: Final = (DefinitionRoute("list_all", "POST", "/all", _READ, lists.search_lists),)
"""Of one version alone; see `list_all_prefixes`."""


def list_history_prefixes(version: ApiVersion) -> tuple[str, ...]:
    """Where the history of lists is told (SPEC)."""
    has = version.name in ("v3", "2026-03", "2026-09-beta")
    return version.list_prefixes if has else ()


def list_all_prefixes(version: ApiVersion) -> tuple[str, ...]:
    """Where all lists are told (SPEC)."""
    return version.list_prefixes if version.name == "2026-09-beta" else ()
