"""The tables with rows of a portal that are not its contents."""

from typing import Final

OWN_TABLES: Final = ("snapshot", "controls", "job", "token", "portal")
"""All of them, the portal's own row last; of `job` some rows are contents."""
