"""Labels, limits and the Edit Associations permission over HTTP: what no single case shows."""

import json
import logging
import urllib.error
import urllib.request
from dataclasses import replace
from typing import Any, Final

import pytest

from moyeu.catalog.versions import VERSIONS
from moyeu.operations.portals import hash_token
from moyeu.storage.contract import StoredDefinition, Token
from moyeu.wire.association_labels import read_type_id
from tests.conftest import PortalUnderTest

REFUSED: Final = (400, "Missing 'Edit Associations' permission.", "VALIDATION_ERROR")
VERSION_NAMES: Final = tuple(each.name for each in VERSIONS)
ENFORCING: Final = {"2026-09", "2026-09-beta"}


@pytest.mark.parametrize(
    ("text", "type_id"),
    [
        ("0", 0),
        ("2147483647", 2**31 - 1),
        ("2147483648", None),
        ("000000000000001", 1),
        ("9" * 400, None),
        ("", None),
        ("-1", None),
        ("١", None),
    ],
)
def test_a_type_id_in_a_path_has_31_bits_at_most(text: str, type_id: int | None) -> None:
    assert read_type_id(text) == type_id


def call(
    portal: PortalUnderTest, token: str, method: str, path: str, body: Any = None
) -> tuple[int, Any]:
    """Status and body of an answer."""
    request = urllib.request.Request(
        portal.url + path,
        None if body is None else json.dumps(body).encode(),
        {"authorization": f"Bearer {token}", "content-type": "application/json"},
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def told(answer: tuple[int, Any]) -> tuple[int, str, str]:
    """Status, message and category of a refusal."""
    status, body = answer
    return status, body["message"], body["category"]


def token_of(portal: PortalUnderTest, user_id: int | None, *, may_edit: bool) -> str:
    """A token with all scopes that acts for a user, or for its app."""
    text = f"token-of-{portal.portal_id}-{user_id}-{may_edit}"
    caller = replace(portal.caller, user_id=user_id, may_edit_associations=may_edit)
    portal.server.write(lambda tx: tx.add_token(Token(hash_token(text), caller, text[-12:], 0)))
    return text


def prefixes(version: str) -> tuple[str, str]:
    """Where records and their associations stand, and where associations in batches."""
    if version in ("v3", "v4"):
        return f"/crm/{version}/objects", f"/crm/{version}/associations"
    return f"/crm/objects/{version}", f"/crm/associations/{version}"


def writes(version: str, contact: str, company: str) -> list[tuple[str, str, Any]]:
    """Every call that changes associations in a version."""
    objects, associations = prefixes(version)
    nested = f"{objects}/contacts/{contact}/associations"
    batch = f"{associations}/contacts/companies/batch"
    pair = {"from": {"id": contact}, "to": {"id": company}}
    spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}
    if version == "v3":
        named = pair | {"type": "contact_to_company"}
        return [
            ("PUT", f"{nested}/companies/{company}/contact_to_company", None),
            ("DELETE", f"{nested}/companies/{company}/contact_to_company", None),
            ("POST", f"{batch}/create", {"inputs": [named]}),
            ("POST", f"{batch}/archive", {"inputs": [named]}),
        ]
    return [
        ("PUT", f"{nested}/companies/{company}", [spec]),
        ("PUT", f"{nested}/default/companies/{company}", None),
        ("DELETE", f"{nested}/companies/{company}", None),
        ("POST", f"{batch}/create", {"inputs": [pair | {"types": [spec]}]}),
        ("POST", f"{batch}/associate/default", {"inputs": [pair]}),
        ("POST", f"{batch}/archive", {"inputs": [{"from": pair["from"], "to": [pair["to"]]}]}),
        ("POST", f"{batch}/labels/archive", {"inputs": [pair | {"types": [spec]}]}),
    ]


def creates(version: str, company: str, *, linked: bool) -> list[tuple[str, Any]]:
    """The creates of one contact and of a batch, with a company or without."""
    given: dict[str, Any] = {"properties": {"firstname": "Ada"}}
    if linked:
        spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}
        given["associations"] = [{"to": {"id": company}, "types": [spec]}]
    objects, _ = prefixes(version)
    return [
        (f"{objects}/contacts", given),
        (f"{objects}/contacts/batch/create", {"inputs": [{"properties": {}}, given]}),
    ]


