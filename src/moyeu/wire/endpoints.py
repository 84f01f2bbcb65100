"""The endpoint table: version × path × method → operation, handler and access.

Adding an object type or a version adds rows to the catalog, never here; an operation adds one row
here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from moyeu.catalog.versions import VERSIONS, ApiVersion
from moyeu.wire import records, searches
from moyeu.wire.association_labels import ASSOCIATION_LABEL_ROUTES, ASSOCIATION_NAME_ROUTES
from moyeu.wire.association_limits import ASSOCIATION_LIMIT_ROUTES
from moyeu.wire.associations import (
    BATCH_ROUTES,
    NAMED_BATCH_ROUTES,
    NAMED_NESTED_ROUTES,
    NESTED_ROUTES,
)
from moyeu.wire.limits import LIMIT_ROUTES
from moyeu.wire.list_routes import (
    LIST_ALL_ROUTES,
    LIST_HISTORY_ROUTES,
    LIST_ROUTES,
    list_all_prefixes,
    list_history_prefixes,
)
from moyeu.wire.object_library import OBJECT_LIBRARY_ROUTES
from moyeu.wire.owners import OWNER_ROUTES
from moyeu.wire.path_tree import PathMatch, PathTree
from moyeu.wire.pipelines import PIPELINE_ROUTES
from moyeu.wire.properties import PROPERTY_ROUTES
from moyeu.wire.routes import Api, DefinitionRoute, ObjectRoute
from moyeu.wire.schemas import SCHEMA_ROUTES
from moyeu.wire.validations import VALIDATION_ROUTES


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One row: a route in one version under one of its prefixes."""

    version: ApiVersion
    path: str
    route: ObjectRoute | DefinitionRoute

    @property
    def is_collection(self) -> bool:
        """Whether a trailing slash is accepted: on collections only (a guess).

        Clients call owners with one (observed).
        """
        return self.path.endswith("{objectType}") or self.route.template == ""


OBJECT_ROUTES: tuple[ObjectRoute, ...] = (
    ObjectRoute("GET", "/{objectType}", "list", records.list_page),
    ObjectRoute("POST", "/{objectType}", "create", records.create),
    ObjectRoute("GET", "/{objectType}/{objectId}", "read", records.read),
    ObjectRoute("PATCH", "/{objectType}/{objectId}", "update", records.update),
    ObjectRoute("DELETE", "/{objectType}/{objectId}", "archive", records.archive),
    ObjectRoute("POST", "/{objectType}/batch/read", "batch_read", records.batch_read),
    ObjectRoute("POST", "/{objectType}/batch/create", "batch_create", records.batch_create),
    ObjectRoute("POST", "/{objectType}/batch/update", "batch_update", records.batch_update),
    ObjectRoute("POST", "/{objectType}/batch/archive", "batch_archive", records.batch_archive),
    ObjectRoute("POST", "/{objectType}/batch/upsert", "batch_upsert", records.batch_upsert),
    ObjectRoute("POST", "/{objectType}/merge", "merge", records.merge),
    ObjectRoute("POST", "/{objectType}/gdpr-delete", "gdpr_delete", records.gdpr_delete),
    ObjectRoute("POST", "/{objectType}/search", "search", searches.search),
)


def _by_name(version: ApiVersion) -> bool:
    return version.association_form == "names"


APIS: Final[tuple[Api, ...]] = (
    Api("Properties", lambda version: version.property_prefixes, PROPERTY_ROUTES),
    Api(
        "Property validations",
        lambda version: version.property_validation_prefixes,
        VALIDATION_ROUTES,
    ),
    Api("Pipelines", lambda version: version.pipeline_prefixes, PIPELINE_ROUTES),
    Api("Schemas", lambda version: version.schema_prefixes, SCHEMA_ROUTES),
    Api("Object library", lambda version: version.object_library_prefixes, OBJECT_LIBRARY_ROUTES),
    Api(
        "Associations of a record, by name",
        lambda version: version.nested_association_prefixes if _by_name(version) else (),
        NAMED_NESTED_ROUTES,
    ),
    Api(
        "Associations of a record",
        lambda version: () if _by_name(version) else version.nested_association_prefixes,
        NESTED_ROUTES,
    ),
    Api(
        "Associations in batches, by name",
        lambda version: version.association_prefixes if _by_name(version) else (),
        NAMED_BATCH_ROUTES,
    ),
    Api(
        "Associations in batches",
        lambda version: () if _by_name(version) else version.association_prefixes,
        BATCH_ROUTES,
    ),
    Api(
        "Association types, by name",
        lambda version: version.association_prefixes if _by_name(version) else (),
        ASSOCIATION_NAME_ROUTES,
    ),
    Api(
        "Association labels",
        lambda version: () if _by_name(version) else version.association_prefixes,
        ASSOCIATION_LABEL_ROUTES,
    ),
    Api(
        "Association limits",
        lambda version: () if _by_name(version) else version.association_prefixes,
        ASSOCIATION_LIMIT_ROUTES,
    ),
    Api("Lists", lambda version: version.list_prefixes, LIST_ROUTES),
    Api("History of lists", list_history_prefixes, LIST_HISTORY_ROUTES),
    Api("All lists", list_all_prefixes, LIST_ALL_ROUTES),
    Api("Owners", lambda version: version.owner_prefixes, OWNER_ROUTES),
    Api("Limits", lambda version: version.limit_prefixes, LIMIT_ROUTES),
)
"""The other APIs: which prefixes of a version they stand below, and their routes."""


def endpoints() -> Iterator[Endpoint]:
    """Every row of the table."""
    for version in VERSIONS:
        for prefix in version.object_prefixes:
            for route in OBJECT_ROUTES:
                yield Endpoint(version, prefix + route.template, route)
        for api in APIS:
            for prefix in api.prefixes(version):
                for definition_route in api.routes:
                    yield Endpoint(version, prefix + definition_route.template, definition_route)


class Router:
    """Finds the endpoints of a path; a literal segment goes before a variable one."""

    def __init__(self) -> None:
        self._tree: PathTree[Endpoint] = PathTree()
        for endpoint in endpoints():
            self._tree.add(endpoint.path, endpoint.route.method, endpoint)

    def match(self, segments: list[str]) -> "Match | None":
        """The endpoints of a path given as its decoded segments, None where there are none."""
        return self._tree.match(segments)


Match = PathMatch[Endpoint]
"""A path that exists: its endpoints by method, and the variable segments by name."""
