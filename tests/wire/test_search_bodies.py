"""Bodies of searches into requests; how they are refused is in tests/conformance/search.json."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moyeu.crm.search.requests import OPERATORS, Filter, SearchRequest, Sort
from moyeu.wire import search_bodies
from moyeu.wire.jackson import JsonProblem
from moyeu.wire.search_bodies import decode_search, read_search

EQUAL = {"propertyName": "note", "operator": "EQ", "value": "x"}
EQUAL_FILTER = Filter("note", "EQ", "x")


def decoded(body: Any) -> SearchRequest:
    found = decode_search(json.dumps(body).encode())
    assert isinstance(found, SearchRequest), found
    return found


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, SearchRequest()),
        (dict.fromkeys(["filterGroups", "filters", "query", "sorts", "limit"]), SearchRequest()),
        ({"filterGroups": [{"filters": [EQUAL]}]}, SearchRequest(groups=((EQUAL_FILTER,),))),
        ({"filters": [EQUAL]}, SearchRequest(groups=((EQUAL_FILTER,),))),
        (
            {"filters": [EQUAL], "filterGroups": [{"filters": []}]},
            SearchRequest(groups=((), (EQUAL_FILTER,))),
        ),
        ({"filterGroups": [{}]}, SearchRequest(groups=((),))),
        (
            {"filters": [{**EQUAL, "value": 1.50}]},
            SearchRequest(groups=((Filter("note", "EQ", "1.5"),),)),
        ),
        (
            {"filters": [{**EQUAL, "value": True}]},
            SearchRequest(groups=((Filter("note", "EQ", "true"),),)),
        ),
        (
            {"filters": [{"propertyName": "n", "operator": "IN", "values": [1, "a", False]}]},
            SearchRequest(groups=((Filter("n", "IN", values=("1", "a", "false")),),)),
        ),
        (
            {"filters": [{**EQUAL, "operator": "BETWEEN", "value": 1, "highValue": 2}]},
            SearchRequest(groups=((Filter("note", "BETWEEN", "1", high_value="2"),),)),
        ),
        ({"limit": "5", "after": "10"}, SearchRequest(limit=5, after=10)),
        ({"limit": 5, "after": 10}, SearchRequest(limit=5, after=10)),
        ({"limit": 0, "after": ""}, SearchRequest(limit=0)),
        ({"properties": ["a", "", "b"]}, SearchRequest(properties=("a", "b"))),
        ({"sorts": ["a"]}, SearchRequest(sorts=(Sort("a"),))),
        ({"sorts": ["-a"]}, SearchRequest(sorts=(Sort("a", descending=True),))),
        ({"sorts": [{"propertyName": "a"}]}, SearchRequest(sorts=(Sort("a"),))),
        (
            {"sorts": [{"propertyName": "a", "direction": "DESCENDING"}]},
            SearchRequest(sorts=(Sort("a", descending=True),)),
        ),
        (
            {"sorts": ['{"propertyName":"a","direction":"DESCENDING"}', "b"]},
            SearchRequest(sorts=(Sort("a", descending=True), Sort("b"))),
        ),
        ({"sorts": [5]}, SearchRequest(sorts=(Sort("5"),))),
        (
            {"sorts": [None, True, [], {}, "{", {"propertyName": "a", "direction": "down"}]},
            SearchRequest(sorts=(None,) * 6),
        ),
        (
            {"sorts": [{"propertyName": ["a"]}, {"propertyName": "a", "direction": []}]},
            SearchRequest(sorts=(None, None)),
        ),
    ],
)
def test_a_body_is_decoded(body: Any, expected: SearchRequest) -> None:
    assert decoded(body) == expected


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
filters = st.fixed_dictionaries(
    {},
    optional={
        "propertyName": texts | st.none(),
        "operator": st.sampled_from(OPERATORS) | st.none(),
        "value": texts | st.none(),
        "values": st.lists(texts, max_size=2) | st.none(),
        "highValue": texts | st.none(),
    },
)


sorts = st.one_of(
    texts,
    texts.map("-{}".format),
    st.builds(dict, propertyName=texts, direction=st.sampled_from(["ASCENDING", "DESCENDING"])),
    st.builds(dict, propertyName=texts, direction=st.none() | st.just("x")),
    st.just('{"propertyName":"a","direction":"DESCENDING"}'),
    st.just('{"propertyName":"a","propertyName":"b"}'),
    st.none(),
    st.booleans(),
)
usual_filters = st.fixed_dictionaries(
    {"propertyName": texts, "operator": st.just("EQ"), "value": texts.map("x{}".format)}
)
whole_numbers = st.one_of(
    st.integers(-(2**31) - 1, 2**31),
    st.integers(0, 10**10).map(str),
    st.sampled_from(["", " 1", "+1", "007", "1.0", 1.5, 1e300, None, "x", True]),
)
searches = st.fixed_dictionaries(
    {},
    optional={
        "filterGroups": st.lists(
            st.fixed_dictionaries({}, optional={"filters": st.lists(usual_filters, max_size=2)}),
            max_size=2,
        ),
        "filters": st.lists(usual_filters | filters, max_size=2) | st.none(),
        "query": texts | st.none() | st.integers(),
        "sorts": st.lists(sorts, max_size=2) | st.none(),
        "properties": st.lists(texts, max_size=2) | st.none(),
        "limit": whole_numbers,
        "after": whole_numbers,
        "unknown": texts | st.just({"a": [1]}),
    },
)


@settings(deadline=None)
@given(searches, st.booleans())
def test_the_quick_path_agrees_with_the_reference_reader(given: Any, as_ascii: bool) -> None:
    body = json.dumps(given, ensure_ascii=as_ascii).encode()

    assert decode_search(body) == read_search(body)


BODIES = (
    b'{"query":"a","query":"b"}',
    b'{"filters":[{"propertyName":"a","operator":"EQ","value":"x","value":"y"}]}',
    b'{"sorts":[{"propertyName":"a","direction":"ASCENDING","direction":"DESCENDING"}]}',
    b'{"query":"\\u0000"}',
    b'{"query":"\\ud800"}',
    b'{"query":"\xff"}',
    b'\xef\xbb\xbf{"query":"a"}',
    b'{"query":"a"}{}',
    b'{"query":"a"} ',
    b'{"query":"\\":\\":"}',
    b'{"query":"a","limit":1e1}',
    b'{"limit":-0}',
    b'{"query":',
    b"null",
    b"[]",
    b"",
)


@pytest.mark.parametrize("body", BODIES)
def test_it_agrees_on_bodies_that_are_damaged_or_odd(body: bytes) -> None:
    assert decode_search(body) == read_search(body)


def test_the_usual_bodies_are_read_by_the_quick_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_bodies, "read_json", None)

    found = decoded(
        {
            "filterGroups": [{"filters": [EQUAL]}, {"filters": []}],
            "query": 'a":"',
            "sorts": [{"propertyName": "a", "direction": "DESCENDING"}],
            "properties": ["a"],
            "limit": 100,
            "after": "100",
        }
    )

    assert found == SearchRequest(
        ((EQUAL_FILTER,), ()), 'a":"', (Sort("a", descending=True),), ("a",), 100, 100
    )


@settings(deadline=None)
@given(st.lists(filters, max_size=3))
def test_filters_that_are_decoded_have_what_their_operators_need(given: list[Any]) -> None:
    found = decode_search(json.dumps({"filters": given}).encode())

    if isinstance(found, JsonProblem):
        assert found.category is None
        assert found.column is not None
        return
    for each in (each for group in found.groups for each in group):
        assert bool(each.values) == (each.operator in ("IN", "NOT_IN"))
        assert bool(each.value) == (
            each.operator not in ("IN", "NOT_IN", "HAS_PROPERTY", "NOT_HAS_PROPERTY")
        )
        assert each.high_value or each.operator != "BETWEEN"


@settings(deadline=None)
@given(st.lists(filters, min_size=1, max_size=3), st.text(" \n\t", max_size=5))
def test_a_filter_is_refused_at_its_closing_brace(given: list[Any], space: str) -> None:
    parts = [json.dumps(each)[:-1] + space + "}" for each in given]
    body = ('{"filters":[' + ",".join(parts) + "]}").encode()

    found = decode_search(body)

    if isinstance(found, JsonProblem):
        assert found.line is not None
        assert found.column is not None
        assert body.split(b"\n")[found.line - 1][found.column - 1 :].startswith(b"}")
