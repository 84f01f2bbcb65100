"""The few rules that HubSpot has for one object type alone: one module per type.

Besides the catalog this is the only place that knows a type by name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from moyeu.catalog.pipelines import Pipeline
from moyeu.catalog.properties import PropertyDefinition
from moyeu.crm.values.outcome import Derivation, ValueRule


@dataclass(frozen=True, slots=True)
class TypeRules:
    """What is special about one type.

    value_rules: by property name, what makes the rule that stands in place of the usual one.
    derivation: what HubSpot sets itself when other values change; made for the type's pipelines
    and active properties.
    """

    value_rules: Mapping[str, Callable[[PropertyDefinition], ValueRule]] = field(
        default_factory=dict
    )
    derivation: (
        Callable[[tuple[Pipeline, ...], Mapping[str, PropertyDefinition]], Derivation] | None
    ) = None


_NONE: Final = TypeRules()

_BY_TYPE_ID: Final[Mapping[str, TypeRules]] = {}


def type_rules(object_type_id: str) -> TypeRules:
    """The rules of one type alone; most types have none."""
    return _BY_TYPE_ID.get(object_type_id, _NONE)
