"""Every promise of `storage/contract.py` about transactions, for every engine.

What concerns the turns of the writer and the times of the answers is in `test_contract_turns.py`.
"""

from dataclasses import replace

import pytest

from moyeu.catalog.properties import PropertyGroup
from moyeu.crm.records import Change, StoredRecord, UniqueMove
from moyeu.storage.contract import ReadTransaction, WriteTransaction
from tests.storage.conftest import OpenDatabase
from tests.storage.scene import (
    CONTACTS,
    NOW_MS,
    OTHER_PORTAL,
    PORTAL,
    PRODUCTS,
    SERVICES,
    SERVICES_MODIFIED,
    Database,
    caller,
    furnish,
    insert,
    occasion,
    owner,
    portal,
    record,
    stored,
    text_property,
    token,
    unique_property,
)


class DeliberateError(Exception):
    """Raised by the work of a test."""


def change(of: StoredRecord, changed: dict[str, str], at_ms: int, trace_id: str | None) -> Change:
    """What a write of some values does to a stored record."""
    document = of.properties | changed
    return Change(
        of.record_id, document, changed, of.created_at_ms, at_ms, of.last_write, trace_id
    )


def write_values(
    database: Database,
    record_id: int,
    changed: dict[str, str],
    at_ms: int = NOW_MS,
    trace_id: str | None = None,
) -> None:
    """Writes values of one stored record."""
    of = stored(database, record_id)
    made = change(of, changed, at_ms, trace_id)
    database.write(lambda each: each.change_records(occasion(now_ms=at_ms), SERVICES, [made]))


def take_codes(database: Database, held: dict[str, int], portal_id: int = PORTAL) -> None:
    """Lets records hold values of the unique property `code`."""
    moves = [UniqueMove("code", record_id, None, value) for value, record_id in held.items()]
    database.write(lambda each: each.move_unique_values(portal_id, SERVICES, moves))


def code_owners(database: Database, *values: str, portal_id: int = PORTAL) -> dict[str, int]:
    """Who holds the values of `code`."""
    keys = [("code", value) for value in values]
    found = database.read(lambda each: each.value_owners(portal_id, SERVICES, keys))
    return {value: record_id for (_, value), record_id in found.items()}


# --- portals, tokens, owners ------------------------------------------------------------------


def test_portals_come_by_id(database: Database) -> None:
    database.write(lambda each: each.add_portal(portal(5)))

    found = database.read(lambda each: each.portals())

    assert found == [portal(5), portal(PORTAL), portal(OTHER_PORTAL)]


def test_a_portal_id_that_is_taken_is_refused(database: Database) -> None:
    with pytest.raises(Exception, match=r"(?i)unique|primary"):
        database.write(lambda each: each.add_portal(portal()))


def test_tokens_come_oldest_first_and_are_those_of_the_portal(database: Database) -> None:
    younger, older = token("first-b", created_at_ms=2), token("second-a", created_at_ms=1)
    foreign = token("third", OTHER_PORTAL)
    for each_token in (younger, older, foreign):
        database.write(lambda each, added=each_token: each.add_token(added))

    found = database.read(lambda each: each.tokens(PORTAL))

    assert found == [older, younger]


def test_a_token_stands_for_its_caller(database: Database) -> None:
    scopes = frozenset({"crm.objects.contacts.read", "crm.objects.contacts.write"})
    added = replace(token(), caller=replace(caller(scopes=scopes), user_id=9))

    database.write(lambda each: each.add_token(added))

    assert database.read(lambda each: each.caller_of(added.hash)) == added.caller
    assert database.read(lambda each: each.caller_of(b"\0" * 32)) is None


def test_revoking_by_hint_spares_other_hints_and_other_portals(database: Database) -> None:
    gone, other_hint, foreign = token("a-1234"), token("b-5678"), token("c-1234", OTHER_PORTAL)
    for each_token in (gone, other_hint, foreign):
        database.write(lambda each, added=each_token: each.add_token(added))

    count = database.write(lambda each: each.remove_token(PORTAL, "1234"))

    assert count == 1
    assert database.read(lambda each: each.tokens(PORTAL)) == [other_hint]
    assert database.read(lambda each: each.tokens(OTHER_PORTAL)) == [foreign]
    assert database.write(lambda each: each.remove_token(PORTAL, "1234")) == 0


