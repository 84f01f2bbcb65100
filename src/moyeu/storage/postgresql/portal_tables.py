"""The tables with rows of a portal that are not its contents."""

from typing import Final

OWN_TABLES: Final = (
    "snapshot",
    "controls",
    "job",
    "search_rate",
    "search_portal",
    "request_log",
    "request_log_count",
    "token",
    "counter",
    "portal",
)
"""All of them, the portal's own row last; of `job` some rows are contents."""

STAYING_TABLES: Final = ("search_portal", "request_log_count")
"""Those with a row that stays when a portal is removed.

If its id comes back, columns shall not have numbers under which processes remember other ones, and
requests that are logged late none of those that are asked for.
"""

SEARCH_TABLES: Final = ("search_key", "search_text", "search_removal", "search_column")
"""Tables whose rows are made of the contents."""
