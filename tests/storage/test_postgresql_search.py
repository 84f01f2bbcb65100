"""How searches are answered on PostgreSQL: keys, statements, plans, and what is read itself."""

import hashlib
import math
from collections.abc import Callable, Iterator
from typing import Any, Final, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyeu.crm.search.conditions import (
    EVERYTHING,
    AllOf,
    AnyOf,
    Condition,
    HasTokens,
    Holds,
    Lacks,
    LacksTokens,
    Linked,
    Mentions,
    NoneOf,
    OneOf,
    SortBy,
    Within,
)
from moyeu.crm.search.keys import Field, FieldKind, Key, keys_of, token_pattern, tokens_of
from moyeu.storage.postgresql import search_columns, search_keys
from moyeu.storage.postgresql.search_columns import FORM, digest_of
from moyeu.storage.postgresql.search_keys import (
    KEYLESS,
    LACKING,
    kept_keys,
    kept_terms,
    key_bytes,
)
from moyeu.storage.postgresql.transaction import PostgresqlReadTransaction
from moyeu.storage.sql.search_specs import ColumnSpec, NotIndexedError, keys_spec
from tests.storage.postgresql_search import (
    FEE,
    RED,
    TAGS,
    TITLE,
    Indexed,
    ids,
    indexed_database,
    search,
    store_of,
)
from tests.storage.scene import (
    SERVICES_MODIFIED,
    Database,
    insert,
    record,
    write_values,
)
from tests.storage.search_cases import CHOICES, MOMENTS, NUMBERS, TEXTS
from tests.storage.sql_rules import broken_rules


@pytest.fixture
def indexed() -> Iterator[Indexed]:
    """An empty database."""
    with indexed_database() as made:
        yield made


@pytest.fixture
def database(indexed: Indexed) -> Database:
    """60 records, looked for by the usual limits."""
    return indexed.filled()


# --- keys ---------------------------------------------------------------------------------------

_INTEGERS: Final = st.integers(-(2**63) + 1, 2**63 - 1)
_BIG: Final = st.builds(
    lambda power, more: 2**power + more, st.integers(50, 62), st.integers(-3, 3)
)
_FLOATS: Final = st.floats(allow_nan=False).filter(
    lambda each: not each.is_integer() or each > 2**53
)


@given(st.lists(st.one_of(_INTEGERS, _BIG, _FLOATS, st.just(math.inf)), min_size=2, max_size=6))
def test_numbers_are_in_their_order_as_bytes(numbers: list[Key]) -> None:
    for one in numbers:
        for other in numbers:
            assert (key_bytes(one) < key_bytes(other)) == (one < other)  # type: ignore[operator]
            assert (key_bytes(one) == key_bytes(other)) == (one == other)
        assert key_bytes(one) < KEYLESS < LACKING


@given(st.lists(st.text(), min_size=2, max_size=6))
def test_texts_are_in_their_order_as_bytes(texts: list[str]) -> None:
    assert sorted(texts, key=key_bytes) == sorted(texts)


def test_an_integer_that_no_value_has_is_not_in_the_index() -> None:
    for number in (2**100 + 2**30, 10**400, -(10**400)):
        with pytest.raises(NotIndexedError):
            key_bytes(number)


@pytest.fixture
def texts(indexed: Indexed) -> tuple[Indexed, Database, dict[int, str]]:
    """Every text that means something to somebody, as the value `any` of a record."""
    database = indexed.filled()
    every = dict(enumerate((*TEXTS, *CHOICES, *NUMBERS, *MOMENTS, ""), 1_000))
    insert(database, *(record(each, {"any": text}) for each, text in every.items()))
    return indexed, database, every


