"""What searches mean: every operator over every type of property, limits, sorts and queries."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyeu.catalog.object_types import OBJECT_TYPES
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.problems import Problem, TooManyPerPage
from moyeu.crm.search.conditions import EVERYTHING, Condition, Linked, SortBy, in_order, meets
from moyeu.crm.search.keys import Field
from moyeu.crm.search.problems import (
    NegativeLimit,
    NotSearchable,
    OutsideWindow,
    QueryTooLong,
    TooManyFilterGroups,
    TooManyFilters,
    TooManyFiltersInGroup,
    TooManySorts,
    UnreadableSort,
    UnusableFilterValue,
    UnusableOperator,
)
from moyeu.crm.search.requests import (
    OPERATORS,
    CheckedSearch,
    Filter,
    FilterGroup,
    Operator,
    SearchRequest,
    Sort,
    check_search,
    searched_names,
)
from tests.crm.scene import DEFINITIONS, OWN_PROPERTIES, definitions, object_type

DAY_MS: Final = 1_780_185_600_000
"""2026-05-31T00:00:00Z."""

TEXT_FILTER: Final = Filter("note", "EQ", "x")
WORDS_21: Final = " ".join(f"w{number}*" for number in range(21))


def checked(request: SearchRequest, definitions: TypeDefinitions = DEFINITIONS) -> CheckedSearch:
    found = check_search(definitions, request)
    assert isinstance(found, CheckedSearch), found
    return found


def problem(request: SearchRequest, definitions: TypeDefinitions = DEFINITIONS) -> Problem:
    found = check_search(definitions, request)
    assert isinstance(found, Problem), found
    return found


def finds(
    request: SearchRequest,
    properties: Mapping[str, str],
    linked: Mapping[str, Sequence[int]] | None = None,
    definitions: TypeDefinitions = DEFINITIONS,
) -> bool:
    """Whether the search finds a record with these values and associated records."""

    def linked_to(link: Linked) -> bool:
        return not link.record_ids.isdisjoint((linked or {}).get(link.object_type_id, ()))

    return meets(checked(request, definitions).condition, properties, linked_to)


def one(*filters: Filter) -> SearchRequest:
    return SearchRequest(groups=(filters,))


# Name, operator, operand (value, or values joined by "|", or both bounds), the values of a record
# and whether it is found.
MEANINGS: Final[tuple[tuple[str, Operator, str, str, bool], ...]] = (
    ("note", "EQ", "ALICE@X.COM", "alice@x.com", True),
    ("note", "EQ", "alice", "Alice@x.com", False),
    ("note", "EQ", "Straße", "straße", True),
    ("note", "NEQ", "One", "one", False),
    ("note", "NEQ", "one", "two", True),
    ("note", "LT", "B", "a", True),
    ("note", "LT", "a", "A", False),
    ("note", "LTE", "a", "A", True),
    ("note", "GT", "a", "B", True),
    ("note", "GTE", "b", "B", True),
    ("note", "GTE", "c", "B", False),
    ("note", "BETWEEN", "a|c", "C", True),
    ("note", "BETWEEN", "a|c", "cc", False),
    ("note", "IN", "one|two", "TWO", True),
    ("note", "IN", "One|TWO", "Two", False),
    ("note", "NOT_IN", "one|two", "Two", False),
    ("note", "NOT_IN", "One", "one", True),
    ("note", "HAS_PROPERTY", "", "x", True),
    ("note", "NOT_HAS_PROPERTY", "", "x", False),
    ("note", "CONTAINS_TOKEN", "b A", "a-B", True),
    ("note", "CONTAINS_TOKEN", "a", "ab", False),
    ("note", "NOT_CONTAINS_TOKEN", "a", "ab", True),
    ("note", "NOT_CONTAINS_TOKEN", "A", "b a", False),
    ("hs_pipeline", "EQ", "First", "first", False),
    ("hs_pipeline", "IN", "first|second", "second", True),
    ("hs_pipeline", "NEQ", "First", "first", True),
    ("tags", "EQ", "a", "a;b", True),
    ("tags", "EQ", "a;b", "a;b", False),
    ("tags", "NEQ", "a", "a;b", False),
    ("tags", "NEQ", "c", "a;b", True),
    ("tags", "IN", "b|c", "a;b", True),
    ("tags", "IN", "c|d", "a;b", False),
    ("tags", "NOT_IN", "c|d", "a;b", True),
    ("tags", "CONTAINS_TOKEN", "a", "a;b", True),
    ("tags", "CONTAINS_TOKEN", "A", "a;b", False),
    ("tags", "NOT_CONTAINS_TOKEN", "c", "a;b", True),
    ("size", "EQ", "10", "10.0", True),
    ("size", "EQ", "1e1", "10", True),
    ("size", "NEQ", "10.00", "10", False),
    ("size", "LT", "9.5e3", "10", True),
    ("size", "LT", "10", "10", False),
    ("size", "LTE", "10", "10", True),
    ("size", "GT", "9", "10", True),
    ("size", "GT", "9", "-10", False),
    ("size", "GTE", "10", "10.0", True),
    ("size", "BETWEEN", "1|10", "10", True),
    ("size", "BETWEEN", "1|10", "1", True),
    ("size", "BETWEEN", "1|10", "10.5", False),
    ("size", "BETWEEN", "10|1", "5", False),
    ("size", "IN", "1.0|2", "1", True),
    ("size", "NOT_IN", "1.0|2", "1", False),
    ("size", "GT", "1", "no number", False),
    ("begins", "EQ", str(DAY_MS), "2026-05-31", True),
    ("begins", "EQ", "2026-05-31", "2026-05-31", True),
    ("begins", "EQ", "2026-05-31T00:00:00Z", "2026-05-31", True),
    ("begins", "LT", "2026-06-01", "2026-05-31", True),
    ("begins", "GT", "2026-05-31", "2026-05-31", False),
    ("begins", "BETWEEN", f"2026-05-01|{DAY_MS}", "2026-05-31", True),
    ("begins", "IN", f"2026-05-01|{DAY_MS}", "2026-05-31", True),
    ("hs_lastmodifieddate", "EQ", str(DAY_MS), "2026-05-31T00:00:00.001Z", False),
    ("hs_lastmodifieddate", "GT", str(DAY_MS), "2026-05-31T00:00:00.001Z", True),
    ("hs_lastmodifieddate", "GTE", "2026-05-31", "2026-05-31T00:00:00Z", True),
    ("hs_object_id", "EQ", "7", "7", True),
    ("hs_object_id", "IN", "6|7", "7", True),
    ("hs_object_id", "GT", "10", "7", False),
)


def a_filter(name: str, operator: Operator, operand: str) -> Filter:
    if operator in ("IN", "NOT_IN"):
        return Filter(name, operator, values=tuple(operand.split("|")))
    if operator == "BETWEEN":
        low, _, high = operand.partition("|")
        return Filter(name, operator, low, high_value=high)
    return Filter(name, operator, operand)


@pytest.mark.parametrize(("name", "operator", "operand", "value", "found"), MEANINGS)
def test_an_operator_compares_as_the_type_of_the_property_says(
    name: str, operator: Operator, operand: str, value: str, found: bool
) -> None:
    assert finds(one(a_filter(name, operator, operand)), {name: value}) is found


def test_the_table_has_every_operator() -> None:
    assert {operator for _, operator, _, _, _ in MEANINGS} == {*OPERATORS}


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("properties", [{}, {"size": ""}])
def test_only_not_has_property_finds_records_without_a_value(
    operator: Operator, properties: Mapping[str, str]
) -> None:
    operand = "1|2" if operator == "BETWEEN" else "1"

    found = finds(one(a_filter("size", operator, operand)), properties)

    assert found is (operator == "NOT_HAS_PROPERTY")


class _CountedText(str):
    """A text that counts how often it is compared."""

    compared = 0

    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        """As of every text."""
        _CountedText.compared += 1
        return str.__eq__(self, other)


@pytest.mark.parametrize("operator", ["IN", "NOT_IN"])
@pytest.mark.parametrize("name", ["note", "hs_pipeline", "tags"])
def test_a_long_list_is_not_gone_through_for_each_record(name: str, operator: Operator) -> None:
    values = tuple(_CountedText(f"w{number}") for number in range(1_000))
    condition = checked(one(Filter(name, operator, values=values))).condition
    _CountedText.compared = 0

    found = [number for number in range(2_000) if _finds(condition, {name: f"w{number}"})]

    assert found == ([*range(1_000)] if operator == "IN" else [*range(1_000, 2_000)])
    assert _CountedText.compared <= 1_100


def _finds(condition: Condition, properties: Mapping[str, str]) -> bool:
    return meets(condition, properties, lambda _link: False)


# --- groups -----------------------------------------------------------------------------------


def test_filters_of_a_group_must_all_be_met_and_one_group_suffices() -> None:
    request = SearchRequest(
        groups=(
            (Filter("note", "EQ", "a"), Filter("size", "GT", "1")),
            (Filter("tags", "EQ", "c"),),
        )
    )

    assert finds(request, {"note": "a", "size": "2"})
    assert not finds(request, {"note": "a", "size": "1"})
    assert finds(request, {"note": "b", "tags": "c"})
    assert not finds(request, {})


@pytest.mark.parametrize("groups", [(), ((),)])
def test_without_filters_everything_is_found(groups: tuple[FilterGroup, ...]) -> None:
    assert checked(SearchRequest(groups=groups)) == CheckedSearch(EVERYTHING, None, 0, 10)


def test_the_query_is_asked_beside_the_filters() -> None:
    request = replace(one(Filter("size", "EQ", "1")), query="ada")

    assert finds(request, {"hs_name": "Ada", "size": "1"})
    assert not finds(request, {"hs_name": "Ada", "size": "2"})
    assert not finds(request, {"hs_name": "Bob", "size": "1"})


@given(
    st.lists(st.lists(st.sampled_from("abc"), max_size=3), max_size=5),
    st.sets(st.sampled_from("abc")),
)
def test_groups_are_alternatives_of_conjunctions(groups: list[list[str]], tags: set[str]) -> None:
    request = SearchRequest(
        groups=tuple(tuple(Filter("tags", "EQ", each) for each in group) for group in groups)
    )

    found = finds(request, {"tags": ";".join(sorted(tags))})

    assert found == (not groups or any({*group} <= tags for group in groups))


# --- what is refused --------------------------------------------------------------------------

REFUSED: Final[tuple[tuple[str, SearchRequest, Problem], ...]] = (
    ("six groups", SearchRequest(groups=((TEXT_FILTER,),) * 6), TooManyFilterGroups(6, 5)),
    ("seven filters", one(*[TEXT_FILTER] * 7), TooManyFiltersInGroup(7, 6)),
    (
        "nineteen filters",
        SearchRequest(groups=(*[(TEXT_FILTER,) * 5] * 3, (TEXT_FILTER,) * 4)),
        TooManyFilters(19, 18),
    ),
    ("two sorts", SearchRequest(sorts=(Sort("note"), Sort("size"))), TooManySorts(2, 1)),
    ("a long query", SearchRequest(query="x" * 3_001), QueryTooLong(3_001, 3_000)),
    ("a large page", SearchRequest(limit=201), TooManyPerPage("201", 200, with_history=False)),
    ("a negative page", SearchRequest(limit=-1), NegativeLimit(-1)),
    ("beyond the window", SearchRequest(after=9_999, limit=2), OutsideWindow(9_999, 2)),
    ("the end of the window", SearchRequest(after=10_000, limit=0), OutsideWindow(10_000, 0)),
    ("before the start", SearchRequest(after=-1), OutsideWindow(-1, 10)),
    ("an unknown property", one(Filter("nothing", "EQ", "x")), NotSearchable("nothing")),
    ("a name in capitals", one(Filter("Note", "EQ", "x")), NotSearchable("Note")),
    ("the id by another name", one(Filter("id", "EQ", "1")), NotSearchable("id")),
    ("an unknown sort", SearchRequest(sorts=(Sort("nothing"),)), NotSearchable("nothing")),
    ("an unreadable sort", SearchRequest(sorts=(None,)), UnreadableSort()),
    ("a word for a number", one(Filter("size", "GT", "x")), UnusableFilterValue("size", "x")),
    (
        "a word for a bound",
        one(Filter("size", "BETWEEN", "1", high_value="x")),
        UnusableFilterValue("size", "x"),
    ),
    (
        "a word among numbers",
        one(Filter("size", "IN", values=("1", "x"))),
        UnusableFilterValue("size", "x"),
    ),
    (
        "many wildcards",
        one(Filter("note", "CONTAINS_TOKEN", WORDS_21)),
        UnusableFilterValue("note", WORDS_21),
    ),
    (
        "many wildcards that are to be missing",
        one(Filter("note", "NOT_CONTAINS_TOKEN", WORDS_21)),
        UnusableFilterValue("note", WORDS_21),
    ),
    (
        "a word for a date",
        one(Filter("begins", "EQ", "soon")),
        UnusableFilterValue("begins", "soon"),
    ),
    (
        "associations of a custom type",
        one(Filter("associations.2-1001", "EQ", "1")),
        NotSearchable("associations.2-1001"),
    ),
    (
        "associations by the plural",
        one(Filter("associations.contacts", "EQ", "1")),
        NotSearchable("associations.contacts"),
    ),
    (
        "associations with nobody",
        one(Filter("associations.contact", "EQ", "ada")),
        UnusableFilterValue("associations.contact", "ada"),
    ),
    (
        "any association",
        one(Filter("associations.company", "HAS_PROPERTY")),
        UnusableOperator("associations.company", "HAS_PROPERTY"),
    ),
    (
        "the second of two filters",
        one(TEXT_FILTER, Filter("nothing", "EQ", "x")),
        NotSearchable("nothing"),
    ),
)


@pytest.mark.parametrize(
    ("request_", "expected"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_a_search_is_refused(request_: SearchRequest, expected: Problem) -> None:
    assert problem(request_) == expected


@pytest.mark.parametrize(
    "request_",
    [
        SearchRequest(groups=((TEXT_FILTER,),) * 5),
        one(*[TEXT_FILTER] * 6),
        one(Filter("note", "CONTAINS_TOKEN", WORDS_21.replace("*", "", 1))),
        one(Filter("note", "CONTAINS_TOKEN", WORDS_21.replace("*", ""))),
        SearchRequest(groups=((TEXT_FILTER,) * 6,) * 3),
        SearchRequest(query="x" * 3_000),
        SearchRequest(limit=200),
        SearchRequest(limit=0),
        SearchRequest(after=9_999, limit=1),
        SearchRequest(after=9_800, limit=200),
    ],
)
def test_the_largest_of_each_is_not(request_: SearchRequest) -> None:
    assert isinstance(check_search(DEFINITIONS, request_), CheckedSearch)


@pytest.mark.parametrize(
    ("type_name", "hidden"),
    [
        ("calls", ["hs_body_preview_html"]),
        ("meetings", ["hs_body_preview_html"]),
        ("notes", ["hs_body_preview_html"]),
        ("tasks", ["hs_body_preview_html"]),
        ("emails", ["hs_body_preview", "hs_body_preview_html", "hs_email_html"]),
        ("contacts", []),
    ],
)
def test_rich_texts_cannot_be_filtered(type_name: str, hidden: list[str]) -> None:
    kind = definitions((), of=object_type(type_name), pipelines=())

    refused = [
        name
        for name in kind.properties
        if isinstance(check_search(kind, one(Filter(name, "HAS_PROPERTY"))), NotSearchable)
    ]

    assert refused == hidden


# --- associations -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_filter", "linked", "found"),
    [
        (Filter("associations.contact", "EQ", "7"), {"0-1": [7]}, True),
        (Filter("associations.contact", "EQ", "7"), {"0-1": [8], "0-2": [7]}, False),
        (Filter("associations.company", "IN", values=("7", "8")), {"0-2": [8]}, True),
        (Filter("associations.line_item", "EQ", "7"), {"0-8": [7]}, True),
    ],
)
def test_records_are_found_by_what_they_are_associated_with(
    given_filter: Filter, linked: Mapping[str, Sequence[int]], found: bool
) -> None:
    assert finds(one(given_filter), {}, linked) is found


# --- query ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("ada", True),
        ("LOVE ada", True),
        ("lace", False),
        ("ada x", False),
        ("—", False),
        ("(", False),
        ("", True),
    ],
)
def test_a_query_is_found_by_the_beginnings_of_words(query: str, found: bool) -> None:
    assert finds(SearchRequest(query=query), {"hs_name": "Ada Lovelace"}) is found


def test_a_query_looks_into_no_other_property() -> None:
    assert not finds(SearchRequest(query="ada"), {"note": "Ada"})


@pytest.mark.parametrize(
    ("type_name", "names"),
    [
        ("partner_services", {"hs_name"}),
        ("deals", {"dealname", "pipeline", "dealstage", "description", "dealtype"}),
        (
            "companies",
            {
                "website",
                "phone",
                "name",
                "domain",
                "hs_searchable_calculated_phone_number",
                "hs_searchable_calculated_international_phone_number",
            },
        ),
    ],
)
def test_a_query_looks_into_the_searchable_properties(type_name: str, names: set[str]) -> None:
    kind = definitions((), of=object_type(type_name), pipelines=())

    assert {*searched_names(kind)} == names


@pytest.mark.parametrize("kind", OBJECT_TYPES, ids=lambda each: each.name)
def test_every_type_has_properties_for_a_query(kind: object) -> None:
    found = definitions((), of=kind, pipelines=())  # type: ignore[arg-type]

    assert searched_names(found)


def test_a_custom_type_is_searched_as_its_schema_says() -> None:
    kind = replace(object_type(), id="2-1001", searchable_properties=("code", "gone"))

    assert searched_names(definitions(OWN_PROPERTIES, of=kind)) == ("code",)


# --- sorts ------------------------------------------------------------------------------------


def order(sort: Sort, *values: str) -> list[int]:
    """Positions of the records with these values of the property, in the order of the sort."""
    found = [(number, {sort.name: value}) for number, value in enumerate(values)]
    return [number for number, _ in in_order(found, checked(SearchRequest(sorts=(sort,))).sort)]


@pytest.mark.parametrize(
    ("name", "values", "ascending", "descending"),
    [
        ("note", ["b", "A", "c"], [1, 0, 2], [2, 0, 1]),
        ("size", ["10", "9", "1e1", "-1"], [3, 1, 0, 2], [2, 0, 1, 3]),
        ("begins", ["2026-05-31", "2025-05-31"], [1, 0], [0, 1]),
        ("tags", ["b", "a;c", "a"], [2, 1, 0], [0, 1, 2]),
        ("note", ["b", "", "a", ""], [2, 0, 1, 3], [0, 2, 1, 3]),
        ("size", ["x", "1", ""], [1, 0, 2], [1, 0, 2]),
    ],
)
def test_records_are_sorted_by_type_and_those_without_a_value_come_last(
    name: str, values: list[str], ascending: list[int], descending: list[int]
) -> None:
    assert order(Sort(name), *values) == ascending
    assert order(Sort(name, descending=True), *values) == descending


def test_several_options_are_sorted_as_one_text() -> None:
    found = checked(SearchRequest(sorts=(Sort("tags", descending=True),)))

    assert found.sort == SortBy(Field("tags", "choice"), descending=True)
