"""Rules that a portal's admins set for a type, which only newer versions of the API enforce."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConditionalRule:
    """When `property` has one of `values`, each of `required` must have a value."""

    property: str
    values: tuple[str, ...]
    required: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AdminRules:
    """What the admins of a portal require of records of one type.

    required_on_create: properties that a create must set (Create Record settings).
    """

    required_on_create: tuple[str, ...] = ()
    conditional: tuple[ConditionalRule, ...] = ()


NO_ADMIN_RULES = AdminRules()