@pytest.mark.parametrize("kind", ["text", "choice", "choices", "number", "moment"])
def test_the_keys_of_a_column_are_those_that_a_search_means(
    texts: tuple[Indexed, Database, dict[int, str]], kind: FieldKind
) -> None:
    indexed, database, every = texts
    field = Field("any", kind)
    search(database, Holds(field))

    (number,) = [column_id for spec, column_id in indexed.columns().items() if '"any"' in spec]
    rows = indexed.rows(
        "SELECT record_id, coalesce(whole, k) FROM search_key"
        " WHERE column_id = %(number)s AND record_id >= 1000",
        number=number,
    )

    expected = [
        (record_id, key)
        for record_id, text in every.items()
        for key in (list(map(key_bytes, keys_of(field, text))) or [KEYLESS] if text else [LACKING])
    ]
    assert sorted(rows) == sorted(expected)


def test_each_token_of_a_value_finds_the_record(
    texts: tuple[Indexed, Database, dict[int, str]],
) -> None:
    _, database, every = texts
    for field in (Field("any", "text"), Field("any", "choice")):
        tokens = {each: set(tokens_of(field, text)) for each, text in every.items()}
        for token in sorted(set().union(*tokens.values())):
            for text in (token, f"{token[:2]}*"):
                pattern = token_pattern(field, text)
                having = [each for each, of in every.items() if pattern.matches(field, of)]

                answer = search(database, HasTokens(field, pattern), count=1_000)

                assert ids(answer) == having, (field, text)


FORM_OF: Final = {1: "b971246d5406a7f0"}
"""What keys and terms of each form look like, the newest last."""


def test_keys_and_terms_are_kept_in_the_form_that_columns_are_known_by() -> None:
    """Columns outlive a version: whoever changes what stands in them raises `FORM` and adds it."""
    texts = [each for each in (*TEXTS, *CHOICES, *NUMBERS, *MOMENTS) if each.isascii()]
    digest = hashlib.sha256()
    for kind in get_args(FieldKind):
        for text in texts:
            digest.update(repr(kept_keys(keys_spec(Field("any", kind)), text)).encode())
    for folds_case in (False, True):
        spec = ColumnSpec("terms", ("any",), folds_case=folds_case)
        for text in texts:
            digest.update(repr(kept_terms(1_001, 17, spec, [text])).encode())

    assert FORM_OF[FORM] == digest.hexdigest()[:16]
    assert max(FORM_OF) == FORM


def test_columns_of_another_form_are_not_used(
    indexed: Indexed, monkeypatch: pytest.MonkeyPatch
) -> None:
    search(indexed.filled(), RED)
    indexed.run("UPDATE search_key SET k = 'x' WHERE k = 'red'")
    # Each process knows nothing of what another one counted.
    assert search(indexed.open(), RED).total == 0

    monkeypatch.setattr(search_columns, "FORM", 0)
    digest_of.cache_clear()
    try:
        assert search(indexed.open(), RED).total == 40
    finally:
        digest_of.cache_clear()
    assert len(indexed.columns()) == 4


LONG: Final = ("k" * 1_001, "k" * 1_001 + "a", "k" * 1_000, "k" * 1_500, "k" * 1_001 + "b", "l")


@pytest.mark.parametrize("few_min", [0, 1_000], ids=["walked", "sorted"])
@pytest.mark.parametrize("descending", [False, True])
def test_keys_that_are_too_long_for_an_index_are_compared_whole(
    indexed: Indexed, few_min: int, *, descending: bool
) -> None:
    database = indexed.filled(few_min=few_min)
    long = Field("long", "text")
    insert(database, *(record(each, {"long": text}) for each, text in enumerate(LONG, 100)))
    in_order = sorted(range(100, 106), key=lambda each: LONG[each - 100], reverse=descending)

    answer = search(database, EVERYTHING, SortBy(long, descending), count=6)

    assert ids(answer) == in_order
    for text in LONG:
        at = sorted(LONG).index(text)
        below = [each for each in range(100, 106) if LONG[each - 100] in sorted(LONG)[:at]]
        assert search(database, OneOf(long, frozenset({text}))).total == 1
        assert ids(search(database, Within(long, None, text, True, False), count=9)) == below
        assert search(database, Within(long, text)).total == 6 - at
        assert search(database, NoneOf(long, frozenset({text}))).total == 5
        options = Field("long", "choices")
        assert search(database, OneOf(options, frozenset({text, "x"}))).total == 1


