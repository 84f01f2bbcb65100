"""The filters of a list: from the JSON of a request to a tree of branches, checked.

The root is an OR of ANDs (documented: enforced). Filters of every documented type are taken and
told again as they came; `conditions` says which of them can be carried out.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from moyeu.catalog.limits import (
    LIST_FILTER_DEPTH_MAX,
    LIST_FILTER_VALUES_MAX,
    LIST_FILTERS_MAX,
)
from moyeu.catalog.properties import PropertyDefinition
from moyeu.crm.lists.operations import OPERATION_TYPES, fault_of, is_for, is_of_values
from moyeu.crm.lists.problems import (
    FilterPropertyUnknown,
    FilterShapeInvalid,
    OperationNotForProperty,
    UnknownWord,
)
from moyeu.crm.problems import Problem

Json = Mapping[str, Any]

Operator = Literal["AND", "OR"]

BRANCH_TYPES: Final = (
    "OR",
    "AND",
    "NOT_ALL",
    "NOT_ANY",
    "RESTRICTED",
    "UNIFIED_EVENTS",
    "ASSOCIATION",
    "PROPERTY_ASSOCIATION",
)

FILTER_TYPES: Final = (
    "PROPERTY",
    "ASSOCIATION",
    "PROPERTY_ASSOCIATION",
    "PAGE_VIEW",
    "CTA",
    "EVENT",
    "FORM_SUBMISSION",
    "FORM_SUBMISSION_ON_PAGE",
    "INTEGRATION_EVENT",
    "EMAIL_SUBSCRIPTION",
    "COMMUNICATION_SUBSCRIPTION",
    "CAMPAIGN_INFLUENCED",
    "SURVEY_MONKEY",
    "SURVEY_MONKEY_VALUE",
    "WEBINAR",
    "EMAIL_EVENT",
    "PRIVACY",
    "ADS_SEARCH",
    "ADS_TIME",
    "IN_LIST",
    "NUM_ASSOCIATIONS",
    "UNIFIED_EVENTS",
    "CONSTANT",
)
"""SPEC, August 2026."""

_IN_LIST_OPERATORS: Final = ("IN_LIST", "NOT_IN_LIST")

_ID_DIGITS_MAX: Final = 18

PropertiesOf = Callable[[str], Mapping[str, PropertyDefinition] | None]
"""The active properties of an object type by name, None where the portal has no such type."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter; fields: those of the wire."""

    type: str
    fields: Json


@dataclass(frozen=True, slots=True)
class Branch:
    """A filter branch; fields: those of the wire beside its filters and branches."""

    type: str
    operator: Operator
    filters: tuple[Filter, ...]
    branches: tuple["Branch", ...]
    fields: Json


def read_list_id(value: object) -> int | None:
    """The number that the id of a list is, text of digits; None for anything else."""
    if not isinstance(value, str) or not (value.isascii() and value.isdecimal()):
        return None
    return int(value) if len(value) <= _ID_DIGITS_MAX else None


