"""Which properties a schema may name: for display, as required, as searchable."""

from collections.abc import Iterator, Mapping
from typing import Final

from moyeu.catalog.limits import SEARCHABLE_PROPERTIES_MAX, SECONDARY_DISPLAY_PROPERTIES_MAX
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.problems import Problem
from moyeu.crm.schema_problems import (
    DisplayField,
    RepeatedDisplayProperty,
    TooManyDisplayProperties,
    UnknownDisplayProperties,
)

_COUNTS_MAX: Final[dict[DisplayField, int]] = {
    "secondary": SECONDARY_DISPLAY_PROPERTIES_MAX,
    "searchable": SEARCHABLE_PROPERTIES_MAX,
}


Named = Mapping[DisplayField, tuple[str, ...] | None]
"""The names in each field, in the order of telling; None where nothing is given."""


def display_problem(named: Named, definitions: TypeDefinitions) -> Problem | None:
    """The first thing that is wrong with what the fields of a schema name.

    All must be active properties of the type (observed 2026-10-05).
    """
    return next(
        (
            problem
            for field, names in named.items()
            if names is not None
            for problem in _names_problems(field, names, definitions)
        ),
        None,
    )


def _names_problems(
    field: DisplayField, names: tuple[str, ...], definitions: TypeDefinitions
) -> Iterator[Problem]:
    unknown = tuple(name for name in names if name not in definitions.properties)
    if unknown:
        yield UnknownDisplayProperties(field, unknown)
    if field == "secondary":
        # Only these are a list, the others are sets (observed 2026-10-01).
        yield from (
            RepeatedDisplayProperty(field, name)
            for number, name in enumerate(names)
            if name in names[:number]
        )
    count_max = _COUNTS_MAX.get(field)
    if count_max is not None and len(set(names)) > count_max:
        yield TooManyDisplayProperties(field, count_max)
