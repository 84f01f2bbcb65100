"""One request to the console, as its pages see it, and the addresses of its pages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

from moyeu.catalog.object_types import ObjectType
from moyeu.crm.callers import Caller, Occasion
from moyeu.operations.portals import known_scopes
from moyeu.storage.contract import Portal, Store
from moyeu.wire.console.options import ConsoleOptions
from moyeu.wire.exchange import Query

ROOT: Final = "/console"

QueryValue = str | int | bool | Iterable[str] | None
"""A value of an address's query; None and False are left out, several are repeated."""


@dataclass(slots=True)
class Visit:
    """A request whose sender may see the console.

    portals: all of the store, by id; portal: the one that is looked at, None where there is none.
    path: the variable segments by name, decoded. form: of a POST, empty otherwise.
    base_url: scheme and host that were called. token: for the forms of the page.
    """

    store: Store
    options: ConsoleOptions
    portals: list[Portal]
    portal: Portal | None
    path: Mapping[str, str]
    query: Query
    form: Query
    now_ms: int
    correlation_id: str
    base_url: str
    session: str
    token: str

    @property
    def here(self) -> Portal:
        """The portal that is looked at, on pages that need one."""
        assert self.portal is not None
        return self.portal

    def occasion(self) -> Occasion:
        """What a write is told: the console acts as the portal's own app, for no user."""
        caller = Caller(self.here.id, self.here.app_id, None, known_scopes())
        return Occasion(caller, self.now_ms, self.correlation_id)

    def link(self, *segments: str, **query: QueryValue) -> str:
        """The address of a page: `link("records", "contacts")`; it stays in the portal."""
        if self.portal is not None and self.portals and self.portal != self.portals[0]:
            query = {"portal": self.portal.id, **query}
        return link(*segments, **query)

    def written(self, name: str) -> str:
        """A field of the form, "" where it is missing."""
        return self.form.last(name) or ""


def link(*segments: str, **query: QueryValue) -> str:
    """The address of a page of the console; no segments: the overview."""
    path = "/".join((ROOT, *(quote(each, safe="") for each in segments))) if segments else "/"
    pairs = list(_pairs(query))
    return f"{path}?{urlencode(pairs)}" if pairs else path


def _pairs(query: Mapping[str, QueryValue]) -> Iterable[tuple[str, str]]:
    for name, value in query.items():
        if value is None or value is False or value == "":
            continue
        if value is True:
            yield name, "true"
        elif isinstance(value, str | int):
            yield name, str(value)
        else:
            yield from ((name, each) for each in value)


def type_path(object_type: ObjectType) -> str:
    """What an object type is called in addresses, of the console and of the API."""
    return object_type.upper_name if object_type.is_custom else object_type.name