def test_a_record_may_have_long_options_that_begin_alike(database: Database) -> None:
    insert(database, record(100, {"tags": ";".join(LONG)}))

    for each in LONG:
        assert ids(search(database, OneOf(TAGS, frozenset({each})))) == [100]


# --- statements and plans -----------------------------------------------------------------------


def pattern_of(text: str) -> HasTokens:
    """Contains the token."""
    return HasTokens(TITLE, token_pattern(TITLE, text))


FIVE: Final = OneOf(FEE, frozenset({5}))
FORMS: Final[dict[str, tuple[Condition, SortBy | None]]] = {
    "all": (EVERYTHING, None),
    "all, sorted": (EVERYTHING, SortBy(FEE)),
    "equal": (RED, None),
    "equal, sorted": (RED, SortBy(FEE, descending=True)),
    "equal, sorted by it": (Within(FEE, 2, 50), SortBy(FEE, descending=True)),
    "one of": (OneOf(FEE, frozenset({1, 2, 3})), None),
    "none of": (NoneOf(FEE, frozenset({1, 2, 3})), None),
    "none of the options": (NoneOf(TAGS, frozenset({"a"})), SortBy(TITLE)),
    "range": (Within(FEE, 10, 20), None),
    "holds": (Holds(TITLE), SortBy(FEE)),
    "holds an option": (AllOf((Holds(TAGS), RED)), None),
    "lacks": (Lacks(TITLE), None),
    "option": (OneOf(TAGS, frozenset({"a"})), None),
    "options": (OneOf(TAGS, frozenset({"a", "c"})), None),
    "token": (pattern_of("blue"), None),
    "prefix": (pattern_of("bl*"), SortBy(TITLE)),
    "any token": (pattern_of("*"), None),
    "looked at": (pattern_of("*lu*"), SortBy(TITLE)),
    "looked at by terms": (pattern_of("deep *e"), None),
    "lacks tokens": (LacksTokens(TITLE, token_pattern(TITLE, "deep bl*")), SortBy(FEE)),
    "query": (Mentions(("title", "tags"), ("de", "bl")), None),
    "linked": (Linked("0-1", frozenset({901, 902})), SortBy(FEE)),
    "and": (AllOf((RED, FIVE)), SortBy(TITLE)),
    "and of many": (AllOf((RED, Within(FEE, 1, 50), Linked("0-1", frozenset({901})))), None),
    "or": (AnyOf((FIVE, Within(FEE, 7, 9), pattern_of("*lu*"))), SortBy(TITLE)),
    "and of or": (AllOf((AnyOf((RED, FIVE)), AnyOf((Holds(TAGS), Lacks(FEE))))), None),
}


def asked_by(
    monkeypatch: pytest.MonkeyPatch, work: Callable[[], object]
) -> list[tuple[str, dict[str, Any]]]:
    """The statements of the index that work asks, each with what it binds."""
    asked: list[tuple[str, dict[str, Any]]] = []
    known = PostgresqlReadTransaction.rows

    def rows(self: PostgresqlReadTransaction, statement: str, parameters: dict[str, Any]) -> Any:
        asked.append((statement, dict(parameters)))
        return known(self, statement, parameters)

    with monkeypatch.context() as patched:
        patched.setattr(PostgresqlReadTransaction, "rows", rows)
        work()
    return asked


@pytest.mark.parametrize("few_min", [0, 1_000], ids=["many", "few"])
@pytest.mark.parametrize("pending", [0, 5])
@pytest.mark.parametrize("name", FORMS)
def test_every_statement_of_a_search_runs_on_one_node(
    indexed: Indexed, monkeypatch: pytest.MonkeyPatch, name: str, pending: int, few_min: int
) -> None:
    database = indexed.filled(few_min=few_min)
    condition, sort = FORMS[name]
    search(database, condition, sort)
    for each in range(1, 1 + pending):
        write_values(database, each, {"title": "green", "fee": "7", "tags": "c"})

    asked = asked_by(monkeypatch, lambda: search(database, condition, sort))

    for statement, _ in asked:
        assert broken_rules(statement) == [], statement