# --- the Edit Associations permission ---------------------------------------------------------


@pytest.mark.parametrize("version", VERSION_NAMES)
def test_a_user_without_the_permission_changes_no_association_where_it_is_enforced(
    portal: PortalUnderTest, version: str
) -> None:
    contact, company = (portal.add_record(each, {}).id for each in ("contacts", "companies"))
    token = token_of(portal, 77, may_edit=False)

    for method, path, body in writes(version, contact, company):
        answer = call(portal, token, method, path, body)

        if version in ENFORCING:
            assert told(answer) == REFUSED, (method, path)
        else:
            assert answer[0] < 300, (method, path, answer)


@pytest.mark.parametrize("version", [each.name for each in VERSIONS if each.object_prefixes])
def test_such_a_user_creates_records_without_associations_only(
    portal: PortalUnderTest, version: str
) -> None:
    company = portal.add_record("companies", {}).id
    token = token_of(portal, 77, may_edit=False)

    for path, body in creates(version, company, linked=True):
        answer = call(portal, token, "POST", path, body)

        if version in ENFORCING:
            assert told(answer) == REFUSED, path
        else:
            assert answer[0] == 201, (path, answer)
    for path, body in creates(version, company, linked=False):
        assert call(portal, token, "POST", path, body)[0] == 201, path


@pytest.mark.parametrize(("user_id", "may_edit"), [(77, True), (None, False), (None, True)])
def test_others_change_associations_everywhere(
    portal: PortalUnderTest, user_id: int | None, may_edit: bool
) -> None:
    contact, company = (portal.add_record(each, {}).id for each in ("contacts", "companies"))
    token = token_of(portal, user_id, may_edit=may_edit)

    calls = [
        *writes("2026-09", contact, company),
        *(("POST", path, body) for path, body in creates("2026-09", company, linked=True)),
    ]

    assert [call(portal, token, *each)[0] for each in calls] == [201, 200, 204] + [200] * 4 + [
        201,
        201,
    ]


def test_reads_need_no_permission(portal: PortalUnderTest) -> None:
    contact = portal.add_record("contacts", {}).id
    token = token_of(portal, 77, may_edit=False)
    batch = "/crm/associations/2026-09/contacts/companies/batch/read"

    status, _ = call(
        portal, token, "GET", f"/crm/objects/2026-09/contacts/{contact}/associations/companies"
    )
    batch_status, _ = call(portal, token, "POST", batch, {"inputs": [{"id": contact}]})

    assert (status, batch_status) == (200, 207)


def test_a_missing_scope_is_told_before_the_permission(portal: PortalUnderTest) -> None:
    scopes = frozenset({"crm.objects.contacts.read"})
    caller = replace(portal.caller, scopes=scopes, user_id=77, may_edit_associations=False)
    portal.server.write(lambda tx: tx.add_token(Token(hash_token("narrow"), caller, "narrow", 0)))

    status, body = call(
        portal,
        "narrow",
        "PUT",
        "/crm/objects/2026-09/contacts/1/associations/default/companies/2",
    )

    assert (status, body["category"]) == (403, "MISSING_SCOPES")


# --- labels and limits -----------------------------------------------------------------------


def make_label(portal: PortalUnderTest, name: str, inverse: str | None = None) -> None:
    body = {"label": name.title(), "name": name}
    if inverse is not None:
        body["inverseLabel"] = inverse
    path = "/crm/v4/associations/contacts/companies/labels"
    status, _ = call(portal, portal.token, "POST", path, body)
    assert status == 200


