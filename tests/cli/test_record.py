"""`moyeu record`."""

import asyncio
import json
from pathlib import Path

import pytest

from moyeu.crm.callers import Caller, Occasion
from moyeu.operations.records import archive_records
from moyeu.storage.sqlite import open_store
from tests.cli.conftest import Moyeu

FIRST, SECOND, THIRD = "11", "12", "13"


@pytest.fixture
def portal(moyeu: Moyeu) -> str:
    """A portal with three archived contacts and one that has the e-mail of the third."""
    portal = str(moyeu("portal", "create", "--json").json["id"])
    load(moyeu, portal, (FIRST, "a@example.com"), (SECOND, "b@example.com"))
    load(moyeu, portal, (THIRD, "c@example.com"))
    archive(portal, FIRST, SECOND, THIRD)
    load(moyeu, portal, ("14", "c@example.com"))
    return portal


def load(moyeu: Moyeu, portal: str, *contacts: tuple[str, str]) -> None:
    lines = [
        json.dumps({"objectType": "contacts", "id": record_id, "properties": {"email": email}})
        for record_id, email in contacts
    ]
    Path("contacts.jsonl").write_text("\n".join(lines))
    assert moyeu("load", "contacts.jsonl", "--portal", portal).code == 0


def archive(portal: str, *ids: str) -> None:
    occasion = Occasion(Caller(int(portal), 1, None, frozenset()), 0, "")
    store = open_store(Path("moyeu.db"))
    asyncio.run(archive_records(store, occasion, "0-1", ids))
    store.close()


def active(portal: str) -> list[int]:
    store = open_store(Path("moyeu.db"))
    found = asyncio.run(store.read(lambda tx: tx.page(int(portal), "0-1", 0, 100, archived=False)))
    store.close()
    return [each.record_id for each in found]


def test_archived_records_are_restored(moyeu: Moyeu, portal: str) -> None:
    ended = moyeu("record", "restore", portal, "contacts", SECOND, FIRST)

    assert (ended.code, ended.out, ended.err) == (0, "2 restored\n", "")
    assert active(portal) == [11, 12, 14]


def test_records_that_cannot_be_restored_are_told(moyeu: Moyeu, portal: str) -> None:
    ended = moyeu("record", "restore", portal, "0-1", FIRST, THIRD, "99")

    assert ended.code == 1
    assert ended.out.splitlines() == [
        "13: stays archived, its email 'c@example.com' belongs to record 14",
        "99: no archived record of the type has this id",
        "1 restored",
    ]
    assert active(portal) == [11, 14]


def test_scripts_get_json(moyeu: Moyeu, portal: str) -> None:
    ended = moyeu("record", "restore", portal, "contact", FIRST, THIRD, "99", "--json")

    assert ended.code == 1
    assert ended.json == {
        "restored": [FIRST],
        "taken": [{"id": THIRD, "property": "email", "value": "c@example.com", "ownerId": "14"}],
        "missing": ["99"],
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("5", "contacts", FIRST), "there is no portal 5"),
        (("{portal}", "nonsense", FIRST), "the portal has no object type 'nonsense'"),
    ],
)
def test_what_is_not_there_is_refused(
    moyeu: Moyeu, portal: str, arguments: tuple[str, ...], words: str
) -> None:
    ended = moyeu("record", "restore", *(each.format(portal=portal) for each in arguments))

    assert ended.code == 1
    assert words in ended.err


def test_ids_are_needed(moyeu: Moyeu, portal: str) -> None:
    assert moyeu("record", "restore", portal, "contacts").code == 2
