"""The checker itself: what must not pass it, does not."""

import asyncio
from pathlib import Path

import apsw
import pytest

from moyeu.storage.sqlite import open_store
from tests.faults.checker import Checker
from tests.faults.inside import write_until_broken
from tests.faults.ledger import Ledger
from tests.faults.load import Client
from tests.faults.portal import seed

_LAST = "(SELECT max(number) FROM record_write)"

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
    "a part of a batch that is gone": (
        f"DELETE FROM record_write WHERE number = {_LAST}",
        "inputs are lost",
    ),
    "an input that was applied to another record": (
        f"UPDATE record_write SET record_id = 40000000009 WHERE number = {_LAST}",
        "was written to 40000000009 instead of",
    ),
    "an input that was applied twice": (
        "INSERT INTO record_write SELECT portal_id, number + 1, object_type_id, record_id,"
        " previous, written_at_ms, changed, source_type, app_id, user_id, correlation_id, trace_id"
        f" FROM record_write WHERE number = {_LAST}",
        "was applied twice",
    ),
}


@pytest.mark.parametrize(("statement", "complaint"), SABOTAGE.values(), ids=SABOTAGE)
def test_the_checker_finds(statement: str, complaint: str, tmp_path: Path) -> None:
    database = tmp_path / "moyeu.db"
    skus = seed(database, 60)
    ledger = Ledger()
    store = open_store(database)
    asyncio.run(write_until_broken(store, [Client("c0", 3, 0, 1, skus)], ledger, batches_max=12))
    store.close()
    Checker(ledger).check(database)

    connection = apsw.Connection(str(database))
    connection.execute(statement)
    connection.close()

    with pytest.raises(AssertionError) as caught:
        Checker(ledger, complaints_max=1_000).check(database)
    assert complaint in str(caught.value)


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
