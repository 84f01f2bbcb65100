"""Calls for associations between partner services and companies in the portal of `related.py`.

Writes go to services of the second half and ordinary companies, reads to the first half and hubs;
so what is read is what was seeded.
"""

import random
from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

from bench import portal, related
from bench.calls import DATED, Call, Draw, encode
from bench.work import PROPERTY_VALUES, Ids
from moyeu.catalog.associations import AssociationType, standard_associations
from moyeu.crm.association_pages import cursor

LinkJob = Literal[
    "link", "link_default", "links_read", "links_page_few", "links_page_many", "list_linked"
]

OF_SERVICE = "/crm/objects/2025-09/partner_services/{}/associations/companies"
_OF_COMPANY = "/crm/objects/2025-09/companies/{}/associations/partner_services"
_BATCH = "/crm/associations/2025-09/partner_services/companies/batch"


def _type(from_id: str, to_id: str) -> AssociationType:
    """The unlabelled type of a pair, its only one."""
    (only,) = standard_associations().by_pair[from_id, to_id]
    return only


def _pairs(rng: random.Random, ids: Ids, inputs: int) -> list[tuple[int, int]]:
    services = ids.records[len(ids.records) // 2 :]
    companies = related.ordinary_companies(ids.companies)
    return [(each, rng.choice(companies)) for each in rng.sample(services, inputs)]


def _link(rng: random.Random, ids: Ids, inputs: int) -> Call:
    kind = _type(portal.object_type().id, portal.companies().id)
    types = [{"associationCategory": kind.category, "associationTypeId": kind.type_id}]
    pairs = _pairs(rng, ids, inputs)
    body = {"inputs": [{**_ends(*pair), "types": types} for pair in pairs]}
    return Call("POST", f"{_BATCH}/create", encode(body), 201, linked=pairs)


def _link_default(rng: random.Random, ids: Ids, inputs: int) -> Call:
    pairs = _pairs(rng, ids, inputs)
    body = {"inputs": [_ends(*pair) for pair in pairs]}
    return Call("POST", f"{_BATCH}/associate/default", encode(body), linked=pairs)


def _ends(from_id: int, to_id: int) -> dict[str, dict[str, str]]:
    return {"from": {"id": str(from_id)}, "to": {"id": str(to_id)}}


def _companies_of(ids: Ids, place: int) -> list[int]:
    places = related.company_places(place, len(ids.records))
    return [ids.companies[each] for each in places]


def _first_half(ids: Ids) -> range:
    return range(min(len(ids.records) // 2, related.LINKED_MANY))


def _links_read(rng: random.Random, ids: Ids, inputs: int) -> Call:
    places = rng.sample(_first_half(ids), inputs)
    body = {"inputs": [{"id": str(ids.records[place])} for place in places]}
    shown = [f"{ids.records[place]}: {_companies_of(ids, place)}" for place in places]
    return Call("POST", f"{_BATCH}/read", encode(body), shown=shown, seen=_linked_of_inputs)


def _linked_of_inputs(answer: Mapping[str, Any]) -> list[str]:
    return [
        f"{each['from']['id']}: {[int(to['toObjectId']) for to in each['to']]}"
        for each in answer["results"]
    ]


def _links_page(rng: random.Random, ids: Ids, limit: int, *, many: bool) -> Call:
    count = len(ids.records)
    if many:
        company, places = 0, range(min(count, related.LINKED_MANY))
    else:
        company, places = 1, related.hub_places(0, count)
    first = rng.randrange(len(places) - limit + 1)
    page = [ids.records[place] for place in places[first : first + limit]]
    after = cursor(page[0], _type(portal.companies().id, portal.object_type().id))
    path = _OF_COMPANY.format(ids.companies[company])
    shown = [str(each) for each in page]
    return Call("GET", f"{path}?limit={limit}&after={after}", shown=shown, seen=linked_ids)


def linked_ids(answer: Mapping[str, Any]) -> list[str]:
    """The ids of the records that a page of associations has, in its order."""
    return [str(each["toObjectId"]) for each in answer["results"]]


def _list_linked(rng: random.Random, ids: Ids, limit: int) -> Call:
    first = rng.randrange(len(_first_half(ids)) - limit)
    places = range(first, first + limit)
    names = ",".join(PROPERTY_VALUES)
    query = f"limit={limit}&after={ids.records[first]}&properties={names}&associations=companies"
    shown = [f"{ids.records[place]}: {_companies_of(ids, place)}" for place in places]
    return Call("GET", f"{DATED}?{query}", shown=shown, seen=_linked_of_records)


def _linked_of_records(answer: Mapping[str, Any]) -> list[str]:
    return [
        f"{each['id']}: {[int(to['id']) for to in each['associations']['companies']['results']]}"
        for each in answer["results"]
    ]


DRAW: Mapping[str, Draw] = {
    "link": _link,
    "link_default": _link_default,
    "links_read": _links_read,
    "links_page_few": partial(_links_page, many=False),
    "links_page_many": partial(_links_page, many=True),
    "list_linked": _list_linked,
}
