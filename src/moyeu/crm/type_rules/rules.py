"""The shape of the rules of one object type."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from moyeu.catalog.pipelines import Pipeline
from moyeu.catalog.properties import PropertyDefinition
from moyeu.crm.values.outcome import Derivation, ValueRule

Properties = Mapping[str, PropertyDefinition]
"""The active properties of a type by name."""


@dataclass(frozen=True, slots=True)
class TypeRules:
    """What is special about one type.

    value_rules: by property name, what makes the rule that stands in place of the usual one.
    derivation: what HubSpot sets itself when other values change; made for the type's pipelines
    and active properties.
    begins_in_first_stage: whether a record made without a stage goes into the first one.
    shown_with: by name of a value that HubSpot sets, the written names with which the answer to
    an update shows it. None of them: only the answer to a create shows it. Names that are no key
    follow the general rule (every value of a property that clients cannot write).
    always_shown: further names that the answer to every write shows.
    never_shown: names that the answer to no write shows unless they are written.
    """

    value_rules: Mapping[str, Callable[[PropertyDefinition], ValueRule]] = field(
        default_factory=dict
    )
    derivation: Callable[[tuple[Pipeline, ...], Properties], Derivation] | None = None
    begins_in_first_stage: bool = True
    shown_with: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    always_shown: frozenset[str] = frozenset()
    never_shown: frozenset[str] = frozenset()


def only_when_created(*names: str) -> dict[str, tuple[str, ...]]:
    """Rows of `shown_with`: what only the answer to a create shows."""
    return dict.fromkeys(names, ())
