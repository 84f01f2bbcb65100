"""The `associations` of a record in the answer to a read."""

from collections.abc import Iterable

from moyeu.catalog.associations import AssociationType
from moyeu.catalog.object_types import ObjectType
from moyeu.operations.associations import Associated
from moyeu.wire.bodies import Json
from moyeu.wire.paging import paging_body


def associations_body(
    associated: tuple[Associated, ...], base_url: str, portal_id: int, type_id: str, record_id: str
) -> Json:
    """The associated records by object type: `{"companies": {"results": [{"id", "type"}]}}`.

    A record stands once for each type (observed). Beyond 500 records there is a cursor to the route
    of the associations; that number is the default of that route, a guess here.
    """
    body: Json = {}
    for each in associated:
        of_type: Json = {"results": linked_rows(each.rows)}
        if each.after is not None:
            # The link of v3 in every version: a guess.
            address = base_url + "/crm/v3/objects"
            link = associations_link(address, type_id, record_id, each.to.id, portal_id, each.after)
            of_type["paging"] = paging_body(each.after, link)
        body[_key(each.to)] = of_type
    return body


def linked_rows(rows: Iterable[tuple[int, AssociationType]]) -> list[Json]:
    """Associated records as v3 writes them, each once for each type (observed)."""
    return [{"id": str(record_id), "type": kind.name} for record_id, kind in rows]


def associations_link(
    prefix: str, from_type_id: str, record_id: str, to_type_id: str, portal_id: int, after: str
) -> str:
    """The address of the next page of the associations of a record.

    It has the type ids and the portal id, and the cursor percent-encoded as beside it (observed
    2022 in a batch read of v3). prefix: the address up to the object type.
    """
    path = f"/{from_type_id}/{record_id}/associations/{to_type_id}"
    return f"{prefix}{path}?portalId={portal_id}&after={after}"


def _key(to: ObjectType) -> str:
    """The plural with blanks, `line items` (observed 2023 to 2026; a guess for other words).

    A custom type stands under its fully qualified name (observed 2024).
    """
    return to.upper_name if to.is_custom else to.name.replace("_", " ")
