"""Searches through HubSpot's own Python clients: v3 and 2026-03."""

import datetime
import json
from collections.abc import Sequence
from typing import Any

import hubspot_sdk
import pytest
from hubspot.crm import companies, contacts, deals, objects  # type: ignore[import-untyped]

from tests.clients.searches import (
    COUNT,
    LINKED,
    SEARCHED,
    SEARCHES,
    SORTS,
    Filter,
    Scene,
    each_searched,
    make_scene,
)
from tests.clients.subjects import SUBJECTS, Subject
from tests.conftest import PortalUnderTest

MODELS = {"contacts": contacts, "companies": companies, "deals": deals}

with_query = pytest.mark.parametrize(
    "subject", [each for each in SUBJECTS if not each.is_custom], ids=lambda each: each.object_type
)


@pytest.fixture
def scene(portal: PortalUnderTest, v3: Any, subject: Subject) -> Scene:
    """Six records of the subject in a portal; two of them are associated."""
    return make_scene(portal, v3, subject)


class V3:
    """Searches of hubspot-api-client, through the subject's class or the generic one."""

    def __init__(self, client: Any, scene: Scene) -> None:
        own = MODELS.get(scene.subject.object_type)
        self.models = own or objects
        part = client.crm.objects if own is None else getattr(client.crm, scene.path_type)
        self._api = part.search_api
        self._first = (scene.path_type,) if own is None else ()

    def search(self, **fields: Any) -> Any:
        """The answer to a request with these fields of the model."""
        return self._api.do_search(*self._first, self.models.PublicObjectSearchRequest(**fields))

    def groups(self, given: Sequence[Sequence[Filter]]) -> list[Any]:
        """Filter groups of the client's models."""
        names = {"propertyName": "property_name", "highValue": "high_value"}
        return [
            self.models.FilterGroup(
                filters=[
                    self.models.Filter(**{names.get(key, key): each[key] for key in each})
                    for each in group
                ]
            )
            for group in given
        ]


def found(scene: Scene, answer: Any) -> list[int]:
    """The numbers of the records of an answer, in its order."""
    return [scene.ids.index(each.id) for each in answer.results]


# --- hubspot-api-client: v3 ------------------------------------------------------------------


@each_searched
def test_v3_finds_by_every_operator(v3: Any, scene: Scene) -> None:
    client = V3(v3, scene)

    told = {
        name: found(scene, client.search(filter_groups=client.groups(groups)))
        for name, groups, _ in SEARCHES
    }

    assert told == {name: expected for name, _, expected in SEARCHES}


@each_searched
def test_v3_goes_through_all_pages(v3: Any, scene: Scene) -> None:
    client, seen, after, totals = V3(v3, scene), [], None, []
    while True:
        page = client.search(limit=4, after=after, properties=["size"])
        seen += found(scene, page)
        totals.append(page.total)
        if page.paging is None:
            break
        after = page.paging.next.after

    assert seen == list(range(COUNT))
    assert totals == [COUNT, COUNT]
    assert isinstance(
        page, client.models.CollectionResponseWithTotalSimplePublicObjectForwardPaging
    )
    record = page.results[-1]
    assert record.properties["size"] is None
    assert record.created_at.utcoffset() == datetime.timedelta(0)


@each_searched
def test_v3_sorts_in_every_written_form(v3: Any, scene: Scene) -> None:
    client = V3(v3, scene)

    told = [found(scene, client.search(sorts=[sort])) for sort, _ in SORTS]

    assert told == [expected for _, expected in SORTS]


@each_searched
def test_v3_finds_by_what_records_are_associated_with(v3: Any, scene: Scene) -> None:
    client = V3(v3, scene)

    answer = client.search(filter_groups=client.groups([[scene.link]]))

    assert found(scene, answer) == list(LINKED)


@with_query
def test_v3_finds_by_a_text(v3: Any, scene: Scene) -> None:
    assert found(scene, V3(v3, scene).search(query="record 4")) == [4]


