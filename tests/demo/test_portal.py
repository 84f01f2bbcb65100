"""The demo portal in a store."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from moyeu.catalog.capabilities import OPERATIONS, READ_OPERATIONS, capability
from moyeu.catalog.object_types import OBJECT_TYPES
from moyeu.catalog.versions import RECORD_VERSIONS
from moyeu.crm.associations import association_types_of, both_directions
from moyeu.demo.kinds import KINDS, made_counts
from moyeu.demo.portal import (
    PORTAL_ID,
    DemoContents,
    DemoRefusedError,
    demo_token,
    open_demo,
)
from moyeu.demo.properties import OBJECT_TYPE_ID
from moyeu.demo.world import COMPANIES, CONTACTS, DEALS, LINE_ITEMS, PARTNER_SERVICES
from moyeu.operations.portals import create_portal, hash_token, known_scopes
from moyeu.storage.contract import Store
from tests.demo.conftest import NOW_MS, all_associations, all_records, definitions_of

WANTED = DemoContents(seed=5, records=600)
LARGE = DemoContents(seed=5, records=4_500)
"""More contacts than fit into one write: its parts are told of thirteen times."""


def _contents(store: Store) -> tuple[object, ...]:
    """All that a making leaves behind."""
    history = store.read(lambda transaction: transaction.writes_after(PORTAL_ID, 0, 1_000_000))
    return (
        all_records(store, PORTAL_ID),
        all_associations(store, PORTAL_ID),
        asyncio.run(history),
        asyncio.run(store.read(lambda transaction: transaction.owners(PORTAL_ID))),
    )


def test_a_new_portal_has_its_records_owners_definitions_and_tokens(store: Store) -> None:
    portal = asyncio.run(open_demo(store, WANTED, NOW_MS))

    assert portal.is_new
    assert portal.contents == WANTED
    records = all_records(store, PORTAL_ID)
    counts = {name: len(each) for name, each in records.items()}
    assert counts == made_counts(KINDS, WANTED.records)
    owners = asyncio.run(store.read(lambda transaction: transaction.owners(PORTAL_ID)))
    given = {each.properties.get("hubspot_owner_id") for each in records[COMPANIES]}
    assert given == {each.id for each in owners}
    definitions = definitions_of(store, PORTAL_ID, OBJECT_TYPE_ID)
    assert "external_id" in definitions.update_id_names


def test_records_have_only_values_of_properties_that_there_are(store: Store) -> None:
    asyncio.run(open_demo(store, WANTED, NOW_MS))

    for object_type_id, records in all_records(store, PORTAL_ID).items():
        definitions = definitions_of(store, PORTAL_ID, object_type_id)
        names = {name for each in records for name in each.properties}
        assert names <= definitions.properties.keys(), object_type_id


def test_partner_services_have_the_first_ids(store: Store) -> None:
    portal = asyncio.run(open_demo(store, WANTED, NOW_MS))

    services = all_records(store, PORTAL_ID)[PARTNER_SERVICES]
    assert [each.record_id for each in services] == list(range(40_000_000_001, 40_000_000_061))
    assert portal.sample_ids == ("40000000001", "40000000002")


def test_the_owners_are_hired_before_anything_happens_and_are_in_a_team(
    store: Store,
) -> None:
    asyncio.run(open_demo(store, WANTED, NOW_MS))

    owners = asyncio.run(store.read(lambda transaction: transaction.owners(PORTAL_ID)))
    first_ms = min(each.created_at_ms for each in all_records(store, PORTAL_ID)[COMPANIES])

    assert all(each.created_at_ms <= each.updated_at_ms <= first_ms for each in owners)
    assert [[team.primary for team in each.teams] for each in owners] == [[True]] * len(owners)
    assert len({each.teams[0].id for each in owners}) == 2


def test_every_association_has_its_inverse_and_both_records(store: Store) -> None:
    asyncio.run(open_demo(store, WANTED, NOW_MS))
    rows = all_associations(store, PORTAL_ID)
    object_types = asyncio.run(store.read(lambda transaction: transaction.object_types(PORTAL_ID)))
    types = association_types_of(object_types)
    ids = {
        name: {each.record_id for each in made}
        for name, made in all_records(store, PORTAL_ID).items()
    }

    there = set(rows)
    for row in rows:
        kind = types.find(row.category, row.type_id)
        assert kind is not None
        _, inverse = both_directions(types, kind, row.from_record_id, row.to_record_id)
        assert inverse in there
        assert row.from_record_id in ids[row.from_object_type_id]
        assert row.to_record_id in ids[row.to_object_type_id]


def test_contacts_deals_and_line_items_are_associated(store: Store) -> None:
    asyncio.run(open_demo(store, WANTED, NOW_MS))
    pairs = {
        (row.from_record_id, row.to_object_type_id, row.type_id)
        for row in all_associations(store, PORTAL_ID)
    }

    # Type ids: associations guide, page state 2026-03-30.
    for object_type_id, to_type_id, type_ids in (
        (CONTACTS, COMPANIES, (1, 279)),
        (DEALS, COMPANIES, (5, 341)),
        (DEALS, CONTACTS, (3,)),
        (LINE_ITEMS, DEALS, (20,)),
    ):
        for each in all_records(store, PORTAL_ID)[object_type_id]:
            for type_id in type_ids:
                assert (each.record_id, to_type_id, type_id) in pairs


def test_no_record_has_two_primary_companies(store: Store) -> None:
    asyncio.run(open_demo(store, WANTED, NOW_MS))

    primaries = Counter(
        (row.from_record_id, row.type_id)
        for row in all_associations(store, PORTAL_ID)
        if row.type_id in (1, 5, 26)
    )

    assert set(primaries.values()) == {1}


def test_the_flags_of_a_deal_match_its_stage(store: Store) -> None:
    asyncio.run(open_demo(store, WANTED, NOW_MS))

    for each in all_records(store, PORTAL_ID)[DEALS]:
        values = each.properties
        stage = values["dealstage"]
        assert values["hs_is_closed"] == str(stage in ("closedwon", "closedlost")).lower()
        assert values["hs_is_closed_won"] == str(stage == "closedwon").lower()


def test_contacts_have_the_domain_that_follows_from_their_email(store: Store) -> None:
    asyncio.run(open_demo(store, WANTED, NOW_MS))

    for each in all_records(store, PORTAL_ID)[CONTACTS]:
        values = each.properties
        assert values["hs_email_domain"] == values["email"].split("@")[1]


def test_a_record_is_found_by_its_external_id(store: Store) -> None:
    asyncio.run(open_demo(store, WANTED, NOW_MS))

    found = asyncio.run(
        store.read(
            lambda transaction: transaction.records_by_value(
                PORTAL_ID, OBJECT_TYPE_ID, [("external_id", "ext-60")]
            )
        )
    )

    assert found["external_id", "ext-60"].properties["external_id"] == "ext-60"


def test_the_history_begins_when_the_record_was_made(store: Store) -> None:
    asyncio.run(open_demo(store, DemoContents(1, 100), NOW_MS))

    writes = asyncio.run(
        store.read(lambda transaction: transaction.writes_after(PORTAL_ID, 0, 1_000))
    )
    moments = {each.record_id: each.written_at_ms for each in writes}

    assert len(moments) == len(writes) == 100
    for records in all_records(store, PORTAL_ID).values():
        for each in records:
            assert moments[each.record_id] == each.created_at_ms == each.updated_at_ms < NOW_MS


def test_the_same_seed_on_the_same_day_makes_the_same_portal(
    open_store: Callable[[Path], Store], tmp_path_factory: pytest.TempPathFactory, store: Store
) -> None:
    other = open_store(tmp_path_factory.mktemp("other"))
    asyncio.run(open_demo(store, WANTED, NOW_MS))
    asyncio.run(open_demo(other, WANTED, NOW_MS + 1_000))

    assert _contents(other) == _contents(store)


def test_a_portal_that_is_there_is_kept(store: Store) -> None:
    asyncio.run(open_demo(store, WANTED, NOW_MS))
    before = _contents(store)

    portal = asyncio.run(open_demo(store, DemoContents(seed=6, records=9), NOW_MS + 1))

    assert not portal.is_new
    assert portal.contents == WANTED
    assert portal.token == demo_token(5)
    assert _contents(store) == before


@pytest.mark.parametrize("part", [0, 3, 12])
def test_a_portal_whose_making_was_interrupted_is_finished_as_if_it_had_not_been(
    open_store: Callable[[Path], Store],
    tmp_path_factory: pytest.TempPathFactory,
    store: Store,
    part: int,
) -> None:
    asyncio.run(open_demo(store, LARGE, NOW_MS))
    broken = open_store(tmp_path_factory.mktemp("broken"))
    told: list[int] = []

    def interrupt(done: int) -> None:
        told.append(done)
        if len(told) == part + 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(open_demo(broken, LARGE, NOW_MS, interrupt))
    token_hash = hash_token(demo_token(5))
    assert asyncio.run(broken.read(lambda transaction: transaction.caller_of(token_hash))) is None
    assert sum(len(each) for each in all_records(broken, PORTAL_ID).values()) == told[-1]

    portal = asyncio.run(open_demo(broken, DemoContents(seed=9, records=9), NOW_MS + 90_000_000))

    assert portal.is_new
    assert portal.contents == LARGE
    assert _contents(broken) == _contents(store)


def test_a_database_with_a_portal_of_its_own_is_refused(store: Store) -> None:
    asyncio.run(create_portal(store, "Real one", NOW_MS))

    with pytest.raises(DemoRefusedError, match="Real one"):
        asyncio.run(open_demo(store, WANTED, NOW_MS))

    assert len(asyncio.run(store.read(lambda transaction: transaction.portals()))) == 1


def test_tokens_have_the_form_of_private_app_tokens_and_follow_from_the_seed() -> None:
    tokens = [demo_token(seed, limited=limited) for seed in (1, 2) for limited in (False, True)]

    assert len(set(tokens)) == 4
    assert tokens[0] == demo_token(1)
    for each in tokens:
        assert re.fullmatch(r"pat-na1-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", each)


def test_the_full_token_may_do_everything_and_the_limited_one_only_read(
    store: Store,
) -> None:
    portal = asyncio.run(open_demo(store, DemoContents(1, 0), NOW_MS))
    hashes = [hash_token(text) for text in (portal.token, portal.limited_token)]
    full, limited = asyncio.run(
        store.read(lambda transaction: [transaction.caller_of(each) for each in hashes])
    )
    assert full is not None
    assert limited is not None

    assert full.scopes == known_scopes()
    for version in RECORD_VERSIONS:
        for object_type in OBJECT_TYPES:
            for operation in OPERATIONS:
                row = capability(version.name, object_type, operation)
                if row is None:
                    continue
                case = (version.name, object_type.name, operation)
                assert full.may(row.scopes), case
                # The one scope of tickets in most versions reads and writes.
                reads = operation in READ_OPERATIONS and row.scopes != ("tickets",)
                assert limited.may(row.scopes) == reads, case