def test_owners_come_by_id_archived_ones_included(database: Database) -> None:
    second, first = owner("502", archived=True), owner("501")
    for each_owner in (second, first):
        database.write(lambda each, added=each_owner: each.add_owner(PORTAL, added))

    assert database.read(lambda each: each.owners(PORTAL)) == [first, second]
    assert database.read(lambda each: each.owners(OTHER_PORTAL)) == []


def test_an_owner_that_is_added_again_is_replaced(database: Database) -> None:
    changed = replace(owner(), email="new@example.com", user_id=12)

    database.write(lambda each: each.add_owner(PORTAL, owner()))
    database.write(lambda each: each.add_owner(PORTAL, changed))

    assert database.read(lambda each: each.owners(PORTAL)) == [changed]


# --- definitions ------------------------------------------------------------------------------


def test_a_new_portal_has_the_standard_definitions(database: Database) -> None:
    found = database.read(lambda each: each.definitions(OTHER_PORTAL, CONTACTS))

    assert found.portal_id == OTHER_PORTAL
    assert found.object_type.id == CONTACTS
    assert "firstname" in found.properties
    assert "email" in found.unique_names


def test_a_property_of_a_portal_stands_beside_the_standard_ones(database: Database) -> None:
    found = database.read(lambda each: each.definitions(PORTAL, SERVICES))

    assert found.properties["code"] == unique_property("code")
    assert "hs_name" in found.properties
    assert list(found.properties) == sorted(found.properties)
    assert "code" in found.unique_names


def test_a_definition_that_is_put_again_is_replaced(database: Database) -> None:
    changed = replace(text_property("note"), label="Remark", description="For people")

    database.write(lambda each: each.put_property(PORTAL, SERVICES, text_property("note")))
    database.write(lambda each: each.put_property(PORTAL, SERVICES, changed))

    found = database.read(lambda each: each.definitions(PORTAL, SERVICES))
    assert found.properties["note"] == changed


def test_a_standard_definition_is_replaced_in_this_portal_alone(database: Database) -> None:
    changed = replace(text_property("hs_name"), label="Title of the service")

    database.write(lambda each: each.put_property(PORTAL, SERVICES, changed))

    here = database.read(lambda each: each.definitions(PORTAL, SERVICES))
    there = database.read(lambda each: each.definitions(OTHER_PORTAL, SERVICES))
    assert here.properties["hs_name"] == changed
    assert there.properties["hs_name"] != changed


def test_an_archived_definition_is_no_longer_active_and_its_values_stay(
    database: Database,
) -> None:
    insert(database, record(1, {"code": "A"}))
    take_codes(database, {"A": 1})
    archived = unique_property("code", archived_at_ms=NOW_MS)

    database.write(lambda each: each.put_property(PORTAL, SERVICES, archived))

    found = database.read(lambda each: each.definitions(PORTAL, SERVICES))
    assert "code" not in found.properties
    assert found.archived["code"] == archived
    assert stored(database, 1).properties["code"] == "A"
    assert code_owners(database, "A") == {"A": 1}


def test_a_group_of_a_portal_stands_beside_the_standard_ones(database: Database) -> None:
    group = PropertyGroup("billing", "Billing", 7)

    database.write(lambda each: each.put_group(PORTAL, SERVICES, group))

    here = database.read(lambda each: each.definitions(PORTAL, SERVICES)).groups
    there = database.read(lambda each: each.definitions(OTHER_PORTAL, SERVICES)).groups
    assert here == (*there, group)


def test_cached_definitions_are_renewed_by_a_committed_change(database: Database) -> None:
    database.read(lambda each: each.definitions(PORTAL, SERVICES))
    before = database.store.cached_definitions(PORTAL, SERVICES)
    assert before is not None

    database.write(lambda each: each.put_property(PORTAL, SERVICES, text_property("note")))

    cached = database.store.cached_definitions(PORTAL, SERVICES)
    assert cached is None or "note" in cached.properties
    found = database.read(lambda each: each.definitions(PORTAL, SERVICES))
    assert "note" in found.properties
    assert "note" not in before.properties


def test_a_change_of_one_type_leaves_the_cached_snapshot_of_another(database: Database) -> None:
    contacts = database.read(lambda each: each.definitions(PORTAL, CONTACTS))

    database.write(lambda each: each.put_property(PORTAL, SERVICES, text_property("note")))

    assert database.store.cached_definitions(PORTAL, CONTACTS) is contacts


