"""The checker itself: what must not pass it, does not."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

import apsw
import pytest

from moyeu.storage.sqlite import open_store
from tests.faults.checker import Checker
from tests.faults.contents import read_database
from tests.faults.inside import write_until_broken
from tests.faults.ledger import Batch, Ledger, Verb
from tests.faults.load import Client
from tests.faults.portal import CONTACTS_ID, FIRST_STAGE, SERVICES_ID, seed

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
        "DELETE FROM record_write WHERE number = 100",
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
        "are not associated",
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

BATCHES = 120


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
    client = Client("c0", 4, 0, 1, read_database(database).start())
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
        lambda ids: Batch("lie", CONTACTS_ID, verb="erase", record_ids=ids[:1]),
        "lie was acknowledged, 1 of its 1 inputs are lost",
    ),
    "an archive of what is active": (
        lambda ids: Batch("lie", CONTACTS_ID, verb="archive", record_ids=ids[:2]),
        "lie was acknowledged, 2 of its 2 inputs are lost",
    ),
    "the removal of a stage that is there": (
        lambda _: Batch("lie", SERVICES_ID, verb="remove_stage", stage_id=FIRST_STAGE),
        "lie was acknowledged, 1 of its 1 inputs are lost",
    ),
}


@pytest.mark.parametrize(("lie", "complaint"), FALSE_ANSWERS.values(), ids=FALSE_ANSWERS)
def test_the_checker_finds_an_answer_that_is_not_true(
    lie: Callable[[tuple[int, ...]], Batch], complaint: str, loaded: Loaded, tmp_path: Path
) -> None:
    database = loaded.write(tmp_path)
    ledger = Ledger()
    batch = lie(tuple(read_database(database).start().contacts))
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