@pytest.fixture(scope="module")
def large() -> Iterator[Indexed]:
    """4,000 records in a portal, with columns that are never vacuumed or analyzed by themselves."""
    with indexed_database() as made:
        made.run("ALTER TABLE search_key SET (autovacuum_enabled = off)")
        made.run("ALTER TABLE search_text SET (autovacuum_enabled = off)")
        database = made.filled()
        values = ({"title": f"red {each % 7}", "fee": str(each)} for each in range(100, 4_000))
        insert(database, *(record(each, value) for each, value in enumerate(values, 100)))
        for condition, sort in FORMS.values():
            search(database, condition, sort)
        yield made
        made.run("ALTER TABLE search_key RESET (autovacuum_enabled)")
        made.run("ALTER TABLE search_text RESET (autovacuum_enabled)")


@pytest.mark.parametrize("analyzed", [False, True], ids=["new columns", "known columns"])
@pytest.mark.parametrize("name", FORMS)
def test_plans_look_records_up_by_their_ids(
    large: Indexed, monkeypatch: pytest.MonkeyPatch, name: str, *, analyzed: bool
) -> None:
    """Whatever the planner knows: columns that were just made are new to it."""
    database = large.opened[0]
    condition, sort = FORMS[name]
    large.run("ANALYZE record")
    if analyzed:
        large.run("ANALYZE search_key, search_text")
    else:
        large.run(
            "DELETE FROM pg_statistic"
            " WHERE starelid IN ('search_key'::regclass, 'search_text'::regclass)"
        )
    store_of(database)._index._totals._kept.clear()
    for statement, parameters in asked_by(monkeypatch, lambda: search(database, condition, sort)):
        ((found,),) = large.rows(f"EXPLAIN (FORMAT JSON) {statement}", **parameters)
        for each in nodes(found[0]["Plan"]):
            # Nothing is associated here.
            is_empty = each.get("Relation Name") == "association"
            assert each["Node Type"] != "Seq Scan" or is_empty, statement
        for each in repeated(found[0]["Plan"]):
            of_column = each.get("Relation Name", "").startswith("search_")
            assert not of_column or is_look_up(each), (statement, each)


Plan = dict[str, Any]


def nodes(plan: Plan) -> Iterator[Plan]:
    """All parts of a plan."""
    yield plan
    for each in plan.get("Plans", ()):
        yield from nodes(each)


def repeated(plan: Plan) -> Iterator[Plan]:
    """The parts that are carried out for one row after the other."""
    for each in nodes(plan):
        for part in each.get("Plans", ()):
            is_inner = each["Node Type"] == "Nested Loop" and part is each["Plans"][1]
            if is_inner or part.get("Parent Relationship") == "SubPlan":
                yield from nodes(part)


def is_look_up(access: Plan) -> bool:
    """Whether it goes by an id, not by an index in which that comes after a range of keys."""
    by = access.get("Index Cond", "")
    return "record_id = " in by and "k <" not in by and "k >" not in by


# --- what was written since ---------------------------------------------------------------------


def epoch(indexed: Indexed) -> int:
    """Grows when the index asks for a fence."""
    ((found,),) = indexed.rows("SELECT write_epoch FROM counter WHERE portal_id = 1001")
    return int(found)


def test_a_search_looks_at_a_few_new_records_itself(indexed: Indexed) -> None:
    database = indexed.filled(pending_max=5)
    assert search(database, RED).total == 40
    before = indexed.rows("SELECT * FROM search_column ORDER BY column_id"), epoch(indexed)
    for each in range(1, 6):
        write_values(database, each, {"title": "red"})

    assert search(database, RED).total == 42
    after = indexed.rows("SELECT * FROM search_column ORDER BY column_id"), epoch(indexed)
    assert after == before

    write_values(database, 7, {"title": "red"})
    assert search(database, RED).total == 43
    assert epoch(indexed) > before[1]


