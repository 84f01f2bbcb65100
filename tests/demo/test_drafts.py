"""What invented records say, and how they belong together."""

from dataclasses import replace

import pytest

from moyeu.catalog.pipelines import standard_pipelines
from moyeu.catalog.properties import standard_groups, standard_properties
from moyeu.crm.definitions import TypeDefinitions, define_type
from moyeu.crm.records import RecordInput, check_values
from moyeu.crm.values.moment import DAY_MS, read_iso, render_ms
from moyeu.demo.companies import company_of
from moyeu.demo.kinds import KINDS, Kind
from moyeu.demo.properties import GROUP, OBJECT_TYPE_ID, demo_properties
from moyeu.demo.world import (
    CALLS,
    COMPANIES,
    CONTACTS,
    DEALS,
    HISTORY_DAYS,
    LINE_ITEMS,
    NOTES,
    PARTNER_CLIENTS,
    PARTNER_SERVICES,
    PRODUCTS,
    TASKS,
    TICKETS,
    Draft,
    World,
)
from tests.demo.conftest import NOW_MS, OWNER_IDS, UNTIL_MS, world_of

WORLD = world_of()
EVERY_KIND = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.object_type.name)


def _drafts(world: World, object_type_id: str) -> dict[int, Draft]:
    """The drafts of all records of a type that are made, by record id."""
    (kind,) = [each for each in KINDS if each.object_type_id == object_type_id]
    ids = world.made.get(object_type_id, range(0))
    return {record_id: kind.draft(world, number) for number, record_id in enumerate(ids)}


def _linked(draft: Draft, object_type_id: str) -> list[int]:
    return [each.record_id for each in draft.links if each.object_type_id == object_type_id]


def _definitions(kind: Kind) -> TypeDefinitions:
    object_type = kind.object_type
    own = demo_properties(NOW_MS) if kind.object_type_id == OBJECT_TYPE_ID else ()
    return define_type(
        1,
        object_type,
        [*standard_properties(object_type), *own],
        [*standard_groups(object_type), GROUP],
        standard_pipelines(object_type),
        frozenset(OWNER_IDS),
    )


def _moment(text: str) -> int:
    moment = read_iso(text)
    assert moment is not None
    return moment


@EVERY_KIND
def test_every_value_passes_the_rules_of_the_api_and_is_kept_as_it_is(kind: Kind) -> None:
    definitions = _definitions(kind)
    drafts = _drafts(WORLD, kind.object_type_id).values()

    checked = check_values(
        [RecordInput("", dict(each.values)) for each in drafts],
        definitions,
        definitions.rules_for(dates_normalised=False),
        NOW_MS,
    )

    assert drafts
    assert [each.problems for each in checked if each.problems] == []
    assert [each.values for each in checked] == [each.values for each in drafts]
    required = set(kind.object_type.required_properties)
    assert all(required <= each.values.keys() for each in drafts)


@EVERY_KIND
def test_the_same_seed_gives_the_same_records_and_another_one_others(kind: Kind) -> None:
    first = _drafts(world_of(200, seed=3), kind.object_type_id)

    assert first == _drafts(world_of(200, seed=3), kind.object_type_id)
    assert first != _drafts(world_of(200, seed=4), kind.object_type_id)


@EVERY_KIND
@pytest.mark.parametrize("records", [3, 20, 2_000])
def test_everything_was_made_in_the_past_and_after_what_it_hangs_on(
    kind: Kind, records: int
) -> None:
    world = world_of(records)
    begin_ms = UNTIL_MS - (HISTORY_DAYS + 60) * DAY_MS
    companies = _drafts(world, COMPANIES)

    for draft in _drafts(world, kind.object_type_id).values():
        assert begin_ms <= draft.created_at_ms < UNTIL_MS
        for company_id in _linked(draft, COMPANIES):
            assert companies[company_id].created_at_ms <= draft.created_at_ms


@EVERY_KIND
def test_links_lead_to_records_that_are_made(kind: Kind) -> None:
    for draft in _drafts(WORLD, kind.object_type_id).values():
        assert len(set(draft.links)) == len(draft.links)
        for link in draft.links:
            assert link.record_id in WORLD.made[link.object_type_id]
        assert sum(each.primary for each in draft.links) <= 1


def test_the_email_of_a_contact_is_at_the_domain_of_the_company_and_nobody_elses() -> None:
    companies = _drafts(WORLD, COMPANIES)
    contacts = _drafts(WORLD, CONTACTS).values()

    for each in contacts:
        (company_id,) = _linked(each, COMPANIES)
        employer = companies[company_id].values
        assert each.values["email"].split("@")[1] == employer["domain"]
        assert each.values["company"] == employer["name"]
        assert each.values["associatedcompanyid"] == str(company_id)
        assert each.values["lifecyclestage"] == employer["lifecyclestage"]
        assert each.links[0].primary
    assert len({each.values["email"] for each in contacts}) == len(contacts)


