"""The words, categories and status codes of the refusals of lists: one row per problem.

Recorded are: the refusal of an unknown list and of a `null` body, whole; of unknown words and of
operations that do not fit a property, their sub-categories. All else is ours, in their manner.
"""

from typing import Final

from moyeu.crm.lists import problems as p
from moyeu.crm.problems import Problem
from moyeu.wire.errors import NOT_FOUND, VALIDATION, Refusal, Render
from moyeu.wire.list_bodies import FieldsMissing, NullBody


def _null_body(_problem: NullBody, _portal_id: int, _type_id: str) -> Refusal:
    # Observed 2026-04-21 on a search; the validator's entries are plain texts.
    entries = ["The request body may not be null"]
    return Refusal(400, "validation error", errors=entries)  # type: ignore[arg-type] # see above


def _fields_missing(problem: FieldsMissing, _portal_id: int, _type_id: str) -> Refusal:
    names = ", ".join(problem.names)
    return Refusal(400, f"Some required fields were not set: [{names}]", VALIDATION)


def _not_found(problem: p.ListNotFound, _portal_id: int, _type_id: str) -> Refusal:
    # Observed 2026-04-21.
    return Refusal(
        404,
        f"List does not exist with ID {problem.list_id}.",
        NOT_FOUND,
        context={"listId": [problem.list_id]},
        sub_category="ListError.LIST_ID_DOES_NOT_EXIST",
    )


def _name_not_found(problem: p.ListNameNotFound, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        404,
        f"List does not exist with name {problem.name} and object type ID"
        f" {problem.object_type_id}.",
        NOT_FOUND,
        context={"listName": [problem.name], "objectTypeId": [problem.object_type_id]},
        sub_category="ListError.LIST_NAME_DOES_NOT_EXIST",
    )


def _name_taken(problem: p.ListNameTaken, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        f"A list already exists with name {problem.name}.",
        VALIDATION,
        context={"listName": [problem.name]},
        sub_category="ListError.DUPLICATE_LIST_NAME",
    )


def _name_invalid(problem: p.ListNameInvalid, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        f"A name must have between 1 and {problem.characters_max} characters.",
        VALIDATION,
        context={"name": [problem.name]},
        sub_category="ListError.INVALID_NAME",
    )


def _unknown_word(problem: p.UnknownWord, _portal_id: int, _type_id: str) -> Refusal:
    # The sub-category is observed for operators (2026-08-18).
    return Refusal(
        400,
        f"Unable to convert {problem.word} to a value of {problem.field}. Valid values are:"
        f" [{', '.join(problem.allowed)}]",
        VALIDATION,
        context={problem.field: [problem.word]},
        sub_category="ListError.ENUM_CONVERSION",
    )


