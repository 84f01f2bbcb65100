"""The checker itself: what must not pass it, does not."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

import apsw
import pytest

from moyeu.storage.sqlite import open_store
from tests.faults.checker import Checker, _Known
from tests.faults.contents import Found, read_database
from tests.faults.inside import write_until_broken
from tests.faults.ledger import Batch, Ledger, Link, Verb
from tests.faults.load import Client
from tests.faults.portal import (
    BILLING,
    COMPANIES_ID,
    CONTACTS_ID,
    DEFAULT,
    FIRST_STAGE,
    PRIMARY,
    SERVICES_ID,
    seed,
)

_SERVICES = "object_type_id = '0-164'"
_LAST = f"(SELECT max(number) FROM record_write WHERE {_SERVICES})"
_CONTACT = "(SELECT max(record_id) FROM record WHERE object_type_id = '0-1')"
_COPY = "INSERT INTO record_write SELECT portal_id, (SELECT max(number) + 1 FROM record_write)"
_REST = (
    "written_at_ms, changed, source_type, app_id, user_id, correlation_id, trace_id"
    " FROM record_write"
)

SABOTAGE = {
    "a value that no write explains": (
        "UPDATE record SET properties = json_set(properties, '$.note_0', 'x') WHERE record_id % 2",
        "are not the fold of its history",
    ),
    "a unique value that is not in the index": (
        "DELETE FROM unique_value WHERE record_id = 40000000003",
        "the unique index of",
    ),
    "a unique value in the index that nobody has": (
        "INSERT INTO unique_value VALUES (7, '0-164', 'sku', 'stray', 40000000001)",
        "the unique index of",
    ),
    "a unique value that two records have": (
        "UPDATE record SET properties = json_set(properties, '$.sku', 'twin')"
        " WHERE record_id IN (40000000001, 40000000002)",
        "('sku', 'twin') is held by",
    ),
    "a write in the middle of the history that is gone": (
        "DELETE FROM record_write WHERE number = (SELECT max(number) FROM record_write"
        " WHERE previous <> 0 AND number IN (SELECT previous FROM record_write)"
        f" AND {_SERVICES})",
        "the chain of",
    ),
    "a write of a record that was merged away that is gone": (
        "DELETE FROM record_write WHERE number = (SELECT min(number) FROM record_write"
        " WHERE record_id IN (SELECT record_id FROM record_merged) AND number IN"
        " (SELECT previous FROM record_write))",
        " follows ",
    ),
    "a part of a batch that is gone": (
        f"DELETE FROM record_write WHERE number = {_LAST}",
        "inputs are lost",
    ),
    "an input that was applied to another record": (
        f"UPDATE record_write SET record_id = 40000000009 WHERE number = {_LAST}",
        "was written to 40000000009 instead of",
    ),
    "an input that was applied twice": (
        f"{_COPY}, object_type_id, record_id, previous, {_REST} WHERE number = {_LAST}",
        "was applied twice",
    ),
    "an association in one direction only": (
        "DELETE FROM association WHERE type_id = 280",
        "has no inverse",
    ),
    "associations that did not come with their record": (
        "DELETE FROM association WHERE type_id IN (279, 280)",
        "is lost",
    ),
    "an association with a record that is not there": (
        "UPDATE association SET to_record_id = to_record_id + 1000000",
        "which is not there",
    ),
    "two primary companies of a contact": (
        "INSERT OR IGNORE INTO association SELECT portal_id, from_record_id, to_object_type_id,"
        " to_record_id + 1, category, type_id, from_object_type_id FROM association"
        " WHERE type_id = 1",
        "has contact_to_company to",
    ),
    "a primary company that is lost": (
        "DELETE FROM association WHERE type_id IN (1, 2)",
        "the primary company of",
    ),
    "a pair without its unlabelled type": (
        "DELETE FROM association WHERE type_id IN (279, 280)",
        " only",
    ),
    "an association that nobody asked for": (
        f"INSERT OR IGNORE INTO association SELECT 7, {_CONTACT}, '0-2', record_id,"
        " 'HUBSPOT_DEFINED', 279, '0-1' FROM record WHERE object_type_id = '0-2'",
        "nobody asked for",
    ),
    "another id than that of the primary company": (
        "UPDATE record SET properties = json_set(properties, '$.associatedcompanyid', '7')"
        " WHERE object_type_id = '0-1' AND archived_at_ms IS NULL",
        "associatedcompanyid of",
    ),
    "a number of contacts that is not that of associations": (
        "UPDATE record SET properties = json_set(properties, '$.num_associated_contacts', '99')"
        " WHERE object_type_id = '0-2'",
        "num_associated_contacts of",
    ),
    "members that are lost": (
        "DELETE FROM list_membership",
        "was put there and is lost",
    ),
    "members that had left": (
        "INSERT OR IGNORE INTO list_membership SELECT 7, list_id, record_id, 0 FROM list, record"
        " WHERE record.object_type_id = '0-1' AND archived_at_ms IS NULL AND list_id < 3",
        "left, but is there",
    ),
    "archived members": (
        "INSERT OR IGNORE INTO list_membership SELECT 7, 1, record_id, 0 FROM record"
        " WHERE object_type_id = '0-1' AND archived_at_ms IS NOT NULL",
        "in list 1 and archived",
    ),
    "members of another type": (
        f"INSERT INTO list_membership SELECT 7, 1, record_id, 0 FROM record WHERE {_SERVICES}",
        "in list 1 and is not there",
    ),
    "members of a list that is gone": (
        "DELETE FROM list WHERE list_id < 3",
        ", which is not there",
    ),
    "a label that was acknowledged and is lost": (
        "DELETE FROM definition WHERE kind = 'association_type'",
        "was acknowledged, 1 of its 1 inputs are lost",
    ),
    "an association of no type": (
        "UPDATE association SET type_id = 123456 WHERE type_id = 279",
        "is of no type",
    ),
    "a merge that is not remembered": (
        "DELETE FROM record_merged",
        "inputs are lost",
    ),
    "a merge of which only half is remembered": (
        "DELETE FROM record_merged WHERE record_id = (SELECT max(record_id) FROM record_merged)",
        "1 of its 2 inputs are lost",
    ),
    "a merge into another record": (
        f"UPDATE record_merged SET survivor_id = {_CONTACT} WHERE object_type_id = '0-1'",
        ", its records are",
    ),
    "a merge that leads nowhere": (
        "UPDATE record_merged SET survivor_id = survivor_id + 1000000",
        "was merged into",
    ),
    "a merged record that is there again": (
        "INSERT INTO record_merged"
        " SELECT portal_id, object_type_id, record_id, record_id FROM record",
        "was merged away, but is there",
    ),
    "an archived record that is active again": (
        "UPDATE record SET archived_at_ms = NULL",
        "inputs are lost",
    ),
    "an erased record of which something is left": (
        f"{_COPY}, object_type_id, record_id + 1000000, 0, {_REST} WHERE number = {_LAST}",
        ", but no record",
    ),
    "an id that will be given out again": (
        "UPDATE portal SET next_record_id = 40000000002",
        "40000000002 will be given out",
    ),
    "a stage without its audit": (
        "UPDATE pipeline_audit SET action = 'DELETE' WHERE stage_id <> ''",
        "disagrees with its audit",
    ),
    "a stage that is not there, but records in it": (
        "UPDATE record SET properties = json_set(properties, '$.hs_pipeline_stage', 'nowhere')"
        f" WHERE {_SERVICES}",
        "which is no stage",
    ),
    "a stage that was acknowledged and is lost": (
        "DELETE FROM definition WHERE kind = 'pipeline'",
        "was acknowledged, 1 of its 1 inputs are lost",
    ),
}

BATCHES = 160


@dataclass(frozen=True, slots=True)
class Loaded:
    """A database after batches of every kind, as the content of its file."""

    content: bytes
    ledger: Ledger

    def write(self, folder: Path) -> Path:
        """A copy."""
        database = folder / "moyeu.db"
        database.write_bytes(self.content)
        return database


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    database = tmp_path_factory.mktemp("loaded") / "moyeu.db"
    seed(database, 60)
    client = Client("c0", 12, 0, 1, read_database(database).start())
    ledger = Ledger()
    store = open_store(database)
    asyncio.run(write_until_broken(store, [client], ledger, BATCHES))
    store.close()
    assert {each.verb for each in ledger.acknowledged} == {*get_args(Verb)}
    Checker(ledger).check(database)
    return Loaded(database.read_bytes(), ledger)


@pytest.mark.parametrize(("statement", "complaint"), SABOTAGE.values(), ids=SABOTAGE)
def test_the_checker_finds(statement: str, complaint: str, loaded: Loaded, tmp_path: Path) -> None:
    database = loaded.write(tmp_path)
    connection = apsw.Connection(str(database))
    connection.execute(statement)
    connection.close()

    with pytest.raises(AssertionError) as caught:
        Checker(loaded.ledger, complaints_max=1_000).check(database)
    assert complaint in str(caught.value)


FALSE_ANSWERS = {
    "an erasure of what is there": (
        lambda found: Batch("lie", CONTACTS_ID, verb="erase", record_ids=_contacts(found)[:1]),
        "lie was acknowledged, 1 of its 1 inputs are lost",
    ),
    "an archive of what is active": (
        lambda found: Batch("lie", CONTACTS_ID, verb="archive", record_ids=_contacts(found)[:2]),
        "lie was acknowledged, 2 of its 2 inputs are lost",
    ),
    "the removal of a stage that is there": (
        lambda _: Batch("lie", SERVICES_ID, verb="remove_stage", definition=FIRST_STAGE),
        "lie was acknowledged, 1 of its 1 inputs are lost",
    ),
    "a label that is not there": (
        lambda _: Batch("lie", CONTACTS_ID, verb="add_label", definition="l0_lie"),
        "lie was acknowledged, 1 of its 1 inputs are lost",
    ),
    "an association that is not there": (
        lambda found: _lie("associate", Link(*_apart(found), (BILLING,))),
        "forth=931, back=930.*is lost",
    ),
    "a primary company that is another": (
        lambda found: _lie("associate", Link(*_beside(found, primary=False), (PRIMARY,))),
        "the primary company of",
    ),
    "the end of associations that are there": (
        lambda found: _lie("dissociate", Link(*_beside(found))),
        "was removed, but is there",
    ),
    "a member that is not there": (
        lambda found: _list_lie("join", {*_contacts(found)} - found.members()[1]),
        "was put there and is lost",
    ),
    "a member that is still there": (
        lambda found: _list_lie("leave", found.members()[1]),
        "left, but is there",
    ),
}


def _contacts(found: Found) -> tuple[int, ...]:
    return tuple(found.start().contacts)


def _lie(verb: Verb, link: Link) -> Batch:
    return Batch("lie", CONTACTS_ID, verb=verb, links=(link,))


def _list_lie(verb: Verb, contacts: set[int]) -> Batch:
    return Batch("lie", CONTACTS_ID, verb=verb, record_ids=tuple(contacts), list_id=1)


def _beside(found: Found, *, primary: bool = True) -> tuple[int, int]:
    """A contact and a company that are associated, whether as the primary one or not."""
    return next(
        (contact, company)
        for contact, companies in found.linked().items()
        for company, ways in companies.items()
        if (PRIMARY in ways) == primary
    )


def _apart(found: Found) -> tuple[int, int]:
    """A contact and a company that are not associated."""
    linked = found.linked()
    return next(
        (contact, company)
        for contact in _contacts(found)
        for company in found.start().targets
        if company not in linked.get(contact, {})
    )


@pytest.mark.parametrize(("lie", "complaint"), FALSE_ANSWERS.values(), ids=FALSE_ANSWERS)
def test_the_checker_finds_an_answer_that_is_not_true(
    lie: Callable[[Found], Batch], complaint: str, loaded: Loaded, tmp_path: Path
) -> None:
    database = loaded.write(tmp_path)
    ledger = Ledger()
    batch = lie(read_database(database))
    ledger.intend(batch)
    ledger.acknowledge(batch)

    with pytest.raises(AssertionError, match=complaint):
        Checker(ledger).check(database)


def test_the_checker_finds_records_that_were_answered_under_other_ids(
    loaded: Loaded, tmp_path: Path
) -> None:
    database = loaded.write(tmp_path)
    ledger = Ledger()
    made = next(each for each in loaded.ledger.acknowledged if each.verb == "create")
    wrong = replace(made, sent_after=0)
    ledger.intend(wrong)
    ledger.acknowledge(wrong, [each + 1 for each in made.answered_ids])

    with pytest.raises(AssertionError, match="was answered as"):
        Checker(ledger).check(database)


def test_the_checker_finds_a_batch_that_missed_what_was_answered_before_it_was_sent(
    loaded: Loaded, tmp_path: Path
) -> None:
    found = read_database(loaded.write(tmp_path))
    assert not any(_Known(loaded.ledger, found).applied_late())
    ledger = Ledger()
    ledger.acknowledged = loaded.ledger.acknowledged
    updated = [each for each in ledger.acknowledged if each.verb == "update"]
    # As if it had been sent after all the others, which wrote the same records.
    ledger.batches = [replace(updated[0], sent_after=len(ledger.acknowledged))]

    complaints = list(_Known(ledger, found).applied_late())

    assert f"{updated[0].name} was applied before one" in complaints[0]


def test_the_checker_finds_a_history_that_is_not_what_it_was(tmp_path: Path) -> None:
    database = tmp_path / "moyeu.db"
    seed(database, 20)
    checker = Checker(Ledger())
    checker.check(database)

    connection = apsw.Connection(str(database))
    connection.execute("UPDATE record_write SET correlation_id = 'other' WHERE number = 5")
    connection.close()

    with pytest.raises(AssertionError, match="write 5 was"):
        checker.check(database)


def test_the_checker_finds_a_call_that_was_cut_off_and_is_there_in_part(
    loaded: Loaded, tmp_path: Path
) -> None:
    database = loaded.write(tmp_path)
    found = read_database(database)
    linked = found.linked()
    beside = [
        Link(contact, company, (BILLING,))
        for contact, companies in linked.items()
        for company, ways in companies.items()
        if DEFAULT in ways and BILLING not in ways
    ]
    # Of different contacts.
    first, second = list({each.contact_id: each for each in beside}.values())[:2]
    ledger = Ledger()
    ledger.batches = [*loaded.ledger.batches]
    ledger.acknowledged = [*loaded.ledger.acknowledged]
    batch = Batch("half", CONTACTS_ID, verb="associate", links=(first, second))
    ledger.intend(batch)
    ledger.lose(batch, "cut off")
    contact, company = first[:2]

    connection = apsw.Connection(str(database))
    connection.executemany(
        "INSERT INTO association VALUES (7, ?, ?, ?, 'HUBSPOT_DEFINED', ?, ?)",
        [
            (contact, COMPANIES_ID, company, BILLING.forth, CONTACTS_ID),
            (company, CONTACTS_ID, contact, BILLING.back, COMPANIES_ID),
        ],
    )
    connection.close()

    with pytest.raises(AssertionError, match="half is there in part"):
        Checker(ledger).check(database)