class _RefusedError(Exception):
    """Carries a problem out of the tree."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem


def read_filters(
    value: object, object_type_id: str, properties_of: PropertiesOf
) -> Branch | Problem:
    """The branches of a `filterBranch` as decoded; properties are those of the list's type.

    Refused: FilterShapeInvalid, UnknownWord, FilterPropertyUnknown, OperationNotForProperty; the
    first one in the order of the tree.
    """
    try:
        root = _branch(value, "", object_type_id, properties_of, 1)
        _check_root(root)
        _check_size(root)
    except _RefusedError as refused:
        return refused.problem
    return root


def _check_root(root: Branch) -> None:
    if root.type != "OR" or root.operator != "OR":
        raise _shape("", "the root filter branch must be an OR")
    if root.filters:
        raise _shape("", "the root filter branch must not have filters")
    if not root.branches:
        raise _shape("", "the root filter branch must have at least one AND filter branch")
    for number, each in enumerate(root.branches):
        if each.type != "AND" or each.operator != "AND":
            raise _shape(f"filterBranches[{number}]", "a branch of the root must be an AND")


def _check_size(root: Branch) -> None:
    filters = list(_filters_in(root))
    if len(filters) > LIST_FILTERS_MAX:
        raise _shape("", f"there may be {LIST_FILTERS_MAX} filters")
    operations = [each.fields["operation"] for each in filters if each.type == "PROPERTY"]
    values = sum(len(each["values"]) for each in operations if is_of_values(each))
    if values > LIST_FILTER_VALUES_MAX:
        raise _shape("", f"the filters may have {LIST_FILTER_VALUES_MAX} values")


def _filters_in(branch: Branch) -> Iterator[Filter]:
    yield from branch.filters
    for each in branch.branches:
        yield from _filters_in(each)


def _shape(path: str, reason: str) -> _RefusedError:
    return _RefusedError(FilterShapeInvalid(path, reason))


def _below(path: str, name: str, number: int) -> str:
    return f"{path}{'.' if path else ''}{name}[{number}]"


def _word(field: str, word: object, allowed: tuple[str, ...]) -> None:
    if word not in allowed:
        raise _RefusedError(UnknownWord(field, str(word), allowed))


def _branch(
    value: object, path: str, object_type_id: str, properties_of: PropertiesOf, depth: int
) -> Branch:
    if depth > LIST_FILTER_DEPTH_MAX:
        raise _shape(path, f"filter branches may be {LIST_FILTER_DEPTH_MAX} deep")
    if not isinstance(value, dict):
        raise _shape(path, "a filter branch must be an object")
    for name in ("filterBranchType", "filterBranchOperator", "filterBranches", "filters"):
        if value.get(name) is None:
            raise _shape(path, f"{name} is required")
    _word("filterBranchType", value["filterBranchType"], BRANCH_TYPES)
    _word("filterBranchOperator", value["filterBranchOperator"], ("AND", "OR"))
    for name in ("filterBranches", "filters"):
        if not isinstance(value[name], list):
            raise _shape(path, f"{name} must be a list")
    inner_type = _inner_type(value, path, object_type_id, properties_of)
    return Branch(
        value["filterBranchType"],
        value["filterBranchOperator"],
        tuple(
            _filter(each, _below(path, "filters", number), inner_type, properties_of)
            for number, each in enumerate(value["filters"])
        ),
        tuple(
            _branch(
                each, _below(path, "filterBranches", number), inner_type, properties_of, depth + 1
            )
            for number, each in enumerate(value["filterBranches"])
        ),
        value,
    )


def _inner_type(value: Json, path: str, object_type_id: str, properties_of: PropertiesOf) -> str:
    """The object type that the filters in a branch are about."""
    if value["filterBranchType"] not in ("ASSOCIATION", "PROPERTY_ASSOCIATION"):
        return object_type_id
    inner = value.get("objectTypeId")
    if not isinstance(inner, str) or properties_of(inner) is None:
        raise _shape(path, "objectTypeId must name an object type")
    if value["filterBranchType"] == "ASSOCIATION":
        _word("operator", value.get("operator"), _IN_LIST_OPERATORS)
        _check_association(value, path)
    return inner


def _check_association(value: Json, path: str) -> None:
    type_id = value.get("associationTypeId")
    if not isinstance(type_id, int) or isinstance(type_id, bool):
        raise _shape(path, "associationTypeId is required")
    _word(
        "associationCategory",
        value.get("associationCategory"),
        ("HUBSPOT_DEFINED", "USER_DEFINED", "INTEGRATOR_DEFINED"),
    )


def _filter(value: object, path: str, object_type_id: str, properties_of: PropertiesOf) -> Filter:
    if not isinstance(value, dict) or value.get("filterType") is None:
        raise _shape(path, "filterType is required")
    kind = value["filterType"]
    _word("filterType", kind, FILTER_TYPES)
    if kind == "PROPERTY":
        properties = properties_of(object_type_id)
        _check_property(value, path, object_type_id, properties or {})
    elif kind in ("IN_LIST", "ASSOCIATION"):
        _word("operator", value.get("operator"), _IN_LIST_OPERATORS)
        if read_list_id(value.get("listId")) is None:
            raise _shape(path, "listId is required")
        if kind == "ASSOCIATION":
            _check_association(value, path)
    elif kind == "CONSTANT" and not isinstance(value.get("shouldAccept"), bool):
        raise _shape(path, "shouldAccept is required")
    return Filter(kind, value)


def _check_property(
    value: Json, path: str, object_type_id: str, properties: Mapping[str, PropertyDefinition]
) -> None:
    name, operation = value.get("property"), value.get("operation")
    if not isinstance(name, str):
        raise _shape(path, "property is required")
    if not isinstance(operation, dict):
        raise _shape(path, "operation is required")
    _word("operationType", operation.get("operationType"), tuple(OPERATION_TYPES))
    kind = OPERATION_TYPES[operation["operationType"]]
    _word("operator", operation.get("operator"), kind.operators)
    includes = operation.get("includeObjectsWithNoValueSet")
    if includes is not None and not isinstance(includes, bool):
        raise _shape(path, "includeObjectsWithNoValueSet must be a boolean")
    definition = properties.get(name)
    if definition is None:
        raise _RefusedError(FilterPropertyUnknown(object_type_id, name))
    if not is_for(operation, definition):
        problem = OperationNotForProperty(name, definition.type, operation["operationType"])
        raise _RefusedError(problem)
    if fault := fault_of(operation):
        raise _shape(path, f"{fault} is invalid")
