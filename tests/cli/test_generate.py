"""`moyeu generate`: what it adds to a portal, and what it refuses."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from moyeu.crm.associations import Association
from moyeu.crm.records import StoredRecord
from moyeu.demo.kinds import KINDS, made_counts
from moyeu.demo.world import COMPANIES, CONTACTS, DEALS, PARTNER_SERVICES
from moyeu.storage.contract import Store
from moyeu.storage.sqlite import open_store
from tests.cli.conftest import Moyeu
from tests.demo.conftest import all_associations, all_records, definitions_of


def _portal(moyeu: Moyeu) -> str:
    return str(moyeu("portal", "create", "--json").json["id"])


@contextmanager
def _opened() -> Iterator[Store]:
    store = open_store(Path("moyeu.db"))
    yield store
    store.close()


def _records(portal: str) -> dict[str, list[StoredRecord]]:
    with _opened() as store:
        return all_records(store, int(portal))


def _associations(portal: str) -> list[Association]:
    with _opened() as store:
        return all_associations(store, int(portal))


def test_records_are_made_in_their_proportions_and_counted(moyeu: Moyeu, folder: Path) -> None:
    portal = _portal(moyeu)

    ended = moyeu("generate", portal, "--records", "200")

    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("made: 20 partner_services, 16 companies, 8 partner_clients,")
    counts = {name: len(each) for name, each in _records(portal).items()}
    assert counts == made_counts(KINDS, 200)
    assert _associations(portal)


def test_scripts_get_json(moyeu: Moyeu, folder: Path) -> None:
    portal = _portal(moyeu)

    ended = moyeu("generate", portal, "--records", "3", "--json")

    assert ended.json == {
        "made": 3,
        "objectTypes": {"partner_services": 1, "companies": 1, "partner_clients": 1},
    }
    assert moyeu("generate", portal, "--records", "0").out == "made: nothing\n"


@pytest.mark.parametrize(
    "flags", [("--types", "contacts,0-2"), ("--types", "Contact", "--types", "companies")]
)
def test_only_the_types_that_are_asked_for_are_made(
    moyeu: Moyeu, folder: Path, flags: tuple[str, ...]
) -> None:
    portal = _portal(moyeu)

    ended = moyeu("generate", portal, "--records", "40", *flags)

    assert ended.out == "made: 10 companies, 30 contacts\n"
    rows = _associations(portal)
    assert {(row.from_object_type_id, row.to_object_type_id) for row in rows} == {
        (CONTACTS, COMPANIES),
        (COMPANIES, CONTACTS),
    }


def test_what_is_there_stays_and_the_same_seed_may_come_again(moyeu: Moyeu, folder: Path) -> None:
    portal = _portal(moyeu)
    moyeu("generate", portal, "--records", "100")
    before = _records(portal)

    again = moyeu("generate", portal, "--records", "100")

    assert (again.code, again.err) == (0, "")
    after = _records(portal)
    for object_type_id, records in before.items():
        assert after[object_type_id][: len(records)] == records
        assert len(after[object_type_id]) == 2 * len(records)
    emails = {each.properties["email"] for each in after[CONTACTS]}
    assert len(emails) == 48


def test_the_same_seed_makes_the_same_records_in_the_same_portal(
    moyeu: Moyeu, folder: Path
) -> None:
    found = []
    for seed in ("3", "3", "4"):
        portal = _portal(moyeu)
        moyeu("generate", portal, "--records", "50", "--seed", seed)
        found.append([each.properties["email"] for each in _records(portal)[CONTACTS]])

    assert found[0] == found[1] != found[2]


def test_only_properties_owners_and_pipelines_of_the_portal_are_used(
    moyeu: Moyeu, folder: Path
) -> None:
    portal = _portal(moyeu)

    moyeu("generate", portal, "--records", "200")

    with _opened() as store:
        for object_type_id, records in all_records(store, int(portal)).items():
            definitions = definitions_of(store, int(portal), object_type_id)
            names = {name for each in records for name in each.properties}
            assert names <= definitions.properties.keys(), object_type_id
            assert "hubspot_owner_id" not in names
    services = _records(portal)[PARTNER_SERVICES]
    assert "external_id" not in services[0].properties
    assert services[0].properties["hs_name"]
    moyeu("owner", "add", "--portal", portal, "--email", "one@agency.example")
    moyeu("generate", portal, "--records", "200")
    owners = {each.properties.get("hubspot_owner_id") for each in _records(portal)[DEALS]}
    assert len(owners) == 2


def test_other_types_are_refused_before_anything_is_opened(moyeu: Moyeu, folder: Path) -> None:
    ended = moyeu("generate", "5", "--types", "contacts,spaceships", "--types", "quotes")

    assert ended.code == 2
    assert ended.err.splitlines() == [
        "moyeu: --types: no records of 'spaceships' can be made",
        "moyeu: --types: no records of 'quotes' can be made",
        "moyeu: those that can: partner_services, companies, partner_clients, contacts, deals,"
        " products, line_items, tickets, notes, tasks, calls",
    ]
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("flag", ["--records", "--seed"])
def test_negative_numbers_are_refused(moyeu: Moyeu, folder: Path, flag: str) -> None:
    assert moyeu("generate", "5", f"{flag}=-1").code == 2
    assert list(folder.iterdir()) == []


def test_a_portal_or_database_that_is_not_there_is_refused(moyeu: Moyeu, folder: Path) -> None:
    assert "does not exist" in moyeu("generate", "5").err
    _portal(moyeu)

    ended = moyeu("generate", "5")

    assert ended.code == 1
    assert ended.err.startswith("moyeu: there is no portal 5;")


def test_a_unique_value_that_somebody_has_all_the_same_ends_it(moyeu: Moyeu, folder: Path) -> None:
    made, portal = _portal(moyeu), _portal(moyeu)
    moyeu("generate", made, "--records", "5", "--types", "contacts")
    (email,) = [each.properties["email"] for each in _records(made)[CONTACTS]][:1]
    line = f'{{"objectType": "contacts", "properties": {{"email": "{email}"}}, "id": 7}}'
    Path("one.jsonl").write_text(line)
    moyeu("load", "one.jsonl", "--portal", portal)

    ended = moyeu("generate", portal, "--records", "5", "--types", "contacts")

    assert ended.code == 1
    assert ended.err == f"moyeu: email '{email}' is taken by record 7; 0 records were added\n"
    assert len(_records(portal)[CONTACTS]) == 1