@pytest.mark.parametrize("subject", [SUBJECTS[0]])
def test_v3_searches_as_its_readme_does(v3: Any, scene: Scene) -> None:
    record = v3.crm.contacts.basic_api.get_by_id(scene.ids[1], properties=["lastmodifieddate"])
    moment = datetime.datetime.fromisoformat(record.properties["lastmodifieddate"])
    date = str(round(moment.timestamp() * 1000))
    request = contacts.PublicObjectSearchRequest(
        filter_groups=[
            {
                "filters": [
                    {"value": date, "propertyName": "lastmodifieddate", "operator": "EQ"},
                ]
            }
        ],
        limit=10,
    )

    answer = v3.crm.contacts.search_api.do_search(public_object_search_request=request)

    assert scene.ids[1] in [each.id for each in answer.results]
    assert scene.ids[0] not in [each.id for each in answer.results]


@pytest.mark.parametrize("subject", [SUBJECTS[0]])
def test_v3_raises_what_it_may_not_search_for(v3: Any, scene: Scene) -> None:
    client = V3(v3, scene)
    unknown = client.models.Filter(property_name="nothing", operator="EQ", value="x")

    with pytest.raises(client.models.ApiException) as raised:
        client.search(filter_groups=[client.models.FilterGroup(filters=[unknown])])

    assert raised.value.status == 400
    assert json.loads(raised.value.body)["message"] == "There was a problem with the request."


# --- hubspot-sdk: 2026-03 --------------------------------------------------------------------


class Dated:
    """Searches of hubspot-sdk; all its fields but `query` are required."""

    def __init__(self, client: hubspot_sdk.HubSpot, scene: Scene) -> None:
        name = scene.subject.object_type
        is_custom = scene.subject.is_custom
        resources: Any = client.crm.objects
        self._api: Any = resources.custom if is_custom else getattr(resources, name)
        self._type = {"object_type": scene.path_type} if is_custom else {}

    def search(self, **fields: Any) -> Any:
        """The answer to a request with these fields, and with those that it needs."""
        needed = {"after": "0", "filter_groups": [], "limit": 10, "properties": [], "sorts": []}
        return self._api.search(**{**needed, **fields}, **self._type)

    def groups(self, given: Sequence[Sequence[Filter]]) -> list[Any]:
        """Filter groups as the client has them."""
        names = {"propertyName": "property_name", "highValue": "high_value"}
        return [
            {"filters": [{names.get(key, key): each[key] for key in each} for each in group]}
            for group in given
        ]


@each_searched
def test_2026_03_finds_by_every_operator(lenient: hubspot_sdk.HubSpot, scene: Scene) -> None:
    client = Dated(lenient, scene)

    told = {
        name: found(scene, client.search(filter_groups=client.groups(groups)))
        for name, groups, _ in SEARCHES
    }

    assert told == {name: expected for name, _, expected in SEARCHES}


@each_searched
def test_2026_03_answers_pages_as_described(dated: hubspot_sdk.HubSpot, scene: Scene) -> None:
    client = Dated(dated, scene)
    fields = {"properties": [scene.subject.title], "limit": 4}

    page = client.search(**fields)
    rest = client.search(after=page.paging.next.after, **fields)

    assert (page.total, rest.total, rest.paging) == (COUNT, COUNT, None)
    assert found(scene, page) + found(scene, rest) == list(range(COUNT))
    titles = [each.properties[scene.subject.title] for each in [*page.results, *rest.results]]
    assert titles == [f"Record {number}" for number in range(COUNT)]


@each_searched
def test_2026_03_sorts_in_every_written_form(lenient: hubspot_sdk.HubSpot, scene: Scene) -> None:
    client = Dated(lenient, scene)

    told = [found(scene, client.search(sorts=[sort])) for sort, _ in SORTS]

    assert told == [expected for _, expected in SORTS]


@each_searched
def test_2026_03_finds_by_what_records_are_associated_with(
    lenient: hubspot_sdk.HubSpot, scene: Scene
) -> None:
    client = Dated(lenient, scene)

    answer = client.search(filter_groups=client.groups([[scene.link]]))

    assert found(scene, answer) == list(LINKED)


@with_query
def test_2026_03_finds_by_a_text(lenient: hubspot_sdk.HubSpot, scene: Scene) -> None:
    assert found(scene, Dated(lenient, scene).search(query="record 4")) == [4]


@pytest.mark.parametrize("subject", [SEARCHED[-1]])
def test_2026_03_raises_what_it_may_not_search_for(
    lenient: hubspot_sdk.HubSpot, scene: Scene
) -> None:
    with pytest.raises(hubspot_sdk.BadRequestError):
        Dated(lenient, scene).search(limit=201)
