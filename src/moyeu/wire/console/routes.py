"""THE table of the console's pages: path → handler, and what stands in the navigation."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from moyeu.wire.console import (
    compatibility,
    definition_pages,
    overview,
    portal_pages,
    record_list,
    record_page,
    status,
)
from moyeu.wire.console.answers import Moved, Page
from moyeu.wire.console.visits import Visit

Handler = Callable[[Visit], Awaitable[Page | Moved]]


@dataclass(frozen=True, slots=True)
class Route:
    """A page. path: segments in braces are variables. section: of the navigation, "" for none."""

    path: str
    handler: Handler
    section: str
    takes_posts: bool = False
    needs_portal: bool = True

    @property
    def segments(self) -> list[str]:
        """The parts of the path."""
        return self.path.split("/")[1:]


class Section(NamedTuple):
    """An entry of the navigation; key: the letter that leads there after `g`."""

    name: str
    path: str
    label: str
    key: str


NAVIGATION: Final = (
    Section("overview", "", "Overview", "h"),
    Section("records", "records", "Records", "o"),
    Section("definitions", "definitions", "Definitions", "d"),
    Section("portals", "portals", "Portals", "p"),
    Section("compatibility", "compatibility", "Compatibility", "v"),
    Section("status", "status", "Status", "s"),
)

ROUTES: Final = (
    Route("/", overview.overview, "overview"),
    Route("/console", overview.to_overview, "overview", needs_portal=False),
    Route("/console/go", overview.go, ""),
    Route("/console/keys", overview.keys, "", needs_portal=False),
    Route("/console/records", record_list.types, "records"),
    Route("/console/records/{type}", record_list.records, "records"),
    Route("/console/records/{type}/{id}", record_page.record, "records", takes_posts=True),
    Route("/console/definitions", definition_pages.types, "definitions"),
    Route("/console/definitions/{type}", definition_pages.definitions, "definitions"),
    Route(
        "/console/portals", portal_pages.portals, "portals", takes_posts=True, needs_portal=False
    ),
    Route(
        "/console/portals/{id}",
        portal_pages.portal,
        "portals",
        takes_posts=True,
        needs_portal=False,
    ),
    Route(
        "/console/compatibility", compatibility.compatibility, "compatibility", needs_portal=False
    ),
    Route("/console/status", status.status, "status", needs_portal=False),
)