def test_a_new_owner_renews_the_definitions_of_every_type_of_the_portal(
    database: Database,
) -> None:
    for type_id in (CONTACTS, SERVICES):
        database.read(lambda each, id=type_id: each.definitions(PORTAL, id))

    database.write(lambda each: each.add_owner(PORTAL, owner("501")))

    for type_id in (CONTACTS, SERVICES):
        found = database.read(lambda each, id=type_id: each.definitions(PORTAL, id))
        assert found.rules["hubspot_owner_id"]("501", NOW_MS) == "501"


def test_a_write_sees_its_own_definitions(database: Database) -> None:
    def work(transaction: WriteTransaction) -> tuple[bool, bool, bool]:
        before = "note" in transaction.definitions(PORTAL, SERVICES).properties
        transaction.put_property(PORTAL, SERVICES, text_property("note"))
        own = transaction.definitions(PORTAL, SERVICES)
        other = "note" in transaction.definitions(OTHER_PORTAL, SERVICES).properties
        return before, "note" in own.properties, other

    assert database.write(work) == (False, True, False)


def test_a_write_sees_its_own_owners_in_the_rules(database: Database) -> None:
    def work(transaction: WriteTransaction) -> object:
        transaction.definitions(PORTAL, SERVICES)
        transaction.add_owner(PORTAL, owner("777"))
        return transaction.definitions(PORTAL, SERVICES).rules["hubspot_owner_id"]("777", NOW_MS)

    assert database.write(work) == "777"


def test_definitions_of_work_that_raises_are_undone_for_everybody(database: Database) -> None:
    def work(transaction: WriteTransaction) -> None:
        transaction.put_property(PORTAL, SERVICES, text_property("note"))
        assert "note" in transaction.definitions(PORTAL, SERVICES).properties
        raise DeliberateError

    with pytest.raises(DeliberateError):
        database.write(work)

    def names(transaction: ReadTransaction) -> bool:
        return "note" in transaction.definitions(PORTAL, SERVICES).properties

    assert database.read(names) is False
    assert database.write(names) is False


# --- records ----------------------------------------------------------------------------------


def test_records_come_by_id_and_unknown_ids_are_left_out(database: Database) -> None:
    insert(database, record(1, {"hs_name": "One"}), record(2), record(3))

    found = database.read(lambda each: each.records(PORTAL, SERVICES, [3, 1, 99, -1]))

    assert set(found) == {1, 3}
    assert found[1].properties == record(1, {"hs_name": "One"}).properties
    assert (found[1].created_at_ms, found[1].updated_at_ms) == (NOW_MS, NOW_MS)
    assert found[1].archived_at_ms is None


@pytest.mark.parametrize(
    "text",
    ["", "plain", "quo'te\"s", "a\0b", "\x1f\x7f", "Grüße, 中文, 🙂", "\u202e", "\u2028", "x" * 65_536],
    ids=["empty", "plain", "quotes", "nul", "control", "scripts", "rtl", "line", "long"],
)
def test_every_text_reads_back_as_written(database: Database, text: str) -> None:
    insert(database, record(1, {"hs_name": text, "code": text}))
    if text:
        take_codes(database, {text: 1})

    assert stored(database, 1).properties["hs_name"] == text
    if text:
        keys = [("code", text)]
        found = database.read(lambda each: each.records_by_value(PORTAL, SERVICES, keys))
        assert found[keys[0]].record_id == 1


def test_asking_for_no_records_answers_none(database: Database) -> None:
    insert(database, record(1))

    assert database.read(lambda each: each.records(PORTAL, SERVICES, [])) == {}
    assert database.read(lambda each: each.records_by_value(PORTAL, SERVICES, [])) == {}
    assert database.read(lambda each: each.value_owners(PORTAL, SERVICES, [])) == {}
    assert database.read(lambda each: each.merged_into(PORTAL, SERVICES, [])) == {}
    assert database.read(lambda each: each.history(PORTAL, SERVICES, [])) == {}


def test_ids_may_come_in_any_sequence(database: Database) -> None:
    insert(database, record(1), record(2))
    database.write(lambda each: each.merge_away(PORTAL, SERVICES, 2, 1))

    assert set(database.read(lambda each: each.records(PORTAL, SERVICES, range(9)))) == {1}
    assert database.read(lambda each: each.merged_into(PORTAL, SERVICES, (1, 2))) == {2: 1}
    assert database.write(lambda each: each.archive_records(occasion(), SERVICES, range(9))) == 1


def test_the_same_id_in_another_type_is_another_record(database: Database) -> None:
    insert(database, record(1, {"hs_name": "service"}))
    insert(database, record(1, {"hs_name": "product"}), type_id=PRODUCTS)

    assert stored(database, 1).properties["hs_name"] == "service"
    assert stored(database, 1, type_id=PRODUCTS).properties["hs_name"] == "product"