def test_labels_that_were_copied_from_another_portal_are_used_and_changed(
    portal: PortalUnderTest,
) -> None:
    ways = (("0-1", "0-2", 31, 30), ("0-2", "0-1", 30, 31))
    copied = [
        StoredDefinition(
            "association_type",
            from_id,
            f"INTEGRATOR_DEFINED:{type_id}",
            json.dumps(
                {
                    "category": "INTEGRATOR_DEFINED",
                    "type_id": type_id,
                    "from_object_type_id": from_id,
                    "to_object_type_id": to_id,
                    "kind": "labeled",
                    "name": "third-party",
                    "label": "Third party",
                    "inverse_id": inverse_id,
                }
            ),
        )
        for from_id, to_id, type_id, inverse_id in ways
    ]
    portal.server.write(lambda tx: tx.restore_definitions(portal.portal_id, copied))
    contact, company = (portal.add_record(each, {}).id for each in ("contacts", "companies"))
    pair = f"/crm/v4/objects/contacts/{contact}/associations/companies/{company}"
    labels = "/crm/v4/associations/contacts/companies/labels"
    spec = {"associationCategory": "INTEGRATOR_DEFINED", "associationTypeId": 31}

    assert call(portal, portal.token, "PUT", pair, [spec])[1]["labels"] == ["Third party"]
    change = {"associationTypeId": 31, "label": "Partner"}
    assert call(portal, portal.token, "PUT", labels, change)[0] == 204
    _, listed = call(portal, portal.token, "GET", labels)
    assert {"category": "INTEGRATOR_DEFINED", "typeId": 31, "label": "Partner"} in listed["results"]
    assert call(portal, portal.token, "DELETE", f"{labels}/31")[0] == 400
    assert call(portal, portal.token, "DELETE", pair)[0] == 204
    assert call(portal, portal.token, "DELETE", f"{labels}/31")[0] == 204


def test_a_limit_holds_for_the_next_association(portal: PortalUnderTest) -> None:
    contact = portal.add_record("contacts", {}).id
    companies = [portal.add_record("companies", {}).id for _ in range(3)]
    limit = {"category": "HUBSPOT_DEFINED", "typeId": 279, "maxToObjectIds": 2}
    base = "/crm/associations/2026-03"

    status, _ = call(
        portal,
        portal.token,
        "POST",
        f"{base}/definitions/configurations/contacts/companies/batch/create",
        {"inputs": [limit]},
    )

    assert status == 201
    statuses = [
        call(
            portal,
            portal.token,
            "PUT",
            f"/crm/objects/2026-03/contacts/{contact}/associations/default/companies/{each}",
        )[0]
        for each in companies
    ]
    assert statuses == [200, 200, 400]


def test_a_deleted_label_is_free_again_when_its_last_association_is_gone(
    portal: PortalUnderTest,
) -> None:
    make_label(portal, "works_for", "Employs")
    contact, company = (portal.add_record(each, {}).id for each in ("contacts", "companies"))
    pair = f"/crm/v4/objects/contacts/{contact}/associations/companies/{company}"
    label = "/crm/v4/associations/contacts/companies/labels/1"
    spec = {"associationCategory": "USER_DEFINED", "associationTypeId": 1}

    assert call(portal, portal.token, "PUT", pair, [spec])[0] == 201
    assert call(portal, portal.token, "DELETE", label)[0] == 400
    assert call(portal, portal.token, "DELETE", pair)[0] == 204
    assert call(portal, portal.token, "DELETE", label)[0] == 204
    make_label(portal, "works_for")


def test_the_report_on_high_usage_leaves_a_line_and_mails_nothing(
    portal: PortalUnderTest, caplog: pytest.LogCaptureFixture
) -> None:
    portal.add_owner({"id": 501, "email": "ada@example.com", "userId": 77})
    caplog.set_level(logging.INFO, "moyeu.operations")

    status, body = call(
        portal, portal.token, "POST", "/crm/v4/associations/usage/high-usage-report/77"
    )

    assert status == 200
    assert body["userEmail"] == "ada@example.com"
    assert isinstance(body["enqueueTime"]["value"], int)
    (line,) = [each.getMessage() for each in caplog.records if "high usage" in each.getMessage()]
    assert str(portal.portal_id) in line
    assert "77" in line


def test_the_report_is_asked_for_without_a_body_or_a_media_type(portal: PortalUnderTest) -> None:
    portal.add_owner({"id": 501, "userId": 77})
    request = urllib.request.Request(
        f"{portal.url}/crm/associations/2026-09/usage/high-usage-report/77",
        headers={"authorization": f"Bearer {portal.token}"},
        method="POST",
    )

    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 200
