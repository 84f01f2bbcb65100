"""The `associations` of a record in the answer to a read."""

from base64 import b64encode
from urllib.parse import quote

from moyeu.catalog.associations import CATEGORY_NUMBERS, AssociationType
from moyeu.catalog.limits import ASSOCIATIONS_LIMIT_DEFAULT
from moyeu.catalog.object_types import ObjectType
from moyeu.operations.associations import Associated
from moyeu.wire.bodies import Json
from moyeu.wire.paging import paging_body


def associations_body(
    associated: tuple[Associated, ...], base_url: str, portal_id: int, type_id: str, record_id: str
) -> Json:
    """The associated records by object type: `{"companies": {"results": [{"id", "type"}]}}`.

    A record stands once for each type (observed). Beyond 500 rows there is a cursor to the route
    of the associations; that number is the default of that route, a guess here.
    """
    body: Json = {}
    for each in associated:
        shown = each.rows[:ASSOCIATIONS_LIMIT_DEFAULT]
        of_type: Json = {"results": [{"id": str(id_), "type": kind.name} for id_, kind in shown]}
        if len(each.rows) > len(shown):
            after = cursor(*each.rows[len(shown)])
            # The link has the type ids and the portal id, the cursor percent-encoded in both
            # places: observed 2022 in a batch read of associations.
            path = f"/crm/v3/objects/{type_id}/{record_id}/associations/{each.to.id}"
            link = f"{base_url}{path}?portalId={portal_id}&after={after}"
            of_type["paging"] = paging_body(after, link)
        body[_key(each.to)] = of_type
    return body


def cursor(record_id: int, kind: AssociationType) -> str:
    """Where the next page begins: Base64 of `0-2-7502`, percent-encoded (observed 2022).

    Category number, type id and record id. That it names the first record left out is a guess.
    """
    text = f"{CATEGORY_NUMBERS[kind.category]}-{kind.type_id}-{record_id}"
    return quote(b64encode(text.encode()), safe="")


def _key(to: ObjectType) -> str:
    """The plural with blanks, `line items` (observed 2023 to 2026; a guess for other words).

    A custom type stands under its fully qualified name (observed 2024).
    """
    return to.upper_name if to.is_custom else to.name.replace("_", " ")