def test_companies_have_names_and_domains_of_their_own_however_many_there_are() -> None:
    world = world_of(200_000)

    companies = [company_of(world, number) for number in range(world.told[COMPANIES])]

    assert len({each.name for each in companies}) == len(companies) == 16_000
    assert len({each.domain for each in companies}) == len(companies)


def test_products_have_names_and_skus_of_their_own() -> None:
    products = _drafts(world_of(100_000), PRODUCTS).values()

    assert len({each.values["name"] for each in products}) == len(products) == 1_000
    assert len({each.values["hs_sku"] for each in products}) == len(products)


def test_there_is_a_partner_client_for_each_company_that_is_a_client() -> None:
    companies = _drafts(WORLD, COMPANIES)
    clients = _drafts(WORLD, PARTNER_CLIENTS).values()

    clients_of = [_linked(each, COMPANIES) for each in clients]

    assert sorted(clients_of) == [
        [record_id]
        for record_id, each in companies.items()
        if each.values["lifecyclestage"] == "customer"
    ]
    for each, (company_id,) in zip(clients, clients_of, strict=True):
        assert each.values["hs_name"] == companies[company_id].values["name"]
        assert each.values["hs_client_domain"] == companies[company_id].values["domain"]


def test_partner_services_and_tickets_are_those_of_clients() -> None:
    clients = _drafts(WORLD, PARTNER_CLIENTS)
    clients_by_company = {_linked(each, COMPANIES)[0]: key for key, each in clients.items()}
    contacts = _drafts(WORLD, CONTACTS)

    for service in _drafts(WORLD, PARTNER_SERVICES).values():
        (client_id,) = _linked(service, PARTNER_CLIENTS)
        assert clients_by_company[_linked(service, COMPANIES)[0]] == client_id
        assert clients[client_id].values["hs_name"] in service.values["hs_name"]
        if clients[client_id].values["hs_relationship_status"] == "ENDED":
            assert service.values["hs_status"] == "ENDED"
    for ticket in _drafts(WORLD, TICKETS).values():
        (company_id,) = _linked(ticket, COMPANIES)
        assert company_id in clients_by_company
        (contact_id,) = _linked(ticket, CONTACTS)
        assert _linked(contacts[contact_id], COMPANIES) == [company_id]


def test_a_deal_is_with_people_of_its_company() -> None:
    contacts = _drafts(WORLD, CONTACTS)

    for deal in _drafts(WORLD, DEALS).values():
        (company_id,) = _linked(deal, COMPANIES)
        people = _linked(deal, CONTACTS)
        assert people
        assert {_linked(contacts[each], COMPANIES)[0] for each in people} == {company_id}


def test_the_stage_of_a_deal_goes_with_its_age_and_close_date() -> None:
    companies = _drafts(WORLD, COMPANIES)
    stages = {"closedwon": 0, "closedlost": 0, "open": 0}

    for deal in _drafts(WORLD, DEALS).values():
        closes_at_ms = _moment(deal.values["closedate"])
        stage = deal.values["dealstage"]
        is_closed = stage in stages
        stages[stage if is_closed else "open"] += 1
        assert (closes_at_ms < UNTIL_MS) == is_closed
        assert ("closed_lost_reason" in deal.values) == (stage == "closedlost")
        assert ("hs_next_step" in deal.values) == (not is_closed)
        if stage == "closedwon":
            (company_id,) = _linked(deal, COMPANIES)
            assert companies[company_id].values["lifecyclestage"] == "customer"
    assert min(stages.values()) > 5


def test_every_line_item_has_a_deal_and_a_product_and_makes_up_the_amount() -> None:
    deals, products = _drafts(WORLD, DEALS), _drafts(WORLD, PRODUCTS)
    amounts = dict.fromkeys(deals, 0)

    for item in _drafts(WORLD, LINE_ITEMS).values():
        (deal_id,) = _linked(item, DEALS)
        sold = products[int(item.values["hs_product_id"])].values
        assert [item.values[name] for name in ("name", "price", "hs_sku")] == [
            sold[name] for name in ("name", "price", "hs_sku")
        ]
        left = 100 - int(item.values.get("hs_discount_percentage", "0"))
        amounts[deal_id] += int(sold["price"]) * int(item.values["quantity"]) * left // 100

    for deal_id, amount in amounts.items():
        if amount:
            assert deals[deal_id].values["amount"] == str(amount)
    assert any(amounts.values())


