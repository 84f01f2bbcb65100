"""Stores and operations that are wrong in one respect: the checker or the searches tell."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from moyeu.crm.association_links import Linker
from moyeu.operations import association_writes
from moyeu.storage.sql.list_writes import ListWrites
from moyeu.storage.sqlite import open_store, search_columns
from moyeu.storage.sqlite.search_index import SearchLimits
from moyeu.storage.sqlite.transaction import SqliteWriteTransaction
from tests.faults.checker import Checker
from tests.faults.contents import read_database
from tests.faults.inside import write_until_broken
from tests.faults.ledger import Ledger
from tests.faults.load import Client
from tests.faults.portal import seed

BATCHES = 100
SEED = 11

_put = SqliteWriteTransaction.put_associations
_remove = SqliteWriteTransaction.remove_associations


def _nothing(*_unused: object, **_named: object) -> None:
    """Does not do what it should."""


def _every_other(action: Callable[..., None]) -> Callable[..., None]:
    """An action on the first of each two rows: on one direction only."""
    return lambda transaction, portal_id, rows: action(transaction, portal_id, rows[::2])


def _promise_all(
    _transaction: object, _portal: int, _list: int, _type: str, ids: Sequence[int], _now: int
) -> list[int]:
    return [*ids]


WRONG: dict[str, tuple[object, str, Callable[..., Any], str]] = {
    "associations are put without their inverse": (
        SqliteWriteTransaction,
        "put_associations",
        _every_other(_put),
        "has no inverse",
    ),
    "associations are removed without their inverse": (
        SqliteWriteTransaction,
        "remove_associations",
        _every_other(_remove),
        "has no inverse",
    ),
    "associations are not removed": (
        SqliteWriteTransaction,
        "remove_associations",
        _nothing,
        "was removed, but is there",
    ),
    "a second primary company does not replace the first": (
        Linker,
        "_make_room",
        _nothing,
        "has contact_to_company to",
    ),
    "nobody becomes the primary company by itself": (
        Linker,
        "_first_primary",
        _nothing,
        "the primary company of",
    ),
    "values are not worked out anew": (
        association_writes,
        "refresh",
        _nothing,
        "its associations say",
    ),
    "nobody joins a list": (
        ListWrites,
        "join_list",
        _promise_all,
        "was put there and is lost",
    ),
    "archived records stay in lists": (
        ListWrites,
        "_leave_all_lists",
        _nothing,
        "and archived",
    ),
    "a merge does not hand memberships on": (
        ListWrites,
        "_hand_memberships_on",
        _nothing,
        "is not there",
    ),
    "the search index takes nothing in": (
        search_columns,
        "take_in",
        lambda *_unused: False,
        "a search for",
    ),
}


@pytest.mark.parametrize(("owner", "name", "wrong", "complaint"), WRONG.values(), ids=WRONG)
def test_it_is_found_that(
    owner: object,
    name: str,
    wrong: Callable[..., Any],
    complaint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(owner, name, wrong)

    assert complaint in _complaints(tmp_path / "moyeu.db")


def test_nothing_is_found_where_nothing_is_wrong(tmp_path: Path) -> None:
    assert _complaints(tmp_path / "moyeu.db") == ""


def _complaints(database: Path) -> str:
    """All that the checker says after some load, in which all searches use the index."""
    seed(database, 40)
    client = Client("c0", SEED, 0, 1, read_database(database).start())
    ledger = Ledger()
    store = open_store(database, search=SearchLimits(scan_max=0))
    try:
        asyncio.run(write_until_broken(store, [client], ledger, BATCHES))
    finally:
        store.close()
    try:
        Checker(ledger, complaints_max=10_000).check(database)
    except AssertionError as error:
        return str(error)
    return ""