def _ids_missing(_problem: p.ListIdsMissing, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(400, "At least one listIds query parameter is required.", VALIDATION)


def _too_many_lists(problem: p.TooManyLists, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        f"This account has reached its limit of {problem.lists_max} lists.",
        VALIDATION,
        sub_category="ListError.LIST_LIMIT_EXCEEDED",
    )


def _filters_missing(problem: p.FiltersMissing, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        f"A filterBranch is required for lists of processing type {problem.processing_type}.",
        VALIDATION,
        context={"processingType": [problem.processing_type]},
        sub_category="ListError.MISSING_FILTER_BRANCH",
    )


def _filters_not_allowed(problem: p.FiltersNotAllowed, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        f"Filters cannot be set for lists of processing type {problem.processing_type}.",
        VALIDATION,
        context={"processingType": [problem.processing_type]},
        sub_category="ListError.INVALID_PROCESSING_TYPE",
    )


def _shape(problem: p.FilterShapeInvalid, _portal_id: int, _type_id: str) -> Refusal:
    place = f"filterBranch.{problem.path}" if problem.path else "filterBranch"
    return Refusal(
        400,
        f"Invalid filter branch at {place}: {problem.reason}.",
        VALIDATION,
        context={"path": [place]},
        sub_category="ListError.INVALID_FILTER_BRANCH",
    )


def _property(problem: p.FilterPropertyUnknown, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        f"Property {problem.name} does not exist for object type ID {problem.object_type_id}.",
        VALIDATION,
        context={"property": [problem.name], "objectTypeId": [problem.object_type_id]},
        sub_category="ListError.PROPERTY_DOES_NOT_EXIST",
    )


def _operation(problem: p.OperationNotForProperty, _portal_id: int, _type_id: str) -> Refusal:
    # The sub-category is observed (2026-08-18).
    return Refusal(
        400,
        f"Operation type {problem.operation_type} is not valid for property {problem.name} of type"
        f" {problem.property_type}.",
        VALIDATION,
        context={"property": [problem.name], "operationType": [problem.operation_type]},
        sub_category="ListError.INVALID_OPERATION_FOR_PROPERTY_TYPE",
    )


def _follow_filters(problem: p.MembersFollowFilters, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        f"Memberships of list {problem.list_id} cannot be changed: its processing type is DYNAMIC.",
        VALIDATION,
        context={"listId": [problem.list_id]},
        sub_category="ListError.INVALID_PROCESSING_TYPE",
    )


def _too_many_ids(problem: p.TooManyRecordIds, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        f"At most {problem.ids_max} record IDs can be changed in one request.",
        VALIDATION,
        sub_category="ListError.TOO_MANY_RECORD_IDS",
    )


def _too_many_members(problem: p.TooManyMembers, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        f"This is only possible for lists of up to {problem.members_max} memberships.",
        VALIDATION,
        sub_category="ListError.TOO_MANY_MEMBERSHIPS",
    )


def _same_list(problem: p.SameList, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        "The source list and the destination list must be different lists.",
        VALIDATION,
        context={"listId": [problem.list_id]},
        sub_category="ListError.SAME_LIST",
    )


def _other_types(problem: p.ListsOfOtherTypes, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        "The source list and the destination list must have the same object type.",
        VALIDATION,
        context={"listId": [problem.list_id], "sourceListId": [problem.source_id]},
        sub_category="ListError.DIFFERENT_OBJECT_TYPES",
    )


def _not_convertible(problem: p.NotConvertible, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        f"List {problem.list_id} cannot be converted: its processing type is not DYNAMIC.",
        VALIDATION,
        context={"listId": [problem.list_id]},
        sub_category="ListError.INVALID_PROCESSING_TYPE",
    )


def _conversion(problem: p.ConversionInvalid, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        f"Invalid conversion time: {problem.field} is out of range.",
        VALIDATION,
        sub_category="ListError.INVALID_CONVERSION_TIME",
    )


def _folder_not_found(problem: p.FolderNotFound, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        404,
        f"Folder does not exist with ID {problem.folder_id}.",
        NOT_FOUND,
        context={"folderId": [problem.folder_id]},
        sub_category="ListError.FOLDER_ID_DOES_NOT_EXIST",
    )


def _folder_name_taken(problem: p.FolderNameTaken, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        f"A folder already exists with name {problem.name}.",
        VALIDATION,
        context={"name": [problem.name]},
        sub_category="ListError.DUPLICATE_FOLDER_NAME",
    )


def _folder_not_empty(problem: p.FolderNotEmpty, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        f"Folder {problem.folder_id} is not empty.",
        VALIDATION,
        context={"folderId": [problem.folder_id]},
        sub_category="ListError.FOLDER_NOT_EMPTY",
    )


def _root_stays(_problem: p.RootFolderStays, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        "The root folder cannot be changed.",
        VALIDATION,
        context={"folderId": ["0"]},
        sub_category="ListError.ROOT_FOLDER",
    )


def _within_itself(problem: p.FolderWithinItself, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        "A folder cannot be moved into itself.",
        VALIDATION,
        context={"folderId": [problem.folder_id]},
        sub_category="ListError.FOLDER_CYCLE",
    )


def _too_deep(problem: p.FoldersTooDeep, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        f"Folders can be at most {problem.depth_max} levels deep.",
        VALIDATION,
        sub_category="ListError.FOLDER_DEPTH_EXCEEDED",
    )


LIST_WORDS: Final[dict[type[Problem], Render]] = {
    NullBody: _null_body,
    FieldsMissing: _fields_missing,
    p.ListNotFound: _not_found,
    p.ListNameNotFound: _name_not_found,
    p.ListNameTaken: _name_taken,
    p.ListNameInvalid: _name_invalid,
    p.UnknownWord: _unknown_word,
    p.ListIdsMissing: _ids_missing,
    p.TooManyLists: _too_many_lists,
    p.FiltersMissing: _filters_missing,
    p.FiltersNotAllowed: _filters_not_allowed,
    p.FilterShapeInvalid: _shape,
    p.FilterPropertyUnknown: _property,
    p.OperationNotForProperty: _operation,
    p.MembersFollowFilters: _follow_filters,
    p.TooManyRecordIds: _too_many_ids,
    p.TooManyMembers: _too_many_members,
    p.SameList: _same_list,
    p.ListsOfOtherTypes: _other_types,
    p.NotConvertible: _not_convertible,
    p.ConversionInvalid: _conversion,
    p.FolderNotFound: _folder_not_found,
    p.FolderNameTaken: _folder_name_taken,
    p.FolderNotEmpty: _folder_not_empty,
    p.RootFolderStays: _root_stays,
    p.FolderWithinItself: _within_itself,
    p.FoldersTooDeep: _too_deep,
}
"""As `RECORD_WORDS`, for problems of lists."""
