"""The properties that the demo portal adds to partner services, as an agency would.

Nobody has published which properties HubSpot gives partner services, so these are custom ones.
"""

from typing import Final

from moyeu.catalog.properties import (
    FieldType,
    Option,
    PropertyDefinition,
    PropertyGroup,
    PropertyType,
)
from moyeu.demo.world import PARTNER_SERVICES

OBJECT_TYPE_ID: Final = PARTNER_SERVICES
"""The object type that has them."""

GROUP: Final = PropertyGroup("agency_information", "Agency information", 1)

SERVICE_TIERS: Final = (("starter", "Starter"), ("growth", "Growth"), ("enterprise", "Enterprise"))
CHANNELS: Final = (("email", "Email"), ("ads", "Ads"), ("seo", "SEO"), ("social", "Social"))
_YES_NO: Final = (("true", "Yes"), ("false", "No"))

_ROWS: Final[tuple[tuple[str, str, PropertyType, FieldType, tuple[tuple[str, str], ...]], ...]] = (
    ("external_id", "External ID", "string", "text", ()),
    ("account_lead", "Account lead", "string", "text", ()),
    ("engagement_notes", "Engagement notes", "string", "textarea", ()),
    ("monthly_fee", "Monthly fee", "number", "number", ()),
    ("hours_per_month", "Hours per month", "number", "number", ()),
    ("service_tier", "Service tier", "enumeration", "select", SERVICE_TIERS),
    ("channels", "Channels", "enumeration", "checkbox", CHANNELS),
    ("kickoff_date", "Kickoff date", "date", "date", ()),
    ("next_review_at", "Next review at", "datetime", "date", ()),
    ("is_retainer", "Is retainer", "bool", "booleancheckbox", _YES_NO),
)

UNIQUE: Final = "external_id"
"""The one whose values are unique: `ext-1`, `ext-2`, …"""


def demo_properties(created_at_ms: int) -> tuple[PropertyDefinition, ...]:
    """The definitions, made at that moment."""
    return tuple(
        PropertyDefinition(
            name=name,
            label=label,
            type=kind,
            field_type=field_type,
            group_name=GROUP.name,
            options=tuple(
                Option(value, shown, order) for order, (value, shown) in enumerate(options)
            ),
            has_unique_value=name == UNIQUE,
            display_order=order,
            created_at_ms=created_at_ms,
            updated_at_ms=created_at_ms,
        )
        for order, (name, label, kind, field_type, options) in enumerate(_ROWS)
    )
