"""Associations through HubSpot's own clients: v3, v4 and 2026-03."""

from typing import Any

import hubspot_sdk
import pytest
from hubspot.crm import associations as named  # type: ignore[import-untyped] # without types
from hubspot.crm.associations import v4  # type: ignore[import-untyped]

from tests.conftest import PortalUnderTest

PRIMARY = {"association_category": "HUBSPOT_DEFINED", "association_type_id": 1}


@pytest.fixture
def ids(portal: PortalUnderTest) -> tuple[str, str, str]:
    """The ids of a contact and of two companies."""
    kinds = ("contacts", "companies", "companies")
    contact, one, other = (portal.add_record(kind, {}).id for kind in kinds)
    return contact, one, other


def linked(page: Any) -> dict[str, set[int]]:
    """The type ids by record id of a page of v4."""
    return {
        str(each.to_object_id): {kind.type_id for kind in each.association_types}
        for each in page.results
    }


# --- hubspot-api-client: v4 ------------------------------------------------------------------


def test_v4_sets_reads_and_removes_one_pair(v3: Any, ids: tuple[str, str, str]) -> None:
    contact, one, other = ids
    api = v3.crm.associations.v4.basic_api

    made = api.create_default("contacts", contact, "companies", other)
    told = api.create("contacts", contact, "companies", one, [v4.AssociationSpec(**PRIMARY)])

    assert {each.association_spec.association_type_id for each in made.results} == {279, 280}
    assert (str(told.from_object_id), str(told.to_object_id)) == (contact, one)
    assert told.labels == ["Primary"]
    assert linked(api.get_page("contacts", contact, "companies")) == {one: {1, 279}, other: {279}}
    first = api.get_page("contacts", contact, "companies", limit=1)
    second = api.get_page("contacts", contact, "companies", after=first.paging.next.after)
    assert (list(linked(first)), list(linked(second))) == ([one], [other])

    api.archive("contacts", contact, "companies", one)
    assert linked(api.get_page("companies", one, "contacts")) == {}
    with pytest.raises(v4.ApiException) as refused:
        api.create("contacts", contact, "companies", "1", [v4.AssociationSpec(**PRIMARY)])
    assert refused.value.status == 400


def test_v4_batches_are_written_read_and_removed(v3: Any, ids: tuple[str, str, str]) -> None:
    contact, one, other = ids
    api = v3.crm.associations.v4.batch_api
    ends = {"_from": v4.PublicObjectId(contact), "to": v4.PublicObjectId(one)}
    pair = v4.PublicAssociationMultiPost(types=[v4.AssociationSpec(**PRIMARY)], **ends)
    pairs = v4.BatchInputPublicAssociationMultiPost(inputs=[pair])
    plain = v4.PublicDefaultAssociationMultiPost(
        _from=v4.PublicObjectId(contact), to=v4.PublicObjectId(other)
    )
    asked = v4.BatchInputPublicFetchAssociationsBatchRequest(
        inputs=[v4.PublicFetchAssociationsBatchRequest(id=contact)]
    )

    created = api.create("contacts", "companies", pairs)
    api.create_default(
        "contacts",
        "companies",
        v4.BatchInputPublicDefaultAssociationMultiPost(inputs=[plain]),
    )

    assert [each.labels for each in created.results] == [["Primary"]]
    (found,) = api.get_page("contacts", "companies", asked).results
    assert [str(each.to_object_id) for each in found.to] == [one, other]
    api.archive_labels("contacts", "companies", pairs)
    (found,) = api.get_page("contacts", "companies", asked).results
    assert [[kind.type_id for kind in each.association_types] for each in found.to] == [[279]] * 2
    removal = v4.PublicAssociationMultiArchive(
        _from=v4.PublicObjectId(contact), to=[v4.PublicObjectId(one), v4.PublicObjectId(other)]
    )
    api.archive(
        "contacts", "companies", v4.BatchInputPublicAssociationMultiArchive(inputs=[removal])
    )
    left = api.get_page("contacts", "companies", asked)
    assert (left.results, left.num_errors) == ([], 1)
    assert left.errors[0].sub_category == "crm.associations.NO_ASSOCIATIONS_FOUND"


# --- hubspot-api-client: v3 ------------------------------------------------------------------


def test_v3_batches_go_by_names(v3: Any, ids: tuple[str, str, str]) -> None:
    contact, one, _ = ids
    api = v3.crm.associations.batch_api
    pair = named.PublicAssociation(
        _from=named.PublicObjectId(contact), to=named.PublicObjectId(one), type="contact_to_company"
    )
    pairs = named.BatchInputPublicAssociation(inputs=[pair])
    asked = named.BatchInputPublicObjectId(inputs=[named.PublicObjectId(contact)])

    created = api.create("contacts", "companies", pairs)
    (found,) = api.read("contacts", "companies", asked).results

    assert [(each._from.id, each.to.id, each.type) for each in created.results] == [
        (contact, one, "contact_to_company")
    ]
    assert [(each.id, each.type) for each in found.to] == [
        (one, "contact_to_company"),
        (one, "contact_to_company_unlabeled"),
    ]
    api.archive("contacts", "companies", pairs)
    (found,) = api.read("contacts", "companies", asked).results
    assert [each.type for each in found.to] == ["contact_to_company_unlabeled"]


# --- hubspot-sdk: 2026-03 --------------------------------------------------------------------


def test_the_sdk_sets_reads_and_removes_one_pair(
    lenient: hubspot_sdk.HubSpot, ids: tuple[str, str, str]
) -> None:
    # Its strict mode refuses ids that are numbers and labels that are null.
    contact, one, other = ids
    api: Any = lenient.crm.associations
    to = {"object_id": contact, "object_type": "contacts", "to_object_type": "companies"}

    api.create(
        other,
        from_object_type="contacts",
        from_object_id=contact,
        to_object_type="companies",
    )
    told = api.update_labels(one, body=[PRIMARY], **to)

    assert (str(told.to_object_id), told.labels) == (one, ["Primary"])
    arguments = {key: to[key] for key in ("object_type", "object_id")}
    found = {
        str(each.to_object_id): {kind.type_id for kind in each.association_types}
        for each in api.list("companies", limit=1, **arguments)
    }
    assert found == {one: {1, 279}, other: {279}}
    api.delete(one, **to)
    assert [str(each.to_object_id) for each in api.list("companies", **arguments)] == [other]


def test_the_sdk_writes_reads_and_removes_batches(
    lenient: hubspot_sdk.HubSpot, ids: tuple[str, str, str]
) -> None:
    contact, one, other = ids
    api: Any = lenient.crm.associations.batch
    types = {"from_object_type": "contacts"}
    pair = {"from": {"id": contact}, "to": {"id": one}, "types": [PRIMARY]}

    created = api.create("companies", inputs=[pair], **types)
    api.create_default(
        "companies", inputs=[{"from": {"id": contact}, "to": {"id": other}}], **types
    )
    read = api.get("companies", inputs=[{"id": contact}], **types)

    assert [each.labels for each in created.results] == [["Primary"]]
    assert [str(each.to_object_id) for each in read.results[0].to] == [one, other]
    api.delete_labels("companies", inputs=[pair], **types)
    api.delete(
        "companies",
        inputs=[{"from": {"id": contact}, "to": [{"id": one}, {"id": other}]}],
        **types,
    )
    left = api.get("companies", inputs=[{"id": contact}], **types)
    assert left.results == []
