"""The object library: which of HubSpot's own types can be switched on and off in a portal."""

from typing import Final

from moyeu.catalog.object_types import OBJECT_TYPES

ENABLEMENT: Final[dict[str, bool]] = {"0-420": True, "0-421": True, "0-162": True, "0-410": True}
"""Whether a type is enabled, by object type id; types that cannot be switched are left out.

DOCUMENTED: the four types of the guide's example, in its order. GUESS: that there are no others,
and that all are enabled, as the records of all of them are served.
"""

OBJECT_LIBRARY_SCOPES: Final = tuple(
    sorted({scope for each in OBJECT_TYPES for scope in (*each.read_scopes, *each.write_scopes)})
)
"""Any one suffices. DOCUMENTED: scopes of objects; GUESS: those of every type."""


def is_enabled(object_type_id: str) -> bool:
    """Whether the type can be used; one that cannot be switched always can (a guess)."""
    return ENABLEMENT.get(object_type_id, True)
