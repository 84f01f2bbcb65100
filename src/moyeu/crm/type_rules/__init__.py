"""The few rules that HubSpot has for one object type alone: one module per type.

Besides the catalog this is the only place that knows a type by name. A module of a type ends with
its `RULES`; what several types share (lifecycle, owner, phone numbers, bodies) has a module of its
own, `draft` says how values are derived, `formula_values` computes HubSpot's own formulas.
"""

from collections.abc import Mapping
from typing import Final

from moyeu.catalog.object_types import object_type_named
from moyeu.crm.type_rules.activities import RULES as ACTIVITY_RULES
from moyeu.crm.type_rules.companies import RULES as COMPANY_RULES
from moyeu.crm.type_rules.contacts import RULES as CONTACT_RULES
from moyeu.crm.type_rules.deals import RULES as DEAL_RULES
from moyeu.crm.type_rules.rules import TypeRules
from moyeu.crm.type_rules.tasks import RULES as TASK_RULES
from moyeu.crm.type_rules.tickets import RULES as TICKET_RULES

__all__ = ["TypeRules", "type_rules"]

_NONE: Final = TypeRules()

_BY_TYPE_NAME: Final[Mapping[str, TypeRules]] = {
    "contacts": CONTACT_RULES,
    "companies": COMPANY_RULES,
    "deals": DEAL_RULES,
    "tickets": TICKET_RULES,
    "tasks": TASK_RULES,
    **ACTIVITY_RULES,
}


_BY_TYPE_ID: Final[Mapping[str, TypeRules]] = {
    object_type_named(name).id: rules for name, rules in _BY_TYPE_NAME.items()
}


def type_rules(object_type_id: str) -> TypeRules:
    """The rules of one type alone; most types have none."""
    return _BY_TYPE_ID.get(object_type_id, _NONE)
