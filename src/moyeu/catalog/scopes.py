"""The scopes of the property, property validation and pipeline routes.

A call passes in two steps, which is the reading (GUESS) that explains both recorded refusals. A
token with none of the generic scopes is refused with MISSING_SCOPES, naming the scopes of the
object type; a token that has a generic scope and none of the object type is refused with the
sentence about permissions on the type.
"""

from typing import Final

from moyeu.catalog.object_types import OBJECT_TYPES, ObjectType

CUSTOM_SCOPE_NAME: Final = "custom"
"""`scope_name` of every custom object type."""

# Security of the routes in HubSpot/HubSpot-public-api-spec-collection, Properties, 2026-03.
# {verb} of `crm.objects.{name}.{verb}` and `crm.schemas.{name}.{verb}`, by name.
_READ_BY_OBJECT_SCOPES: Final = (
    ("appointments", "read write sensitive.read.v2 sensitive.write.v2"),
    ("calls", "read"),
    ("carts", "read"),
    ("commercepayments", "write"),
    (
        "companies",
        "read write sensitive.read.v2 sensitive.write.v2"
        " highly_sensitive.read.v2 highly_sensitive.write.v2",
    ),
    (
        "contacts",
        "read write sensitive.read.v2 sensitive.write.v2"
        " highly_sensitive.read.v2 highly_sensitive.write.v2",
    ),
    ("courses", "read write"),
    (
        "custom",
        "read write sensitive.read.v2 sensitive.write.v2"
        " highly_sensitive.read.v2 highly_sensitive.write.v2",
    ),
    (
        "deals",
        "read write sensitive.read.v2 sensitive.write.v2"
        " highly_sensitive.read.v2 highly_sensitive.write.v2",
    ),
    ("emails", "read"),
    ("feedback_submissions", "read"),
    ("goals", "read write"),
    ("invoices", "read write"),
    ("leads", "read write"),
    ("line_items", "read write"),
    ("listings", "read write"),
    ("marketing_events", "read write"),
    ("meetings", "read"),
    ("notes", "read"),
    ("orders", "read"),
    ("owners", "read"),
    ("products", "write"),
    (
        "projects",
        "read write sensitive.read sensitive.write highly_sensitive.read highly_sensitive.write",
    ),
    ("quotes", "read write"),
    ("services", "read write"),
    ("subscriptions", "read write"),
    ("tasks", "read"),
    ("users", "read"),
)
_READ_SCHEMAS: Final = (
    "appointments calls carts commercepayments companies contacts courses custom deals emails"
    " invoices line_items listings meetings notes orders projects quotes services subscriptions"
    " tasks"
)
_WRITE_SCHEMAS: Final = (
    "appointments carts commercepayments companies contacts courses custom deals invoices listings"
    " orders projects quotes services subscriptions tickets"
)
_TICKET_SCOPES: Final = ("tickets", "tickets.sensitive.v2", "tickets.highly_sensitive.v2")
_OTHER_READ_SCOPES: Final = (
    "automation",
    "crm.pipelines.orders.read",
    "e-commerce",
    "media_bridge.read",
    "timeline",
)
_OTHER_WRITE_SCOPES: Final = (
    "contacts",  # 2026-09 only
    "crm.objects.carts.write",
    "crm.objects.orders.write",
    "crm.objects.users.write",
    "crm.pipelines.orders.write",
    "e-commerce",
)

DESCRIBED_READ_SCOPES: Final = frozenset(
    (
        *(
            f"crm.objects.{name}.{verb}"
            for name, verbs in _READ_BY_OBJECT_SCOPES
            for verb in verbs.split()
        ),
        *(f"crm.schemas.{name}.read" for name in _READ_SCHEMAS.split()),
        *_TICKET_SCOPES,
        *_OTHER_READ_SCOPES,
    )
)
"""Any one of these suffices for a read, as the descriptions say (SPEC)."""

DESCRIBED_WRITE_SCOPES: Final = frozenset(
    (
        *(f"crm.schemas.{name}.write" for name in _WRITE_SCHEMAS.split()),
        *_TICKET_SCOPES,
        *_OTHER_WRITE_SCOPES,
    )
)
"""Any one of these suffices for a write, as the descriptions say (SPEC)."""


def property_read_scopes(object_type: ObjectType) -> tuple[str, ...]:
    """Scopes of the type that allow reading its definitions, any one.

    Those that a refusal names come first, in that order; the scopes of the type's records follow
    where they have another name, such as `tickets`, or those of contacts for activities.
    """
    return _unique(
        (
            *read_scopes_named_in_refusal(object_type),
            f"crm.objects.{object_type.scope_name}.write",
            *object_type.read_scopes,
            *object_type.write_scopes,
        )
    )


def read_scopes_named_in_refusal(object_type: ObjectType) -> tuple[str, ...]:
    """What a MISSING_SCOPES refusal of a read names: the schema scope, then the object scope.

    Source: observed 2023-09-27 on contacts (`crm.schemas.contacts.read`,
    `crm.objects.contacts.read`). A type without a schema scope has only the second (GUESS).
    """
    name = object_type.scope_name
    object_scope = f"crm.objects.{name}.read"
    has_schema_scope = name in _READ_SCHEMAS.split() or name in _WRITE_SCHEMAS.split()
    return (f"crm.schemas.{name}.read", object_scope) if has_schema_scope else (object_scope,)


def property_write_scopes(object_type: ObjectType) -> tuple[str, ...]:
    """Scopes of the type that allow writing its definitions, any one; a refusal names them all.

    The schema scope; where HubSpot has none for writing (partner services, leads, products, notes,
    …) the write scope of the type's objects (GUESS). Old names such as `tickets` follow.
    """
    name = object_type.scope_name
    noun = "schemas" if name in _WRITE_SCHEMAS.split() else "objects"
    old = (scope for scope in object_type.write_scopes if scope in DESCRIBED_WRITE_SCOPES)
    return _unique((f"crm.{noun}.{name}.write", *old))


def _unique(scopes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(scopes))


GENERIC_PROPERTY_READ_SCOPES: Final = DESCRIBED_READ_SCOPES.union(
    *(property_read_scopes(object_type) for object_type in OBJECT_TYPES)
)
"""The first step of a read: the described scopes, and those of types they leave out (GUESS)."""

GENERIC_PROPERTY_WRITE_SCOPES: Final = DESCRIBED_WRITE_SCOPES.union(
    *(property_write_scopes(object_type) for object_type in OBJECT_TYPES)
)
"""The first step of a write: the described scopes, and those of types they leave out (GUESS)."""

# Custom object types and their schemas (SPEC): any one suffices.

CUSTOM_OBJECT_READ_SCOPES: Final = ("crm.objects.custom.read",)
CUSTOM_OBJECT_WRITE_SCOPES: Final = ("crm.objects.custom.write",)

SCHEMA_READ_SCOPES: Final = ("crm.schemas.custom.read", "crm.objects.custom.read")
SCHEMA_WRITE_SCOPES: Final = ("crm.schemas.custom.write",)

# Owners (SPEC): any one suffices.

OWNER_READ_SCOPES: Final = ("crm.objects.owners.read", "automation")

# Lists (SPEC): writes of members need both.

LIST_READ_SCOPES: Final = ("crm.lists.read",)
LIST_WRITE_SCOPES: Final = ("crm.lists.write",)

OBJECT_READ_SCOPES: Final = tuple(
    sorted({scope for each in OBJECT_TYPES for scope in each.read_scopes})
)
"""The read scopes of HubSpot's own types: the limits API needs any one of them (observed)."""