def test_an_id_that_is_taken_is_refused(database: Database) -> None:
    insert(database, record(1, {"hs_name": "first"}))

    with pytest.raises(Exception, match=r"(?i)unique|primary"):
        insert(database, record(1, {"hs_name": "second"}))

    assert stored(database, 1).properties["hs_name"] == "first"


def test_a_change_replaces_the_document_and_moves_the_time(database: Database) -> None:
    insert(database, record(1, {"hs_name": "before"}), record(2, {"hs_name": "other"}))

    write_values(database, 1, {"hs_name": "after"}, at_ms=NOW_MS + 5)

    changed, other = stored(database, 1), stored(database, 2)
    assert changed.properties == record(1, {"hs_name": "after"}).properties
    assert (changed.created_at_ms, changed.updated_at_ms) == (NOW_MS, NOW_MS + 5)
    assert other.properties["hs_name"] == "other"
    assert other.updated_at_ms == NOW_MS


# --- unique values ----------------------------------------------------------------------------

MOVES: list[tuple[str, dict[str, int], list[UniqueMove], dict[str, int]]] = [
    ("nothing to do", {"x": 1}, [], {"x": 1}),
    ("a free value is taken", {}, [UniqueMove("code", 1, None, "x")], {"x": 1}),
    ("a value is left", {"x": 1}, [UniqueMove("code", 1, "x", None)], {}),
    ("one value for another", {"x": 1}, [UniqueMove("code", 1, "x", "y")], {"y": 1}),
    (
        "passed on to another record",
        {"x": 1},
        [UniqueMove("code", 1, "x", None), UniqueMove("code", 2, None, "x")],
        {"x": 2},
    ),
    (
        "two records swap",
        {"x": 1, "y": 2},
        [UniqueMove("code", 1, "x", "y"), UniqueMove("code", 2, "y", "x")],
        {"y": 1, "x": 2},
    ),
    (
        "taken and left again",
        {},
        [UniqueMove("code", 1, None, "x"), UniqueMove("code", 1, "x", "y")],
        {"y": 1},
    ),
    (
        "there and back",
        {"x": 1},
        [UniqueMove("code", 1, "x", "y"), UniqueMove("code", 1, "y", "x")],
        {"x": 1},
    ),
    (
        "taken, left, and taken by another",
        {},
        [
            UniqueMove("code", 1, None, "x"),
            UniqueMove("code", 1, "x", None),
            UniqueMove("code", 2, None, "x"),
        ],
        {"x": 2},
    ),
    ("somebody else's value is not left", {"x": 1}, [UniqueMove("code", 2, "x", None)], {"x": 1}),
]


@pytest.mark.parametrize(
    ("held", "moves", "expected"), [row[1:] for row in MOVES], ids=[row[0] for row in MOVES]
)
def test_unique_values_move_in_order(
    database: Database,
    held: dict[str, int],
    moves: list[UniqueMove],
    expected: dict[str, int],
) -> None:
    take_codes(database, held)

    database.write(lambda each: each.move_unique_values(PORTAL, SERVICES, moves))

    assert code_owners(database, "x", "y", "z") == expected


def test_taking_a_value_that_another_record_holds_raises_and_undoes(database: Database) -> None:
    take_codes(database, {"x": 1})

    with pytest.raises(Exception, match=r"(?i)unique|primary"):
        take_codes(database, {"y": 2, "x": 2})

    assert code_owners(database, "x", "y") == {"x": 1}


def test_records_by_value_compares_exactly(database: Database) -> None:
    insert(database, record(1), record(2), record(3))
    take_codes(database, {"abc": 1, "ABC": 2, "1": 3})
    keys = [("code", each) for each in ("abc", "ABC", "abc ", "Abc", "1", "1.0", "01", "")]

    found = database.read(lambda each: each.records_by_value(PORTAL, SERVICES, keys))

    assert {value: each.record_id for (_, value), each in found.items()} == {
        "abc": 1,
        "ABC": 2,
        "1": 3,
    }


def test_the_same_value_of_two_properties_belongs_to_two_records(database: Database) -> None:
    insert(database, record(1), record(2))
    moves = [UniqueMove("code", 1, None, "x"), UniqueMove("badge", 2, None, "x")]
    database.write(lambda each: each.move_unique_values(PORTAL, SERVICES, moves))
    keys = [("code", "x"), ("badge", "x")]

    found = database.read(lambda each: each.records_by_value(PORTAL, SERVICES, keys))

    assert {key: each.record_id for key, each in found.items()} == {keys[0]: 1, keys[1]: 2}


