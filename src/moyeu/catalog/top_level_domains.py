"""The top-level domains of the internet, as data: nothing is looked up while the server runs."""

from functools import cache

import msgspec

from moyeu.catalog.tables import read_table


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    source: str
    evidence: str
    names: tuple[str, ...]


@cache
def top_level_domains() -> frozenset[str]:
    """All of them, lower case; those in other scripts in their ASCII form (`xn--p1ai`)."""
    return frozenset(read_table("top_level_domains", _Table).names)
