"""The `associations` of records over the wire, where a portal needs more than cases can give it."""

import http.client
import json
from base64 import b64encode
from typing import Any
from urllib.parse import quote, urlsplit

from moyeu.crm.associations import association_types_of
from moyeu.crm.object_schemas import ObjectSchema, SchemaAssociation
from moyeu.storage.contract import WriteTransaction
from tests.conftest import PortalUnderTest, RecordKey

CATS = "2-2000001"


def call(portal: PortalUnderTest, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Status and body of an answer."""
    url = urlsplit(portal.url)
    assert url.hostname is not None
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=30)
    headers = {"Authorization": f"Bearer {portal.token}", "Content-Type": "application/json"}
    sent = None if body is None else json.dumps(body).encode()
    connection.request(method, path, sent, headers)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, json.loads(text) if text else None


def associations(portal: PortalUnderTest, path: str, names: str) -> Any:
    """The `associations` of a read."""
    status, body = call(portal, "GET", f"/crm/v3/objects/{path}?associations={names}")
    assert status == 200
    return body.get("associations")


def define_cats(portal: PortalUnderTest, *ways: tuple[int, str, str]) -> ObjectSchema:
    """A custom object type with the given association types."""
    schema = ObjectSchema(
        object_type_id=CATS,
        name="Cat",
        label="Cat",
        label_plural="Cats",
        primary_display_property="hs_object_id",
        associations=tuple(
            SchemaAssociation(id=str(type_id), from_object_type_id=from_id, to_object_type_id=to_id)
            for type_id, from_id, to_id in ways
        ),
        created_at_ms=0,
        updated_at_ms=0,
    )
    portal.server.write(lambda each: each.put_schema(portal.portal_id, schema))
    return schema


def inline(to_id: str, type_id: int, category: str) -> dict[str, Any]:
    spec = {"associationCategory": category, "associationTypeId": type_id}
    return {"to": {"id": to_id}, "types": [spec]}


def made_cat(portal: PortalUnderTest, contact: RecordKey) -> tuple[int, Any]:
    body = {"properties": {}, "associations": [inline(contact.id, 11, "USER_DEFINED")]}
    return call(portal, "POST", f"/crm/v3/objects/{CATS}", body)


def test_a_custom_type_stands_under_its_fully_qualified_name(portal: PortalUnderTest) -> None:
    define_cats(portal, (11, CATS, "0-1"), (12, "0-1", CATS))
    contact = portal.add_record("contacts", {})

    status, cat = made_cat(portal, contact)

    key = f"p{portal.portal_id}_Cat"
    expected = {key: {"results": [{"id": cat["id"], "type": "contact_to_Cat"}]}}
    assert status == 201
    for name in (CATS, key, "p_cat"):
        assert associations(portal, f"contacts/{contact.id}", name) == expected
    assert associations(portal, f"{CATS}/{cat['id']}", "contacts") == {
        "contacts": {"results": [{"id": contact.id, "type": "Cat_to_contact"}]}
    }


def test_the_bare_name_of_a_custom_type_names_nothing(portal: PortalUnderTest) -> None:
    define_cats(portal, (11, CATS, "0-1"), (12, "0-1", CATS))
    contact = portal.add_record("contacts", {})
    made_cat(portal, contact)

    assert associations(portal, f"contacts/{contact.id}", "cat,Cat") is None


def test_a_record_of_a_custom_type_that_is_not_there_is_refused(portal: PortalUnderTest) -> None:
    define_cats(portal, (11, CATS, "0-1"), (12, "0-1", CATS))

    body = {"properties": {}, "associations": [inline("7", 12, "USER_DEFINED")]}
    status, refused = call(portal, "POST", "/crm/v3/objects/contacts", body)

    name = f"p{portal.portal_id}_Cat"
    assert status == 400
    assert refused["context"] == {
        "INVALID_OBJECT_IDS": [f"{name}=7 is not valid"],
        "objectId": ["7"],
        "objectType": [name],
    }


def test_an_association_whose_type_was_removed_is_not_shown(portal: PortalUnderTest) -> None:
    define_cats(portal, (11, CATS, "0-1"), (12, "0-1", CATS))
    contact = portal.add_record("contacts", {})
    made_cat(portal, contact)

    define_cats(portal)

    assert associations(portal, f"contacts/{contact.id}", CATS) is None


def test_beyond_500_rows_there_is_a_cursor(portal: PortalUnderTest) -> None:
    contact = portal.add_record("contacts", {})
    carts = []
    for count in (100, 100, 100, 100, 100, 2):
        one = {"associations": [inline(contact.id, 586, "HUBSPOT_DEFINED")]}
        status, made = call(
            portal, "POST", "/crm/v3/objects/carts/batch/create", {"inputs": [one] * count}
        )
        assert status == 201
        carts += [each["id"] for each in made["results"]]

    found = associations(portal, f"contacts/{contact.id}", "carts")["carts"]

    after = quote(b64encode(f"0-587-{carts[500]}".encode()), safe="")
    path = f"/crm/v3/objects/0-1/{contact.id}/associations/0-142"
    assert [each["id"] for each in found["results"]] == carts[:500]
    assert found["paging"] == {
        "next": {
            "after": after,
            "link": f"{portal.url}{path}?portalId={portal.portal_id}&after={after}",
        }
    }


def test_500_rows_need_no_cursor(portal: PortalUnderTest) -> None:
    contact = portal.add_record("contacts", {})
    one = {"associations": [inline(contact.id, 586, "HUBSPOT_DEFINED")]}
    for _ in range(5):
        call(portal, "POST", "/crm/v3/objects/carts/batch/create", {"inputs": [one] * 100})

    found = associations(portal, f"contacts/{contact.id}", "carts")["carts"]

    assert len(found["results"]) == 500
    assert "paging" not in found


def test_a_new_record_that_would_be_one_too_many_is_refused(portal: PortalUnderTest) -> None:
    contact = portal.add_record("contacts", {})

    def limit(transaction: WriteTransaction) -> None:
        types = association_types_of(transaction.object_types(portal.portal_id))
        kind = types.find("HUBSPOT_DEFINED", 587)
        assert kind is not None
        transaction.put_association_limit(portal.portal_id, kind, 1)

    portal.server.write(limit)
    body = {"associations": [inline(contact.id, 586, "HUBSPOT_DEFINED")]}
    first, _ = call(portal, "POST", "/crm/v3/objects/carts", body)
    second, refused = call(portal, "POST", "/crm/v3/objects/carts", body)

    assert (first, second) == (201, 400)
    assert refused["message"] == "One or more associations are invalid"
    assert refused["context"] == {
        "ASSOCIATIONS_LIMIT_EXCEEDED": [
            f"CONTACT={contact.id} cannot have more than 1 associations of HUBSPOT_DEFINED=587"
        ],
        "objectId": [contact.id],
        "objectType": ["CONTACT"],
    }
    assert len(associations(portal, f"contacts/{contact.id}", "carts")["carts"]["results"]) == 1
