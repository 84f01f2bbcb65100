"""The tables with rows of a portal that are not its contents."""

from typing import Final

OWN_TABLES: Final = (
    "snapshot",
    "job",
    "search_rate",
    "search_portal",
    "token",
    "counter",
    "portal",
)
"""All of them, the portal's own row last; of `job` some rows are contents."""

STAYING_TABLES: Final = ("search_portal",)
"""Those with a row that stays when a portal is removed.

If its id comes back, columns shall not have numbers under which processes remember other ones.
"""

SEARCH_TABLES: Final = ("search_key", "search_text", "search_removal", "search_column")
"""Tables whose rows are made of the contents."""