def test_what_was_written_to_other_properties_is_not_looked_at(
    indexed: Indexed, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = indexed.filled(pending_max=0)
    search(database, RED)
    before = epoch(indexed)
    for each in range(1, 20):
        write_values(database, each, {"fee": "1"})

    assert search(database, RED).total == 40
    assert epoch(indexed) == before
    # All writes change that one.
    search(database, Holds(Field(SERVICES_MODIFIED, "moment")))
    write_values(database, 1, {"fee": "1"})
    search(database, Holds(Field(SERVICES_MODIFIED, "moment")))
    assert epoch(indexed) > before


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("few_min", [0, 1_000], ids=["walked", "sorted"])
def test_new_records_stand_in_the_order_of_all(
    indexed: Indexed, few_min: int, *, descending: bool
) -> None:
    database = indexed.filled(few_min=few_min)
    rank = Field("rank", "number")
    insert(database, *(record(100 + each, {"rank": str(each % 3)}) for each in range(9)))
    order = SortBy(rank, descending)
    search(database, EVERYTHING, order)
    write_values(database, 101, {"rank": "2"})
    write_values(database, 102, {"rank": ""})
    write_values(database, 103, {"rank": "x"})
    insert(database, record(99, {"rank": "1"}))
    ranks = {99: 1, 100: 0, 101: 2, 104: 1, 105: 2, 106: 0, 107: 1, 108: 2}
    with_rank = sorted(ranks, key=lambda each: (ranks[each], each), reverse=descending)
    expected = [*with_rank, *range(1, 61), 102, 103]

    for offset in range(0, 70, 3):
        answer = search(database, EVERYTHING, order, count=4, offset=offset)

        assert ids(answer) == expected[offset : offset + 4], offset
        assert answer.total == len(expected)


def test_a_record_with_more_terms_than_a_vector_takes_is_found(
    indexed: Indexed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_keys, "_VECTOR_MAX", 200)
    database = indexed.filled()
    insert(database, record(100, {"title": " ".join(f"word{each}" for each in range(30))}))

    assert ids(search(database, pattern_of("word29"))) == [100]
    assert indexed.rows("SELECT record_id FROM search_text WHERE terms IS NULL") == [(100,)]
    assert ids(search(database, Mentions(("title", "fee"), ("word2",)))) == [100]
    assert search(database, LacksTokens(TITLE, token_pattern(TITLE, "word2"))).total == 60
    write_values(database, 100, {"title": "word2"})
    for each in range(2, 60):
        write_values(database, each, {"title": "green"})
    assert ids(search(database, pattern_of("word2"))) == [100]


# --- bounds of statements -----------------------------------------------------------------------


def test_a_search_that_needs_many_properties_at_once_is_answered(database: Database) -> None:
    many = AllOf(tuple(Lacks(Field(f"p{each}", "text")) for each in range(70)))

    assert search(database, many).total == 60


def test_what_no_statement_takes_is_answered_by_looking_at_all(
    indexed: Indexed, database: Database
) -> None:
    groups = AnyOf(tuple(OneOf(FEE, frozenset({each})) for each in range(400)))
    names = Mentions(tuple(f"p{each}" for each in range(501)), ("x",))
    words = Mentions(("title",), ("x" * 1_100,))

    assert search(database, groups).total == 60
    assert search(database, names).total == 0
    assert search(database, words).total == 0
    assert not any('"p1"' in each for each in indexed.columns())


def test_many_keys_are_one_parameter(database: Database) -> None:
    assert search(database, OneOf(FEE, frozenset(range(0, 40_000, 2)))).total == 30


def test_numbers_beyond_64_bits_are_nobodys_keys(database: Database) -> None:
    assert search(database, OneOf(FEE, frozenset({2**70, 5}))).total == 1
    assert search(database, Linked("0-1", frozenset({2**70}))).total == 0


def test_a_value_that_lacks_a_token_is_told_from_no_value(database: Database) -> None:
    insert(database, record(100, {"title": ""}), record(101, {}), record(102, {"title": "--"}))

    assert search(database, LacksTokens(TITLE, token_pattern(TITLE, "red"))).total == 21
