"""What HubSpot gives every custom object type beside its properties and its property group."""

from typing import Final

from moyeu.catalog.object_types import RECORD_ID

ACTIVITY_OBJECTS: Final[tuple[tuple[str, str], ...]] = (
    ("0-4", "engagement"),
    ("0-11", "conversation"),
    ("0-18", "communication"),
    ("0-27", "task"),
    ("0-46", "note"),
    ("0-47", "meeting_event"),
    ("0-48", "call"),
    ("0-49", "email"),
    ("0-116", "postal_mail"),
)
"""(object type id, name in association names) of the nine types that a new one is associated with.

OBSERVED 2026-10-05: that there are nine. DOCUMENTED: emails, meetings, notes, tasks, calls and
conversations. GUESS: the other three, which are the remaining activities and the type above them.
"""

PIPELINE_PROPERTY: Final = "hs_pipeline"
STAGE_PROPERTY: Final = "hs_pipeline_stage"
"""The properties that a type gets with its first pipeline. OBSERVED."""

DEFAULT_SEARCHABLE_PROPERTIES: Final = (RECORD_ID,)
"""What is searchable where a create names nothing. OBSERVED 2026-10-05."""
