"""Searches to draw: fields of all kinds, values that are close to each other, conditions, orders.

Values and what is asked for come from the same few texts, so that conditions meet some records and
not others; among them are all the texts that have a meaning to SQL, to JSON paths or to FTS5.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from hypothesis import strategies as st

from moyeu.crm.records import StoredRecord
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
    in_order,
    meets,
    sort_by,
)
from moyeu.crm.search.keys import Field, Key, given_key, token_pattern, words_of
from moyeu.storage.contract import FoundRecords, ReadTransaction, RecordSearch

TEXTS: Final = (
    "Acme",
    "acme corp",
    "ACME-Corp. GmbH",
    "ada@example.com",
    "x@example.com; y",
    "john smith",
    "johnny",
    "Straße ẞ",
    "İstanbul",
    "ΟΔΟΣ",
    "e\u0301cole école",
    "日本 語",
    "a_b",
    "_",
    " ",
    "%",
    "100%_\\",
    "it's",
    "'; DROP TABLE record; --",
    '"quoted" ^a -b',
    "NEAR(a b) AND OR NOT",
    "a*b",
    "nul\1inside",
    "\1",
    '$."a"]',
    "k" * 1_200,
    "k" * 1_300,
    "é" * 300,
    "\U0001f600 x",
)
CHOICES: Final = ("a", "A", "b", "long option", "a;b", "b;c;a", ";", ";;a", 'q"\\', "ü;Ü", "\1;b")
NUMBERS: Final = (
    "0",
    "-0",
    "5",
    "5.0",
    "-5",
    "12.10",
    "12.1",
    "007",
    "+7",
    ".5",
    "5.",
    "1e3",
    "1000",
    "9007199254740993",
    "9007199254740992",
    "9007199254740993.0",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "123456789012345.67",
    "0.1",
    "0.10000000000000001",
    "1e400",
    "-1e400",
    "--5",
    "5x",
    "5\1",
    "1.2.3",
    "٣",
)
MOMENTS: Final = (
    "2024-02-29",
    "2023-02-29",
    "2024-02-29T00:00:00Z",
    "2024-02-29T23:59:59.999Z",
    "2024-02-29T24:00:00Z",
    "2024-02-29T10:00:00+02:00",
    "2024-02-29T08:00:00Z",
    "2024-02-29t08:00:00z",
    "2024-02-29 08:00:00Z",
    "2024-02-29T08:00:00.5Z",
    "2024-02-30T08:00:00Z",
    "2024-02-29T08:00:60Z",
    "1969-12-31T23:59:59.500Z",
    "0000-01-01",
    "0001-01-01",
    "9999-12-31T23:59:59.999Z",
    "1709193600000",
    "-1",
    "now",
    "2460000.5",
    "soon",
    "2024-02-2\1",
)

FIELDS: Final = (
    Field("title", "text"),
    Field("notes", "text"),
    Field("tier", "choice"),
    Field("tags", "choices"),
    Field("fee", "number"),
    Field("due", "moment"),
    Field('od"d.n[a]me$', "text"),
)
_VALUES: Final[Mapping[str, Sequence[str]]] = {
    "text": TEXTS,
    "choice": CHOICES,
    "choices": CHOICES,
    "number": NUMBERS,
    "moment": MOMENTS,
}
# Characters of several worlds: two are longer in lower case than in upper case or the reverse.
_CHARACTERS: Final = "aAbB z9_-*;.'\"%\\\1éÉßẞİıΣς\u0301日\U0001f600"

OTHER_TYPE: Final = "0-1"
LINKED_IDS: Final = (901, 902, 903, 904)


def _one_of(texts: Sequence[str]) -> st.SearchStrategy[str]:
    """One of the texts, the first ones for the simplest cases; not printed with all of them."""
    return st.integers(0, len(texts) - 1).map(lambda place: texts[place])


def values(field: Field) -> st.SearchStrategy[str]:
    """A value of a record; "" is a cleared one, and some are of another kind than the field."""
    return st.one_of(
        _one_of(_VALUES[field.kind]),
        _one_of(_VALUES[field.kind]),
        st.text(_CHARACTERS, max_size=8),
        st.sampled_from(("", TEXTS[0], NUMBERS[5], MOMENTS[2])),
    )


def documents() -> st.SearchStrategy[dict[str, str]]:
    """Values of some of the properties."""
    return st.fixed_dictionaries({}, optional={each.name: values(each) for each in FIELDS})


def _keys(field: Field) -> st.SearchStrategy[Key]:
    keys = [key for text in _VALUES[field.kind] if (key := given_key(field, text)) is not None]
    options = [
        part for text in CHOICES for part in text.split(";") if field.kind == "choices" and part
    ]
    known: list[Key] = [*keys, *options]
    return st.integers(0, len(known) - 1).map(lambda place: known[place])


def _patterns(field: Field) -> st.SearchStrategy[str]:
    texts = _one_of(_VALUES[field.kind])

    def with_stars(text: str, stars: list[int]) -> str:
        for place in sorted(stars, reverse=True):
            text = f"{text[:place]}*{text[place:]}"
        return text

    starred = st.builds(with_stars, texts, st.lists(st.integers(0, 12), max_size=3))
    cut = st.builds(lambda text, n: f"{text[:n]}*", texts, st.integers(0, 9))
    end = st.builds(lambda text, n: f"*{text[n:]}", texts, st.integers(0, 9))
    return st.one_of(texts, starred, cut, end, st.text(_CHARACTERS, max_size=5), st.just("**"))


def _words() -> st.SearchStrategy[tuple[str, ...]]:
    words = sorted({word for text in TEXTS for word in words_of(text.lower())})
    begun = st.builds(lambda word, n: word[:n], _one_of(words), st.integers(1, 9))
    whole = _one_of([*words, "no such", "", "É"])
    return st.lists(st.one_of(begun, begun, whole), max_size=3).map(tuple)


def _leaves(field: Field) -> st.SearchStrategy[Condition]:
    keys = st.frozensets(_keys(field), max_size=3)
    bound = st.none() | _keys(field)
    patterns = _patterns(field).map(lambda text: token_pattern(field, text))
    return st.one_of(
        st.builds(Holds, st.just(field)),
        st.builds(Lacks, st.just(field)),
        st.builds(OneOf, st.just(field), keys),
        st.builds(NoneOf, st.just(field), keys),
        st.builds(Within, st.just(field), bound, bound, st.booleans(), st.booleans()),
        st.builds(HasTokens, st.just(field), patterns),
        st.builds(LacksTokens, st.just(field), patterns),
    )


def conditions() -> st.SearchStrategy[Condition]:
    """Conditions of all kinds, within each other."""
    names = [each.name for each in FIELDS]
    leaves = st.one_of(
        st.sampled_from(FIELDS).flatmap(_leaves),
        st.builds(
            Linked,
            st.just(OTHER_TYPE),
            st.frozensets(st.sampled_from(LINKED_IDS), max_size=3),
        ),
        st.builds(
            Mentions,
            st.lists(st.sampled_from(names), max_size=4, unique=True).map(tuple),
            _words(),
        ),
        st.just(EVERYTHING),
    )
    return st.recursive(
        leaves,
        lambda parts: st.builds(
            lambda kind, each: kind(tuple(each)),
            st.sampled_from((AllOf, AnyOf)),
            st.lists(parts, max_size=3),
        ),
        max_leaves=6,
    )


def orders() -> st.SearchStrategy[SortBy | None]:
    """By record id, or by a field in either direction."""
    by_field = st.builds(
        lambda field, descending: sort_by(field, descending=descending),
        st.sampled_from(FIELDS),
        st.booleans(),
    )
    return st.none() | by_field


def found_by_meaning(transaction: ReadTransaction, search: RecordSearch) -> FoundRecords:
    """What a search is to find, from all records of the type and the meaning of conditions."""
    portal_id, type_id = search.portal_id, search.object_type_id
    records = {
        each.record_id: each
        for each in transaction.page(portal_id, type_id, 0, 10_000, archived=False)
    }

    def linked(record: StoredRecord, link: Linked) -> bool:
        starts = [(each, record.record_id) for each in link.record_ids]
        links = transaction.linked_ids(portal_id, link.object_type_id, type_id, starts, 1)
        return any(record.record_id in each for each in links.values())

    found = [
        (each.record_id, each.properties)
        for each in records.values()
        if meets(
            search.condition,
            each.properties,
            partial(linked, each),
        )
    ]
    part = in_order(found, search.sort)[search.offset : search.offset + search.count]
    return FoundRecords(len(found), [records[record_id] for record_id, _ in part])
