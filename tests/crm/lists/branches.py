"""Filters of lists as requests have them."""

from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]


def on(name: str, kind: str, operator: str, **more: Any) -> Json:
    """A property filter."""
    operation = {"operationType": kind, "operator": operator, **more}
    return {"filterType": "PROPERTY", "property": name, "operation": operation}


def group(*filters: Json, kind: str = "AND", branches: Sequence[Json] = (), **more: Any) -> Json:
    """A branch of filters; of kind `OR` and `NOT_ANY` one of them suffices."""
    return {
        "filterBranchType": kind,
        "filterBranchOperator": "OR" if kind in ("OR", "NOT_ANY") else "AND",
        "filters": list(filters),
        "filterBranches": list(branches),
        **more,
    }


def root(*groups: Json) -> Json:
    """The root of filters."""
    return group(kind="OR", branches=groups)


def any_of(*filters: Json) -> Json:
    """Filters of which one suffices."""
    return root(*map(group, filters))