def test_values_enter_the_index_part_by_part(database: Database) -> None:
    insert(database, record(1, {"tag": "a"}), record(2), record(3, {"tag": ""}))
    insert(database, record(4, {"tag": "b"}))
    parts = []

    next_id: int | None = 0
    while next_id is not None:
        part = database.write(
            lambda each, begin=next_id: each.index_values(PORTAL, SERVICES, "tag", begin, 2)
        )
        parts.append(part)
        next_id = part.next_id

    keys = [("tag", "a"), ("tag", "b"), ("tag", "")]
    found = database.read(lambda each: each.value_owners(PORTAL, SERVICES, keys))
    assert [part.conflict for part in parts] == [None] * len(parts)
    assert found == {("tag", "a"): 1, ("tag", "b"): 4}


@pytest.mark.parametrize("count_max", [10, 1], ids=["in one part", "in two parts"])
def test_two_records_with_one_value_are_a_conflict(database: Database, count_max: int) -> None:
    insert(database, record(1, {"tag": "a"}), record(2, {"tag": "a"}))

    part = database.write(lambda each: each.index_values(PORTAL, SERVICES, "tag", 0, count_max))
    if part.next_id is not None:
        begin = part.next_id
        part = database.write(
            lambda each: each.index_values(PORTAL, SERVICES, "tag", begin, count_max)
        )

    assert part.conflict == ("a", 2, 1)


def test_values_of_archived_records_do_not_enter_the_index(database: Database) -> None:
    insert(database, record(1, {"tag": "a"}), record(2, {"tag": "a"}))
    database.write(lambda each: each.archive_records(occasion(), SERVICES, [1]))

    part = database.write(lambda each: each.index_values(PORTAL, SERVICES, "tag", 0, 10))

    found = database.read(lambda each: each.value_owners(PORTAL, SERVICES, [("tag", "a")]))
    assert part.conflict is None
    assert found == {("tag", "a"): 2}


def test_dropping_an_index_frees_the_values_of_that_property_alone(database: Database) -> None:
    moves = [UniqueMove("code", 1, None, "x"), UniqueMove("badge", 1, None, "x")]
    database.write(lambda each: each.move_unique_values(PORTAL, SERVICES, moves))

    database.write(lambda each: each.drop_index(PORTAL, SERVICES, "badge"))

    keys = [("code", "x"), ("badge", "x")]
    found = database.read(lambda each: each.value_owners(PORTAL, SERVICES, keys))
    assert found == {("code", "x"): 1}


# --- archiving and merging --------------------------------------------------------------------


def test_archiving_counts_the_records_that_were_active(database: Database) -> None:
    insert(database, record(1), record(2), record(3))
    first = database.write(lambda each: each.archive_records(occasion(), SERVICES, [1, 99]))

    later = occasion(now_ms=NOW_MS + 9)
    second = database.write(lambda each: each.archive_records(later, SERVICES, [1, 2]))

    assert (first, second) == (1, 1)
    assert stored(database, 1).archived_at_ms == NOW_MS
    assert stored(database, 2).archived_at_ms == NOW_MS + 9
    assert stored(database, 3).archived_at_ms is None


def test_an_archived_record_is_found_by_id_and_not_by_value(database: Database) -> None:
    insert(database, record(1, {"code": "A", "hs_name": "kept"}))
    take_codes(database, {"A": 1})

    database.write(lambda each: each.archive_records(occasion(), SERVICES, [1]))

    keys = [("code", "A")]
    assert stored(database, 1).properties["hs_name"] == "kept"
    assert database.read(lambda each: each.records_by_value(PORTAL, SERVICES, keys)) == {}


def test_archiving_frees_unique_values_for_others(database: Database) -> None:
    insert(database, record(1, {"code": "A"}), record(2))
    take_codes(database, {"A": 1})

    database.write(lambda each: each.archive_records(occasion(), SERVICES, [1]))
    take_codes(database, {"A": 2})

    assert code_owners(database, "A") == {"A": 2}


def test_archiving_again_does_not_free_a_value_that_another_record_took(
    database: Database,
) -> None:
    insert(database, record(1, {"code": "A"}), record(2, {"code": "A"}))
    take_codes(database, {"A": 1})
    database.write(lambda each: each.archive_records(occasion(), SERVICES, [1]))
    take_codes(database, {"A": 2})

    database.write(lambda each: each.archive_records(occasion(), SERVICES, [1]))

    assert code_owners(database, "A") == {"A": 2}


