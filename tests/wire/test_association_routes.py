"""Associations over HTTP, where one portal needs more than cases can give it."""

import http.client
import itertools
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from moyeu.catalog.associations import standard_associations
from moyeu.catalog.versions import VERSIONS, ApiVersion, version_named
from tests.conftest import PortalUnderTest, every_scope
from tests.wire.test_associated import CATS, define_cats
from tests.wire.test_capabilities_walk import Subject, Walk

MANY: Final = 1_234
"""Associations of one record: three pages of 500, thirteen of 100."""

UNLABELLED: Final = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}
MISSING: Final = "987654321987"


@dataclass(frozen=True, slots=True)
class Client:
    """One connection to the server, with the token of a portal."""

    portal: PortalUnderTest
    connection: http.client.HTTPConnection

    def call(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        """The body of the answer, None for none; path: also a link, whose host is the server's."""
        headers = {"Authorization": f"Bearer {self.portal.token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        target = path.removeprefix(self.portal.url)
        self.connection.request(method, target, None if body is None else json.dumps(body), headers)
        answer = self.connection.getresponse()
        text = answer.read()
        assert answer.status == status, (method, target, text[:500])
        return json.loads(text) if text else None


@pytest.fixture
def client(portal: PortalUnderTest) -> Iterator[Client]:
    """A connection to an empty portal."""
    connection = http.client.HTTPConnection(urlsplit(portal.url).netloc, timeout=30)
    with closing(connection):
        yield Client(portal, connection)


def version(name: str) -> ApiVersion:
    """The version of that name."""
    found = version_named(name)
    assert found is not None
    return found


BY_ID: Final = tuple(each for each in VERSIONS if each.association_form == "ids")


# --- paging ----------------------------------------------------------------------------------


def contact_with_many_companies(client: Client) -> tuple[str, list[int]]:
    """A contact with 1,234 companies, the first of which is the primary one; their ids."""
    contact = client.portal.add_record("contacts", {}).id
    companies = []
    for count in (100,) * 12 + (MANY - 1_200,):
        inputs: list[Any] = [{"properties": {}}] * count
        made = client.call(
            "POST", "/crm/v3/objects/companies/batch/create", {"inputs": inputs}, 201
        )
        companies += [int(each["id"]) for each in made["results"]]
    pairs = [
        {"from": {"id": contact}, "to": {"id": str(each)}, "types": [UNLABELLED]}
        for each in companies
    ]
    created = client.call(
        "POST", "/crm/v4/associations/contacts/companies/batch/create", {"inputs": pairs}, 201
    )
    assert len(created["results"]) == MANY
    return contact, companies


def walked(client: Client, first: Any) -> Iterator[Any]:
    """The results of a page and of all that its links lead to."""
    page = first
    yield from page.get("results", page.get("to", ()))
    while "paging" in page:
        after = page["paging"]["next"]["after"]
        assert page["paging"]["next"]["link"].endswith(f"after={after}")
        page = client.call("GET", page["paging"]["next"]["link"])
        yield from page["results"]


def test_links_lead_to_all_of_many_associations_once(client: Client) -> None:
    contact, companies = contact_with_many_companies(client)
    inputs = {"inputs": [{"id": contact}]}
    read = client.call("GET", f"/crm/v3/objects/contacts/{contact}?associations=companies")
    named = client.call("POST", "/crm/v3/associations/contacts/companies/batch/read", inputs)

    # In v3 the primary company stands in two rows.
    rows = [(str(companies[0]), "contact_to_company")]
    rows += [(str(each), "contact_to_company_unlabeled") for each in companies]
    for first in (read["associations"]["companies"], named["results"][0]):
        assert [(each["id"], each["type"]) for each in walked(client, first)] == rows

    for each in BY_ID:
        nested, batch = each.nested_association_prefixes[0], each.association_prefixes[0]
        path = f"{nested}/contacts/{contact}/associations/companies"
        page = client.call("GET", path)
        result = client.call("POST", f"{batch}/contacts/companies/batch/read", inputs)["results"][0]
        assert (len(page["results"]), len(result["to"])) == (500, 100)
        for first in (page, result, client.call("GET", f"{path}?limit=300&portalId=1")):
            assert [one["toObjectId"] for one in walked(client, first)] == companies, each.name


def test_a_batch_read_goes_on_where_after_says(client: Client) -> None:
    contact, companies = contact_with_many_companies(client)
    path = "/contacts/companies/batch/read"

    found: list[int] = []
    asked = {"id": contact}
    while asked:
        (result,) = client.call("POST", f"/crm/v4/associations{path}", {"inputs": [asked]})[
            "results"
        ]
        found += [each["toObjectId"] for each in result["to"]]
        following = result.get("paging")
        asked = following and {"id": contact, "after": following["next"]["after"]}

    assert found == companies
    # v3 passes it over (observed 2022).
    asked = {"id": contact, "after": "nonsense"}
    (result,) = client.call("POST", f"/crm/v3/associations{path}", {"inputs": [asked]})["results"]
    assert result["to"][0]["id"] == str(companies[0])


# --- sizes of batches ------------------------------------------------------------------------


def size_refused(maximum: int) -> str:
    """The text about too many inputs."""
    return (
        f"The maximum number of inputs supported in a batch is {maximum}."
        " Please reduce the number of items and try again"
    )


PAIR: Final = {"from": {"id": MISSING}, "to": {"id": MISSING}}


@pytest.mark.parametrize(
    ("name", "path", "item", "maximum", "status"),
    [
        ("v3", "read", {"id": MISSING}, 1_000, 207),
        ("v3", "create", {**PAIR, "type": "279"}, 2_000, 207),
        ("v3", "archive", {**PAIR, "type": "279"}, 2_000, 204),
        ("v4", "read", {"id": MISSING}, 1_000, 207),
        ("v4", "create", {**PAIR, "types": [UNLABELLED]}, 2_000, 207),
        ("v4", "associate/default", PAIR, 2_000, 207),
        ("v4", "labels/archive", {**PAIR, "types": [UNLABELLED]}, 2_000, 204),
        ("2026-03", "labels/archive", {**PAIR, "types": [UNLABELLED]}, 2_000, 200),
    ],
)
def test_a_batch_has_a_greatest_size(
    client: Client, name: str, path: str, item: Any, maximum: int, status: int
) -> None:
    address = f"{version(name).association_prefixes[0]}/contacts/companies/batch/{path}"

    client.call("POST", address, {"inputs": [item] * maximum}, status)
    refused = client.call("POST", address, {"inputs": [item] * (maximum + 1)}, 400)

    assert (refused["message"], refused["category"]) == (size_refused(maximum), "VALIDATION_ERROR")


def test_a_removal_is_of_a_hundred_records_at_most(client: Client) -> None:
    address = "/crm/v4/associations/contacts/companies/batch/archive"
    inputs = [{"from": {"id": str(each)}, "to": [{"id": "1"}, {"id": "2"}]} for each in range(101)]

    client.call("POST", address, {"inputs": inputs[:100] * 2}, 204)
    refused = client.call("POST", address, {"inputs": inputs}, 400)

    assert refused["message"] == size_refused(100)


def test_a_full_batch_is_written_whole(client: Client) -> None:
    contacts = [client.portal.add_record("contacts", {}).id for _ in range(40)]
    companies = [client.portal.add_record("companies", {}).id for _ in range(50)]
    pairs = [
        {"from": {"id": one}, "to": {"id": other}}
        for one, other in itertools.product(contacts, companies)
    ]
    address = "/crm/v4/associations/contacts/companies/batch"

    made = client.call("POST", f"{address}/associate/default", {"inputs": pairs})
    read = client.call("POST", f"{address}/read", {"inputs": [{"id": each} for each in contacts]})

    # Each pair in both directions.
    assert len(made["results"]) == 4_000
    assert [[str(one["toObjectId"]) for one in each["to"]] for each in read["results"]] == [
        companies
    ] * len(contacts)
    removals = [
        {"from": {"id": one}, "to": [{"id": each} for each in companies]} for one in contacts
    ]
    client.call("POST", f"{address}/archive", {"inputs": removals}, 204)
    left = client.call("POST", f"{address}/read", {"inputs": [{"id": contacts[0]}]}, 207)
    assert left["results"] == []


# --- every pair of types ---------------------------------------------------------------------


def pairs_of_types(walk: Walk) -> Iterator[tuple[Subject, Subject]]:
    """Each type with itself and with others in a circle, so that each is on both sides."""
    subjects = [each for each in walk.subjects.values() if not each.object_type.is_custom]
    for place, step in itertools.product(range(len(subjects)), (0, 1, 5)):
        yield subjects[place], subjects[(place + step) % len(subjects)]


def two_records(walk: Walk, types: tuple[Subject, Subject]) -> tuple[str, str]:
    """The ids of a record of each."""
    first, second = walk.kept(types[0])
    return first, (second if types[0] is types[1] else walk.kept(types[1])[0])


def walk_by_id(
    client: Client, each: ApiVersion, names: tuple[str, str], ids: tuple[str, str]
) -> None:
    """Default, read, batch read and removal of one pair of records."""
    nested, batch = each.nested_association_prefixes[0], each.association_prefixes[-1]
    ways = [
        f"{nested}/{one}/{record_id}/associations/{other}"
        for (one, other), record_id in zip((names, names[::-1]), ids, strict=True)
    ]
    default = f"{nested}/{names[0]}/{ids[0]}/associations/default/{names[1]}/{ids[1]}"

    made = client.call("PUT", default)["results"]
    page = client.call("GET", ways[0])
    found = client.call(
        "POST", f"{batch}/{names[0]}/{names[1]}/batch/read", {"inputs": [{"id": ids[0]}]}
    )
    client.call("DELETE", f"{ways[0]}/{ids[1]}", None, 204)

    assert [(one["from"]["id"], one["to"]["id"]) for one in made] == [ids, ids[::-1]]
    (linked,) = page["results"]
    assert linked["toObjectId"] == int(ids[1])
    spec = made[0]["associationSpec"]
    default_type = {
        "category": spec["associationCategory"],
        "typeId": spec["associationTypeId"],
        "label": None,
    }
    assert default_type in linked["associationTypes"]
    assert found["results"] == [{"from": {"id": ids[0]}, "to": page["results"]}]
    assert [client.call("GET", way) for way in ways] == [{"results": []}] * 2


def walk_by_name(client: Client, names: tuple[str, str], ids: tuple[str, str], name: str) -> None:
    """Put, read, batch read and removal of one pair of records in v3; name: of the type."""
    way = f"/crm/v3/objects/{names[0]}/{ids[0]}/associations/{names[1]}"
    batch = f"/crm/v3/associations/{names[0]}/{names[1]}/batch/read"

    record = client.call("PUT", f"{way}/{ids[1]}/{name}")
    rows = client.call("GET", way)["results"]
    found = client.call("POST", batch, {"inputs": [{"id": ids[0]}]})["results"]
    client.call("DELETE", f"{way}/{ids[1]}/{name}", None, 204)

    assert record["id"] == ids[0]
    assert {"id": ids[1], "type": name} in rows
    assert [each["results"] for each in record["associations"].values()] == [rows]
    assert found == [{"from": {"id": ids[0]}, "to": rows}]
    assert client.call("GET", way) == {"results": []}


def test_records_of_every_type_can_be_associated(client: Client) -> None:
    types = standard_associations().by_pair
    turns = itertools.cycle(BY_ID)
    with closing(Walk(client.portal)) as walk:
        for pair in pairs_of_types(walk):
            ids = two_records(walk, pair)
            turn = walk.next_turn()
            names = tuple(each.names[turn % len(each.names)] for each in pair)
            unlabelled = [
                each.name
                for each in types[pair[0].object_type.id, pair[1].object_type.id]
                if each.kind == "unlabeled"
            ]
            walk_by_id(client, next(turns), (names[0], names[1]), ids)
            walk_by_name(client, (names[0], names[1]), ids, unlabelled[0])


def test_each_scope_of_a_type_suffices_and_no_other_does(client: Client) -> None:
    with closing(Walk(client.portal)) as walk:
        for subject in walk.subjects.values():
            kind = subject.object_type
            way = f"/crm/v4/objects/{kind.id}/{walk.kept(subject)[0]}/associations"
            for scopes, method, path, allowed in (
                (kind.read_scopes, "GET", f"{way}/contacts", 200),
                (kind.write_scopes, "DELETE", f"{way}/contacts/1", 204),
            ):
                others = every_scope() - set(scopes)
                refused = walk.send(method, path, None, walk.token(frozenset(others)))
                assert refused.status == 403, path
                told = refused.json["errors"][0]["context"]["requiredGranularScopes"]
                assert told == list(scopes)
                for scope in scopes:
                    answer = walk.send(method, path, None, walk.token(frozenset({scope})))
                    assert answer.status == allowed, (path, scope)


# --- custom object types ---------------------------------------------------------------------


def test_a_custom_type_goes_by_its_names(client: Client) -> None:
    define_cats(client.portal, (11, CATS, "0-1"), (12, "0-1", CATS))
    contact = client.portal.add_record("contacts", {}).id
    cat = client.portal.add_record(CATS, {}).id
    qualified = f"p{client.portal.portal_id}_Cat"
    spec = {"associationCategory": "USER_DEFINED", "associationTypeId": 11}

    for name in (CATS, qualified, "p_cat"):
        made = client.call(
            "PUT", f"/crm/v4/objects/{name}/{cat}/associations/contacts/{contact}", [spec], 201
        )
        assert made == {
            "fromObjectTypeId": CATS,
            "fromObjectId": int(cat),
            "toObjectTypeId": "0-1",
            "toObjectId": int(contact),
            "labels": [],
        }
        rows = client.call("GET", f"/crm/v3/objects/contacts/{contact}/associations/{name}")
        assert rows == {"results": [{"id": cat, "type": "contact_to_Cat"}]}
        client.call("DELETE", f"/crm/v4/objects/0-1/{contact}/associations/{name}/{cat}", None, 204)
        assert client.call("GET", f"/crm/v4/objects/{name}/{cat}/associations/0-1") == {
            "results": []
        }


def test_types_that_no_schema_joins_cannot_be_associated(client: Client) -> None:
    define_cats(client.portal, (11, CATS, "0-1"), (12, "0-1", CATS))
    cat, deal = client.portal.add_record(CATS, {}).id, client.portal.add_record("deals", {}).id

    refused = client.call(
        "PUT", f"/crm/v4/objects/{CATS}/{cat}/associations/default/deals/{deal}", None, 400
    )
    batch = client.call(
        "POST",
        f"/crm/v4/associations/{CATS}/deals/batch/associate/default",
        {"inputs": [{"from": {"id": cat}, "to": {"id": deal}}]},
        207,
    )

    text = f"No association types exist from object type {CATS} to object type 0-3"
    assert (refused["message"], refused["category"]) == (text, "VALIDATION_ERROR")
    assert [each["message"] for each in batch["errors"]] == [text]
    assert client.call("GET", f"/crm/v4/objects/{CATS}/{cat}/associations/deals") == {"results": []}


# --- limits ----------------------------------------------------------------------------------


def test_nobody_gets_more_associations_than_the_portal_allows(client: Client) -> None:
    portal = client.portal
    kind = standard_associations().by_key["HUBSPOT_DEFINED", 279]
    portal.server.write(lambda each: each.put_association_limit(portal.portal_id, kind, 1))
    contact = portal.add_record("contacts", {}).id
    companies = [portal.add_record("companies", {}).id for _ in range(2)]
    way = f"/crm/v4/objects/contacts/{contact}/associations/default/companies"

    client.call("PUT", f"{way}/{companies[0]}")
    refused = client.call("PUT", f"{way}/{companies[1]}", None, 400)
    batch = client.call(
        "POST",
        "/crm/v4/associations/contacts/companies/batch/create",
        {"inputs": [{"from": {"id": contact}, "to": {"id": companies[1]}, "types": [UNLABELLED]}]},
        207,
    )

    text = f"CONTACT={contact} cannot have more than 1 associations of HUBSPOT_DEFINED=279"
    assert refused["message"] == "One or more associations are invalid"
    assert refused["context"] == {
        "ASSOCIATIONS_LIMIT_EXCEEDED": [text],
        "objectId": [contact],
        "objectType": ["CONTACT"],
    }
    assert batch["errors"] == [{"status": "error", "category": "VALIDATION_ERROR", "message": text}]


# --- what is not sound -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["", " ", "1.0", "1e3", "-1", "+1", "0", "٣", "9" * 400, "x", "1\n", "1;2"]
)
def test_an_id_that_is_none_names_no_record(client: Client, text: str) -> None:
    contact = client.portal.add_record("contacts", {}).id
    company = client.portal.add_record("companies", {}).id
    address = "/crm/v4/associations/contacts/companies/batch"
    for one, other, told in (
        (text, company, f"CONTACT={text} is not valid"),
        (contact, text, f"COMPANY={text} is not valid"),
    ):
        pair = {"from": {"id": one}, "to": {"id": other}}
        for path in ("create", "associate/default"):
            item = {**pair, "types": [UNLABELLED]} if path == "create" else pair
            answer = client.call("POST", f"{address}/{path}", {"inputs": [item]}, 207)
            assert [each["message"] for each in answer["errors"]] == [told]
        removal = {"inputs": [{"from": {"id": one}, "to": [{"id": other}]}]}
        client.call("POST", f"{address}/archive", removal, 204)
    read = client.call("POST", f"{address}/read", {"inputs": [{"id": text}]}, 207)
    assert read["errors"][0]["context"]["fromObjectId"] == [text]
    assert client.call("GET", f"/crm/v4/objects/contacts/{contact}/associations/companies") == {
        "results": []
    }


def test_a_body_where_none_is_read_changes_nothing(client: Client) -> None:
    contact = client.portal.add_record("contacts", {}).id
    company = client.portal.add_record("companies", {}).id
    way = f"/crm/v4/objects/contacts/{contact}/associations/default/companies/{company}"

    first = client.call("PUT", way, {"not": ["read"] * 1_000})
    second = client.call("PUT", way)

    assert first["results"] == second["results"]