@pytest.mark.parametrize("object_type_id", [NOTES, TASKS, CALLS])
def test_an_activity_is_about_one_company_and_its_people_and_deals(object_type_id: str) -> None:
    contacts, deals = _drafts(WORLD, CONTACTS), _drafts(WORLD, DEALS)
    about_deals = 0

    for each in _drafts(WORLD, object_type_id).values():
        (company_id,) = _linked(each, COMPANIES)
        (contact_id,) = _linked(each, CONTACTS)
        assert _linked(contacts[contact_id], COMPANIES) == [company_id]
        assert contacts[contact_id].created_at_ms <= each.created_at_ms
        for deal_id in _linked(each, DEALS):
            about_deals += 1
            assert _linked(deals[deal_id], COMPANIES) == [company_id]
            assert deals[deal_id].created_at_ms <= each.created_at_ms
    assert about_deals


def test_a_task_that_is_done_was_due() -> None:
    for each in _drafts(WORLD, TASKS).values():
        if each.values["hs_task_status"] == "COMPLETED":
            assert _moment(each.values["hs_timestamp"]) < UNTIL_MS


def test_a_closed_ticket_says_when_and_how() -> None:
    for each in _drafts(WORLD, TICKETS).values():
        is_closed = each.values["hs_pipeline_stage"] == "4"
        assert ("closed_date" in each.values) == ("hs_resolution" in each.values) == is_closed
        if is_closed:
            assert render_ms(each.created_at_ms) < each.values["closed_date"]


def test_external_ids_count_from_one() -> None:
    services = _drafts(world_of(100), PARTNER_SERVICES).values()

    assert [each.values["external_id"] for each in services] == [
        f"ext-{number}" for number in range(1, 11)
    ]


def test_partner_services_fill_every_property_and_use_every_option_owner_and_stage() -> None:
    services = [each.values for each in _drafts(WORLD, PARTNER_SERVICES).values()]
    (pipeline,) = WORLD.pipelines[PARTNER_SERVICES]

    for name, options in (
        ("service_tier", {"starter", "growth", "enterprise"}),
        ("hs_status", {"ACTIVE", "PAUSED", "ENDED"}),
        ("is_retainer", {"true", "false"}),
        ("hubspot_owner_id", set(OWNER_IDS)),
        ("hs_pipeline_stage", {stage.id for stage in pipeline.stages}),
    ):
        assert {each[name] for each in services} == options, name
    channels = {part for each in services for part in each["channels"].split(";")}
    assert channels == {"email", "ads", "seo", "social"}
    for definition in demo_properties(NOW_MS):
        assert all(each[definition.name] for each in services), definition.name
    for each in services:
        ended = each["hs_status"] == "ENDED"
        assert (each["hs_pipeline_stage"] == pipeline.stages[-1].id) == ended
        assert ("hs_end_date" in each) == ended


def test_a_mark_keeps_the_unique_values_of_two_makings_apart() -> None:
    plain, marked = world_of(300), world_of(300, mark="-b2")

    for object_type_id, name in (
        (CONTACTS, "email"),
        (PARTNER_SERVICES, "external_id"),
        (PRODUCTS, "hs_sku"),
    ):
        texts = {each.values[name] for each in _drafts(plain, object_type_id).values()}
        others = {each.values[name] for each in _drafts(marked, object_type_id).values()}
        assert texts.isdisjoint(others), name


@EVERY_KIND
def test_a_type_alone_says_what_it_says_among_the_others_and_has_no_links(kind: Kind) -> None:
    alone = world_of(50, kinds=[kind])

    drafts = _drafts(alone, kind.object_type_id)

    assert len(drafts) == 50
    assert all(each.links == () for each in drafts.values())


@EVERY_KIND
def test_a_portal_without_owners_and_pipelines_gets_records_without_them(kind: Kind) -> None:
    bare = replace(
        world_of(30), owner_ids=(), pipelines={each.object_type_id: () for each in KINDS}
    )

    for each in _drafts(bare, kind.object_type_id).values():
        assert each.values.keys().isdisjoint(
            ("hubspot_owner_id", "hs_pipeline", "hs_pipeline_stage", "pipeline", "dealstage")
        )


def test_deals_stand_in_the_stages_that_a_portal_has() -> None:
    (pipeline,) = WORLD.pipelines[DEALS]
    only_open = replace(pipeline, stages=pipeline.stages[:2])
    world = replace(world_of(2_000), pipelines={**WORLD.pipelines, DEALS: (only_open,)})

    stages = {each.values.get("dealstage") for each in _drafts(world, DEALS).values()}

    assert stages == {None, *(stage.id for stage in only_open.stages)}