def test_archiving_frees_values_of_a_property_that_is_archived_itself(database: Database) -> None:
    insert(database, record(1, {"code": "A"}))
    take_codes(database, {"A": 1})
    archived = unique_property("code", archived_at_ms=NOW_MS)
    database.write(lambda each: each.put_property(PORTAL, SERVICES, archived))

    database.write(lambda each: each.archive_records(occasion(), SERVICES, [1]))

    assert code_owners(database, "A") == {}


def test_a_record_that_is_merged_away_is_gone_and_leads_to_its_survivor(
    database: Database,
) -> None:
    insert(database, record(1, {"code": "A"}), record(2))
    take_codes(database, {"A": 1})

    database.write(lambda each: each.merge_away(PORTAL, SERVICES, 1, 2))

    found = database.read(lambda each: each.records(PORTAL, SERVICES, [1, 2]))
    merged = database.read(lambda each: each.merged_into(PORTAL, SERVICES, [1, 2, 3]))
    assert set(found) == {2}
    assert merged == {1: 2}
    assert code_owners(database, "A") == {}


# --- pages ------------------------------------------------------------------------------------

PAGES = [
    (0, 10, False, [1, 3, 5, 7]),
    (0, 10, True, [2, 4, 6]),
    (0, 2, False, [1, 3]),
    (3, 2, False, [3, 5]),
    (4, 2, False, [5, 7]),
    (8, 2, False, []),
    (2, 1, True, [2]),
    (3, 10, True, [4, 6]),
    (0, 0, False, []),
]


@pytest.mark.parametrize(("from_id", "count_max", "archived", "expected"), PAGES)
def test_a_page_is_ascending_from_an_id_that_is_included(
    database: Database, from_id: int, count_max: int, archived: bool, expected: list[int]
) -> None:
    insert(database, *(record(each) for each in (5, 6, 7, 1, 2, 3, 4)))
    insert(database, record(2), record(9), type_id=PRODUCTS)
    database.write(lambda each: each.archive_records(occasion(), SERVICES, [2, 4, 6]))

    found = database.read(
        lambda each: each.page(PORTAL, SERVICES, from_id, count_max, archived=archived)
    )

    assert [each.record_id for each in found] == expected


def test_active_records_of_a_type_are_counted(database: Database) -> None:
    insert(database, record(1), record(2), record(3))
    insert(database, record(4), type_id=PRODUCTS)
    database.write(lambda each: each.archive_records(occasion(), SERVICES, [2]))

    assert database.read(lambda each: each.count_records(PORTAL, SERVICES)) == 2
    assert database.read(lambda each: each.count_records(PORTAL, CONTACTS)) == 0


# --- history ----------------------------------------------------------------------------------


def test_history_is_newest_first_and_the_records_own(database: Database) -> None:
    insert(database, record(1, {"hs_name": "a"}), record(2, {"hs_name": "other"}))
    write_values(database, 1, {"hs_name": "b"}, at_ms=NOW_MS + 1, trace_id="t-1")
    write_values(database, 2, {"hs_name": "other too"}, at_ms=NOW_MS + 2)
    write_values(database, 1, {"hs_name": "c", "code": ""}, at_ms=NOW_MS + 3)

    records = [stored(database, 1), stored(database, 2)]
    found = database.read(lambda each: each.history(PORTAL, SERVICES, records))

    assert set(found) == {1, 2}
    assert [each.changed for each in found[1]] == [
        {"hs_name": "c", "code": ""},
        {"hs_name": "b"},
        {"hs_object_id": "1", "hs_name": "a"},
    ]
    assert [each.written_at_ms for each in found[1]] == [NOW_MS + 3, NOW_MS + 1, NOW_MS]
    assert [each.trace_id for each in found[1]] == [None, "t-1", None]
    assert [each.number for each in found[1]] == sorted(
        (each.number for each in found[1]), reverse=True
    )
    assert {each.record_id for each in found[2]} == {2}
    assert found[1][0].number == records[0].last_write


def test_an_entry_says_who_wrote_and_in_which_request(database: Database) -> None:
    by_user = replace(occasion(correlation_id="c-1"), caller=replace(caller(), user_id=31))
    database.write(
        lambda each: each.insert_records(by_user, SERVICES, [record(1)], SERVICES_MODIFIED)
    )

    records = [stored(database, 1)]
    (entry,) = database.read(lambda each: each.history(PORTAL, SERVICES, records))[1]

    assert (entry.source_type, entry.source_id) == ("INTEGRATION", "77")
    assert (entry.user_id, entry.correlation_id) == (31, "c-1")


def test_a_long_history_comes_whole(database: Database) -> None:
    insert(database, record(1, {"hs_name": "0"}))
    for number in range(1, 201):
        write_values(database, 1, {"hs_name": str(number)})

    records = [stored(database, 1)]
    found = database.read(lambda each: each.history(PORTAL, SERVICES, records))

    names = [each.changed["hs_name"] for each in found[1]]
    assert names == [str(number) for number in range(200, -1, -1)]


def test_archiving_leaves_the_history(database: Database) -> None:
    insert(database, record(1, {"hs_name": "a"}))
    before = database.read(lambda each: each.history(PORTAL, SERVICES, [record_now]))[1] if (
        record_now := stored(database, 1)
    ) else []

    database.write(lambda each: each.archive_records(occasion(), SERVICES, [1]))

    records = [stored(database, 1)]
    assert database.read(lambda each: each.history(PORTAL, SERVICES, records))[1] == before


def test_write_numbers_ascend_over_all_types_of_a_portal(database: Database) -> None:
    insert(database, record(1), record(2))
    insert(database, record(1), type_id=PRODUCTS)
    insert(database, record(1), portal_id=OTHER_PORTAL)
    write_values(database, 2, {"hs_name": "x"})

    found = database.read(lambda each: each.writes_after(PORTAL, 0, 100))

    numbers = [each.number for each in found]
    assert numbers == sorted(set(numbers))
    assert [each.record_id for each in found] == [1, 2, 1, 2]


def test_writes_after_goes_on_where_the_last_part_ended(database: Database) -> None:
    insert(database, *(record(each) for each in range(1, 6)))
    seen: list[int] = []

    after = 0
    while part := database.read(lambda each, begin=after: each.writes_after(PORTAL, begin, 2)):
        assert len(part) <= 2
        seen += [each.record_id for each in part]
        after = part[-1].number

    assert seen == [1, 2, 3, 4, 5]


def test_write_numbers_of_undone_work_do_not_disturb_later_ones(database: Database) -> None:
    insert(database, record(1))

    def work(transaction: WriteTransaction) -> None:
        transaction.insert_records(occasion(), SERVICES, [record(2)], SERVICES_MODIFIED)
        raise DeliberateError

    with pytest.raises(DeliberateError):
        database.write(work)
    insert(database, record(3))

    found = database.read(lambda each: each.writes_after(PORTAL, 0, 100))
    assert [each.record_id for each in found] == [1, 3]
    assert found[0].number < found[1].number


# --- record ids -------------------------------------------------------------------------------


def test_record_ids_are_never_given_out_twice(database: Database) -> None:
    given: list[int] = []
    for count in (1, 5, 100, 1):
        given += database.write(lambda each, n=count: each.new_record_ids(PORTAL, n))

    assert len(given) == 107
    assert given == sorted(set(given))


def test_record_ids_look_like_hubspots(database: Database) -> None:
    (first,) = database.write(lambda each: each.new_record_ids(PORTAL, 1))

    assert len(str(first)) in (11, 12)


def test_portals_give_out_ids_independently(database: Database) -> None:
    here = database.write(lambda each: each.new_record_ids(PORTAL, 3))
    there = database.write(lambda each: each.new_record_ids(OTHER_PORTAL, 3))

    assert here == there


def test_a_reserved_id_and_lower_ones_are_never_given_out(database: Database) -> None:
    (first,) = database.write(lambda each: each.new_record_ids(PORTAL, 1))

    database.write(lambda each: each.reserve_record_id(PORTAL, first + 50))
    database.write(lambda each: each.reserve_record_id(PORTAL, first + 10))

    (next_one,) = database.write(lambda each: each.new_record_ids(PORTAL, 1))
    assert next_one == first + 51


# --- after closing ----------------------------------------------------------------------------


def test_everything_is_there_after_closing_and_opening_again(open_database: OpenDatabase) -> None:
    first = open_database()
    furnish(first)
    insert(first, record(1, {"hs_name": "a", "code": "A"}), record(2))
    take_codes(first, {"A": 1})
    write_values(first, 1, {"hs_name": "b"}, at_ms=NOW_MS + 1)
    first.write(lambda each: each.add_token(token()))
    first.write(lambda each: each.add_owner(PORTAL, owner()))
    first.write(lambda each: each.merge_away(PORTAL, SERVICES, 2, 1))
    given = first.write(lambda each: each.new_record_ids(PORTAL, 10))
    before = everything(first, PORTAL)
    first.close()

    second = open_database()

    assert everything(second, PORTAL) == before
    assert "code" in second.read(lambda each: each.definitions(PORTAL, SERVICES)).properties
    assert second.write(lambda each: each.new_record_ids(PORTAL, 1))[0] == given[-1] + 1
    insert(second, record(3))
    numbers = [each.number for each in second.read(lambda each: each.writes_after(PORTAL, 0, 99))]
    assert numbers == sorted(set(numbers))


# --- portals are isolated ---------------------------------------------------------------------


def everything(database: Database, portal_id: int) -> list[object]:
    """What every read of the contract answers about a portal."""

    def work(transaction: ReadTransaction) -> list[object]:
        keys = [("code", "A"), ("code", "B"), ("tag", "a")]
        records = transaction.records(portal_id, SERVICES, range(20))
        return [
            transaction.tokens(portal_id),
            transaction.owners(portal_id),
            list(transaction.definitions(portal_id, SERVICES).properties.values()),
            transaction.definitions(portal_id, SERVICES).groups,
            records,
            transaction.records_by_value(portal_id, SERVICES, keys),
            transaction.value_owners(portal_id, SERVICES, keys),
            transaction.merged_into(portal_id, SERVICES, range(20)),
            transaction.page(portal_id, SERVICES, 0, 100, archived=False),
            transaction.page(portal_id, SERVICES, 0, 100, archived=True),
            transaction.history(portal_id, SERVICES, list(records.values())),
            transaction.count_records(portal_id, SERVICES),
            transaction.writes_after(portal_id, 0, 100),
        ]

    return database.read(work)


def every_write(transaction: WriteTransaction) -> None:
    """Every write of the contract in `PORTAL`, on the ids and values that the other portal has."""
    at = occasion(now_ms=NOW_MS + 100)
    transaction.add_token(token("another-9999"))
    transaction.remove_token(PORTAL, "9999")
    transaction.add_owner(PORTAL, replace(owner(), email="changed@example.com"))
    transaction.new_record_ids(PORTAL, 5)
    transaction.reserve_record_id(PORTAL, 99_999_999_999)
    transaction.put_property(PORTAL, SERVICES, text_property("note"))
    transaction.put_group(PORTAL, SERVICES, PropertyGroup("billing", "Billing", 7))
    transaction.index_values(PORTAL, SERVICES, "tag", 0, 100)
    transaction.drop_index(PORTAL, SERVICES, "tag")
    of = transaction.records(PORTAL, SERVICES, [1])[1]
    transaction.change_records(at, SERVICES, [change(of, {"hs_name": "x"}, NOW_MS + 100, None)])
    moves = [UniqueMove("code", 1, "A", "B"), UniqueMove("code", 2, "B", "A")]
    transaction.move_unique_values(PORTAL, SERVICES, moves)
    transaction.insert_records(at, SERVICES, [record(10)], SERVICES_MODIFIED)
    transaction.archive_records(at, SERVICES, [1, 3])
    transaction.merge_away(PORTAL, SERVICES, 2, 10)


def test_no_write_in_one_portal_shows_in_another(database: Database) -> None:
    for portal_id in (PORTAL, OTHER_PORTAL):
        database.write(lambda each, id=portal_id: each.add_token(token(f"{id}-9999", id)))
        database.write(lambda each, id=portal_id: each.add_owner(id, owner()))
        records = [record(1, {"code": "A", "tag": "a"}), record(2, {"code": "B"}), record(3)]
        insert(database, *records, portal_id=portal_id)
        take_codes(database, {"A": 1, "B": 2}, portal_id)
        database.write(
            lambda each, id=portal_id: each.index_values(id, SERVICES, "tag", 0, 100)
        )
        database.write(lambda each, id=portal_id: each.merge_away(id, SERVICES, 3, 1))
        insert(database, record(3), portal_id=portal_id)
    there_before = everything(database, OTHER_PORTAL)
    here_before = everything(database, PORTAL)

    database.write(every_write)

    assert everything(database, OTHER_PORTAL) == there_before
    unchanged = [
        position
        for position, (before, after) in enumerate(
            zip(here_before, everything(database, PORTAL), strict=True)
        )
        if before == after
    ]
    # The token that the portal had goes with the one that the writes add: same hint.
    assert unchanged == []
